/**
 * The global record of everything that any device ever wrote, kept by the simulator from what reaches the authors' disks. What any peer
 * holds is compared with it, byte by byte.
 */
import {
  deriveKey,
  epochSecretFromBytes,
  openBody,
  verifyDeviceCert,
  type CryptoProvider,
  type DeviceCert,
  type EpochSecret,
} from '@parley/crypto'
import {
  bodyAad,
  branchLogId,
  compareBytes,
  compareHlc,
  concatBytes,
  conversationIdOf,
  decodeControl,
  decodeDelete,
  decodeEdit,
  decodePost,
  decodeReact,
  deviceIdOf,
  EntryKind,
  equalBytes,
  extendChain,
  messageIdFromBytes,
  messageIdOf,
  startChain,
  toBase32,
  type ChainState,
  type ControlPayload,
  type Dep,
  type ConversationId,
  type DeviceId,
  type EntryParts,
  type ForkControl,
  type ForkSide,
  type Hlc,
  type MessageId,
  type PostPayload,
  type UserId,
} from '@parley/protocol'

/** What an entry says, opened by the simulator's own code. */
export type Said =
  | { what: 'post'; id: MessageId; content: PostPayload }
  | { what: 'edit'; target: MessageId; content: PostPayload }
  | { what: 'delete'; target: MessageId }
  | { what: 'react'; target: MessageId; emoji: string; on: boolean }
  | { what: 'control'; payload: ControlPayload }
  | { what: 'other' }

/** One entry as its author wrote it. Entries of one device form a tree: a profile that was copied or restored writes a second history. */
export interface LedgerEntry {
  readonly device: DeviceId
  readonly seq: number
  /** 32 bytes. */
  readonly id: Uint8Array
  readonly hlc: Hlc
  readonly headerBytes: Uint8Array
  readonly bodyHash: Uint8Array
  readonly signature: Uint8Array | undefined
  readonly said: Said
  /** The chain after it. */
  readonly state: ChainState
  readonly epoch: Uint8Array | undefined
  /** The same in base32. */
  readonly epochName: string | undefined
  /** The first eight bytes of the id in base32. */
  readonly name: string
  /** The entry before it, in its history. */
  readonly before: LedgerEntry | undefined
  /** What of others its author had newly seen. */
  readonly deps: readonly Dep[]
  /** Of what ends somebody's membership: how many entries each device had written by then, whoever had seen them. */
  readonly lengths: ReadonlyMap<DeviceId, number> | undefined
  /** What was written after it: one entry, or one of each history. */
  readonly next: LedgerEntry[]
}

/** An entry in a row, and the place that the row gives it. */
export interface EntryRow {
  readonly device: Uint8Array
  /** The entry before it; undefined for the first one. */
  readonly before: LedgerEntry | undefined
  readonly seq: number
  readonly parts: EntryParts
}

/** Operations that end the membership of somebody, or of a device. */
const ENDINGS: ReadonlySet<ControlPayload['op']> = new Set(['remove', 'leave', 'device-remove'])

interface DeviceLog {
  readonly first: LedgerEntry[]
  readonly entries: LedgerEntry[]
  readonly byId: Map<string, LedgerEntry>
  isForked: boolean
}

/** The order of every fold, written down a second time: (hlc, entry id). */
export function inOrder(a: LedgerEntry, b: LedgerEntry): number {
  return compareHlc(a.hlc, b.hlc) || compareBytes(a.id, b.id)
}

/** Everything that was ever written in the one conversation of a simulation. */
export class Ledger {
  readonly #crypto: CryptoProvider
  readonly #logs = new Map<DeviceId, DeviceLog>()
  readonly #epochs = new Map<string, EpochSecret>()
  readonly #users = new Map<DeviceId, UserId>()
  /** Certificates by their bytes in base32; those that are not valid are not here. */
  readonly #known = new Map<string, DeviceCert>()
  readonly #certOf = new WeakMap<Uint8Array, DeviceCert>()
  /** Certificates of admitted devices whose owner has not been looked up. */
  #certs: Uint8Array[] = []
  #conversation: Uint8Array | undefined
  #size = 0
  #posts: LedgerEntry[] | undefined
  #controls: LedgerEntry[] | undefined

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto
  }

  /** The first conversation that anybody stored, 32 bytes; the only one that is looked at. */
  get conversationBytes(): Uint8Array | undefined {
    return this.#conversation
  }

  get conversation(): ConversationId | undefined {
    return this.#conversation === undefined ? undefined : conversationIdOf(this.#conversation)
  }

  /** All entries together. */
  get size(): number {
    return this.#size
  }

  /** How many certificates are known to be valid. */
  get certificates(): number {
    return this.#known.size
  }

  /** Rises with everything that becomes known. */
  get facts(): number {
    return this.#size + this.#known.size
  }

  meetConversation(id: Uint8Array): void {
    this.#conversation ??= id.slice()
  }

  meetEpoch(id: Uint8Array, secret: Uint8Array): void {
    const parsed = epochSecretFromBytes(secret)
    const key = toBase32(id)
    // Some hold no more than the half that opens control entries.
    if (parsed !== undefined && this.#epochs.get(key)?.msg === undefined) this.#epochs.set(key, parsed)
  }

  /** Everything that a device ever wrote, in the order of writing. */
  log(device: DeviceId): readonly LedgerEntry[] {
    return this.#logs.get(device)?.entries ?? []
  }

  /** The entry with this id, 32 bytes. */
  find(device: DeviceId, id: Uint8Array): LedgerEntry | undefined {
    return this.#logs.get(device)?.byId.get(toBase32(id))
  }

  /** Whether that device wrote two entries at one place. */
  isForked(device: DeviceId | undefined): boolean {
    return device !== undefined && this.#logs.get(device)?.isForked === true
  }

  /** Posts of everybody in the order of the fold. */
  posts(): readonly LedgerEntry[] {
    return (this.#posts ??= this.#all('post'))
  }

  /** Control entries of everybody in the order of the fold. */
  controls(): readonly LedgerEntry[] {
    return (this.#controls ??= this.#all('control'))
  }

  /** Whose device it is. `learnUsers` must have been awaited since the admission was recorded. */
  userOf(device: DeviceId): UserId | undefined {
    return this.#users.get(device)
  }

  /** The certificate in these bytes, if it is valid; likewise. */
  certIn(bytes: Uint8Array): DeviceCert | undefined {
    const cert = this.#certOf.get(bytes) ?? this.#known.get(toBase32(bytes))
    if (cert !== undefined) this.#certOf.set(bytes, cert)
    return cert
  }

  /** All devices that were ever let in. */
  devices(): Iterable<DeviceId> {
    return this.#users.keys()
  }

  async learnUsers(): Promise<void> {
    for (const bytes of this.#certs.splice(0)) {
      const cert = await verifyDeviceCert(this.#crypto, bytes, (device) =>
        [...this.#known.values()].find(({ deviceId }) => deviceId === device),
      )
      if (cert === undefined) continue
      this.#users.set(cert.deviceId, cert.userId)
      this.#known.set(toBase32(bytes), cert)
    }
  }

  /**
   * An entry has reached a disk. One that is new must lie on a disk of its author; one that is known must be the same, or the same without
   * its body. Returns the entry, or what is wrong.
   */
  record(row: EntryRow, isAuthor: boolean): LedgerEntry | string {
    const device = deviceIdOf(row.device)
    let log = this.#logs.get(device)
    if (log === undefined) this.#logs.set(device, (log = { first: [], entries: [], byId: new Map(), isForked: false }))
    const places = row.before?.next ?? log.first
    const bodyHash = row.parts.body === undefined ? row.parts.purgedBodyHash : this.#crypto.sha256(row.parts.body)
    const known = places.find((entry) => isSame(entry, row.parts, bodyHash))
    if (known !== undefined) return known
    if (!isAuthor) {
      const [other] = places
      return `entry ${row.seq} of ${device} is ${other === undefined ? 'here, and its author never wrote it' : 'not what its author wrote'}`
    }
    if (row.seq !== (row.before?.seq ?? -1) + 1) return `the author of ${device} wrote entry ${row.seq} after ${row.before?.seq}`
    const entry = this.#append(row, device)
    if (typeof entry === 'string') return entry
    places.push(entry)
    log.isForked ||= places.length > 1
    log.entries.push(entry)
    log.byId.set(toBase32(entry.id), entry)
    this.#size++
    return entry
  }

  #append({ device: deviceBytes, before, seq, parts }: EntryRow, device: DeviceId): LedgerEntry | string {
    const conversation = this.#conversation
    if (conversation === undefined) return 'an entry before its conversation'
    const hash = (bytes: Uint8Array): Uint8Array => this.#crypto.sha256(bytes)
    if (parts.body === undefined) return `the author of ${device} wrote entry ${seq} without a body`
    const state = extendChain(hash, conversation, deviceBytes, before?.state ?? startChain(hash, conversation, deviceBytes), parts)
    const { epoch: named } = parts.header
    const epoch = named === 'same' ? before?.epoch : named === 'clear' ? undefined : named.slice()
    const id = state.prevId
    const plain = this.#open(epoch, deviceBytes, seq, parts.headerBytes, parts.body, parts.header.kind === EntryKind.control)
    if (plain === undefined) return `entry ${seq} of ${device} cannot be opened with the key of its epoch`
    const said = say(parts.header.kind, plain, () => messageIdOf(deviceBytes, seq, id))
    if (said.what === 'control') this.#certs.push(...certsIn(said.payload).map((cert) => cert.slice()))
    if (said.what === 'post') this.#posts = undefined
    if (said.what === 'control') this.#controls = undefined
    return {
      device,
      seq,
      id,
      hlc: state.hlc,
      headerBytes: parts.headerBytes.slice(),
      bodyHash: hash(parts.body),
      signature: parts.signature?.slice(),
      said,
      state,
      epoch,
      epochName: epoch && toBase32(epoch),
      name: toBase32(id.subarray(0, 8)),
      before,
      deps: parts.header.deps.map(({ device8, seq: at, entry8 }) => ({ device8: device8.slice(), seq: at, entry8: entry8.slice() })),
      lengths: said.what === 'control' && ENDINGS.has(said.payload.op) ? this.#lengths() : undefined,
      next: [],
    }
  }

  /** The logs that both sides of a proof stand for. */
  branchesOf({ device: bytes, seq, prevId, sides }: ForkControl): DeviceId[] {
    const device = deviceIdOf(bytes)
    const places = seq === 0 ? this.#logs.get(device)?.first : this.find(device, prevId)?.next
    return sides.flatMap(({ entries: [shown] }) => {
      const entry = places?.find(({ headerBytes, bodyHash }) => isShown(shown, headerBytes, bodyHash))
      return entry === undefined ? [] : deviceIdOf(branchLogId((b) => this.#crypto.sha256(b), bytes, entry.id.subarray(0, 16)))
    })
  }

  /** The key schedule of `docs/PROTOCOL.md`, followed here a second time. */
  #open(
    epoch: Uint8Array | undefined,
    device: Uint8Array,
    seq: number,
    header: Uint8Array,
    body: Uint8Array,
    isControl: boolean,
  ): Uint8Array | undefined {
    const conversation = this.#conversation as Uint8Array
    if (epoch === undefined) return body
    const secret = this.#epochs.get(toBase32(epoch))
    if (secret === undefined) return undefined
    const context = concatBytes(conversation, epoch)
    const key = isControl ? deriveKey(secret.ctl, 'ctl', context) : secret.msg && deriveKey(secret.msg, 'msg', concatBytes(context, device))
    return key && openBody(key, body, bodyAad(conversation, device, seq, header))
  }

  #lengths(): ReadonlyMap<DeviceId, number> {
    return new Map([...this.#logs].map(([device, { entries }]) => [device, Math.max(0, ...entries.map(({ seq }) => seq + 1))]))
  }

  #all(what: Said['what']): LedgerEntry[] {
    return [...this.#logs.values()].flatMap((log) => log.entries.filter((entry) => entry.said.what === what)).sort(inOrder)
  }
}

function isSame(known: LedgerEntry, parts: EntryParts, bodyHash: Uint8Array | undefined): boolean {
  if (!equalBytes(known.headerBytes, parts.headerBytes) || bodyHash === undefined || !equalBytes(known.bodyHash, bodyHash)) return false
  const { signature } = known
  return signature === undefined ? parts.signature === undefined : parts.signature !== undefined && equalBytes(signature, parts.signature)
}

/** The certificates that an operation brings. */
export function certsIn(payload: ControlPayload): readonly Uint8Array[] {
  switch (payload.op) {
    case 'genesis':
      return [payload.founderCert]
    case 'admit':
    case 'device-add':
      return [payload.cert]
    case 'grant':
      return payload.certs
    default:
      return []
  }
}

function isShown(side: ForkSide['entries'][number] | undefined, headerBytes: Uint8Array, bodyHash: Uint8Array): boolean {
  return side !== undefined && equalBytes(side.headerBytes, headerBytes) && equalBytes(side.bodyHash, bodyHash)
}

function say(kind: EntryKind, plain: Uint8Array, id: () => MessageId): Said {
  switch (kind) {
    case EntryKind.post:
      return { what: 'post', id: id(), content: decodePost(plain) }
    case EntryKind.edit: {
      const { target, ...content } = decodeEdit(plain)
      return { what: 'edit', target: messageIdFromBytes(target), content }
    }
    case EntryKind.delete:
      return { what: 'delete', target: messageIdFromBytes(decodeDelete(plain).target) }
    case EntryKind.react: {
      const { target, emoji, on } = decodeReact(plain)
      return { what: 'react', target: messageIdFromBytes(target), emoji, on }
    }
    case EntryKind.control:
      return { what: 'control', payload: decodeControl(plain) }
    default:
      return { what: 'other' }
  }
}
