/**
 * Where everything lies in the store: one byte for the table, then the conversation (first 16 bytes of its id), then what the row is about.
 * Only logs, control entries, epoch secrets, seen slots and local records are truth; the tables of `timelineRows` can be rebuilt.
 */
import { concatBytes, u32be } from '@parley/protocol'

const PROFILE = 0x01
const CONVERSATION = 0x02
const DEVICE_KEYS = 0x04
const PREFERENCES = 0x05
const CONTACT = 0x06
const CARD_SECRET = 0x07
const KNOCK = 0x08
const TABLES = {
  head: 0x10,
  entry: 0x11,
  control: 0x12,
  epoch: 0x13,
  epochOf: 0x14,
  slot: 0x15,
  anchor: 0x16,
  hollow: 0x17,
  branch: 0x18,
  branchControl: 0x19,
  start: 0x1a,
  timeline: 0x20,
  overlay: 0x21,
  folded: 0x22,
  delivered: 0x23,
  sentToken: 0x24,
  response: 0x25,
  replies: 0x26,
  mentions: 0x27,
  files: 0x28,
  blobs: 0x30,
  blobsOf: 0x31,
  reading: 0x29,
  draft: 0x2a,
  inviteLink: 0x2b,
  lentKey: 0x2c,
  wantedFile: 0x2d,
  controlFold: 0x2e,
} as const

/** Tables that say again what the logs say. */
const FOLDS = ['timeline', 'overlay', 'folded', 'response', 'replies', 'mentions', 'files', 'blobs', 'blobsOf'] as const
const FOLD_BYTES: ReadonlySet<number | undefined> = new Set(FOLDS.map((table) => TABLES[table]))
const CONVERSATION_BYTES: ReadonlySet<number | undefined> = new Set(Object.values(TABLES))
/** The last table that belongs to the profile as a whole; they begin at 1. */
const LAST_PROFILE_TABLE = KNOCK
/** Table and conversation, which the keys of one conversation begin with. */
const SCOPED_BYTES = 17

/** Whether a row can be computed again from the logs. */
export const isFoldKey = (key: Uint8Array): boolean => FOLD_BYTES.has(key[0])

/** What a row belongs to: `prefix` is common to everything that belongs there too. */
export function regionOf(key: Uint8Array): { kind: 'profile' | 'conversation' | 'unknown'; prefix: Uint8Array } {
  const table = key[0] ?? 0
  if (CONVERSATION_BYTES.has(table) && key.length >= SCOPED_BYTES) return { kind: 'conversation', prefix: key.slice(0, SCOPED_BYTES) }
  const isProfile = (table >= PROFILE && table <= LAST_PROFILE_TABLE) || table === SCRATCH_PREFIX
  return { kind: isProfile ? 'profile' : 'unknown', prefix: key.slice(0, 1) }
}

/** Before the keys of rows that hold an archive while it is verified. */
export const SCRATCH_PREFIX = 0x7e

/** The one row of the profile. */
export const profileKey = (): Uint8Array => Uint8Array.of(PROFILE)

/** The private keys of this device, where the profile's own store keeps them. */
export const deviceKeysKey = (): Uint8Array => Uint8Array.of(DEVICE_KEYS)

/** What the user chose for the whole profile. */
export const preferencesKey = (): Uint8Array => Uint8Array.of(PREFERENCES)

/** What this user knows and thinks of another: contact, blocked. `user` is their 32-byte id. */
export const contactKey = (user: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(CONTACT), user)
export const contactRange = (): { gte: Uint8Array; lt: Uint8Array } => ({ gte: Uint8Array.of(CONTACT), lt: Uint8Array.of(CONTACT + 1) })

/** The secret of the user's own contact card. */
export const cardSecretKey = (): Uint8Array => Uint8Array.of(CARD_SECRET)

/** That a conversation (32 bytes) is still to be told to a user (32 bytes). */
export const knockKey = (conversation: Uint8Array, user: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(KNOCK), conversation, user)
export const knockRange = (): { gte: Uint8Array; lt: Uint8Array } => ({ gte: Uint8Array.of(KNOCK), lt: Uint8Array.of(KNOCK + 1) })

/** The record of a conversation: state, invite, hints. `conversation` is its 32-byte id. */
export const conversationKey = (conversation: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(CONVERSATION), conversation)

/** All conversation records. */
export const conversationRange = (): { gte: Uint8Array; lt: Uint8Array } => ({
  gte: Uint8Array.of(CONVERSATION),
  lt: Uint8Array.of(CONVERSATION + 1),
})

/** Keys of one conversation. Devices are their 16 bytes. */
export class Keyspace {
  readonly #scope: Uint8Array

  /** `conversation` is the 32-byte id. */
  constructor(conversation: Uint8Array) {
    this.#scope = conversation.slice(0, 16)
  }

  #key(table: keyof typeof TABLES, ...rest: Uint8Array[]): Uint8Array {
    return concatBytes(Uint8Array.of(TABLES[table]), this.#scope, ...rest)
  }

  #all(prefix: Uint8Array): { gte: Uint8Array; lt: Uint8Array } {
    return { gte: prefix, lt: successor(prefix) }
  }

  /** Chain state after a device's last entry. */
  head = (device: Uint8Array): Uint8Array => this.#key('head', device)
  heads = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('head'))

  /** Chain state before the first entry here, of a log that begins late. */
  start = (device: Uint8Array): Uint8Array => this.#key('start', device)
  starts = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('start'))

  /** A stored entry. */
  entry = (device: Uint8Array, seq: number): Uint8Array => this.#key('entry', device, u32be(seq))
  entries = (device: Uint8Array, from: number, to: number): { gte: Uint8Array; lt: Uint8Array } => ({
    gte: this.entry(device, from),
    lt: this.entry(device, to),
  })

  /** A control entry with what verifies it alone, by its running number (from 1). */
  control = (device: Uint8Array, number: number): Uint8Array => this.#key('control', device, u32be(number))
  controls = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('control'))

  /** A control entry beside another one of the same device and number: they lie on different branches. `id` are 16 bytes of the entry's. */
  branchControl = (device: Uint8Array, number: number, id: Uint8Array): Uint8Array => this.#key('branchControl', device, u32be(number), id)
  branchControls = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('branchControl'))

  /** What a branch belongs to and where it begins. */
  branch = (log: Uint8Array): Uint8Array => this.#key('branch', log)
  branches = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('branch'))

  /** The folds over all control entries, while no further one has come. */
  controlFold = (): Uint8Array => this.#key('controlFold')

  /** The secret of an epoch. */
  epoch = (id: Uint8Array): Uint8Array => this.#key('epoch', id)
  epochs = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('epoch'))

  /** A key of an archive: of the control entries of an epoch, or of a device's messages under it. Their 16-byte ids end the row's key. */
  lentKey = (epoch: Uint8Array, device: Uint8Array | undefined): Uint8Array => this.#key('lentKey', epoch, device ?? new Uint8Array(0))
  lentKeys = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('lentKey'))

  /** The epoch that a device's entries use from `seq` on. */
  epochOf = (device: Uint8Array, seq: number): Uint8Array => this.#key('epochOf', device, u32be(seq))
  epochsOf = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('epochOf'))

  epochsOfLog = (device: Uint8Array, from: number): { gte: Uint8Array; lt: Uint8Array } => ({
    gte: this.epochOf(device, from),
    lt: successor(this.#key('epochOf', device)),
  })

  /** The id (32 bytes) before the first entry of a chunk, from where ids inside it are computed. */
  anchor = (device: Uint8Array, chunk: number): Uint8Array => this.#key('anchor', device, u32be(chunk))

  /** An entry whose body a peer left out; the row holds its id (32 bytes) and the one before (32 bytes). */
  hollow = (device: Uint8Array, seq: number): Uint8Array => this.#key('hollow', device, u32be(seq))
  hollowsOf = (device: Uint8Array, from: number): { gte: Uint8Array; lt: Uint8Array } => ({
    gte: this.hollow(device, from),
    lt: successor(this.#key('hollow', device)),
  })
  hollows = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('hollow'))

  /** The newest seen slot of a device. */
  slot = (device: Uint8Array): Uint8Array => this.#key('slot', device)
  slots = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('slot'))

  /** Prefix of the timeline's rank tree. */
  timeline = (): Uint8Array => this.#key('timeline')

  /** What later operations did to a message. `message` is the 36-byte id. */
  overlay = (message: Uint8Array): Uint8Array => this.#key('overlay', message)

  overlays = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('overlay'))

  /** Reactions to a message, and how many replies it has. */
  response = (message: Uint8Array): Uint8Array => this.#key('response', message)
  responses = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('response'))

  /** Prefixes of the rank trees beside the timeline: answers, messages that mention this user, messages with files. */
  replies = (): Uint8Array => this.#key('replies')
  mentions = (): Uint8Array => this.#key('mentions')
  files = (): Uint8Array => this.#key('files')

  /** What this device remembers of its user's reading: how far, from where unread, and whether muted. Local. */
  reading = (): Uint8Array => this.#key('reading')

  /** What was typed and not sent. Local. */
  draft = (): Uint8Array => this.#key('draft')

  /** The link of an invite that this device made. `invite` is the 36-byte reference. Local. */
  inviteLink = (invite: Uint8Array): Uint8Array => this.#key('inviteLink', invite)

  /** A file that the user asked for and that is not all here, by the id of the attachment as text. Local. */
  wantedFile = (attachment: Uint8Array): Uint8Array => this.#key('wantedFile', attachment)
  wantedFiles = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('wantedFile'))

  /** How many own entries another member's device has stored. */
  delivered = (): Uint8Array => this.#key('delivered')

  /** Which message was sent with which token of a caller, by its place in a ring. */
  sentToken = (slot: number): Uint8Array => this.#key('sentToken', u32be(slot))
  sentTokens = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('sentToken'))

  /** Everything that the timeline is kept in: what to delete before it is folded anew. */
  timelineRows = (): { gte: Uint8Array; lt: Uint8Array }[] => FOLDS.map((table) => this.#all(this.#key(table)))

  /** Prefixes of the rank trees that tell which messages refer to a blob, and to which blobs a message refers. */
  blobs = (): Uint8Array => this.#key('blobs')
  blobsOf = (): Uint8Array => this.#key('blobsOf')

  /** Everything of the conversation but its record. */
  everything = (): { gte: Uint8Array; lt: Uint8Array }[] =>
    (Object.keys(TABLES) as (keyof typeof TABLES)[]).map((table) => this.#all(this.#key(table)))

  /** How far the timeline has been folded. */
  folded = (): Uint8Array => this.#key('folded')
}

/** The first key behind all that begin with `prefix`. */
export function successor(prefix: Uint8Array): Uint8Array {
  const end = prefix.slice()
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i] !== 0xff) {
      end[i] = (end[i] as number) + 1
      return end.subarray(0, i + 1)
    }
  }
  return Uint8Array.of(0xff, 0xff)
}
