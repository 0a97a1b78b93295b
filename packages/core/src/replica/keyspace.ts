/**
 * Where everything lies in the store: one byte for the table, then the conversation (first 16 bytes of its id), then what the row is about.
 * Only logs, control entries, epoch secrets, seen slots and local records are truth; `timeline`, `overlay` and `folded` can be rebuilt.
 */
import { concatBytes, u32be } from '@parley/protocol'

const PROFILE = 0x01
const CONVERSATION = 0x02
const DEVICE_KEYS = 0x04
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
  timeline: 0x20,
  overlay: 0x21,
  folded: 0x22,
  delivered: 0x23,
} as const

/** The one row of the profile. */
export const profileKey = (): Uint8Array => Uint8Array.of(PROFILE)

/** The private keys of this device, where the profile's own store keeps them. */
export const deviceKeysKey = (): Uint8Array => Uint8Array.of(DEVICE_KEYS)

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

  /** The secret of an epoch. */
  epoch = (id: Uint8Array): Uint8Array => this.#key('epoch', id)
  epochs = (): { gte: Uint8Array; lt: Uint8Array } => this.#all(this.#key('epoch'))

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

  /** How many own entries another member's device has stored. */
  delivered = (): Uint8Array => this.#key('delivered')

  /** Everything that the timeline is kept in: what to delete before it is folded anew. */
  timelineRows = (): { gte: Uint8Array; lt: Uint8Array }[] =>
    (['timeline', 'overlay', 'folded'] as const).map((table) => this.#all(this.#key(table)))

  /** How far the timeline has been folded. */
  folded = (): Uint8Array => this.#key('folded')
}

function successor(prefix: Uint8Array): Uint8Array {
  const end = prefix.slice()
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i] !== 0xff) {
      end[i] = (end[i] as number) + 1
      return end.subarray(0, i + 1)
    }
  }
  return Uint8Array.of(0xff, 0xff)
}
