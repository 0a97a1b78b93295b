/** Somebody without membership who has found the right meeting point gets no byte of a conversation, whatever they try. */
import { inviteKey, joinProof, x25519PublicKey } from '@parley/crypto'
import { decodeLinkMessage, encodeInviteLink, parseInviteLink, TAG_BYTES, type LinkMessage } from '@parley/protocol'
import { createMemoryStore, seededRandom } from '@parley/testing'
import type { Channel, Topic, Transport } from '@parley/core'
import { nodeProvider } from '@parley/crypto/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Context } from '../../packages/core/src/context.ts'
import { Handshake } from '../../packages/core/src/network/handshake.ts'
import { storeKeyVault } from '../../packages/core/src/profile/key-vault.ts'
import { loadProfile } from '../../packages/core/src/profile/profile.ts'
import { WaitingBytes } from '../../packages/core/src/support/waiting-bytes.ts'
import { systemClock, until } from '../../packages/core/test/support.ts'
import { createRawPeer, LANE, type RawLink, type RawPeer } from './raw-peer.ts'
import { createVictims, settle, type Victims } from './victims.ts'

const random = seededRandom(5)
let victims: Victims
let topics: readonly Topic[]
/** What bob says to alice on their own link. */
let overheard: LinkMessage[]
let mallory: RawPeer
let link: RawLink

beforeEach(async () => {
  overheard = []
  victims = await createVictims()
  topics = []
  // Carol is a third member, whose transport is watched: where members meet, and what they say there.
  const carol = await victims.world.peer('carol', { transports: [watched(victims.world.network.transport('carol'))] })
  const theirs = await carol.join(await victims.hers.invite({ uses: 9 }))
  await theirs.admitted()
  await until(() => theirs.syncState.phase === 'live' && overheard.some((m) => m.type === 'identify'))
  expect(topics.length).toBeGreaterThan(0)
  mallory = await createRawPeer(victims.world.network, 'mallory', { topics })
  await until(() => mallory.links.length >= 3 && mallory.links.every((l) => l.received.length >= 1))
  link = mallory.to('alice')!
})

afterEach(async () => {
  await settle()
  // Whatever was tried: hello, noise, and signs of life. Nothing else came on any link, and nobody took mallory for somebody.
  for (const { received } of mallory.links)
    expect(received.filter((m) => !['hello', 'proofs', 'ping', 'pong'].includes(m.type))).toEqual([])
  for (const peer of [victims.alice, victims.bob]) {
    const stranger = peer.inspect().links.filter((l) => l.remote === 'memory:mallory')
    for (const { device, user, conversations } of stranger) expect([device, user, conversations]).toEqual([undefined, undefined, []])
  }
  await victims.expectUnharmed()
  await mallory.transport.stop()
  await victims.close()
})

/** Records the topics a peer looks for, and what it is told. */
function watched(transport: Transport): Transport {
  const tap = (channel: Channel): Channel => {
    const { onFrame } = channel
    channel.onFrame = (listener) =>
      onFrame.call(channel, (frame) => {
        if ((frame[0]! & 0x80) !== 0) overheard.push(decodeLinkMessage(frame.subarray(1)))
        listener(frame)
      })
    return channel
  }
  const { setTopics, start } = transport
  transport.setTopics = (wanted) => {
    topics = wanted
    setTopics.call(transport, wanted)
  }
  transport.start = (host) => start.call(transport, { ...host, onChannel: (channel) => host.onChannel(tap(channel)) })
  return transport
}

const hello = (): LinkMessage => ({ type: 'hello', nonce: random.bytes(32), ephemeral: x25519PublicKey(random.bytes(32)) })

/** A context of a device that nobody knows. */
async function strange(): Promise<Context> {
  const [store, crypto] = [createMemoryStore(), nodeProvider()]
  const { identity } = await loadProfile(
    { store, vault: storeKeyVault({ store, crypto, random }), crypto, clock: systemClock, random },
    'mallory',
  )
  return {
    store,
    crypto,
    clock: systemClock,
    random,
    logger: { debug: () => undefined, warn: () => undefined, error: () => undefined },
    me: identity,
    waiting: new WaitingBytes(),
    report: () => undefined,
  }
}

test('one who says nothing hears a hello', () => {
  expect(link.received.map((m) => m.type)).toEqual(['hello'])
})

test('one who says hello and nothing else hears noise', async () => {
  link.send(hello())
  await until(() => link.of('proofs').length > 0)
  expect(link.of('proofs')[0]!.tags.length % 4).toBe(0)
})

test('proofs recorded on a link of members are worth nothing on another one', async () => {
  link.send(hello())
  const tags = overheard.filter((m) => m.type === 'proofs').flatMap((m) => m.tags)
  const identities = overheard.filter((m) => m.type === 'identify')
  const hellos = overheard.filter((m) => m.type === 'hello')
  expect([tags.length > 0, identities.length > 0, hellos.length > 0]).toEqual([true, true, true])
  link.send({ type: 'proofs', tags })
  for (const message of identities) link.send(message)
  // The whole of a recorded conversation, hello first.
  const second = mallory.to('bob')!
  for (const message of overheard) second.send(message)
  await settle()
  expect(victims.alice.inspect().rejected).toMatchObject({ BadProof: expect.any(Number) })
})

test('what one victim says to the stranger is worth nothing with another, nor with itself', async () => {
  const other = mallory.to('bob')!
  link.send(other.of('hello')[0]!)
  other.send(link.of('hello')[0]!)
  await until(() => link.of('proofs').length > 0 && other.of('proofs').length > 0)
  for (const proofs of link.of('proofs')) for (const target of [other, link]) target.send(proofs)
  for (const proofs of other.of('proofs')) for (const target of [other, link]) target.send(proofs)
})

test('a reflected hello is refused', async () => {
  link.send(link.of('hello')[0]!)
  await until(() => victims.alice.inspect().rejected['BadProof'] === 1)
  expect(link.of('proofs')).toEqual([])
})

test('a degenerate key is refused', async () => {
  link.send({ type: 'hello', nonce: random.bytes(32), ephemeral: new Uint8Array(32) })
  await until(() => victims.alice.inspect().rejected['BadProof'] === 1)
})

test.each(['before', 'after'])('messages of conversations with guessed handles, %s the hello', async (when) => {
  if (when === 'after') link.send(hello())
  const device = random.bytes(16)
  for (const handle of [new Uint8Array(8), random.bytes(8)]) {
    link.send({ type: 'sum', handle, sum: random.bytes(16) })
    link.send({ type: 'have', handle, heads: [] })
    link.send({ type: 'want', handle, controls: [{ device, from: 1 }], ranges: [{ device, from: 0, to: 100 }] })
    link.send({ type: 'update', handle, bytes: Uint8Array.of(0, 0) }, LANE.live)
    link.send({ type: 'got', handle, heads: [{ device, nextSeq: 5 }] })
    link.send({ type: 'slots', handle, slots: [random.bytes(40)] })
    link.send({ type: 'presence', handle, packet: random.bytes(40) })
  }
  await until(() => victims.alice.inspect().rejected['NotAMember'] === 14)
})

test('a request with the secret of no invite, on every tag that was seen', async () => {
  link.send(hello())
  await until(() => link.of('proofs').length > 0)
  for (const tag of link.of('proofs').flatMap((m) => m.tags)) link.send({ type: 'join', tag, sealed: random.bytes(300) })
  await until(() => victims.alice.inspect().rejected['BadProof']! >= 1)
})

test('a well-formed join with a wrong secret', async () => {
  const context = await strange()
  const handshake = new Handshake(context, link.channel.binding)
  link.send(handshake.hello)
  handshake.meet(link.of('hello')[0]!)
  const signing = inviteKey(random.bytes(32))
  const replica = { bytes: parseInviteLink(await victims.hers.invite()).conversation } as never
  const proof = { kind: 'join', replica, key: random.bytes(32), signing } as const
  link.send({ type: 'proofs', tags: [handshake.tag(proof, 'mine')] })
  const request = await handshake.request(
    proof,
    await joinProof(signing, parseInviteLink(await victims.hers.invite()).conversation, context.me.cert),
  )
  for (const tag of [handshake.tag(proof, 'mine'), handshake.tag(proof, 'theirs'), random.bytes(TAG_BYTES)])
    link.send({ type: 'join', tag, sealed: request })
  await until(() => link.channel.closed)
  expect(victims.alice.inspect().rejected['BadProof']).toBe(3)
})

test('an honest client with a link whose secret is wrong', async () => {
  const eve = await victims.world.peer('eve')
  const parsed = parseInviteLink(await victims.hers.invite())
  const joined = await eve.join(encodeInviteLink('x', { ...parsed, seed: random.bytes(32) }))
  await until(() => eve.inspect().links.length > 0)
  await settle()
  expect([joined.state, joined.getMembers(), joined.getTitle()]).toEqual(['joining', [], ''])
})

test('a thousand guesses at proofs, and identities for tags that were seen', async () => {
  link.send(hello())
  await until(() => link.of('proofs').length > 0)
  for (let i = 0; i < 20; i++) link.send({ type: 'proofs', tags: Array.from({ length: 1_000 }, () => random.bytes(TAG_BYTES)) })
  for (const tag of link.of('proofs').flatMap((m) => m.tags)) link.send({ type: 'identify', tag, sealed: random.bytes(400) })
  await until(() => link.channel.closed)
})

test('a hundred strangers at once leave room for members', async () => {
  const crowd = await Promise.all(Array.from({ length: 100 }, (_, i) => createRawPeer(victims.world.network, `stranger ${i}`, { topics })))
  await until(() => crowd.every((peer) => peer.links.length > 0))
  await settle()
  expect(victims.alice.inspect().links.length).toBeLessThanOrEqual(64 + 3)
  const frank = await victims.world.peer('frank')
  await (await frank.join(await victims.hers.invite())).admitted()
  await Promise.all(crowd.map((peer) => peer.transport.stop()))
})
