/**
 * How much is taken in of what a device says about the conversation once it is out. It has no effect; without it, what others said before they
 * heard of the removal, and named it, would wait for ever. All peers must take in and tell of the same, or they would compare for ever.
 */
import { compareHlc, deviceIdOf, type DeviceId, type Hlc, type UserId } from '@parley/protocol'
import { opKey, type Membership } from '../membership/index.ts'
import type { ControlEntry } from './control-entry.ts'

/** Nobody says so much within the time that a removal takes to get around. Those whom the device lets in meanwhile share it by halves. */
export const MAX_LATE_CONTROLS = 64

/** Whether an entry at `seq` is taken in: `list` is what is here of the device, `reach` where it ceases to count. */
export function isTakenIn(list: readonly ControlEntry[], reach: number, seq: number): boolean {
  return seq < reach || list.length < MAX_LATE_CONTROLS || lateOf(list, reach).length < MAX_LATE_CONTROLS
}

/** Running number of the last entry that is told of: some may have come before the removal was known here, and nobody else takes them. */
export function lastTold(list: readonly ControlEntry[], reach: number): number {
  const late = Number.isFinite(reach) && list.length > MAX_LATE_CONTROLS ? lateOf(list, reach) : []
  return (late.length > MAX_LATE_CONTROLS ? late[MAX_LATE_CONTROLS - 1] : list.at(-1))?.number ?? 0
}

const lateOf = (list: readonly ControlEntry[], reach: number): readonly ControlEntry[] => list.filter(({ seq }) => seq >= reach)

/** The clock of what put out a device that was in: its user's removal or leave, or its own removal. Of the beginning when nothing did. */
export function endOf(device: DeviceId, { devices, former, verdicts }: Membership, entries: readonly ControlEntry[]): Hlc {
  let latest: Hlc = former.get(devices.get(device)?.user as UserId)?.at ?? { ms: 0, ctr: 0 }
  for (const { payload, hlc, id } of entries) {
    if (payload?.op !== 'device-remove' || deviceIdOf(payload.pin.log) !== device || verdicts.has(opKey(id))) continue
    if (compareHlc(hlc, latest) > 0) latest = hlc
  }
  return latest
}
