/**
 * Which epochs there are, and which may be written under: those whose secret only present members hold, as far as the log tells. Who got a
 * secret is counted generously (boxes of an admission that turned out void too), for what matters is who may have it.
 */
import { compareBytes, toBase32, type DeviceId } from '@parley/protocol'
import { isBefore, type Op } from './causality.ts'
import type { EpochRecord } from './types.ts'

interface Epoch {
  readonly key: string
  id: Uint8Array
  gen: number
  commitment: Uint8Array
  parents: readonly Uint8Array[]
  /** Operations that opened it; none while only boxes are known. */
  readonly ops: Op[]
  /** One of them holds. */
  isValid: boolean
  readonly recipients: Set<DeviceId>
  /** Epochs whose secrets this one unlocks. */
  readonly wraps: Set<Epoch>
  isBad: boolean
}

export class EpochBook {
  readonly #epochs = new Map<string, Epoch>()
  readonly #byDevice = new Map<DeviceId, Set<Epoch>>()
  readonly #isWelcome: (device: DeviceId) => boolean
  readonly #records = new Map<string, EpochRecord>()
  /** Usable ones, the current one last. */
  #usable: Epoch[] = []
  #isSettled = false
  /** Visits of epochs, for tests of cost. */
  visits = 0

  /** `isWelcome`: whether that device may hold the secret of an epoch that is written under. */
  constructor(isWelcome: (device: DeviceId) => boolean) {
    this.#isWelcome = isWelcome
  }

  /** Opened ones by id in base32; goes on changing. */
  get records(): ReadonlyMap<string, EpochRecord> {
    this.#settle()
    return this.#records
  }

  get current(): Uint8Array | undefined {
    this.#settle()
    return this.#usable.at(-1)?.id
  }

  /** Whether the generation and the parents are what they must be: one more than the highest of epochs that the operation follows. */
  fits(op: Op, gen: number, parents: readonly Uint8Array[]): boolean {
    let highest = -1
    for (const parent of parents) {
      const epoch = this.#epochs.get(toBase32(parent))
      if (epoch === undefined || !epoch.ops.some((opener) => isBefore(opener, op))) return false
      highest = Math.max(highest, epoch.gen)
    }
    return highest >= 0 && gen === highest + 1
  }

  /** An epoch begins. The first operation that opens it says what it is; recipients of all count. */
  open(
    op: Op,
    epoch: {
      id: Uint8Array
      gen: number
      commitment: Uint8Array
      parents: readonly Uint8Array[]
      back: readonly Uint8Array[]
      isValid: boolean
    },
  ): void {
    const known = this.#get(epoch.id)
    if (known.ops.length === 0) {
      known.gen = epoch.gen
      known.commitment = epoch.commitment
      known.parents = epoch.parents
    }
    known.ops.push(op)
    known.isValid ||= epoch.isValid
    for (const parent of epoch.back) {
      const wrapped = this.#epochs.get(toBase32(parent))
      if (wrapped !== undefined && wrapped.ops.some((opener) => isBefore(opener, op))) known.wraps.add(wrapped)
    }
    if (!this.#isSettled) return
    // It may have been bad for want of an operation, with boxes that came first.
    if (known.ops.length > 1) this.unsettle()
    else {
      known.isBad = !known.isValid || [...known.recipients].some((device) => !this.#isWelcome(device))
      this.#note(known)
      if (known.isBad) this.#spoil(known)
      else this.#rank(known)
    }
  }

  /** These devices were given the secret. */
  handOut(id: Uint8Array, devices: readonly DeviceId[]): void {
    const epoch = this.#get(id)
    for (const device of devices) {
      epoch.recipients.add(device)
      const held = this.#byDevice.get(device)
      if (held === undefined) this.#byDevice.set(device, new Set([epoch]))
      else held.add(epoch)
    }
    if (this.#isSettled && !epoch.isBad && devices.some((device) => !this.#isWelcome(device))) this.#spoil(epoch)
  }

  /** A device came in or went out. */
  changed(device: DeviceId): void {
    if (!this.#isSettled) return
    const held = this.#byDevice.get(device) ?? []
    const isWelcome = this.#isWelcome(device)
    for (const epoch of held) {
      this.visits++
      if (!isWelcome) {
        if (!epoch.isBad) this.#spoil(epoch)
      }
      // Somebody came back to a secret that they had: rare enough to look at all of them.
      else if (epoch.isBad) return this.unsettle()
    }
  }

  /** Everything is looked at anew when it is asked for next. */
  unsettle(): void {
    this.#isSettled = false
  }

  #get(id: Uint8Array): Epoch {
    const key = toBase32(id)
    let epoch = this.#epochs.get(key)
    if (epoch === undefined) {
      const none = new Uint8Array(0)
      epoch = {
        key,
        id,
        gen: 0,
        commitment: none,
        parents: [],
        ops: [],
        isValid: false,
        recipients: new Set(),
        wraps: new Set(),
        isBad: false,
      }
      this.#epochs.set(key, epoch)
    }
    return epoch
  }

  #settle(): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#usable = []
    const bad: Epoch[] = []
    for (const epoch of this.#epochs.values()) {
      this.visits++
      epoch.isBad = !epoch.isValid || [...epoch.recipients].some((device) => !this.#isWelcome(device))
      if (epoch.isBad) bad.push(epoch)
    }
    for (const epoch of bad) this.#spoil(epoch)
    for (const epoch of this.#epochs.values()) {
      this.#note(epoch)
      if (!epoch.isBad) this.#usable.push(epoch)
    }
    this.#usable.sort(compareEpochs)
  }

  /** Whoever has this secret has those that it unlocks. */
  #spoil(first: Epoch): void {
    first.isBad = true
    const open = [first]
    for (let epoch = open.pop(); epoch !== undefined; epoch = open.pop()) {
      this.visits++
      this.#note(epoch)
      for (const wrapped of epoch.wraps) {
        if (wrapped.isBad) continue
        wrapped.isBad = true
        open.push(wrapped)
      }
    }
    while (this.#usable.at(-1)?.isBad === true) this.#usable.pop()
  }

  /** Puts a usable one where it belongs; mostly that is last. */
  #rank(epoch: Epoch): void {
    let at = this.#usable.length
    while (at > 0 && compareEpochs(this.#usable[at - 1] as Epoch, epoch) > 0) at--
    this.#usable.splice(at, 0, epoch)
  }

  #note({ key, id, gen, commitment, parents, ops, isBad }: Epoch): void {
    if (ops.length > 0) this.#records.set(key, { id, gen, commitment, parents, isUsable: !isBad })
  }
}

/** The one to write under last: highest generation, of equals the lowest id. */
function compareEpochs(a: Epoch, b: Epoch): number {
  return a.gen - b.gen || compareBytes(b.id, a.id)
}
