/** The control entries of one conversation that are here, by the device that made them and its running number. */
import { compareHlc, deviceIdOf, equalBytes, type ControlCarrier, type DeviceId, type EntryParts, type Hlc } from '@parley/protocol'
import { compareEntries, type ControlEntry } from './control-entry.ts'

export class ControlEntries {
  /** By running number. A device that forked can have several with the same one. */
  readonly #byDevice = new Map<DeviceId, ControlEntry[]>()

  /** Devices of which there were entries here. */
  devices(): Iterable<DeviceId> {
    return this.#byDevice.keys()
  }

  /** Those of one device, by running number. */
  of(device: DeviceId): readonly ControlEntry[] {
    return this.#byDevice.get(device) ?? []
  }

  /** All, in no order. */
  unsorted(): ControlEntry[] {
    return [...this.#byDevice.values()].flat()
  }

  /** All, in the order of the folds. */
  sorted(): ControlEntry[] {
    return this.unsorted().sort(compareEntries)
  }

  /** How many of that device are here; they are contiguous from number 1. `latest`: only those up to that clock. */
  count(device: DeviceId, latest?: Hlc): number {
    const list = this.of(device)
    if (latest === undefined) return list.at(-1)?.number ?? 0
    return list.findLast(({ hlc }) => compareHlc(hlc, latest) <= 0)?.number ?? 0
  }

  /** How many there are, of all devices. */
  get size(): number {
    let size = 0
    for (const list of this.#byDevice.values()) size += list.length
    return size
  }

  /** Number after that of the last one of that device in its log; 0 without any. */
  nextSeq(device: DeviceId): number {
    return this.of(device).reduce((end, { seq }) => Math.max(end, seq + 1), 0)
  }

  /** The one with that number that came first; a device that did not fork has no other. */
  first(device: DeviceId, number: number): ControlEntry | undefined {
    const list = this.of(device)
    const at = list[number - 1]
    return at?.number === number ? at : list.find((e) => e.number === number)
  }

  /** Whether there is one with these bytes, or, of a device that did not fork, with this number. */
  isKnown({ device: bytes, entry }: ControlCarrier, number: number, isForked: boolean): boolean {
    const device = deviceIdOf(bytes)
    const first = this.first(device, number)
    if (first === undefined || equalBytes(first.bytes, entry)) return first !== undefined
    return isForked && this.of(device).some((e) => e.number === number && equalBytes(e.bytes, entry))
  }

  /** Whether it can be the next one of a device that has one history. */
  follows({ device, seq }: ControlCarrier, { header }: EntryParts): boolean {
    const previous = this.of(deviceIdOf(device)).at(-1)
    if (previous === undefined) return true
    const hlc: Hlc = { ms: header.time, ctr: header.ctr }
    return header.controls > previous.number && seq > previous.seq && compareHlc(hlc, previous.hlc) > 0
  }

  add(entry: ControlEntry): void {
    const list = this.#byDevice.get(entry.device)
    if (list === undefined) this.#byDevice.set(entry.device, [entry])
    else list.splice(list.findLastIndex((e) => e.number <= entry.number) + 1, 0, entry)
  }

  /** Puts what was read anew in the place of the same entry; false when that is not here any more. */
  replace(entry: ControlEntry, again: ControlEntry): boolean {
    const list = this.#byDevice.get(entry.device) ?? []
    const at = list.indexOf(entry)
    if (at >= 0) list[at] = again
    return at >= 0
  }

  /** Takes out some, and returns them. */
  remove(isGone: (entry: ControlEntry) => boolean): ControlEntry[] {
    const gone = this.unsorted().filter((entry) => isGone(entry))
    for (const device of new Set(gone.map((entry) => entry.device))) {
      const rest = this.of(device).filter((entry) => !isGone(entry))
      if (rest.length > 0) this.#byDevice.set(device, rest)
      else this.#byDevice.delete(device)
    }
    return gone
  }
}
