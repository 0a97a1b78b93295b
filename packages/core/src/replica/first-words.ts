/** The first entries of this device in a conversation: one that it begins, or one that it was asked to take part in. */
import { epochSecretBytes, type EpochSecret } from '@parley/crypto'
import { encodeControl, EntryKind, isClearControl, type ControlPayload } from '@parley/protocol'
import type { Store } from '../store.ts'
import type { Draft } from './log-entry.ts'
import { noKey } from './own-writes.ts'
import type { ConversationRecord } from './record.ts'
import type { ReplicaParts } from './replica-parts.ts'

/** Writes the first entries of a new conversation. */
export async function found(
  { epochs, keys, mutex, record, writes }: ReplicaParts,
  genesis: Uint8Array,
  secret: EpochSecret,
  sealed: readonly ControlPayload[],
): Promise<void> {
  const epoch = epochs.add(secret)
  const drafts: Draft[] = [
    { kind: EntryKind.control, payload: genesis, epoch: undefined },
    ...sealed.map((payload): Draft => ({ kind: EntryKind.control, payload: encodeControl(payload), epoch })),
  ]
  await mutex.run(() =>
    writes.append(drafts, [record.row(record.value), { type: 'put', key: keys.epoch(epoch.id), value: epochSecretBytes(secret) }]),
  )
}

/** Makes this device, which was asked, one that takes part. @throws {ParleyError} NotAllowed while no key is here. */
export async function answer(
  store: Store,
  { epochs, events, mutex, own, record: stored, writes }: ReplicaParts,
  entries: readonly ControlPayload[],
): Promise<void> {
  await mutex.run(async () => {
    if (stored.value.state !== 'request') return
    const record: ConversationRecord = { ...stored.value, state: 'member' }
    const epoch = epochs.current
    // Who was here before has said it, and cannot say anything yet.
    const drafts = (own.isHere ? entries : []).map((payload): Draft => {
      if (epoch === undefined) throw noKey()
      return { kind: EntryKind.control, payload: encodeControl(payload), epoch: isClearControl(payload.op) ? undefined : epoch }
    })
    if (drafts.length > 0) await writes.append(drafts, [stored.row(record)])
    else await store.write([stored.row(record)], { durability: 'strict' })
    stored.value = record
    events.emit('state')
  })
}
