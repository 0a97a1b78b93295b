/** Strangers at the door: what somebody can do who holds a contact card and keeps to no rule, and what somebody can who holds none. */
import {
  createDeviceCert,
  createDeviceSecrets,
  createEpochSecret,
  deviceKeysOf,
  epochCommitment,
  epochIdOf,
  epochSecretBytes,
  hpkeSeal,
  inboxKeys,
  readContactCard,
  verifyDeviceCert,
  type VerifiedCard,
} from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import {
  concatBytes,
  conversationIdOf,
  conversationIdOfDirect,
  deviceIdBytes,
  encodeControl,
  toBase32,
  userIdBytes,
  type ControlCarrier,
} from '@parley/protocol'
import { createMemoryStore, seededRandom, silentLogger } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MAX_REQUESTS, MAX_REQUESTS_PER_SENDER } from '../../packages/core/src/contacts/requests.ts'
import { MAX_REQUEST_BYTES } from '../../packages/core/src/contacts/request-hearing.ts'
import type { Context } from '../../packages/core/src/context.ts'
import type { LiveConversation } from '../../packages/core/src/conversation/conversation.ts'
import { foundGroup } from '../../packages/core/src/conversation/found-group.ts'
import type { Parley } from '../../packages/core/src/index.ts'
import { Handshake, type Proof } from '../../packages/core/src/network/handshake.ts'
import { sessionHandle } from '../../packages/core/src/network/sync.ts'
import { Replica } from '../../packages/core/src/replica/replica.ts'
import { WaitingBytes } from '../../packages/core/src/support/waiting-bytes.ts'
import { createWorld, systemClock, until, type World } from '../../packages/core/test/support.ts'
import { createRawPeer, type RawLink, type RawPeer } from './raw-peer.ts'

const provider = nodeProvider()
const random = seededRandom(4_711)
const hash = (bytes: Uint8Array): Uint8Array => provider.sha256(bytes)

let world: World
let bob: Parley
let card: VerifiedCard
beforeEach(async () => {
  world = createWorld()
  bob = await world.peer('bob')
  card = await readContactCard(provider, await bob.contactCard())
})
afterEach(() => world.close())

/** Somebody with keys and without an engine. */
async function stranger(): Promise<Context> {
  const keys = deviceKeysOf(
    provider,
    createDeviceSecrets((n) => random.bytes(n)),
  )
  const bytes = await createDeviceCert(provider, keys, { createdMs: Date.now(), salt16: random.bytes(16) })
  const { userId, deviceId } = (await verifyDeviceCert(provider, bytes))!
  const fail = (error: unknown): never => {
    throw error
  }
  return {
    store: createMemoryStore(),
    crypto: provider,
    clock: systemClock,
    random,
    logger: silentLogger(),
    me: { userId, deviceId, deviceBytes: deviceIdBytes(deviceId), cert: bytes, keys, session: random.bytes(8) },
    waiting: new WaitingBytes(),
    report: fail,
  }
}

/** A direct conversation with the person of the card, begun as it should be. */
async function directTo(context: Context, { userId, devices }: VerifiedCard): Promise<Replica> {
  const bytes = conversationIdOfDirect(hash, userIdBytes(context.me.userId), userIdBytes(userId))
  const record = { state: 'member', seed: undefined, hints: [], refusal: undefined, since: 0, peer: userId } as const
  const replica = new Replica(context, conversationIdOf(bytes), record)
  await replica.load()
  const secret = createEpochSecret((n) => random.bytes(n))
  const commitment = epochCommitment(secret)
  const info = concatBytes(bytes, epochIdOf(bytes, commitment), deviceIdBytes(devices[0]!.deviceId))
  const box = await hpkeSeal(provider, devices[0]!.agreeKey, info, epochSecretBytes(secret))
  const boxes = [{ device: deviceIdBytes(devices[0]!.deviceId), box }]
  const direct = encodeControl({ op: 'direct', peer: userIdBytes(userId), cert: context.me.cert, epochCommitment: commitment, boxes })
  await replica.found(direct, secret, [{ op: 'profile', name: 'mallory', avatar: '' }])
  return replica
}

interface Knocker {
  readonly link: RawLink
  readonly handshake: Handshake
  readonly proof: Proof
  /** The tag by which the other end proves the card. */
  readonly theirs: Uint8Array
  knock(replica: Pick<Replica, 'bytes'>, sealed?: Uint8Array): Promise<void>
  controls(replica: Pick<Replica, 'bytes'>, entries: readonly ControlCarrier[]): void
}

let names = 0
let raw: RawPeer

/** A link to bob on which the card was shown; `secret` is that of the card unless told. */
async function approach(context: Context, secret = card.secret): Promise<Knocker> {
  raw = await createRawPeer(world.network, `knocker ${names++}`)
  await raw.transport.dial!('memory:bob')
  const link = raw.to('bob')!
  const handshake = new Handshake(context, link.channel.binding)
  link.send(handshake.hello)
  await until(() => link.of('hello').length > 0)
  handshake.meet(link.of('hello')[0]!)
  const proof: Proof = { kind: 'knock', key: inboxKeys(card.userId, secret).proof, user: card.userId }
  link.send({ type: 'proofs', tags: [handshake.tag(proof, 'mine')] })
  const theirs = handshake.tag(proof, 'theirs')
  return {
    link,
    handshake,
    proof,
    theirs,
    async knock({ bytes }, sealed) {
      link.send({ type: 'join', tag: theirs, sealed: sealed ?? (await handshake.knock(proof, bytes, [])) })
    },
    controls({ bytes }, entries) {
      link.send({ type: 'controls', handle: sessionHandle(hash, handshake.transcript!, bytes), entries })
    },
  }
}

const hears = ({ link, theirs }: Knocker): boolean =>
  link.of('proofs').some(({ tags }) => tags.some((tag) => toBase32(tag) === toBase32(theirs)))

async function request(context: Context, replica: Replica): Promise<Knocker> {
  const knocker = await approach(context)
  await until(() => hears(knocker))
  await knocker.knock(replica)
  knocker.controls(replica, replica.controls.carriers())
  return knocker
}

test('the card shown, a request as it should be: heard', async () => {
  const mallory = await stranger()
  await request(mallory, await directTo(mallory, card))
  await until(() => bob.requests.length === 1)
  expect(bob.requests[0]!.getTitle()).toBe('mallory')
})

test('without the secret of the card there is no answer, and nothing is counted against anybody', async () => {
  const mallory = await stranger()
  const knocker = await approach(mallory, random.bytes(16))
  await until(() => knocker.link.of('proofs').length > 0)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(hears(knocker)).toBe(false)
  // What bob sends is noise, as to any stranger: no identity, no session, no conversation.
  expect(new Set(knocker.link.received.map(({ type }) => type))).toEqual(new Set(['hello', 'proofs']))
  expect(bob.inspect().rejected).toEqual({})
})

test('a knock in the name of another device: refused', async () => {
  const [alice, mallory] = [await stranger(), await stranger()]
  const replica = await directTo(alice, card)
  const masked = { ...mallory, me: { ...mallory.me, cert: alice.me.cert } }
  const knocker = await approach(masked)
  await until(() => hears(knocker))
  await knocker.knock(replica)
  knocker.controls(replica, replica.controls.carriers())
  await until(() => bob.inspect().rejected['BadSignature'] === 1)
  expect(bob.requests).toEqual([])
})

test('a knock that was heard on another link is worth nothing on this one', async () => {
  const mallory = await stranger()
  const replica = await directTo(mallory, card)
  const first = await approach(mallory)
  const sealed = await first.handshake.knock(first.proof, replica.bytes, [])
  const second = await approach(mallory)
  await until(() => hears(second))
  await second.knock(replica, sealed)
  await until(() => bob.inspect().rejected['BadCipher'] === 1)
  expect(bob.requests).toEqual([])
})

test('a conversation of others, passed on by somebody who is not in it, is no request', async () => {
  const [alice, mallory] = [await stranger(), await stranger()]
  const replica = await directTo(alice, card)
  await request(mallory, replica)
  const own = await directTo(mallory, card)
  await request(mallory, own)
  await until(() => bob.requests.length === 1)
  expect(bob.requests[0]!.getId()).toBe(own.id)
})

test('more than a request may hold, before anything says that bob is meant: cut off, and nothing is stored', async () => {
  const mallory = await stranger()
  const group = await foundGroup(mallory, { title: 'Spam' }, { name: 'mallory', avatar: '' })
  for (let i = 0; i < 12; i++) await group.commitControl({ op: 'profile', name: `mallory ${i}`, avatar: `data:,${'x'.repeat(28_000)}` })
  const knocker = await approach(mallory)
  await until(() => hears(knocker))
  await knocker.knock(group)
  const carriers = group.controls.carriers()
  expect(carriers.reduce((sum, { entry }) => sum + entry.length, 0)).toBeGreaterThan(MAX_REQUEST_BYTES)
  for (const carrier of carriers) knocker.controls(group, [carrier])
  await until(() => (bob.inspect().rejected['LimitExceeded'] ?? 0) > 0)
  expect([bob.requests, bob.conversation(group.id)]).toEqual([[], undefined])
})

test('control entries that do not hold: counted, the link is closed in the end, and nothing is stored', async () => {
  const mallory = await stranger()
  const replica = await directTo(mallory, card)
  const knocker = await approach(mallory)
  await until(() => hears(knocker))
  await knocker.knock(replica)
  const [first] = replica.controls.carriers()
  const broken = { ...first!, entry: first!.entry.with(first!.entry.length - 1, first!.entry.at(-1)! ^ 1) }
  for (let i = 0; i < 5; i++) knocker.controls(replica, [broken])
  await until(() => knocker.link.channel.closed)
  expect([bob.inspect().rejected['BadSignature']! > 0, bob.requests]).toEqual([true, []])
})

test('a flood of strangers: no more open requests than a person answers, and one more once one was declined', async () => {
  for (let i = 0; i < MAX_REQUESTS; i++) {
    const someone = await stranger()
    const { link } = await request(someone, await directTo(someone, card))
    await until(() => bob.requests.length === i + 1)
    link.channel.close()
  }
  const late = await stranger()
  const replica = await directTo(late, card)
  const { link } = await request(late, replica)
  await until(() => bob.inspect().rejected['NotAMember']! >= 1)
  link.channel.close()
  expect(bob.requests).toHaveLength(MAX_REQUESTS)
  await bob.requests[0]!.decline()
  await request(late, replica)
  await until(() => bob.conversation(replica.id) !== undefined)
  expect(bob.requests).toHaveLength(MAX_REQUESTS)
}, 60_000)

test('one stranger with many groups: a few of them', async () => {
  const mallory = await stranger()
  const knocker = await approach(mallory)
  await until(() => hears(knocker))
  for (let i = 0; i < MAX_REQUESTS_PER_SENDER + 3; i++) {
    const group = await foundGroup({ ...mallory, store: createMemoryStore() }, { title: `Spam ${i}` }, { name: 'mallory', avatar: '' })
    await group.changeMembership((writes) => writes.grant(card.userId, 'writer', card.devices))
    await knocker.knock(group)
    knocker.controls(group, group.controls.carriers())
    await until(() => bob.requests.length + (bob.inspect().rejected['NotAMember'] ?? 0) > i)
  }
  expect(bob.requests).toHaveLength(MAX_REQUESTS_PER_SENDER)
  // What stands in a request is what was told with it: nothing is added to it before the person answers.
  const [open] = bob.requests as LiveConversation[]
  const before = open!.replica.controls.entries().length
  knocker.controls(open!.replica, open!.replica.controls.carriers())
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(open!.replica.controls.entries()).toHaveLength(before)
})
