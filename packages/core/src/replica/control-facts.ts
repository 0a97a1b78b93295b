/** Control entries as the membership fold wants them: with what their author did before, and what of others it had seen. */
import { deviceIdBytes, isClearControl, toBase32, type DeviceId } from '@parley/protocol'
import { isNameable, type MembershipFact } from '../membership/index.ts'
import type { ControlEntry } from './control-entry.ts'
import type { Forks } from './forks.ts'

interface Sources {
  /** The control entries of a device, by running number. */
  entriesOf(device: DeviceId): readonly ControlEntry[]
  forks(): Forks
}

export class ControlFacts {
  readonly #sources: Sources
  /** Devices by the 8 bytes that heads name them with. */
  readonly #byPrefix = new Map<string, DeviceId[]>()

  constructor(sources: Sources) {
    this.#sources = sources
  }

  /** A certificate of that device is here. */
  noteDevice(device: DeviceId): void {
    const prefix = toBase32(deviceIdBytes(device).subarray(0, 8))
    const known = this.#byPrefix.get(prefix) ?? []
    if (!known.includes(device)) this.#byPrefix.set(prefix, [...known, device])
  }

  /** Undefined for what cannot be read, and for what has no part in membership. */
  of(entry: ControlEntry): MembershipFact | undefined {
    const { payload } = entry
    if (payload === undefined || payload.op === 'metadata' || payload.op === 'profile' || payload.op === 'fork') return undefined
    const earlier = (): readonly ControlEntry[] => this.#earlier(entry)
    const acks = (): MembershipFact['acks'] => this.#acks([...earlier(), entry])
    return {
      id: entry.id,
      device: entry.device,
      deviceBytes: entry.deviceBytes,
      seq: entry.seq,
      hlc: entry.hlc,
      payload,
      certs: entry.certs,
      prev: earlier().findLast((e) => e.payload !== undefined && isClearControl(e.payload.op) && isNameable(e.payload.op))?.id,
      // Asked for once the past of the operation is here, and with it every device that can be meant.
      get acks() {
        return acks()
      },
      isCounted: this.#sources.forks().counts(entry),
    }
  }

  /** What the author wrote before, in the same history. Of a device that forked, what all its histories have in common: so all peers agree. */
  #earlier({ device, number, seq }: ControlEntry): readonly ControlEntry[] {
    const list = this.#sources.entriesOf(device)
    const forks = this.#sources.forks()
    if (!forks.isForked(device))
      return list[number - 1]?.number === number ? list.slice(0, number - 1) : list.filter((e) => e.number < number)
    const first = forks.firstSeq(device)
    return list.filter((e) => e.number < number && (e.seq < first || seq < first))
  }

  #acks(entries: readonly ControlEntry[]): (readonly [DeviceId, number])[] {
    const latest = new Map<DeviceId, number>()
    for (const { deps } of entries)
      for (const { device8, seq } of deps)
        for (const device of this.#byPrefix.get(toBase32(device8)) ?? []) latest.set(device, Math.max(seq + 1, latest.get(device) ?? 0))
    return [...latest]
  }
}
