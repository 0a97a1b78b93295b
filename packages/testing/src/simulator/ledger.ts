/**
 * The global record of everything that any device ever wrote, kept by the simulator from what reaches the authors' disks. What any peer
 * holds is compared with it, byte by byte.
 */
import { deriveKey, epochSecretFromBytes, openBody, verifyDeviceCert, type CryptoProvider, type EpochSecret } from '@parley/crypto'
import {
  bodyAad,
  compareBytes,
  compareHlc,
  concatBytes,
  conversationIdOf,
  decodeControl,
  decodeDelete,
  decodeEdit,
  decodeEntry,
  decodePost,
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
  type ConversationId,
  type DeviceId,
  type EntryParts,
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
  | { what: 'control'; payload: ControlPayload }
  | { what: 'other' }

/** One entry as its author wrote it. */
export interface LedgerEntry {
  readonly device: DeviceId
  readonly seq: number
  /** 32 bytes. */
  readonly id: Uint8Array
  readonly hlc: Hlc
  readonly headerBytes: Uint8Array
  readonly bodyHash: Uint8Array
  readonly signature: Uint8Array | undefined
  /** Running number among the device's control entries, in control entries. */
  readonly controlNumber: number
  readonly said: Said
}

interface DeviceLog {
  readonly entries: LedgerEntry[]
  state: ChainState
  epoch: Uint8Array | undefined
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
  readonly #certUsers = new Map<string, UserId>()
  /** Certificates of admitted devices whose owner has not been looked up. */
  #certs: Uint8Array[] = []
  #conversation: Uint8Array | undefined
  #posts: LedgerEntry[] | undefined
  #controls: LedgerEntry[] | undefined

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto
  }

  get conversation(): ConversationId | undefined {
    return this.#conversation === undefined ? undefined : conversationIdOf(this.#conversation)
  }

  /** All entries together. */
  get size(): number {
    return [...this.#logs.values()].reduce((sum, log) => sum + log.entries.length, 0)
  }

  meetConversation(id: Uint8Array): void {
    this.#conversation ??= id.slice()
  }

  meetEpoch(id: Uint8Array, secret: Uint8Array): void {
    const parsed = epochSecretFromBytes(secret)
    if (parsed !== undefined) this.#epochs.set(toBase32(id), parsed)
  }

  log(device: DeviceId): readonly LedgerEntry[] {
    return this.#logs.get(device)?.entries ?? []
  }

  entry(device: DeviceId, seq: number): LedgerEntry | undefined {
    return this.#logs.get(device)?.entries[seq]
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

  /** Whose certificate it is; likewise. */
  userOfCert(cert: Uint8Array): UserId | undefined {
    return this.#certUsers.get(toBase32(cert))
  }

  async learnUsers(): Promise<void> {
    for (const bytes of this.#certs.splice(0)) {
      const cert = await verifyDeviceCert(this.#crypto, bytes)
      if (cert === undefined) continue
      this.#users.set(cert.deviceId, cert.userId)
      this.#certUsers.set(toBase32(bytes), cert.userId)
    }
  }

  /**
   * An entry has reached a disk. An entry that is new must lie on the disk of its author; one that is known must be the same, or the same
   * without its body. Returns what is wrong, or undefined.
   */
  record(deviceBytes: Uint8Array, seq: number, bytes: Uint8Array, isAuthor: boolean): string | undefined {
    const device = deviceIdOf(deviceBytes)
    const known = this.entry(device, seq)
    const parts = decodeEntry(bytes)
    if (known !== undefined) return this.#differs(known, parts) ? `entry ${seq} of ${device} is not what its author wrote` : undefined
    if (!isAuthor) return `entry ${seq} of ${device} is here, and its author never wrote it`
    return this.#append(device, deviceBytes, seq, parts)
  }

  #append(device: DeviceId, deviceBytes: Uint8Array, seq: number, parts: EntryParts): string | undefined {
    const conversation = this.#conversation
    if (conversation === undefined) return 'an entry before its conversation'
    const hash = (bytes: Uint8Array): Uint8Array => this.#crypto.sha256(bytes)
    let log = this.#logs.get(device)
    if (log === undefined) {
      log = { entries: [], state: startChain(hash, conversation, deviceBytes), epoch: undefined }
      this.#logs.set(device, log)
    }
    if (seq !== log.entries.length) return `the author of ${device} wrote entry ${seq}, and entry ${log.entries.length} was due`
    if (parts.body === undefined) return `the author of ${device} wrote entry ${seq} without a body`
    log.state = extendChain(hash, conversation, deviceBytes, log.state, parts)
    const { epoch } = parts.header
    log.epoch = epoch === 'same' ? log.epoch : epoch === 'clear' ? undefined : epoch.slice()
    const id = log.state.prevId
    const plain = this.#open(log.epoch, deviceBytes, seq, parts.headerBytes, parts.body, parts.header.kind === EntryKind.control)
    if (plain === undefined) return `entry ${seq} of ${device} cannot be opened with the key of its epoch`
    const said = say(parts.header.kind, plain, () => messageIdOf(deviceBytes, seq, id))
    if (said.what === 'control' && said.payload.op === 'genesis') this.#certs.push(said.payload.founderCert.slice())
    if (said.what === 'control' && said.payload.op === 'admit') this.#certs.push(said.payload.cert.slice())
    log.entries.push({
      device,
      seq,
      id,
      hlc: log.state.hlc,
      headerBytes: parts.headerBytes.slice(),
      bodyHash: hash(parts.body),
      signature: parts.signature?.slice(),
      controlNumber: parts.header.controls,
      said,
    })
    if (said.what === 'post') this.#posts = undefined
    if (said.what === 'control') this.#controls = undefined
    return undefined
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
    const key = isControl ? deriveKey(secret.ctl, 'ctl', context) : deriveKey(secret.msg, 'msg', concatBytes(context, device))
    return openBody(key, body, bodyAad(conversation, device, seq, header))
  }

  #differs(known: LedgerEntry, parts: EntryParts): boolean {
    const bodyHash = parts.body === undefined ? parts.purgedBodyHash : this.#crypto.sha256(parts.body)
    if (!equalBytes(known.headerBytes, parts.headerBytes) || bodyHash === undefined || !equalBytes(known.bodyHash, bodyHash)) return true
    const { signature } = known
    return signature === undefined
      ? parts.signature !== undefined
      : parts.signature === undefined || !equalBytes(signature, parts.signature)
  }

  #all(what: Said['what']): LedgerEntry[] {
    return [...this.#logs.values()].flatMap((log) => log.entries.filter((entry) => entry.said.what === what)).sort(inOrder)
  }
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
    case EntryKind.control:
      return { what: 'control', payload: decodeControl(plain) }
    default:
      return { what: 'other' }
  }
}
