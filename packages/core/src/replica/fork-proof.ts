/** Writing proofs of forks: what shows the fork, and what of it counts. */
import {
  decodeEntry,
  deviceIdBytes,
  equalBytes,
  MAX_PINNED_CONTROLS,
  MAX_PINS,
  type DeviceId,
  type ForkControl,
  type ForkSide,
  type Hash,
} from '@parley/protocol'
import type { ControlLog } from './control-log.ts'
import type { Forks, LogId } from './forks.ts'
import type { ConversationLog } from './log.ts'

/** The entries up to the first signed one, as a proof shows them; undefined when none is signed. */
export function sideOf(hash: Hash, entries: readonly Uint8Array[]): ForkSide | undefined {
  const shown: { headerBytes: Uint8Array; bodyHash: Uint8Array }[] = []
  for (const bytes of entries) {
    const { headerBytes, body, purgedBodyHash, signature } = decodeEntry(bytes)
    shown.push({ headerBytes, bodyHash: body === undefined ? purgedBodyHash! : hash(body) })
    if (signature !== undefined) return { entries: shown, signature }
  }
  return undefined
}

/** Whether two stored entries are the same, whatever was purged or left out of them. */
export function isSameEntry(hash: Hash, a: Uint8Array, b: Uint8Array): boolean {
  if (equalBytes(a, b)) return true
  const [one, two] = [decodeEntry(a), decodeEntry(b)]
  if (!equalBytes(one.headerBytes, two.headerBytes)) return false
  return equalBytes(one.purgedBodyHash ?? hash(one.body!), two.purgedBodyHash ?? hash(two.body!))
}

/** A proof of these two histories. What this device holds of every branch counts; `also` are heads and control entries that come with it. */
export function composeProof(
  sources: { log: ConversationLog; controls: ControlLog },
  fork: { device: DeviceId; seq: number; prevId: Uint8Array; sides: readonly [ForkSide, ForkSide] },
  also: { pins?: ForkControl['pins']; controls?: readonly Uint8Array[]; maxControls?: number } = {},
): ForkControl {
  const { log, controls } = sources
  const { device } = fork
  const firstSeq = Math.min(fork.seq, controls.forks.firstSeq(device))
  const held = log
    .logsOf(device)
    .filter((id) => id !== device && log.nextSeq(id) > log.startOf(id))
    .map((id) => ({ log: deviceIdBytes(id), nextSeq: log.nextSeq(id) }))
  const { forks } = controls
  // Those first that no proof names yet.
  const counted = controls
    .entries()
    .filter((entry) => entry.device === device && entry.seq >= firstSeq)
    .sort((a, b) => Number(forks.counts(a)) - Number(forks.counts(b)))
  return {
    op: 'fork',
    ...fork,
    device: deviceIdBytes(device),
    pins: [...(also.pins ?? []), ...held].slice(0, MAX_PINS),
    controls: [...counted.map(({ id }) => id.slice(0, 16)), ...(also.controls ?? [])].slice(0, also.maxControls ?? MAX_PINNED_CONTROLS),
  }
}

/** Whether this member accepted something of the device before it heard of the fork that no proof lets count yet. */
export function holdsMore(
  { log, controls }: { log: ConversationLog; controls: ControlLog },
  forks: Forks,
  device: DeviceId,
  me: DeviceId,
): boolean {
  const isBeyond = (id: LogId): boolean =>
    id !== device && log.nextSeq(id) > Math.max(forks.limit(id), log.startOf(id)) && !forks.hasPinned(me, id)
  return log.logsOf(device).some(isBeyond) || controls.entries().some((entry) => entry.device === device && !forks.counts(entry))
}

/** Whether that is our entry at that place. */
export async function holdsEntry(hash: Hash, log: ConversationLog, id: LogId, seq: number, bytes: Uint8Array): Promise<boolean> {
  const [ours] = await log.read(id, seq, seq + 1)
  return ours !== undefined && isSameEntry(hash, ours, bytes)
}
