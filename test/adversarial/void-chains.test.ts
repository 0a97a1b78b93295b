/** Devices that nobody let in who may, and that let in others in turn: all that hang on one device share the room of that device. */
import { createDeviceCert, deviceKeysOf, verifyDeviceCert, type DeviceKeys } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import type { Conversation } from '@parley/core'
import {
  deviceIdBytes,
  deviceIdOf,
  encodeControl,
  encodeEntry,
  encodeHeader,
  entryId,
  EntryKind,
  equalBytes,
  signedHead,
  startChain,
  type ControlCarrier,
  type ControlPayload,
  type DeviceId,
} from '@parley/protocol'
import { seededRandom } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LiveConversation } from '../../packages/core/src/conversation/conversation.ts'
import { MAX_LATE_CONTROLS } from '../../packages/core/src/replica/late-controls.ts'
import { until } from '../../packages/core/test/support.ts'
import { createHostileMember, hash, sendIn, type HostileLink, type HostileMember } from './hostile-member.ts'
import { LANE } from './raw-peer.ts'
import { createVictims, type Victims } from './victims.ts'

const crypto = nodeProvider()
const random = seededRandom(53)
/** More than what can hang on one device. */
const MANY = 400
/** Of the device that it lets in first, of whom that one lets in first, and so on. */
const ROOMS = [32, 16, 8, 4, 2, 1, 0]

let victims: Victims
let mallory: HostileMember
let link: HostileLink
let now: number

beforeEach(async () => {
  victims = await createVictims()
  mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
  link = await mallory.to('bob')
  now = Date.now() + 60_000
})
afterEach(async () => {
  await mallory.stop()
  await victims.close()
})

const replicaOf = (conversation: Conversation) => (conversation as LiveConversation).replica

/** A device that writes about the conversation whatever it likes. */
class Author {
  readonly device: Uint8Array
  readonly cert: Uint8Array
  readonly said: ControlCarrier[] = []
  readonly #keys: Pick<DeviceKeys, 'signing'>
  #state: { nextSeq: number; prevId: Uint8Array; posts: number; deletes: number; controls: number }
  /** What its next operation follows. */
  after: Uint8Array[]

  constructor(keys: Pick<DeviceKeys, 'signing'>, cert: Uint8Array, device: DeviceId, after: Uint8Array[]) {
    this.#keys = keys
    this.cert = cert
    this.device = deviceIdBytes(device)
    this.after = after
    const isMallory = device === mallory.context.me.deviceId
    this.#state = isMallory ? mallory.replica.log.state(device) : startChain(hash, mallory.replica.bytes, this.device)
  }

  get id(): DeviceId {
    return deviceIdOf(this.device)
  }

  async say(payload: ControlPayload): Promise<void> {
    const { bytes: conversation } = mallory.replica
    const { nextSeq: seq, prevId, posts, deletes, controls } = this.#state
    const header = {
      kind: EntryKind.control,
      time: now++,
      ctr: 0,
      epoch: 'clear' as const,
      deps: [],
      posts,
      deletes,
      controls: controls + 1,
    }
    const headerBytes = encodeHeader(header)
    const body = encodeControl(payload)
    const id = entryId(hash, { conversation, device: this.device, seq, prevId, headerBytes, bodyHash: hash(body) })
    const signature = await this.#keys.signing.sign(signedHead(conversation, this.device, seq, id))
    this.said.push({ device: this.device, seq, prevId, entry: encodeEntry(headerBytes, body, signature) })
    this.#state = { nextSeq: seq + 1, prevId: id, posts, deletes, controls: controls + 1 }
    this.after = [id.slice(0, 16)]
  }

  /** Lets in a new device, by an invite that there is not. */
  async letIn(): Promise<Author> {
    const keys = deviceKeysOf(crypto, { signSecret: random.bytes(32), agreeSecret: random.bytes(32) })
    const cert = await createDeviceCert(crypto, keys, { createdMs: 1, salt16: random.bytes(16) })
    const invite = random.bytes(36)
    await this.say({ op: 'admit', invite, cert, proof: random.bytes(64), boxes: [], from: 0, after: this.after })
    return new Author(keys, cert, (await verifyDeviceCert(crypto, cert))!.deviceId, this.after)
  }
}

const root = (): Author => {
  const { me } = mallory.context
  return new Author(me.keys, me.cert, me.deviceId, [...mallory.replica.controls.membership.frontier])
}

/** Devices each of which the one before lets in; the last one lets in somebody, too. */
async function chain(first: Author, length: number): Promise<Author[]> {
  const authors = [first]
  while (authors.length < length) authors.push(await authors.at(-1)!.letIn())
  await authors.at(-1)!.letIn()
  return authors
}

const give = (entries: readonly ControlCarrier[]): void => sendIn(link, { type: 'controls', entries }, LANE.history)

/** How much of each device that was never in is kept. */
function kept(conversation: Conversation): ReadonlyMap<DeviceId, number> {
  const { controls } = replicaOf(conversation)
  const devices = [...controls.devices()].filter((device) => !controls.membership.devices.has(device))
  return new Map(devices.map((device) => [device, controls.count(device)]))
}

const total = (conversation: Conversation): number => [...kept(conversation).values()].reduce((sum, count) => sum + count, 0)
const isSame = (): boolean => equalBytes(replicaOf(victims.hers).sum(), replicaOf(victims.his).sum())

/** Alice and bob compare what they hold: what has no effect is not pushed. */
async function compare(): Promise<void> {
  victims.world.network.disconnect('alice', 'bob')
  await victims.alice.connect('memory:bob')
  await until(isSame)
}

test('a removed member lets in one device after the other: a few are kept, by everybody the same, and the rest is counted', async () => {
  await victims.hers.removeMember(mallory.context.me.userId)
  await until(() => victims.his.getMembers().length === 2 && isSame())
  const me = root()
  const authors = await chain(await me.letIn(), MANY)
  // At once, where none of them has been judged yet.
  give([...me.said, ...authors.flatMap(({ said }) => said)])
  await until(() => victims.bob.inspect().passedOver.excess > 0 && kept(victims.his).size > 0)
  await compare()
  // Half as much for each further one, one entry at least: of those it lets in the last one is known, and heard no more.
  const rooms = authors.slice(0, 8).map(({ id }) => kept(victims.his).get(id))
  expect(rooms).toEqual([1, 1, 1, 1, 1, 1, 0, undefined])

  // In breadth, and as much as there is room for.
  for (const [i, author] of authors.slice(0, 7).entries()) {
    while (author.said.length <= ROOMS[i]! + 1) await author.letIn()
    give(author.said)
  }
  const before = victims.bob.inspect().passedOver.excess
  const crowd: Author[] = []
  while (me.said.length <= MAX_LATE_CONTROLS) crowd.push(await me.letIn())
  for (const author of crowd) for (let i = 0; i < 3; i++) await author.letIn()
  give(me.said)
  for (const author of crowd) give(author.said)
  await until(() => victims.bob.inspect().passedOver.excess > before + 2 * MAX_LATE_CONTROLS)
  await compare()
  expect(authors.slice(0, 7).map(({ id }) => kept(victims.his).get(id))).toEqual(ROOMS)
  for (const conversation of [victims.hers, victims.his]) {
    expect(total(conversation)).toBeLessThan(6 * MAX_LATE_CONTROLS)
    expect(kept(conversation).size).toBeLessThan(7 * MAX_LATE_CONTROLS)
  }
  // Who comes now gets no more of it.
  const carol = await victims.world.peer('carol')
  const theirs = await carol.join(await victims.hers.invite())
  await theirs.admitted()
  await until(() => isSame() && equalBytes(replicaOf(theirs).sum(), replicaOf(victims.hers).sum()))
  expect(kept(theirs)).toEqual(kept(victims.hers))
  await victims.expectUnharmed()
})

test('what somebody follows who is in is kept, however far it is from those who are', async () => {
  const me = root()
  const authors = await chain(await me.letIn(), 12)
  const links = authors.flatMap(({ said }) => said)
  give([...me.said, ...links])
  await until(() => victims.bob.inspect().passedOver.excess > 0)
  await compare()
  expect([total(victims.his), total(victims.hers)]).toEqual([6, 6])
  await me.say({ op: 'leave', pins: [], after: authors.at(-1)!.after })
  give(me.said)
  // It waits for what it follows.
  const isWaiting = (conversation: Conversation): boolean =>
    [...replicaOf(conversation).controls.membership.verdicts.values()].includes('pending')
  await until(() => isWaiting(victims.his))
  await compare()
  expect(isWaiting(victims.hers)).toBe(true)
  expect(victims.his.getMembers()).toHaveLength(3)
  give(links)
  await until(() => victims.his.getMembers().length === 2)
  await compare()
  expect([isWaiting(victims.hers), victims.hers.getMembers().length]).toEqual([false, 2])
  expect([total(victims.his), total(victims.hers)]).toEqual([12, 12])
  await victims.expectUnharmed()
})
