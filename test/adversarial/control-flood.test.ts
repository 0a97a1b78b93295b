/** A member who piles up what is kept in memory: every peer keeps the same beginning of it, and goes on. */
import { sealBody } from '@parley/crypto'
import {
  bodyAad,
  deviceIdBytes,
  encodeControl,
  encodeEntry,
  encodeHeader,
  entryId,
  EntryKind,
  MAX_AVATAR_BYTES,
  MAX_DEVICE_CONTROL_BYTES,
  MAX_DEVICE_CONTROLS,
  signedHead,
  type ControlCarrier,
} from '@parley/protocol'
import { expect, test } from 'vitest'
import { ControlRoom } from '../../packages/core/src/replica/control-room.ts'
import { until } from '../../packages/core/test/support.ts'
import { createHostileMember, hash, sendIn, type HostileMember } from './hostile-member.ts'
import { LANE } from './raw-peer.ts'
import { createVictims } from './victims.ts'

/** Entries sent at a time: 2 MB. */
const BATCH = 60
/** What a member is called, and looks like: as much as one entry can say. */
const AVATAR = `data:image/png;base64,${'A'.repeat(MAX_AVATAR_BYTES - 40)}`

/** Control entries of the member's own, each with a name of its own. */
async function* portraits({ replica, context }: HostileMember, count: number): AsyncGenerator<ControlCarrier> {
  const device = deviceIdBytes(context.me.deviceId)
  const epoch = replica.epochs.current!
  const state = replica.log.state(context.me.deviceId)
  let { prevId } = state
  const time = context.clock.now()
  for (let i = 0; i < count; i++) {
    const seq = state.nextSeq + i
    const counts = { posts: state.posts, deletes: state.deletes, controls: state.controls + 1 + i }
    const headerBytes = encodeHeader({ kind: EntryKind.control, time: time + i, ctr: 0, epoch: epoch.id, deps: [], ...counts })
    const payload = encodeControl({ op: 'profile', name: `mallory ${i}`, avatar: AVATAR })
    const body = sealBody(epoch.controlKey, context.random.bytes(24), bodyAad(replica.bytes, device, seq, headerBytes), payload)
    const id = entryId(hash, { conversation: replica.bytes, device, seq, prevId, headerBytes, bodyHash: hash(body) })
    const signature = await context.me.keys.signing.sign(signedHead(replica.bytes, device, seq, id))
    yield { device, seq, prevId, entry: encodeEntry(headerBytes, body, signature) }
    prevId = id
  }
}

test('16 MiB of one device are kept, by everybody the same, and the rest is counted', { timeout: 60_000 }, async () => {
  const victims = await createVictims()
  const mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
  const link = await mallory.to('bob')
  const count = Math.ceil(MAX_DEVICE_CONTROL_BYTES / MAX_AVATAR_BYTES) + BATCH
  let batch: ControlCarrier[] = []
  const give = (): void => {
    sendIn(link, { type: 'controls', entries: batch }, LANE.history)
    batch = []
  }
  for await (const carrier of portraits(mallory, count)) if (batch.push(carrier) === BATCH) give()
  give()
  await until(() => victims.bob.inspect().passedOver.excess > 0)
  const nameIn = (conversation: typeof victims.hers): string => conversation.members().find((m) => m.name.startsWith('mallory'))!.name
  const kept = nameIn(victims.his)
  const number = Number(kept.split(' ')[1])
  expect(number).toBeGreaterThan(MAX_DEVICE_CONTROL_BYTES / (MAX_AVATAR_BYTES + 1_024))
  expect(number).toBeLessThan(MAX_DEVICE_CONTROL_BYTES / MAX_AVATAR_BYTES)
  await until(() => nameIn(victims.hers) === kept)
  await victims.expectUnharmed()
  // Nobody passes on what nobody keeps.
  expect(nameIn(victims.his)).toBe(kept)
  expect(victims.alice.inspect().passedOver.excess).toBe(0)
  await mallory.stop()
  await victims.close()
})

test('10,000 of one device, of one that forked however long they are', () => {
  const room = new ControlRoom()
  const device = 'mallory' as Parameters<ControlRoom['has']>[0]
  expect([room.has(device, MAX_DEVICE_CONTROLS, 1, false), room.has(device, MAX_DEVICE_CONTROLS + 1, 1, false)]).toEqual([true, false])
  const entry = { device, bytes: new Uint8Array(MAX_DEVICE_CONTROL_BYTES) }
  room.note(entry)
  expect([room.has(device, 2, 1, false), room.has(device, 2, 1, true)]).toEqual([false, true])
  room.forget(entry)
  expect(room.has(device, 2, MAX_DEVICE_CONTROL_BYTES, false)).toBe(true)
})
