/**
 * I4, looked at from outside: what somebody writes after they are out is shown by nobody, and what is written by those who know that they are out is
 * under keys that they hold only if a member gave them to them, taking them for one and unheard of by the writer. Asks neither fold where the membership of a device ends: of what ends it, it is remembered how much the
 * device had written by then.
 */
import type { Conversation, Membership, Message } from '@parley/core'
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

/** An entry, and what its author knew of members when it was written, this entry included. */
interface Written {
  readonly author: string
  readonly entry: LedgerEntry
  readonly known: Pick<HeldRows, 'controls' | 'canRead'>
}

/** A whole secret, sealed for a device by somebody who took it and themselves for members. */
interface Handed {
  /** In base32. */
  readonly epoch: string
  /** What was known to who sealed it. */
  readonly controls: ReadonlySet<LedgerEntry>
}

export class Secrecy {
  readonly #ledger: Ledger
  readonly #violate: Violate
  /** Not looked at yet: certificates have to be verified first. */
  #written: Written[] = []
  /** By peer: epochs that were written under by who knew that this peer is out, with what put it out. */
  readonly #closed = new Map<KeyHolder, Map<string, readonly LedgerEntry[]>>()
  /** By device: what it was handed. */
  readonly #handed = new Map<DeviceId, Handed[]>()

  constructor(ledger: Ledger, violate: Violate) {
    this.#ledger = ledger
    this.#violate = violate
  }

  /** `author` has written these entries, with what is on its disk now. */
  wrote(author: string, entries: readonly LedgerEntry[], held: HeldRows): void {
    const telling = entries.filter(({ epoch, said }) => epoch !== undefined || (said.what === 'control' && 'boxes' in said.payload))
    if (telling.length === 0) return
    const known = { controls: new Set(held.controls), canRead: (entry: LedgerEntry) => held.canRead(entry) }
    for (const entry of telling) this.#written.push({ author, entry, known })
  }

  /** Everything that was written or learned since the last time. `learnUsers` must have been awaited. */
  check(holders: readonly KeyHolder[]): void {
    for (const { author, entry, known } of this.#written.splice(0)) {
      const { devices, policy, verdicts } = membershipOf(this.#ledger, known, [...known.controls])
      const isIn = (device: DeviceId): boolean => devices.get(device)?.isActive === true
      for (const { device, epoch, isAdmission } of this.#boxes(entry)) {
        // Newcomers who may not read what was before get the half that tells who is a member.
        const isWhole = !isAdmission || policy.history === 'full'
        if (isWhole && isIn(device) && isIn(entry.device))
          this.#handed.set(device, [...(this.#handed.get(device) ?? []), { epoch, controls: known.controls }])
      }
      if (entry.epoch === undefined) continue
      const epoch = toBase32(entry.epoch)
      // What somebody gave away while they were out makes nothing unusable: else they could go on doing so.
      const isGiven = (to: DeviceId): boolean =>
        [...known.controls].some(
          (one) =>
            counts(one, devices, verdicts) && this.#boxes(one).some((box) => box.device === to && this.#unlocked(box.epoch).has(epoch)),
        )
      for (const holder of holders) {
        if (holder.deviceId === undefined || devices.get(holder.deviceId)?.isActive !== false) continue
        const { deviceId, name } = holder
        if (isGiven(deviceId))
          this.#violate('I4', `${author} writes under an epoch whose key was sealed for ${name}, knowing that ${name} is out`)
        const closed = this.#closed.get(holder) ?? new Map<string, readonly LedgerEntry[]>()
        this.#closed.set(holder, closed)
        if (closed.has(epoch)) continue
        closed.set(epoch, this.#endings(deviceId, known.controls))
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

  /**
   * Whether a member handed it that secret, or one that unlocks it, after all of these and taking it for a member. What counts is what that member knew
   * then, not what came of it: an admission is void beside the revocation of its invite and beside the removal of who admits (ADR 11), which they cannot
   * have heard of, and the key is given away all the same. Whoever hears of both finds the epoch spoilt, by who got the key or by who gave it, and writes
   * under another one. The disk of the holder does not tell either: a crash may have taken the admission back.
   */
  #mayHold({ deviceId }: KeyHolder, epoch: string, endings: readonly LedgerEntry[]): boolean {
    const handed = this.#handed.get(deviceId!) ?? []
    return handed.some((one) => endings.every((ending) => one.controls.has(ending)) && this.#unlocked(one.epoch).has(epoch))
  }

  /** That epoch, and those whose whole secrets can be had with its own. */
  #unlocked(first: string): ReadonlySet<string> {
    const reached = new Set([first])
    const openers = this.#ledger
      .controls()
      .flatMap(({ said }) => (said.what === 'control' && said.payload.op === 'epoch' ? [said.payload] : []))
    for (const epoch of reached)
      for (const { commitment, back } of openers)
        if (this.#nameOf(commitment) === epoch) for (const { parent, msg } of back) if (msg !== undefined) reached.add(toBase32(parent))
    return reached
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

  /** The secrets that an operation hands out. */
  #boxes({ said }: LedgerEntry): { device: DeviceId; epoch: string; isAdmission: boolean }[] {
    if (said.what !== 'control') return []
    const { payload } = said
    switch (payload.op) {
      case 'epoch':
      case 'reseal': {
        const epoch = payload.op === 'epoch' ? this.#nameOf(payload.commitment) : toBase32(payload.epoch)
        return payload.boxes.map(({ device }) => ({ device: deviceIdOf(device), epoch, isAdmission: false }))
      }
      case 'admit':
      case 'device-add': {
        const cert = this.#ledger.certIn(payload.cert)
        if (cert === undefined) return []
        return payload.boxes.map(({ epoch }) => ({ device: cert.deviceId, epoch: toBase32(epoch), isAdmission: payload.op === 'admit' }))
      }
      default:
        return []
    }
  }

  #nameOf(commitment: Uint8Array): string {
    return toBase32(epochIdOf(conversationIdBytes(this.#ledger.conversation!), commitment))
  }
}

/** Whether an operation was written in a stay of its author, and nothing of its past is missing; it may be void. */
function counts({ id, device, seq }: LedgerEntry, devices: Membership['devices'], verdicts: Membership['verdicts']): boolean {
  const isInStay = devices.get(device)?.spans.some(({ from, to }) => from <= seq && seq < to) === true
  return isInStay && verdicts.get(toBase32(id.subarray(0, 16))) !== 'pending'
}
