/**
 * I4, looked at from outside: what somebody writes after they are out is shown by nobody, and what is written by those who know that they are out is
 * under keys that they have never held. Asks neither fold where the membership of a device ends: of what ends it, it is remembered how much the
 * device had written by then.
 */
import type { Conversation, Message } from '@parley/core'
import { epochIdOf } from '@parley/crypto'
import { conversationIdBytes, deviceIdOf, messageIdBytes, messageIdParts, toBase32, userIdOf, type DeviceId } from '@parley/protocol'
import type { Ledger, LedgerEntry } from './ledger.ts'
import { membershipOf } from './membership.ts'
import type { HeldRows } from './store-rows.ts'

type Violate = (invariant: string, what: string) => void

/** Whose keys are looked at. */
export interface KeyHolder {
  readonly name: string
  readonly deviceId: DeviceId | undefined
  readonly held: HeldRows
  /** Ids in base32 of the epochs whose messages this peer could ever read: a patched client keeps them all. */
  readonly keys: ReadonlySet<string>
}

/** An entry, and what its author knew of members when it was written. */
interface Written {
  readonly author: string
  readonly entry: LedgerEntry
  readonly known: Pick<HeldRows, 'controls' | 'canRead'>
}

export class Secrecy {
  readonly #ledger: Ledger
  readonly #violate: Violate
  /** Not looked at yet: certificates have to be verified first. */
  #written: Written[] = []
  /** By peer: epochs that were written under by who knew that this peer is out, with what put it out. */
  readonly #closed = new Map<KeyHolder, Map<string, readonly LedgerEntry[]>>()
  /** By peer: epochs whose keys it got when it was let in again, with what had put it out until then. */
  readonly #given = new Map<KeyHolder, Map<string, ReadonlySet<LedgerEntry>>>()

  constructor(ledger: Ledger, violate: Violate) {
    this.#ledger = ledger
    this.#violate = violate
  }

  /** `author` has written these entries, with what is on its disk now. */
  wrote(author: string, entries: readonly LedgerEntry[], held: HeldRows): void {
    const sealed = entries.filter(({ epoch }) => epoch !== undefined)
    if (sealed.length === 0) return
    const known = { controls: new Set(held.controls), canRead: (entry: LedgerEntry) => held.canRead(entry) }
    for (const entry of sealed) this.#written.push({ author, entry, known })
  }

  /** Everything that was written or learned since the last time. `learnUsers` must have been awaited. */
  check(holders: readonly KeyHolder[]): void {
    for (const { author, entry, known } of this.#written.splice(0)) {
      const { devices } = membershipOf(this.#ledger, known, [...known.controls])
      const epoch = toBase32(entry.epoch!)
      for (const holder of holders) {
        if (holder.deviceId === undefined || devices.get(holder.deviceId)?.isActive !== false) continue
        const closed = this.#closed.get(holder) ?? new Map<string, readonly LedgerEntry[]>()
        this.#closed.set(holder, closed)
        if (closed.has(epoch)) continue
        closed.set(epoch, this.#endings(holder.deviceId, known.controls))
        if (this.#recipients(epoch).has(holder.deviceId))
          this.#violate('I4', `${author} writes under an epoch whose key was sealed for ${holder.name}, knowing that ${holder.name} is out`)
      }
    }
    for (const [holder, closed] of this.#closed) {
      for (const [epoch, endings] of closed) {
        if (!holder.keys.has(epoch)) continue
        closed.delete(epoch)
        if (!this.#mayHold(holder, epoch, endings))
          this.#violate('I4', `${holder.name} holds the key of an epoch that others wrote under, knowing that ${holder.name} is out`)
      }
    }
  }

  /** Whether it was let in again, with all of the history, after all of these; it may have been put out once more since. */
  #mayHold(holder: KeyHolder, epoch: string, endings: readonly LedgerEntry[]): boolean {
    const given = this.#given.get(holder) ?? new Map<string, ReadonlySet<LedgerEntry>>()
    this.#given.set(holder, given)
    const before = given.get(epoch)
    if (before !== undefined && endings.every((ending) => before.has(ending))) return true
    const { devices } = membershipOf(this.#ledger, holder.held, [...holder.held.controls])
    const isBack = devices.get(holder.deviceId!)?.isActive === true && endings.every((ending) => holder.held.controls.has(ending))
    if (isBack) given.set(epoch, new Set([...(before ?? []), ...endings]))
    return isBack
  }

  /** What `conversation` shows of devices that are out was written before the last operation that it has and that put them out. */
  checkShown(name: string, conversation: Conversation, held: HeldRows, messages: readonly Message[]): void {
    const active = new Set(conversation.members().flatMap(({ devices }) => devices))
    for (const { id, text } of messages) {
      const { device: bytes, seq } = messageIdParts(id)
      const device = deviceIdOf(bytes)
      if (active.has(device)) continue
      const ends = this.#endings(device, held.controls).map(({ lengths }) => lengths?.get(device) ?? 0)
      if (seq >= Math.max(0, ...ends))
        this.#violate(
          'I4',
          `${name} shows "${text}" (${toBase32(messageIdBytes(id).subarray(16))}), which ${device} wrote after it was put out`,
        )
    }
  }

  /** Operations that put that device out, or its user. */
  #endings(device: DeviceId, controls: ReadonlySet<LedgerEntry>): LedgerEntry[] {
    const user = this.#ledger.userOf(device)
    return [...controls].filter(({ said, device: author }) => {
      if (said.what !== 'control') return false
      const { payload } = said
      if (payload.op === 'remove') return userIdOf(payload.user) === user
      if (payload.op === 'leave') return this.#ledger.userOf(author) === user
      return payload.op === 'device-remove' && deviceIdOf(payload.pin.log) === device
    })
  }

  /** Devices that the key of an epoch was sealed for when it was opened. */
  #recipients(epoch: string): ReadonlySet<DeviceId> {
    const devices = new Set<DeviceId>()
    for (const { said } of this.#ledger.controls()) {
      if (said.what !== 'control' || said.payload.op !== 'epoch') continue
      if (toBase32(epochIdOf(conversationIdBytes(this.#ledger.conversation!), said.payload.commitment)) !== epoch) continue
      for (const { device } of said.payload.boxes) devices.add(deviceIdOf(device))
    }
    return devices
  }
}
