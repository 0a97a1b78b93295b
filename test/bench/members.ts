/**
 * What it costs to change who is in: a group of 200 with a long history of changes. Real entries, keys and signatures; the store is in memory, so
 * that the figures are those of the engine.
 */
import { createDeviceCert, deviceKeysOf, inviteKey, joinProof, verifyDeviceCert, type DeviceCert, type DeviceKeys } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import { deviceIdBytes, messageIdOf, ROLES, type ControlCarrier, type UserId } from '@parley/protocol'
import { createMemoryStore, seededRandom, silentLogger } from '@parley/testing'
import type { Context } from '../../packages/core/src/context.ts'
import { foundGroup } from '../../packages/core/src/conversation/found-group.ts'
import { decodeRecord, type ConversationRecord } from '../../packages/core/src/replica/record.ts'
import { conversationRange } from '../../packages/core/src/replica/keyspace.ts'
import { Replica } from '../../packages/core/src/replica/replica.ts'
import { WaitingBytes } from '../../packages/core/src/support/waiting-bytes.ts'
import type { Row, Section } from './report.ts'
import { median, processorMs } from './statistics.ts'

/** People in the group when it is measured. */
const MEMBERS = 200
/** Control entries that a peer gives at a time. */
const BATCH = 1_024
const FIRST_MS = 1_767_225_600_000
const crypto = nodeProvider()

interface Person {
  readonly keys: DeviceKeys
  readonly cert: DeviceCert
  readonly context: Context
}

export async function measureMembers(size: number, rounds: number, say: (text: string) => void): Promise<Section> {
  const founder = await person(0)
  const replica = await foundGroup(founder.context, { title: 'Everybody' }, { name: 'alice', avatar: '' })
  const seed = new Uint8Array(32).fill(9)
  const invite = inviteKey(seed)
  const made = await replica.commitControl({
    op: 'invite',
    publicKey: invite.publicKey,
    role: ROLES.writer,
    maxUses: 1_000_000,
    expiresMs: FIRST_MS * 2,
    after: [],
  })
  const ref = messageIdOf(founder.context.me.deviceBytes, made.seq, made.id)
  let people = 1
  const letIn = async (newcomer: Person): Promise<void> => {
    const verdict = await replica.admitJoiner(ref, newcomer.cert, await joinProof(invite, replica.bytes, newcomer.cert.bytes))
    if (verdict !== 'admitted') throw new Error(`a newcomer was refused: ${verdict}`)
  }
  while (people < MEMBERS) {
    say(`${size} control entries: member ${people} of ${MEMBERS}`)
    await letIn(await person(people++))
  }
  const entries = (): number => replica.controls.entries().length
  for (let i = 0; entries() < size; i++) {
    if (i % 100 === 0) say(`${size} control entries: ${entries()}`)
    await replica.commitControl({ op: 'metadata', scope: 'application', values: { [`key ${i % 10}`]: i } })
    if (i % 4 === 0) await change(replica, i)
  }

  const times = { remove: [] as number[], admit: [] as number[], open: [] as number[], whole: [] as number[], learn: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    say(`${size} control entries: round ${round + 1} of ${rounds}`)
    const newcomer = await person(people++)
    const leaving = [...replica.controls.membership.members.keys()][1] as UserId
    times.remove.push(await timed(() => replica.changeMembership((writes) => writes.remove(leaving))))
    times.admit.push(await timed(() => letIn(newcomer)))
    const record: ConversationRecord = { state: 'joining', seed, hints: [], refusal: undefined, since: 0 }
    const joining = new Replica(newcomer.context, replica.id, record)
    await joining.load()
    const carriers = replica.controls.carriers()
    times.learn.push(await timed(() => learn(joining, carriers)))
    if (joining.record.state !== 'member' || joining.controls.membership.members.size !== MEMBERS) throw new Error('the newcomer is not in')
    // What closing does: the folds are written down.
    await replica.checkpoint()
    const [row] = await founder.context.store.range(conversationRange())
    const again = new Replica(founder.context, replica.id, decodeRecord(row!.value))
    times.open.push(await timed(() => again.load()))
    if (again.controls.isWhole) throw new Error('opening has read the control entries')
    times.whole.push(await timed(() => again.whole()))
  }
  const row = (measure: string, all: readonly number[]): Row => ({ measure, unit: 'ms', values: [median(all)] })
  return {
    size,
    rows: [
      row(`one of ${MEMBERS} removed, rotation included`, times.remove),
      row('a newcomer let in', times.admit),
      row('the newcomer: all control entries checked and folded', times.learn),
      row('opened', times.open),
      row('all control entries read and folded after that', times.whole),
    ],
  }
}

/** A role that goes up and down, an invite that is made and revoked: what takes something away bears on everything that does not precede it. */
async function change(replica: Replica, i: number): Promise<void> {
  const { members } = replica.controls.membership
  const user = [...members.keys()][1 + (i % (members.size - 1))] as UserId
  const role = members.get(user)?.role === 'writer' ? 'moderator' : 'writer'
  await replica.changeMembership((writes) => writes.grant(user, role))
}

async function learn(replica: Replica, carriers: readonly ControlCarrier[]): Promise<void> {
  for (let at = 0; at < carriers.length; at += BATCH) await replica.ingestControls(carriers.slice(at, at + BATCH))
}

/** Somebody with a device of their own and an empty store. */
async function person(number: number): Promise<Person> {
  const random = seededRandom(1_000 + number)
  const keys = deviceKeysOf(crypto, { signSecret: random.bytes(32), agreeSecret: random.bytes(32) })
  const bytes = await createDeviceCert(crypto, keys, { createdMs: FIRST_MS, salt16: random.bytes(16) })
  const cert = await verifyDeviceCert(crypto, bytes)
  if (cert === undefined) throw new Error('a certificate that does not hold')
  const { deviceId, userId } = cert
  const context: Context = {
    store: createMemoryStore(),
    crypto,
    clock: { now: () => FIRST_MS, setTimeout: () => () => undefined },
    random,
    logger: silentLogger(),
    me: { userId, deviceId, deviceBytes: deviceIdBytes(deviceId), cert: bytes, keys, session: random.bytes(8) },
    waiting: new WaitingBytes(),
    report: (error) => {
      throw error
    },
  }
  return { keys, cert, context }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = processorMs()
  await run()
  return processorMs() - start
}
