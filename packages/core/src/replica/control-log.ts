/**
 * The control entries of one conversation, all in memory (they are few), and the folds over them: membership, metadata, profiles.
 * A control entry verifies alone, so a joiner knows the members before any message. Whoever has a certificate here can be verified, a member or
 * not: what a removed device said may be in the past of what others say.
 */
import { epochIdOf, type CryptoProvider, type DeviceCert } from '@parley/crypto'
import {
  compareHlc,
  conversationIdOfDirect,
  decodeEntry,
  deviceIdOf,
  equalBytes,
  Reject,
  toBase32,
  userIdBytes,
  type ControlCarrier,
  type ControlPayload,
  type DeviceId,
  type Hash,
  type Hlc,
} from '@parley/protocol'
import { MembershipResolver, type MembershipChecks, type MembershipFact } from '../membership/index.ts'
import type { Store, StoreOperation } from '../store.ts'
import { controlCarrier, type ControlEntry } from './control-entry.ts'
import { ControlFacts } from './control-facts.ts'
import { ControlProofs } from './control-proofs.ts'
import { ControlRoom } from './control-room.ts'
import { encodeControlRow, readControlRows } from './control-rows.ts'
import { decodeSnapshot, encodeSnapshot, MIN_SNAPSHOT_ENTRIES, type ControlSnapshot, type SeenControls } from './control-snapshot.ts'
import { ControlVerifier } from './control-verifier.ts'
import { ControlView } from './control-view.ts'
import { newestFirst, type EpochKeys } from './epochs.ts'
import { Forks } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import { endOf } from './late-controls.ts'
import { clearPayload, followedAmong, waitingControl, type WaitingControl } from './waiting-controls.ts'
import { WhatIf } from './what-if.ts'

export class ControlLog extends ControlView {
  readonly #hash: Hash
  readonly #keys: Keyspace
  readonly #epochs: EpochKeys
  readonly #verifier: ControlVerifier
  readonly #proofs: ControlProofs
  readonly #checks: MembershipChecks
  readonly #facts: ControlFacts
  readonly #whatIf: WhatIf
  #resolver: MembershipResolver
  /** Entries that the folds have not seen. */
  #fresh: ControlEntry[] = []
  /** Sealed ones, and those with a certificate whose issuer is not known: looked at again when a key or a certificate has come. */
  readonly #unread = new Set<ControlEntry>()
  #isDropped = false
  #readRest: () => Promise<void> = () => Promise.resolve()
  #reading: Promise<void> | undefined
  /** Whether what the folds have come to is in the store. */
  #isKept = false
  forks: Forks
  /** Hears of every entry that is here, before the folds. */
  onEntry: (entry: ControlEntry) => void = () => undefined
  /** Entries beyond what is kept of a device, or of those whom it let in without any right, as often as they came since the start. */
  excess = 0
  readonly #room = new ControlRoom()

  constructor(options: { conversation: Uint8Array; crypto: CryptoProvider; keys: Keyspace; epochs: EpochKeys }) {
    super()
    const { conversation, crypto, keys, epochs } = options
    const hash = (bytes: Uint8Array): Uint8Array => crypto.sha256(bytes)
    this.#hash = hash
    this.#keys = keys
    this.#epochs = epochs
    this.#verifier = new ControlVerifier({ conversation, crypto, epochs })
    this.#proofs = new ControlProofs({ conversation, crypto })
    this.forks = new Forks(hash, [])
    this.#checks = {
      proofHolds: ({ id }, key) => this.#proofs.holds(id, key),
      epochId: (commitment) => epochIdOf(conversation, commitment),
      isDirect: (user, peer) => equalBytes(conversationIdOfDirect(hash, userIdBytes(user), userIdBytes(peer)), conversation),
    }
    this.#resolver = new MembershipResolver(this.#checks)
    this.#facts = new ControlFacts({ entriesOf: (device) => this.list.of(device), forks: () => this.forks })
    this.#whatIf = new WhatIf({ entries: this.list, facts: this.#facts, checks: this.#checks, forks: () => this.forks })
  }

  /** Reads what the folds came to, where that is written down, and else everything stored. */
  async open(store: Store): Promise<void> {
    const row = await store.get(this.#keys.controlFold())
    const snapshot = row === undefined ? undefined : decodeSnapshot(row, this.#hash)
    if (snapshot === undefined || this.#isOutdated(snapshot)) return this.#readAll(store)
    this.before = snapshot
    this.#isKept = true
    this.#readRest = () =>
      this.#readAll(store).catch(async (error: unknown) => {
        // The next opening finds out, and puts right what can be.
        await store.write([this.voidRow()])
        throw error
      })
    for (const cert of snapshot.certs) this.#noteCert(cert)
    this.membership = snapshot.membership
    this.latestMs = snapshot.latestMs
    this.isDirect = snapshot.isDirect
    this.content.restore(snapshot.content)
    this.#epochs.choose(this.membership.currentEpoch, newestFirst(this.membership))
  }

  /** Reads the entries, unless they are here. What is known of them stays the same. */
  async whole(): Promise<void> {
    if (this.before !== undefined) await (this.#reading ??= this.#readRest().finally(() => (this.#reading = undefined)))
  }

  /** Writes down what the folds have come to, where that saves work. Nothing may be taken in meanwhile. */
  async keep(store: Store): Promise<void> {
    if (this.#isKept || !this.isWhole || this.#proofs.hasForks || this.list.size < MIN_SNAPSHOT_ENTRIES) return
    await store.write([{ type: 'put', key: this.#keys.controlFold(), value: this.snapshot() }])
    this.#isKept = true
  }

  /** What the folds have come to, as it is written down. The entries must be here. */
  snapshot(): Uint8Array {
    const seen = (device: DeviceId): SeenControls => ({
      count: this.count(device),
      shown: this.shown(device),
      nextSeq: this.nextSeq(device),
    })
    return encodeSnapshot({
      membership: this.membership,
      seen: new Map([...this.devices()].map((device) => [device, seen(device)])),
      certs: [...this.certs.values()],
      content: this.content.state,
      latestMs: this.latestMs,
      isDirect: this.isDirect,
      unread: [...this.#unread].filter(({ sealed }) => sealed).map((entry) => this.#verifier.epochOf(entry)),
    })
  }

  /** Whether a row with what the folds came to says what they come to now, or is one that opening passes over. The entries must be here. */
  isRight(row: Uint8Array): boolean {
    const snapshot = decodeSnapshot(row, this.#hash)
    return snapshot === undefined || this.#isOutdated(snapshot) || equalBytes(row, this.snapshot())
  }

  /** A key has come since for what could not be read then. */
  #isOutdated({ unread }: ControlSnapshot): boolean {
    return unread.some((epoch) => this.#epochs.controlKey(epoch) !== undefined)
  }

  /** Rows were verified before they were written; their signatures are not checked again. */
  async #readAll(store: Store): Promise<void> {
    const isKept = this.#isKept
    for (const row of await readControlRows(store, this.#keys)) {
      if (row.provenKey !== undefined) this.#proofs.trust(this.#verifier.idOf(row, row.parts), row.provenKey)
      this.#insert(await this.#verifier.parse(row, row.parts, this.certOf, row.areCertsValid))
    }
    await this.#fold()
    this.before = undefined
    this.#isKept = isKept
  }

  /**
   * The clock of what put out a device that was in, or took its effect from what had let it in: up to there it is told what there is. Undefined for one
   * that was never in.
   */
  endOf(device: DeviceId): Hlc | undefined {
    const entries = this.read.unsorted()
    const isVoid = this.#whatIf.voidSince(device, this.membership)
    if (!this.membership.devices.has(device)) return isVoid
    const end = endOf(device, this.membership, entries)
    return isVoid === undefined || compareHlc(isVoid, end) < 0 ? end : isVoid
  }

  /**
   * Verifies control entries from a peer, each alone; takes in what is new. Entries of devices admitted further on in the same batch are
   * found in as many rounds as the admissions nest. Returns the accepted entries and the rows that store them; when these cannot be written,
   * the caller takes the entries out again with `drop`. Entries later than `latestMs` are left aside, for a clock far ahead would win over
   * every later change.
   * @throws {Reject} BadSignature, BadShape, BadClock and the like at the first entry that no honest peer would pass on; none is taken in then.
   */
  async accept(
    carriers: readonly ControlCarrier[],
    latestMs: number,
  ): Promise<{ accepted: ControlEntry[]; operations: StoreOperation[]; unknown: number }> {
    const accepted: ControlEntry[] = []
    if (carriers.length === 0) return { accepted, operations: [], unknown: 0 }
    await this.whole()
    try {
      const unknown = await this.#acceptInto(accepted, carriers, latestMs)
      await this.#dropExcess(accepted)
      return { accepted, operations: accepted.length === 0 ? [] : this.rows(accepted), unknown }
    } catch (error) {
      await this.drop(accepted)
      throw error
    }
  }

  /** Takes out again what `accept` has just taken in. */
  async drop(entries: readonly ControlEntry[]): Promise<void> {
    if (entries.length === 0) return
    await this.whole()
    // By id: an entry that was sealed is another object once it has been opened.
    const gone = new Set(entries.map((e) => toBase32(e.id)))
    const isGone = ({ id }: ControlEntry): boolean => gone.has(toBase32(id))
    for (const entry of this.list.remove(isGone)) this.#room.forget(entry)
    for (const entry of this.#unread) if (isGone(entry)) this.#unread.delete(entry)
    this.#fresh = this.#fresh.filter((entry) => !isGone(entry))
    this.content.drop(isGone)
    this.#proofs.drop(entries)
    // A device with a certificate that nobody has let in has no room for what it says: it is as unknown again as it was before.
    this.certs.clear()
    for (const { certs } of this.list.unsorted()) for (const cert of certs) this.#noteCert(cert)
    this.#isDropped = true
    await this.refold()
  }

  /** Takes out again, of what has just come in, what is not kept of devices that turned out never to have been in. */
  async #dropExcess(accepted: ControlEntry[]): Promise<void> {
    const { kept } = this
    const excess = new Set(accepted.filter(({ device, number }) => kept.isVoid(device) && number > kept.last(device)))
    if (excess.size === 0) return
    this.excess += excess.size
    accepted.splice(0, Infinity, ...accepted.filter((entry) => !excess.has(entry)))
    await this.drop([...excess])
  }

  /** Takes in entries of this device that have just been made. The caller stores their `rows` first. */
  async acceptOwn(carriers: readonly ControlCarrier[]): Promise<ControlEntry[]> {
    await this.whole()
    const entries: ControlEntry[] = []
    for (const carrier of carriers) {
      const entry = await this.#verifier.parse(carrier, decodeEntry(carrier.entry), this.certOf)
      this.#insert(entry)
      entries.push(entry)
    }
    await this.refold()
    return entries
  }

  /** The rows of entries, and the end of what the folds came to without them, for one batch. */
  rows(entries: readonly Parameters<ControlLog['row']>[0][]): StoreOperation[] {
    return [...entries.map((entry) => this.row(entry)), this.voidRow()]
  }

  /** Goes with whatever changes which control entries are stored. */
  voidRow(): StoreOperation {
    return { type: 'delete', key: this.#keys.controlFold() }
  }

  row(entry: {
    deviceBytes: Uint8Array
    number: number
    seq: number
    id: Uint8Array
    prevId: Uint8Array
    bytes: Uint8Array
  }): StoreOperation {
    const first = this.list.first(deviceIdOf(entry.deviceBytes), entry.number)
    const known = first !== undefined && equalBytes(first.id, entry.id) ? first : undefined
    // What this device has just made itself needs no second look: it admits nobody whose proof it has not checked.
    const areCertsValid = known === undefined || (known.certs.length > 0 && !known.lacksIssuer)
    const provenKey = known === undefined ? this.#proofs.inviteKey(clearPayload(decodeEntry(entry.bytes))) : this.#proofs.provenKey(known)
    return {
      type: 'put',
      key:
        first === undefined || known !== undefined
          ? this.#keys.control(entry.deviceBytes, entry.number)
          : this.#keys.branchControl(entry.deviceBytes, entry.number, entry.id.subarray(0, 16)),
      value: encodeControlRow({ ...entry, areCertsValid, provenKey }),
    }
  }

  /** Whether a device may say more about the conversation: entries of so many bytes each. Beyond that they would have no effect. */
  hasRoom(device: DeviceId, entries: readonly number[]): boolean {
    const bytes = entries.reduce((sum, length) => sum + length, 0)
    return this.#room.has(device, this.count(device) + entries.length, bytes, this.forks.isForked(device))
  }

  /** Whether an operation that this device wrote now would have effect. Everything is computed anew for it. */
  wouldHold(device: DeviceId, payload: ControlPayload): boolean {
    return this.isWhole && this.#whatIf.wouldHold(device, payload, this.latestMs)
  }

  /** Brings every fold up to what is here; called when entries or keys have come. */
  async refold(): Promise<void> {
    await this.whole()
    await this.#fold()
  }

  async #fold(): Promise<void> {
    this.#isKept = false
    await this.#readAgain()
    await this.#proofs.take(this.#fresh)
    this.content.take(this.#fresh)
    const before = this.forks.size
    if (this.#proofs.hasForks || before > 0) this.forks = await this.#proofs.forks(this.certOf)
    // What counts of a device that forked, or what is here at all, is different now.
    const isAnew = this.#isDropped || this.forks.size !== before
    if (isAnew) this.#resolver = new MembershipResolver(this.#checks)
    const entries = isAnew ? this.entries() : this.#fresh
    const facts = entries.map((entry) => this.#facts.of(entry)).filter((fact): fact is MembershipFact => fact !== undefined)
    this.#isDropped = false
    this.#fresh = []
    this.membership = this.#resolver.add(facts)
    this.content.fold(this.membership, (entry) => this.forks.counts(entry))
    this.#epochs.choose(this.membership.currentEpoch, newestFirst(this.membership))
  }

  /** Looks again at what could not be read. */
  async #readAgain(): Promise<void> {
    for (const entry of this.#unread) {
      const isOpen = !entry.sealed || this.#epochs.controlKey(this.#verifier.epochOf(entry)) !== undefined
      if (!isOpen || (!entry.sealed && !entry.lacksIssuer)) continue
      const again = await this.#verifier.parse(controlCarrier(entry), decodeEntry(entry.bytes), this.certOf)
      if (again.sealed === entry.sealed && again.certs.length === entry.certs.length) continue
      this.#unread.delete(entry)
      if (!this.list.replace(entry, again)) continue
      // The resolver has seen it with fewer certificates.
      if (!entry.sealed) this.#isDropped = true
      else this.#fresh.push(again)
      this.#note(again)
    }
  }

  async #acceptInto(accepted: ControlEntry[], carriers: readonly ControlCarrier[], latestMs: number): Promise<number> {
    let waiting: readonly WaitingControl[] = carriers.map(waitingControl)
    let broken: WaitingControl | undefined
    for (;;) {
      const later: WaitingControl[] = []
      const { kept } = this
      const followed = followedAmong(waiting, kept.wanted, (carrier, parts) => this.#verifier.idOf(carrier, parts))
      for (const item of waiting) {
        const number = item.parts.header.controls
        const isForked = this.forks.isForked(item.device)
        if (this.list.isKnown(item.carrier, number, isForked)) continue
        // Another history, which only a proof lets in; or one more of ours, that it does not follow.
        if (!isForked && !this.list.follows(item.carrier, item.parts)) {
          if (number > this.count(item.device)) broken = item
          later.push(item)
          continue
        }
        if (number === this.count(item.device) + 1 && !this.#room.has(item.device, number, item.carrier.entry.length, isForked)) {
          this.excess++
          continue
        }
        const signKey = await this.#verifier.signKeyFor(this.certOf, item.device, item.parts)
        if (
          signKey === undefined ||
          number > this.count(item.device) + 1 ||
          item.parts.header.time > latestMs ||
          (!kept.isTakenIn(item.device, item.carrier.seq) && number > (followed.get(item.device) ?? 0))
        ) {
          later.push(item)
          continue
        }
        const entry = await this.#verifier.verify(item.carrier, item.parts, signKey, this.certOf)
        if (isForked && !this.forks.counts(entry)) {
          later.push(item)
          continue
        }
        this.#insert(entry)
        accepted.push(entry)
        if (entry.payload?.op === 'fork') await this.refold()
      }
      if (later.length === waiting.length) {
        if (broken !== undefined && !accepted.some(({ payload }) => payload?.op === 'fork')) await this.#refuseBroken(broken)
        if (accepted.length > 0) await this.refold()
        this.excess += later.filter(({ device, carrier }) => kept.isVoid(device) && !kept.isTakenIn(device, carrier.seq)).length
        return later.length
      }
      await this.refold()
      waiting = later
    }
  }

  async #refuseBroken({ carrier, parts, device }: WaitingControl): Promise<void> {
    const signKey = await this.#verifier.signKeyFor(this.certOf, device, parts)
    if (signKey === undefined) return
    await this.#verifier.verify(carrier, parts, signKey, this.certOf)
    throw new Reject('BadClock', 'control entry before its predecessor')
  }

  #insert(entry: ControlEntry): void {
    this.latestMs = Math.max(this.latestMs, entry.hlc.ms)
    this.list.add(entry)
    this.#room.note(entry)
    this.#fresh.push(entry)
    if (entry.sealed || entry.lacksIssuer) this.#unread.add(entry)
    this.#note(entry)
  }

  #note(entry: ControlEntry): void {
    if (entry.payload?.op === 'direct') this.isDirect = true
    for (const cert of entry.certs) this.#noteCert(cert)
    this.onEntry(entry)
  }

  #noteCert(cert: DeviceCert): void {
    if (this.certs.has(cert.deviceId)) return
    this.certs.set(cert.deviceId, cert)
    this.#facts.noteDevice(cert.deviceId)
  }
}
