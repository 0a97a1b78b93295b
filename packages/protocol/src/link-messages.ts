/**
 * What peers say to each other on a link: canonical CBOR arrays whose first item is the type. Decoding is strict and bounded; every
 * decoder result is safe to use as typed. `docs/PROTOCOL.md` has one section per message.
 */
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts'
import { Reject } from './errors.ts'
import { bytesOf, bytesUpTo, ItemReader, listOf, unsignedOf } from './item-reader.ts'
import { MAX_ENTRY_BYTES } from './limits.ts'

/** Raised with every change of the link messages that an older peer could not read. */
export const PROTOCOL_VERSION = 1
/** Hash of all vectors and limits at this version; a test compares it and says what to do when it differs. */
export const WIRE_SCHEMA = 'tyypmsy37aynhmirong3cil24znewgguoadee6wlalrnfcdk32kq'

/** One message on a link: a range reply (4 MiB, SECURITY-DESIGN 5.12) and its envelope. */
export const MAX_LINK_MESSAGE_BYTES = 4_194_304 + 1_024
/** Proofs in one message: conversations times the epochs tried for each. More are sent in further messages. */
export const MAX_PROOFS = 1_024
/** Devices in one have-vector: the limit of devices in a conversation. */
export const MAX_HEADS = 500
/** Ranges or control lists asked for in one message. */
export const MAX_WANTS = 512
/** Control entries in one message; a longer list is cut in several, also where its bytes would exceed those of a message. */
export const MAX_CONTROLS = 1_024
/** Seen slots, or devices, in one message: one for each device. */
export const MAX_SLOTS = 500
/** Epochs whose keys are asked for in one message: each answer is an entry, and the rest is asked for once those are here. */
export const MAX_NEEDS = 8
/** One presence packet or seen slot. */
export const MAX_SLOT_BYTES = 1_024
/** An HMAC proof, cut to 16 bytes: guessing needs an online attempt on this very channel. */
export const TAG_BYTES = 16
/** Names one conversation on one link. */
export const HANDLE_BYTES = 8
/** A sealed identity, join request or knock: certificates of at most 2,304 bytes, a signature, two hints, and what sealing adds. */
export const MAX_SEALED_BYTES = 3_072
/** Items of all arrays of one message. The most has a full list of control entries: code, handle, list, and five for each entry. */
const MAX_LINK_ITEMS = 3 + 5 * MAX_CONTROLS

/**
 * What of a device's log is at the sender: the entries `from` to before `nextSeq`, the last of which has id prefix `head`; `controls` control entries are
 * known.
 */
export interface HaveHead {
  device: Uint8Array
  nextSeq: number
  /** First 8 bytes of the head entry's id; 8 zero bytes when nextSeq is 0. */
  head: Uint8Array
  controls: number
  /** Number of the first entry, the first of a chunk; left out when that is 0. */
  from?: number
}

/** Entries of a log that are stored at the sender: `from` (0 when left out) to before `nextSeq`. */
export interface GotHead {
  device: Uint8Array
  nextSeq: number
  from?: number
}

/** One control entry with what its verification needs beside the bytes. */
export interface ControlCarrier {
  device: Uint8Array
  seq: number
  prevId: Uint8Array
  entry: Uint8Array
}

/** Blobs asked for in one message: those of the messages on a few screens. */
export const MAX_BLOB_ASKS = 64
/** Chunks asked for in one message. */
export const MAX_BLOB_WANTS = 32
/** The chunks of a blob that a peer holds, a bit for each: 8,192 chunks. */
export const MAX_BLOB_BITS_BYTES = 1_024
/** The chunks of a blob: files up to 2 GiB in pieces of 256 KiB. */
export const MAX_BLOB_INDEX = 8_191
/** A sealed chunk: 256 KiB and the tag of its cipher. */
export const MAX_BLOB_PIECE_BYTES = 262_160
/** A manifest: 32 bytes for each chunk, and its head. */
export const MAX_BLOB_MANIFEST_BYTES = 262_208

export type RefusalCode = 'InviteInvalid' | 'InviteExpired' | 'InviteUsedUp'

export type LinkMessage =
  | { type: 'hello'; nonce: Uint8Array; ephemeral: Uint8Array }
  | { type: 'proofs'; tags: readonly Uint8Array[] }
  | { type: 'identify'; tag: Uint8Array; sealed: Uint8Array }
  | { type: 'join'; tag: Uint8Array; sealed: Uint8Array }
  | { type: 'refuse'; tag: Uint8Array; code: RefusalCode }
  | { type: 'ping'; nonce: number }
  | { type: 'pong'; nonce: number }
  | { type: 'bye' }
  | { type: 'sum'; handle: Uint8Array; sum: Uint8Array }
  | { type: 'have'; handle: Uint8Array; heads: readonly HaveHead[] }
  | {
      type: 'want'
      handle: Uint8Array
      controls: readonly { device: Uint8Array; from: number }[]
      ranges: readonly { device: Uint8Array; from: number; to: number }[]
    }
  | { type: 'controls'; handle: Uint8Array; entries: readonly ControlCarrier[] }
  | { type: 'update'; handle: Uint8Array; bytes: Uint8Array }
  | { type: 'got'; handle: Uint8Array; heads: readonly GotHead[] }
  | { type: 'slots'; handle: Uint8Array; slots: readonly Uint8Array[] }
  | { type: 'presence'; handle: Uint8Array; packet: Uint8Array }
  /** The sender hears of these devices from nobody else any more: what comes of them is to be passed to it again. */
  | { type: 'unheard'; handle: Uint8Array; devices: readonly Uint8Array[] }
  | { type: 'need'; handle: Uint8Array; epochs: readonly Uint8Array[] }
  /** The id (32 bytes) of the entry before number `seq`, which begins a chunk: before a range that begins there. */
  | { type: 'anchor'; handle: Uint8Array; device: Uint8Array; seq: number; id: Uint8Array }
  /** Which of these blobs do you hold? Each id has 32 bytes. */
  | { type: 'blobAsk'; handle: Uint8Array; blobs: readonly Uint8Array[] }
  /** These chunks of a blob: bit i mod 8, the lowest first, of byte i / 8. Empty: nothing of it. */
  | { type: 'blobHave'; handle: Uint8Array; blob: Uint8Array; bits: Uint8Array }
  /** Give me the manifest, and these chunks, ascending. */
  | { type: 'blobWant'; handle: Uint8Array; blob: Uint8Array; manifest: boolean; chunks: readonly number[] }
  /** The manifest that was asked for. Empty: not here (any more). */
  | { type: 'blobManifest'; handle: Uint8Array; blob: Uint8Array; bytes: Uint8Array }
  /** A chunk that was asked for. Empty: not here (any more). */
  | { type: 'blobChunk'; handle: Uint8Array; blob: Uint8Array; index: number; bytes: Uint8Array }

export type LinkMessageType = LinkMessage['type']

const CODES: Record<LinkMessageType, number> = {
  hello: 0,
  proofs: 1,
  identify: 2,
  join: 3,
  refuse: 4,
  ping: 5,
  pong: 6,
  bye: 7,
  sum: 16,
  have: 17,
  want: 18,
  controls: 19,
  update: 20,
  got: 21,
  slots: 22,
  presence: 23,
  need: 24,
  unheard: 25,
  anchor: 26,
  blobAsk: 32,
  blobHave: 33,
  blobWant: 34,
  blobManifest: 35,
  blobChunk: 36,
}

const REFUSALS: readonly RefusalCode[] = ['InviteInvalid', 'InviteExpired', 'InviteUsedUp']

/** The bytes of a message. The caller keeps within the limits above. */
export function encodeLinkMessage(m: LinkMessage): Uint8Array {
  const code = CODES[m.type]
  switch (m.type) {
    case 'hello':
      return encodeCbor([code, PROTOCOL_VERSION, m.nonce, m.ephemeral])
    case 'proofs':
      return encodeCbor([code, [...m.tags]])
    case 'identify':
    case 'join':
      return encodeCbor([code, m.tag, m.sealed])
    case 'refuse':
      return encodeCbor([code, m.tag, REFUSALS.indexOf(m.code)])
    case 'ping':
    case 'pong':
      return encodeCbor([code, m.nonce])
    case 'bye':
      return encodeCbor([code])
    case 'sum':
      return encodeCbor([code, m.handle, m.sum])
    case 'have':
      return encodeCbor([code, m.handle, m.heads.map((h) => [h.device, h.nextSeq, h.head, h.controls, ...fromOf(h)])])
    case 'want':
      return encodeCbor([code, m.handle, m.controls.map((c) => [c.device, c.from]), m.ranges.map((r) => [r.device, r.from, r.to])])
    case 'controls':
      return encodeCbor([code, m.handle, m.entries.map((c) => [c.device, c.seq, c.prevId, c.entry])])
    case 'update':
      return encodeCbor([code, m.handle, m.bytes])
    case 'got':
      return encodeCbor([code, m.handle, m.heads.map((h) => [h.device, h.nextSeq, ...fromOf(h)])])
    case 'slots':
      return encodeCbor([code, m.handle, [...m.slots]])
    case 'presence':
      return encodeCbor([code, m.handle, m.packet])
    case 'unheard':
      return encodeCbor([code, m.handle, [...m.devices]])
    case 'need':
      return encodeCbor([code, m.handle, [...m.epochs]])
    case 'anchor':
      return encodeCbor([code, m.handle, m.device, m.seq, m.id])
    case 'blobAsk':
      return encodeCbor([code, m.handle, [...m.blobs]])
    case 'blobHave':
      return encodeCbor([code, m.handle, m.blob, m.bits])
    case 'blobWant':
      return encodeCbor([code, m.handle, m.blob, m.manifest, [...m.chunks]])
    case 'blobManifest':
      return encodeCbor([code, m.handle, m.blob, m.bytes])
    case 'blobChunk':
      return encodeCbor([code, m.handle, m.blob, m.index, m.bytes])
  }
}

/** The message in `bytes`. @throws {Reject} BadShape, NotCanonical, LimitExceeded; `BadProof` for a hello of another protocol version. */
export function decodeLinkMessage(bytes: Uint8Array): LinkMessage {
  if (bytes.length > MAX_LINK_MESSAGE_BYTES) throw new Reject('LimitExceeded', 'link message too large')
  const read = new ItemReader(listOf(decodeCbor(bytes, { maxBytes: MAX_LINK_MESSAGE_BYTES, maxItems: MAX_LINK_ITEMS }), 5))
  const message = decodeBody(read)
  read.end()
  return message
}

function decodeBody(read: ItemReader): LinkMessage {
  switch (read.integer()) {
    case CODES.hello: {
      if (read.integer() !== PROTOCOL_VERSION) throw new Reject('BadProof', 'another protocol version')
      return { type: 'hello', nonce: read.bytes(32), ephemeral: read.bytes(32) }
    }
    case CODES.proofs:
      return { type: 'proofs', tags: read.list(MAX_PROOFS).map((tag) => bytesOf(tag, TAG_BYTES)) }
    case CODES.identify:
      return { type: 'identify', tag: read.bytes(TAG_BYTES), sealed: read.bytesUpTo(MAX_SEALED_BYTES) }
    case CODES.join:
      return { type: 'join', tag: read.bytes(TAG_BYTES), sealed: read.bytesUpTo(MAX_SEALED_BYTES) }
    case CODES.refuse: {
      const tag = read.bytes(TAG_BYTES)
      const code = REFUSALS[read.integer()]
      if (code === undefined) throw new Reject('BadShape', 'unknown refusal')
      return { type: 'refuse', tag, code }
    }
    case CODES.ping:
      return { type: 'ping', nonce: read.integer() }
    case CODES.pong:
      return { type: 'pong', nonce: read.integer() }
    case CODES.bye:
      return { type: 'bye' }
    case CODES.sum:
      return { type: 'sum', handle: read.bytes(HANDLE_BYTES), sum: read.bytes(16) }
    case CODES.have:
      return {
        type: 'have',
        handle: read.bytes(HANDLE_BYTES),
        heads: read.records(MAX_HEADS, (r) => ({
          device: r.bytes(16),
          nextSeq: r.seq(),
          head: r.bytes(8),
          controls: r.seq(),
          ...r.from(),
        })),
      }
    case CODES.want:
      return {
        type: 'want',
        handle: read.bytes(HANDLE_BYTES),
        controls: read.records(MAX_WANTS, (r) => ({ device: r.bytes(16), from: r.seq() })),
        ranges: read.records(MAX_WANTS, (r) => ({ device: r.bytes(16), from: r.seq(), to: r.seq() })),
      }
    case CODES.controls:
      return {
        type: 'controls',
        handle: read.bytes(HANDLE_BYTES),
        entries: read.records(MAX_CONTROLS, (r) => ({
          device: r.bytes(16),
          seq: r.seq(),
          prevId: r.bytes(32),
          entry: r.bytesUpTo(MAX_ENTRY_BYTES),
        })),
      }
    case CODES.update:
      return { type: 'update', handle: read.bytes(HANDLE_BYTES), bytes: read.bytesUpTo(MAX_LINK_MESSAGE_BYTES) }
    case CODES.got:
      return {
        type: 'got',
        handle: read.bytes(HANDLE_BYTES),
        heads: read.records(MAX_HEADS, (r) => ({ device: r.bytes(16), nextSeq: r.seq(), ...r.from() })),
      }
    case CODES.slots:
      return { type: 'slots', handle: read.bytes(HANDLE_BYTES), slots: read.list(MAX_SLOTS).map((slot) => bytesUpTo(slot, MAX_SLOT_BYTES)) }
    case CODES.presence:
      return { type: 'presence', handle: read.bytes(HANDLE_BYTES), packet: read.bytesUpTo(MAX_SLOT_BYTES) }
    case CODES.unheard:
      return { type: 'unheard', handle: read.bytes(HANDLE_BYTES), devices: read.list(MAX_SLOTS).map((device) => bytesOf(device, 16)) }
    case CODES.need:
      return { type: 'need', handle: read.bytes(HANDLE_BYTES), epochs: read.list(MAX_NEEDS).map((epoch) => bytesOf(epoch, 16)) }
    case CODES.anchor:
      return { type: 'anchor', handle: read.bytes(HANDLE_BYTES), device: read.bytes(16), seq: read.seq(), id: read.bytes(32) }
    case CODES.blobAsk:
      return { type: 'blobAsk', handle: read.bytes(HANDLE_BYTES), blobs: read.list(MAX_BLOB_ASKS).map((blob) => bytesOf(blob, 32)) }
    case CODES.blobHave:
      return { type: 'blobHave', handle: read.bytes(HANDLE_BYTES), blob: read.bytes(32), bits: read.bytesUpTo(MAX_BLOB_BITS_BYTES) }
    case CODES.blobWant:
      return {
        type: 'blobWant',
        handle: read.bytes(HANDLE_BYTES),
        blob: read.bytes(32),
        manifest: read.flag(),
        chunks: ascending(read.list(MAX_BLOB_WANTS).map((chunk) => chunkOf(chunk))),
      }
    case CODES.blobManifest:
      return {
        type: 'blobManifest',
        handle: read.bytes(HANDLE_BYTES),
        blob: read.bytes(32),
        bytes: read.bytesUpTo(MAX_BLOB_MANIFEST_BYTES),
      }
    case CODES.blobChunk:
      return {
        type: 'blobChunk',
        handle: read.bytes(HANDLE_BYTES),
        blob: read.bytes(32),
        index: chunkOf(read.item()),
        bytes: read.bytesUpTo(MAX_BLOB_PIECE_BYTES),
      }
    default:
      throw new Reject('BadShape', 'unknown link message')
  }
}

const fromOf = ({ from = 0 }: { from?: number }): number[] => (from === 0 ? [] : [from])

/** Chunks in their order, each once. */
function ascending(chunks: readonly number[]): readonly number[] {
  if (chunks.some((chunk, i) => i > 0 && chunk <= chunks[i - 1]!)) throw new Reject('NotCanonical', 'chunks are not in order')
  return chunks
}

/** The place of a chunk in a blob. */
function chunkOf(value: CborValue): number {
  const chunk = unsignedOf(value)
  if (chunk > MAX_BLOB_INDEX) throw new Reject('LimitExceeded', 'a file has fewer chunks')
  return chunk
}
