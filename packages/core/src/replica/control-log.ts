/**
 * The control entries of one conversation, all in memory (they are few), and the folds over them: membership, metadata, profiles.
 * A control entry verifies alone, so a joiner knows the members before any message.
 */
import { openBody, verifyDeviceCert, verifyJoinProof, type CryptoProvider, type DeviceCert } from '@parley/crypto'
import {
  bodyAad,
  compareHlc,
  decodeCbor,
  decodeControl,
  decodeEntry,
  deviceIdOf,
  encodeCbor,
  entryId,
  EntryKind,
  equalBytes,
  forkClaims,
  conversationIdOfGenesis,
  isClearControl,
  messageIdFromBytes,
  messageIdOf,
  Reject,
  signedHead,
  toBase32,
  type ControlCarrier,
  type ControlPayload,
  type DeviceId,
  type EntryParts,
  type Hlc,
  type UserId,
} from '@parley/protocol'
import type { EpochKeys } from './epochs.ts'
import { Forks, type ProvenFork } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import { compareEntries, resolveMembership, type ControlEntry, type Membership } from './membership.ts'
import type { Store, StoreOperation } from '../store.ts'

/** Names for the conversation's own metadata (scope 1). */
export const TITLE = 'title'
export const AVATAR = 'avatar'

export interface Profile {
  readonly name: string
  readonly avatar: string
}

type MetadataValue = string | number | boolean

const NOBODY: Profile = { name: '', avatar: '' }

export class ControlLog {
  readonly #conversation: Uint8Array
  readonly #crypto: CryptoProvider
  readonly #keys: Keyspace
  readonly #epochs: EpochKeys
  /** By running number. A device that forked can have several with the same one. */
  readonly #byDevice = new Map<DeviceId, ControlEntry[]>()
  /** Verdicts on proofs of forks, by entry id: the two branches, or undefined for what proves nothing. */
  readonly #claims = new Map<string, ProvenFork['branches'] | undefined>()
  /** Verdicts on join proofs, by admission id and invite key: a signature is checked once. */
  readonly #proofs = new Map<string, boolean>()

  /** The latest clock of a control entry here, in milliseconds; 0 while there is none. */
  latestMs = 0
  forks: Forks
  membership: Membership = { members: new Map(), devices: new Map(), invites: new Map() }
  readonly #application = new Map<string, MetadataValue>()
  readonly #conversationMetadata = new Map<string, MetadataValue>()
  readonly #profiles = new Map<UserId, Profile>()

  constructor(options: { conversation: Uint8Array; crypto: CryptoProvider; keys: Keyspace; epochs: EpochKeys }) {
    this.#conversation = options.conversation
    this.#crypto = options.crypto
    this.#keys = options.keys
    this.#epochs = options.epochs
    this.forks = new Forks(this.#hash, [])
  }

  /** Reads everything stored. Rows were verified before they were written; their signatures are not checked again. */
  async open(store: Store): Promise<void> {
    const rows = [...(await store.range(this.#keys.controls())), ...(await store.range(this.#keys.branchControls()))]
    for (const { key, value } of rows) {
      const fields = decodeCbor(value)
      if (!Array.isArray(fields)) throw new Reject('BadShape', 'stored control entry')
      const [seq, prevId, bytes] = fields as [number, Uint8Array, Uint8Array]
      // Table and conversation come first, 17 bytes.
      const device = key.subarray(17, 33)
      this.#insert(await this.#parse({ device, seq, prevId, entry: bytes }, decodeEntry(bytes)))
    }
    await this.refold()
  }

  /** How many control entries of that device are here; they are contiguous from number 1. */
  count(device: DeviceId): number {
    return this.#byDevice.get(device)?.at(-1)?.number ?? 0
  }

  /** All of them, or those of one device from running number `from` (1-based) on. */
  carriers(device?: DeviceId, from = 1): ControlCarrier[] {
    const entries =
      device === undefined
        ? [...this.#byDevice.values()].flat().sort(compareEntries)
        : (this.#byDevice.get(device) ?? []).filter((e) => e.number >= from)
    return entries.map((e) => ({ device: e.deviceBytes, seq: e.seq, prevId: e.prevId, entry: e.bytes }))
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
    try {
      const unknown = await this.#acceptInto(accepted, carriers, latestMs)
      return { accepted, operations: accepted.map((e) => this.row(e)), unknown }
    } catch (error) {
      await this.drop(accepted)
      throw error
    }
  }

  /** Takes out again what `accept` has just taken in. */
  async drop(entries: readonly ControlEntry[]): Promise<void> {
    if (entries.length === 0) return
    // By id: an entry that was sealed is another object once it has been opened.
    const gone = new Set(entries.map((e) => toBase32(e.id)))
    for (const [device, list] of this.#byDevice)
      this.#byDevice.set(
        device,
        list.filter((e) => !gone.has(toBase32(e.id))),
      )
    await this.refold()
  }

  async #acceptInto(accepted: ControlEntry[], carriers: readonly ControlCarrier[], latestMs: number): Promise<number> {
    let waiting = carriers.map((carrier) => ({ carrier, parts: decodeEntry(carrier.entry), device: deviceIdOf(carrier.device) }))
    let broken: (typeof waiting)[number] | undefined
    for (;;) {
      const later: typeof waiting = []
      for (const item of waiting) {
        const number = item.parts.header.controls
        if (this.#isKnown(item.device, number, item.carrier)) continue
        const isForked = this.forks.isForked(item.device)
        // Another history, which only a proof lets in; or one more of ours, that it does not follow.
        if (!isForked && !this.#follows(item.device, item.carrier, item.parts)) {
          if (number > this.count(item.device)) broken = item
          later.push(item)
          continue
        }
        const signKey = await this.#signKeyFor(item.device, item.parts)
        if (signKey === undefined || number > this.count(item.device) + 1 || item.parts.header.time > latestMs) {
          later.push(item)
          continue
        }
        const entry = await this.#verify(item.carrier, item.parts, signKey)
        if (isForked && !this.forks.counts(entry)) {
          later.push(item)
          continue
        }
        this.#insert(entry)
        accepted.push(entry)
        if (entry.payload?.op === 'genesis' || entry.payload?.op === 'admit' || entry.payload?.op === 'fork') await this.refold()
      }
      if (later.length === waiting.length) {
        if (broken !== undefined && !accepted.some(({ payload }) => payload?.op === 'fork')) await this.#refuseBroken(broken)
        if (accepted.length > 0) await this.refold()
        return later.length
      }
      waiting = later
    }
  }

  /** Takes in an entry of this device that has just been made. The caller stores `row(entry)` first. */
  async acceptOwn(carrier: ControlCarrier): Promise<ControlEntry> {
    const entry = await this.#parse(carrier, decodeEntry(carrier.entry))
    this.#insert(entry)
    await this.refold()
    return entry
  }

  row(entry: {
    deviceBytes: Uint8Array
    number: number
    seq: number
    id: Uint8Array
    prevId: Uint8Array
    bytes: Uint8Array
  }): StoreOperation {
    const first = this.#first(deviceIdOf(entry.deviceBytes), entry.number)
    return {
      type: 'put',
      key:
        first === undefined || equalBytes(first.id, entry.id)
          ? this.#keys.control(entry.deviceBytes, entry.number)
          : this.#keys.branchControl(entry.deviceBytes, entry.number, entry.id.subarray(0, 16)),
      value: encodeCbor([entry.seq, entry.prevId, entry.bytes]),
    }
  }

  entries(): ControlEntry[] {
    return [...this.#byDevice.values()].flat().sort(compareEntries)
  }

  profile(user: UserId): Profile {
    return this.#profiles.get(user) ?? NOBODY
  }

  metadata(): Record<string, MetadataValue> {
    return Object.fromEntries(this.#application)
  }

  conversationMetadata(key: string): string {
    const value = this.#conversationMetadata.get(key)
    return typeof value === 'string' ? value : ''
  }

  /** Computes every fold anew; called when entries or keys have come. */
  async refold(): Promise<void> {
    for (const [device, list] of this.#byDevice) {
      const parsed: ControlEntry[] = []
      for (const entry of list) parsed.push(entry.sealed ? await this.#parse(carrierOf(entry), decodeEntry(entry.bytes)) : entry)
      this.#byDevice.set(device, parsed)
    }
    const all = this.entries()
    this.forks = await this.#foldForks(all)
    const entries = all.filter((entry) => this.forks.counts(entry))
    await this.#checkProofs(entries)
    this.membership = resolveMembership(entries, (admit, key) => this.#proofs.get(proofName(admit, key)) === true)
    this.#application.clear()
    this.#conversationMetadata.clear()
    this.#profiles.clear()
    for (const entry of entries) this.#foldContent(entry)
  }

  #foldContent({ device, payload }: ControlEntry): void {
    const user = this.membership.devices.get(device)?.user
    if (user === undefined || payload === undefined) return
    if (payload.op === 'profile') this.#profiles.set(user, Object.freeze({ name: payload.name, avatar: payload.avatar }))
    if (payload.op !== 'metadata') return
    const target = payload.scope === 'application' ? this.#application : this.#conversationMetadata
    for (const [key, value] of Object.entries(payload.values)) {
      if (value === null) target.delete(key)
      else target.set(key, value)
    }
  }

  /** A proof counts whoever wrote it: it has the signatures of the device that forked. */
  async #foldForks(entries: readonly ControlEntry[]): Promise<Forks> {
    const proven: ProvenFork[] = []
    for (const entry of entries) {
      const { payload, device: poster } = entry
      if (payload?.op !== 'fork') continue
      const name = toBase32(entry.id)
      if (!this.#claims.has(name)) {
        const device = deviceIdOf(payload.device)
        // The id of a device is a hash of its key: a certificate says the same whoever let it in.
        const cert = entries.find((e) => e.cert?.deviceId === device)?.cert
        if (cert === undefined) continue
        const claims = forkClaims(this.#hash, this.#conversation, payload)
        const jobs = (claims ?? []).map(({ message, signature }) => ({ publicKey: cert.signKey, message, signature }))
        const isValid = claims !== undefined && !(await this.#crypto.verifyMany(jobs)).includes(false)
        this.#claims.set(name, isValid ? [claims[0].branch, claims[1].branch] : undefined)
      }
      const branches = this.#claims.get(name)
      if (branches !== undefined) proven.push({ poster, fork: payload, branches })
    }
    return new Forks(this.#hash, proven)
  }

  async #checkProofs(entries: readonly ControlEntry[]): Promise<void> {
    const invites = new Map<string, Uint8Array>()
    for (const { payload, deviceBytes, seq, id } of entries)
      if (payload?.op === 'invite') invites.set(messageIdOf(deviceBytes, seq, id), payload.publicKey)
    for (const entry of entries) {
      if (entry.payload?.op !== 'admit' || entry.cert === undefined) continue
      const key = invites.get(messageIdFromBytes(entry.payload.invite))
      if (key === undefined || this.#proofs.has(proofName(entry, key))) continue
      this.#proofs.set(
        proofName(entry, key),
        await verifyJoinProof(this.#crypto, key, this.#conversation, entry.cert.bytes, entry.payload.proof),
      )
    }
  }

  /** The key that must have signed an entry: of a member's device, or, for the genesis, of the certificate in it. */
  async #signKeyFor(device: DeviceId, parts: EntryParts): Promise<Uint8Array | undefined> {
    const known = this.membership.devices.get(device)
    if (known !== undefined) return known.cert.signKey
    if (this.membership.members.size > 0 || parts.header.controls !== 1 || parts.header.epoch !== 'clear' || parts.body === undefined)
      return undefined
    const payload = decodeControl(parts.body)
    if (payload.op !== 'genesis') return undefined
    if (
      !equalBytes(
        conversationIdOfGenesis((b) => this.#crypto.sha256(b), parts.body),
        this.#conversation,
      )
    )
      throw new Reject('BadProof', 'genesis of another conversation')
    const cert = await verifyDeviceCert(this.#crypto, payload.founderCert)
    return cert !== undefined && cert.deviceId === device ? cert.signKey : undefined
  }

  async #verify(carrier: ControlCarrier, parts: EntryParts, signKey: Uint8Array): Promise<ControlEntry> {
    const { signature } = parts
    if (parts.header.kind !== EntryKind.control || parts.body === undefined) throw new Reject('BadShape', 'not a control entry')
    if (signature === undefined) throw new Reject('BadSignature', 'unsigned control entry')
    const entry = await this.#parse(carrier, parts)
    const message = signedHead(this.#conversation, carrier.device, carrier.seq, entry.id)
    if (!(await this.#crypto.verify({ publicKey: signKey, message, signature }))) throw new Reject('BadSignature', 'control entry')
    return entry
  }

  async #refuseBroken({ carrier, parts, device }: { carrier: ControlCarrier; parts: EntryParts; device: DeviceId }): Promise<void> {
    const signKey = await this.#signKeyFor(device, parts)
    if (signKey === undefined) return
    await this.#verify(carrier, parts, signKey)
    throw new Reject('BadClock', 'control entry before its predecessor')
  }

  async #parse(carrier: ControlCarrier, parts: EntryParts): Promise<ControlEntry> {
    const { header, headerBytes, body } = parts
    if (body === undefined) throw new Reject('BadShape', 'purged control entry')
    const bodyHash = this.#crypto.sha256(body)
    const id = entryId((b) => this.#crypto.sha256(b), {
      conversation: this.#conversation,
      device: carrier.device,
      seq: carrier.seq,
      prevId: carrier.prevId,
      headerBytes,
      bodyHash,
    })
    const { payload, sealed } = this.#payload(carrier, parts)
    const hlc: Hlc = { ms: header.time, ctr: header.ctr }
    return {
      id,
      device: deviceIdOf(carrier.device),
      deviceBytes: carrier.device.slice(),
      seq: carrier.seq,
      number: header.controls,
      hlc,
      prevId: carrier.prevId.slice(),
      bytes: carrier.entry.slice(),
      payload,
      sealed,
      cert: await this.#certOf(payload),
    }
  }

  /** What the entry says. An entry that its author signed but nobody can read as an operation has no effect anywhere. */
  #payload(carrier: ControlCarrier, parts: EntryParts): { payload: ControlPayload | undefined; sealed: boolean } {
    try {
      const plain = this.#plaintext(carrier, parts)
      if (plain === undefined) return { payload: undefined, sealed: true }
      const payload = decodeControl(plain)
      return { payload: isClearControl(payload.op) === (parts.header.epoch === 'clear') ? payload : undefined, sealed: false }
    } catch (error) {
      if (error instanceof Reject) return { payload: undefined, sealed: false }
      throw error
    }
  }

  /** Undefined while its epoch is not known here. @throws {Reject} BadCipher, BadShape */
  #plaintext(carrier: ControlCarrier, { header, headerBytes, body }: EntryParts): Uint8Array | undefined {
    if (body === undefined || header.epoch === 'same') throw new Reject('BadShape', 'control entry')
    if (header.epoch === 'clear') return body
    const epoch = this.#epochs.get(header.epoch)
    if (epoch === undefined) return undefined
    const plain = openBody(epoch.controlKey, body, bodyAad(this.#conversation, carrier.device, carrier.seq, headerBytes))
    if (plain === undefined) throw new Reject('BadCipher', 'control entry')
    return plain
  }

  async #certOf(payload: ControlPayload | undefined): Promise<DeviceCert | undefined> {
    if (payload?.op === 'genesis') return verifyDeviceCert(this.#crypto, payload.founderCert)
    if (payload?.op === 'admit') return verifyDeviceCert(this.#crypto, payload.cert)
    return undefined
  }

  #insert(entry: ControlEntry): void {
    this.latestMs = Math.max(this.latestMs, entry.hlc.ms)
    const list = this.#byDevice.get(entry.device)
    if (list === undefined) this.#byDevice.set(entry.device, [entry])
    else list.splice(list.findLastIndex((e) => e.number <= entry.number) + 1, 0, entry)
  }

  #isKnown(device: DeviceId, number: number, carrier: ControlCarrier): boolean {
    const first = this.#first(device, number)
    if (first === undefined || equalBytes(first.bytes, carrier.entry)) return first !== undefined
    return this.forks.isForked(device) && this.#byDevice.get(device)!.some((e) => e.number === number && equalBytes(e.bytes, carrier.entry))
  }

  /** The control entry with that number that came first; a device that did not fork has no other. */
  #first(device: DeviceId, number: number): ControlEntry | undefined {
    const list = this.#byDevice.get(device)
    const at = list?.[number - 1]
    return at?.number === number ? at : list?.find((e) => e.number === number)
  }

  /** Whether it can be the next one of a device that has one history. */
  #follows(device: DeviceId, { seq }: ControlCarrier, { header }: EntryParts): boolean {
    const previous = this.#byDevice.get(device)?.at(-1)
    if (previous === undefined) return true
    const hlc: Hlc = { ms: header.time, ctr: header.ctr }
    return header.controls > previous.number && seq > previous.seq && compareHlc(hlc, previous.hlc) > 0
  }

  readonly #hash = (bytes: Uint8Array): Uint8Array => this.#crypto.sha256(bytes)
}

const carrierOf = (e: ControlEntry): ControlCarrier => ({ device: e.deviceBytes, seq: e.seq, prevId: e.prevId, entry: e.bytes })
const proofName = (admit: ControlEntry, key: Uint8Array): string => `${toBase32(admit.id)}:${toBase32(key)}`
