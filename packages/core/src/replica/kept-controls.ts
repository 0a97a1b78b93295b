/**
 * How much is kept of control entries that have no effect, for devices that are out, and for those that were never in: whom somebody let in who may not.
 * These can let in others in turn, without end, so all that hang on one device share the room of that device: the first whom a device lets in gets half of
 * its room, the next one half of that. What somebody follows who is in is kept besides, for without it what they said would wait for ever. It follows from
 * the entries alone, whatever the order in which they came: all peers keep and tell of the same.
 */
import { compareHlc, MAX_DEVICE_CONTROLS, type DeviceId } from '@parley/protocol'
import { opKey, type Membership } from '../membership/index.ts'
import type { ControlEntries } from './control-entries.ts'
import type { ControlEntry } from './control-entry.ts'
import { isTakenIn, lastTold, MAX_LATE_CONTROLS } from './late-controls.ts'

export class KeptControls {
  readonly membership: Membership
  readonly #entries: ControlEntries
  /** Of each device that was never in. */
  readonly #rooms = new Map<DeviceId, number>()
  /** Running number of the last entry without effect that somebody follows who is in. */
  readonly #followed = new Map<DeviceId, number>()
  /** Names of operations that are not here, and that somebody follows who is in. Some others may be among them. */
  readonly wanted = new Set<string>()

  /** `certified`: the devices of which there is a certificate here. */
  constructor(options: { entries: ControlEntries; certified: Iterable<DeviceId>; membership: Membership }) {
    this.#entries = options.entries
    this.membership = options.membership
    this.#follow(this.#late())
    this.#share(options.certified)
  }

  /** Whether that device never was in, as far as is known. */
  isVoid(device: DeviceId): boolean {
    return !this.membership.devices.has(device)
  }

  /** Whether the next entry of that device is taken in, at `seq` in its log. Of a device that was not known when this was computed it is seen later. */
  isTakenIn(device: DeviceId, seq: number): boolean {
    const list = this.#entries.of(device)
    if (!this.isVoid(device)) return isTakenIn(list, this.#reach(device), seq)
    return list.length < (this.#rooms.get(device) ?? MAX_LATE_CONTROLS)
  }

  /** Running number of the last entry of that device that is kept, and told of. */
  last(device: DeviceId): number {
    const list = this.#entries.of(device)
    const last = this.isVoid(device)
      ? Math.min(this.#rooms.get(device) ?? 0, this.#entries.count(device))
      : lastTold(list, this.#reach(device))
    return Math.max(last, this.#followed.get(device) ?? 0)
  }

  #reach(device: DeviceId): number {
    return this.membership.devices.get(device)?.spans.at(-1)?.to ?? 0
  }

  /** Entries of devices that are out by then, or were never in. */
  #late(): ReadonlyMap<string, ControlEntry> {
    const late = new Map<string, ControlEntry>()
    for (const device of this.#entries.devices()) {
      const reach = this.#reach(device)
      if (Number.isFinite(reach)) for (const entry of this.#entries.of(device)) if (entry.seq >= reach) late.set(opKey(entry.id), entry)
    }
    return late
  }

  /** Finds what is followed by those who are in, each on their own account. */
  #follow(late: ReadonlyMap<string, ControlEntry>): void {
    const [first] = [...late.values()].sort((a, b) => compareHlc(a.hlc, b.hlc))
    if (first === undefined) return
    for (const [device] of this.membership.devices) {
      const reach = this.#reach(device)
      const names: string[] = []
      for (const entry of this.#entries.of(device)) {
        // What follows something is later.
        if (entry.seq >= reach || compareHlc(entry.hlc, first.hlc) <= 0) continue
        const isPending = this.membership.verdicts.get(opKey(entry.id)) === 'pending'
        names.push(...namesOf(entry).filter((name) => isPending || late.has(name)))
      }
      this.#followFrom(names, late)
    }
  }

  #followFrom(names: string[], late: ReadonlyMap<string, ControlEntry>): void {
    // Nobody can make others keep more than what they could have said themselves.
    let left = MAX_DEVICE_CONTROLS
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const named = late.get(name)
      if (named === undefined) {
        this.wanted.add(name)
        continue
      }
      // With an operation all that its author said before.
      for (const entry of this.#entries.of(named.device)) {
        if (entry.number <= (this.#followed.get(entry.device) ?? 0) || entry.number > named.number) continue
        if (entry.seq < this.#reach(entry.device)) continue
        if (left-- === 0) return
        this.#followed.set(entry.device, entry.number)
        names.push(...namesOf(entry))
      }
    }
  }

  /** Hands on the room of every device to those whom it let in, in the order of its entries. */
  #share(certified: Iterable<DeviceId>): void {
    for (const device of certified) if (this.isVoid(device)) this.#rooms.set(device, 0)
    if (this.#rooms.size === 0) return
    const open = [...this.membership.devices.keys()]
    for (let device = open.pop(); device !== undefined; device = open.pop()) {
      let room = this.#rooms.get(device) ?? MAX_LATE_CONTROLS
      const done = new Set([device])
      const last = this.last(device)
      for (const { number, certs } of this.#entries.of(device)) {
        if (number > last) break
        for (const { deviceId } of certs) {
          if (!this.isVoid(deviceId) || done.has(deviceId)) continue
          done.add(deviceId)
          room >>= 1
          if (room <= (this.#rooms.get(deviceId) ?? 0)) continue
          this.#rooms.set(deviceId, room)
          open.push(deviceId)
        }
      }
    }
  }
}

/** What an operation says that it follows. */
function namesOf({ payload }: ControlEntry): string[] {
  return payload !== undefined && 'after' in payload ? payload.after.map(opKey) : []
}
