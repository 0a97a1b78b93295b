/** Messages that are pinned or hidden, as the membership fold has it: both need a role, so control entries say it. */
import type { HideControl, MessageId, PinControl } from '@parley/protocol'
import type { Replica } from '../replica/replica.ts'

export function pinnedMessages(replica: Replica): ReadonlySet<MessageId> {
  return replica.controls.membership.pinned
}

export function hiddenMessages(replica: Replica): ReadonlySet<MessageId> {
  return replica.controls.membership.hidden
}

/** Pins or hides, or takes that back. `target` is the 36-byte id. */
export async function mark(replica: Replica, op: PinControl['op'] | HideControl['op'], target: Uint8Array, on: boolean): Promise<void> {
  await replica.commitControl({ op, target, on, after: [] })
}
