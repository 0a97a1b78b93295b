/** Control entries that have come and are not taken in yet: what can be told of them before they are verified. */
import {
  decodeControl,
  decodeEntry,
  deviceIdOf,
  Reject,
  type ControlCarrier,
  type ControlPayload,
  type DeviceId,
  type EntryParts,
} from '@parley/protocol'
import { opKey } from '../membership/index.ts'

export interface WaitingControl {
  readonly carrier: ControlCarrier
  readonly parts: EntryParts
  readonly device: DeviceId
}

/** @throws {Reject} BadShape */
export function waitingControl(carrier: ControlCarrier): WaitingControl {
  return { carrier, parts: decodeEntry(carrier.entry), device: deviceIdOf(carrier.device) }
}

/**
 * What is followed under these names (`opKey`), and by that in turn: for each device the running number up to which its entries are. A name is a hash, so
 * what it stands for is certain. `idOf` gives the id of an entry that has a body.
 */
export function followedAmong(
  waiting: readonly WaitingControl[],
  names: Iterable<string>,
  idOf: (carrier: ControlCarrier, parts: EntryParts) => Uint8Array,
): ReadonlyMap<DeviceId, number> {
  const followed = new Map<DeviceId, number>()
  const open = [...names]
  if (open.length === 0) return followed
  const byName = new Map<string, WaitingControl>()
  for (const item of waiting) if (item.parts.body !== undefined) byName.set(opKey(idOf(item.carrier, item.parts)), item)
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const named = byName.get(name)
    if (named === undefined) continue
    const from = followed.get(named.device) ?? 0
    const to = named.parts.header.controls
    if (to <= from) continue
    followed.set(named.device, to)
    for (const { device, parts } of waiting)
      if (device === named.device && parts.header.controls > from && parts.header.controls <= to) open.push(...namesIn(parts))
  }
  return followed
}

/** What an entry in clear says; undefined when it is sealed. @throws {Reject} BadShape */
export function clearPayload({ header, body }: EntryParts): ControlPayload | undefined {
  return header.epoch === 'clear' && body !== undefined ? decodeControl(body) : undefined
}

/** The names of what an entry says that it follows; none when it says nothing readable. */
function namesIn(parts: EntryParts): string[] {
  try {
    const payload = clearPayload(parts)
    return payload !== undefined && 'after' in payload ? payload.after.map(opKey) : []
  } catch (error) {
    if (error instanceof Reject) return []
    throw error
  }
}
