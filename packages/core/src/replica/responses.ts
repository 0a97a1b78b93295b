/**
 * What others hung on messages: reactions, and how many replies there are. One row a message, those that changed since the last checkpoint
 * in memory, the others in the store. Unlike an edit, a response can name any message, one that never comes too: so nothing is remembered of
 * messages that have not come but how far ahead they lie in the log of their device.
 */
import {
  decodeCbor,
  deviceIdBytes,
  deviceIdOf,
  encodeCbor,
  messageIdBytes,
  messageIdParts,
  Reject,
  type CborValue,
  type DeviceId,
  type MessageId,
} from '@parley/protocol'
import type { Store, StoreOperation } from '../store.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import type { ConversationLog } from './log.ts'
import type { Choice } from './reactions.ts'

/** Where an entry lies whose body goes when the message does. */
export interface Place {
  /** 16 bytes. */
  readonly log: Uint8Array
  readonly seq: number
}

/** Choices that do not count any more and are remembered, so that they go with the message; older ones stay in the log as they are. */
const MAX_SPENT = 256
/** Devices of which it is remembered how far ahead a response reached; with more, any message may have one. */
const MAX_AHEAD = 1_024

export interface Response {
  readonly replies: number
  /** Ascending by order. */
  readonly choices: readonly Choice[]
  readonly spent: readonly Place[]
}

export const NO_RESPONSE: Response = Object.freeze({ replies: 0, choices: [], spent: [] })

/** How far ahead of what is folded responses reached, by device; `anywhere`: of too many to say. */
export interface Ahead {
  readonly devices: readonly (readonly [device: DeviceId, nextSeq: number])[]
  readonly anywhere: boolean
}

export class Responses {
  readonly #keys: Keyspace
  readonly #store: Store
  readonly #log: ConversationLog
  readonly #written: (log: LogId) => number
  readonly #changed = new Map<MessageId, Response>()
  readonly #ahead = new Map<DeviceId, number>()
  #isAnywhere = false

  /** `written` says how many entries of a log had been folded at the last checkpoint. */
  constructor(options: { keys: Keyspace; store: Store; log: ConversationLog; written: (log: LogId) => number }) {
    this.#keys = options.keys
    this.#store = options.store
    this.#log = options.log
    this.#written = options.written
  }

  async get(id: MessageId): Promise<Response> {
    const [response] = await this.read([id])
    return response!
  }

  /** `isAhead`: the message has not come yet. */
  set(id: MessageId, response: Response, isAhead: boolean): void {
    const { choices } = response
    this.#changed.set(id, { ...response, choices, spent: response.spent.slice(-MAX_SPENT) })
    if (!isAhead) return
    const { device, seq } = messageIdParts(id)
    const author = deviceIdOf(device)
    const before = this.#ahead.get(author)
    if (before === undefined && this.#ahead.size >= MAX_AHEAD) this.#isAnywhere = true
    else this.#ahead.set(author, Math.max(before ?? 0, seq + 1))
  }

  /** In the order asked for. */
  async read(ids: readonly MessageId[]): Promise<Response[]> {
    // Taken before the store is asked: a checkpoint that ends meanwhile empties the memory, and what was read does not have it yet.
    const held = new Map(ids.map((id) => [id, this.#changed.get(id)]))
    const stored = ids.filter((id) => held.get(id) === undefined && this.#mayBeStored(id))
    const rows = stored.length === 0 ? [] : await this.#store.getMany(stored.map((id) => this.#keys.response(messageIdBytes(id))))
    const found = new Map(stored.map((id, i) => [id, rows[i]]))
    return ids.map((id) => {
      const row = found.get(id)
      return this.#changed.get(id) ?? held.get(id) ?? (row === undefined ? NO_RESPONSE : decodeResponse(row))
    })
  }

  /** What the next checkpoint has to write. */
  pending(): [MessageId, Response][] {
    return [...this.#changed]
  }

  /** The rows of these. */
  rows(responses: readonly [MessageId, Response][]): StoreOperation[] {
    return responses.map(([id, response]) => {
      const key = this.#keys.response(messageIdBytes(id))
      const isNothing = response.replies === 0 && response.choices.length === 0
      return isNothing ? { type: 'delete', key } : { type: 'put', key, value: encodeResponse(response) }
    })
  }

  /** These are in the store now; what changed meanwhile stays. */
  confirm(responses: readonly [MessageId, Response][]): void {
    for (const [id, response] of responses) if (this.#changed.get(id) === response) this.#changed.delete(id)
    for (const [device, nextSeq] of this.#ahead) if (this.#written(device) >= nextSeq) this.#ahead.delete(device)
  }

  ahead(): Ahead {
    return { devices: [...this.#ahead], anywhere: this.#isAnywhere }
  }

  /** What the last checkpoint said. */
  loadAhead({ devices, anywhere }: Ahead): void {
    for (const [device, nextSeq] of devices) this.#ahead.set(device, nextSeq)
    this.#isAnywhere ||= anywhere
  }

  clear(): void {
    this.#changed.clear()
    this.#ahead.clear()
    this.#isAnywhere = false
  }

  #mayBeStored(id: MessageId): boolean {
    const { device, seq } = messageIdParts(id)
    const author = deviceIdOf(device)
    // Of a forked log it is not known yet where the message lies.
    return this.#isAnywhere || seq < Math.max(this.#written(author), this.#ahead.get(author) ?? 0) || this.#log.logsOf(author).length > 1
  }
}

/** What the folded row says of it. */
export function aheadToCbor({ devices, anywhere }: Ahead): CborValue {
  return [devices.map(([device, nextSeq]) => [deviceIdBytes(device), nextSeq]), anywhere]
}

export function aheadFromCbor(value: CborValue): Ahead {
  const [devices, anywhere] = value as [[Uint8Array, number][], boolean]
  return { devices: devices.map(([device, nextSeq]) => [deviceIdOf(device), nextSeq]), anywhere }
}

function encodeResponse({ replies, choices, spent }: Response): Uint8Array {
  return encodeCbor([replies, choices.map((c) => [c.user, c.emoji, c.on, c.order, c.log, c.seq]), spent.map(({ log, seq }) => [log, seq])])
}

/** @throws {Reject} BadShape when the row is damaged. */
export function decodeResponse(bytes: Uint8Array): Response {
  const value = decodeCbor(bytes, { maxBytes: 1_048_576, maxItems: 100_000 })
  if (!Array.isArray(value) || typeof value[0] !== 'number' || !Array.isArray(value[1]) || !Array.isArray(value[2]))
    throw new Reject('BadShape', 'response row')
  const [replies, choices, spent] = value as [
    number,
    [Uint8Array, string, boolean, Uint8Array, Uint8Array, number][],
    [Uint8Array, number][],
  ]
  return {
    replies,
    choices: choices.map(([user, emoji, on, order, log, seq]) => ({ user, emoji, on, order, log, seq })),
    spent: spent.map(([log, seq]) => ({ log, seq })),
  }
}
