/**
 * Which messages were sent with a token of the caller's: sending again with the same one gives the message that was sent. The row is written
 * with the entry, in one batch, so that whoever does not live to hear of the outcome can ask again, after a restart too.
 */
import { decodeCbor, encodeCbor, messageIdBytes, messageIdFromBytes, ParleyError, type MessageId } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Keyspace } from '../replica/keyspace.ts'
import type { StoreOperation } from '../store.ts'

/** Tokens remembered in each conversation: several times what the tabs of a browser may have under way at once. */
export const MAX_SENT_TOKENS = 1_024
const MAX_TOKEN_CHARACTERS = 64

export class SentTokens {
  readonly #context: Context
  readonly #keys: Keyspace
  readonly #ids = new Map<string, MessageId>()
  /** Tokens by the slot that their row lies in; the rows are a ring. */
  readonly #slots = new Map<number, string>()
  /** Sends under way, by token. */
  readonly #sending = new Map<string, Promise<MessageId>>()
  #next = 0
  #loaded: Promise<void> | undefined

  constructor(context: Context, keys: Keyspace) {
    this.#context = context
    this.#keys = keys
  }

  /**
   * Sends once for each token. `send` commits the message together with the row that `row` gives for it.
   * @throws {InvalidArgument} for what is no token, and what `send` throws.
   */
  async once(token: string, send: (row: (id: MessageId) => StoreOperation) => Promise<MessageId>): Promise<MessageId> {
    if (typeof token !== 'string' || token === '' || token.length > MAX_TOKEN_CHARACTERS)
      throw new ParleyError('InvalidArgument', `a token is a string of 1 to ${MAX_TOKEN_CHARACTERS} characters`)
    await this.#untilLoaded()
    const sent = this.#ids.get(token) ?? this.#sending.get(token)
    if (sent !== undefined) return sent
    const number = this.#next++
    const slot = number % MAX_SENT_TOKENS
    const sending = send((id) => ({
      type: 'put',
      key: this.#keys.sentToken(slot),
      value: encodeCbor([number, token, messageIdBytes(id)]),
    }))
    this.#sending.set(token, sending)
    try {
      const id = await sending
      this.#note(slot, token, id)
      return id
    } finally {
      this.#sending.delete(token)
    }
  }

  async #untilLoaded(): Promise<void> {
    try {
      await (this.#loaded ??= this.#load())
    } catch (error) {
      this.#loaded = undefined
      throw error
    }
  }

  async #load(): Promise<void> {
    for (const { value } of await this.#context.store.range(this.#keys.sentTokens())) {
      const row = decodeCbor(value)
      if (!Array.isArray(row)) continue
      const [number, token, id] = row as unknown[]
      if (typeof number !== 'number' || typeof token !== 'string' || !(id instanceof Uint8Array)) continue
      this.#note(number % MAX_SENT_TOKENS, token, messageIdFromBytes(id))
      this.#next = Math.max(this.#next, number + 1)
    }
  }

  #note(slot: number, token: string, id: MessageId): void {
    const before = this.#slots.get(slot)
    if (before !== undefined) this.#ids.delete(before)
    this.#slots.set(slot, token)
    this.#ids.set(token, id)
  }
}
