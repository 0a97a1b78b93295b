/** What peers tell each other at a rendezvous: their addresses, readable only for those who know the topic. */
import { deriveKey, openBody, sealBody } from '@parley/crypto'
import { decodeCbor, encodeCbor, fromBase64Url, isParleyError, Reject, toBase64Url, utf8 } from '@parley/protocol'
import type { Random, Topic } from '@parley/core'

/** Addresses in one announcement: a few interfaces, each for TCP and WebSockets, and some relays. */
export const MAX_ADDRESSES = 24
/** Characters of one address: a host name of 253, two peer ids and what joins them. */
export const MAX_ADDRESS_LENGTH = 512
/** Bytes of a sealed announcement; what is longer is not even decoded. */
const MAX_ANNOUNCEMENT_BYTES = 16_384
/** After so long an announcement is void, whoever repeats it: ten times the pause between two of them. Clocks may be wrong by as much. */
export const ANNOUNCEMENT_TTL_MS = 600_000

const VERSION = 1
/** Names a run of an announcing peer, so that it knows its own announcements when they come back. */
export const SENDER_BYTES = 16
const NONCE_BYTES = 24

export interface Announcement {
  readonly sender: Uint8Array
  /** Whether who is there is to say so. */
  readonly asks: boolean
  readonly issuedMs: number
  /** Multiaddresses, each with the peer id at its end. None: who cannot be dialled. */
  readonly addresses: readonly string[]
}

/** The place of one topic at a rendezvous. Its name tells as little as that of the topic, and is another one: nothing there belongs to y-webrtc. */
export class Room {
  /** URL-safe, 43 characters. */
  readonly name: string
  readonly topic: Topic
  readonly #key: Uint8Array

  constructor(topic: Topic) {
    this.topic = topic
    const [secret, context] = [utf8(topic.secret), utf8(topic.name)]
    this.name = toBase64Url(deriveKey(secret, 'addresses-topic', context))
    this.#key = deriveKey(secret, 'addresses', context)
  }

  /** Base64url text. */
  seal({ sender, asks, issuedMs, addresses }: Announcement, random: Random): string {
    const fields = encodeCbor([VERSION, sender, asks, issuedMs, addresses.slice(0, MAX_ADDRESSES)])
    return toBase64Url(sealBody(this.#key, random.bytes(NONCE_BYTES), utf8(this.name), fields))
  }

  /** @throws {Reject} for what nobody who knows the topic says now. */
  open(data: string, now: number): Announcement {
    if (data.length > (MAX_ANNOUNCEMENT_BYTES * 4) / 3) throw new Reject('LimitExceeded', 'announcement')
    const plain = openBody(this.#key, bytesOf(data), utf8(this.name))
    if (plain === undefined) throw new Reject('BadCipher', 'announcement')
    const fields = decodeCbor(plain)
    if (!Array.isArray(fields) || fields.length !== 5) throw new Reject('BadShape', 'announcement')
    const [version, sender, asks, issuedMs, addresses] = fields as unknown[]
    if (version !== VERSION) throw new Reject('BadShape', 'version of an announcement')
    if (!(sender instanceof Uint8Array) || sender.length !== SENDER_BYTES) throw new Reject('BadShape', 'sender of an announcement')
    if (typeof asks !== 'boolean' || typeof issuedMs !== 'number') throw new Reject('BadShape', 'announcement')
    if (Math.abs(now - issuedMs) > ANNOUNCEMENT_TTL_MS) throw new Reject('BadClock', 'announcement')
    if (!Array.isArray(addresses) || addresses.length > MAX_ADDRESSES || !addresses.every(isAddress))
      throw new Reject('BadShape', 'addresses of an announcement')
    return { sender: sender.slice(), asks, issuedMs, addresses }
  }
}

function bytesOf(data: string): Uint8Array {
  try {
    return fromBase64Url(data)
  } catch (error) {
    if (isParleyError(error, 'InvalidArgument')) throw new Reject('BadShape', 'announcement')
    throw error
  }
}

function isAddress(address: unknown): address is string {
  return typeof address === 'string' && address.length <= MAX_ADDRESS_LENGTH
}
