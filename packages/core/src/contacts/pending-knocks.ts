/** Conversations that somebody is still to be told of: kept until they answer. */
import {
  conversationIdBytes,
  conversationIdOf,
  ParleyError,
  userIdBytes,
  userIdOf,
  type ConversationId,
  type UserId,
} from '@parley/protocol'
import type { Context } from '../context.ts'
import { knockKey, knockRange } from '../replica/keyspace.ts'
import type { StoreOperation } from '../store.ts'

/** Tellings under way: each costs a topic and a dial, and people who never answer keep theirs. */
export const MAX_PENDING_KNOCKS = 1_000

const EMPTY = new Uint8Array(0)

export class PendingKnocks {
  readonly #context: Context
  readonly #pending = new Map<UserId, Set<ConversationId>>()
  #count = 0

  constructor(context: Context) {
    this.#context = context
  }

  async load(): Promise<void> {
    for (const { key } of await this.#context.store.range(knockRange()))
      this.#note(conversationIdOf(key.slice(1, 33)), userIdOf(key.slice(33)))
  }

  /** Everybody who is to be told something. */
  users(): readonly UserId[] {
    return [...this.#pending.keys()]
  }

  /** What that user is to be told of. */
  of(user: UserId): ReadonlySet<ConversationId> {
    return this.#pending.get(user) ?? new Set()
  }

  /** Who is to be told of that conversation. */
  usersOf(conversation: ConversationId): readonly UserId[] {
    return this.users().filter((user) => this.of(user).has(conversation))
  }

  /** @throws {ParleyError} TooLarge */
  async add(conversation: ConversationId, user: UserId): Promise<void> {
    if (this.of(user).has(conversation)) return
    if (this.#count >= MAX_PENDING_KNOCKS)
      throw new ParleyError(
        'TooLarge',
        `${MAX_PENDING_KNOCKS} people have not answered yet; wait for some of them, or forget a conversation`,
      )
    await this.#context.store.write([row('put', conversation, user)], { durability: 'strict' })
    this.#note(conversation, user)
  }

  /** They have answered, or are not to be told any more. */
  async done(conversation: ConversationId, users: readonly UserId[] = this.usersOf(conversation)): Promise<void> {
    const gone = users.filter((user) => this.of(user).has(conversation))
    if (gone.length === 0) return
    await this.#context.store.write(gone.map((user) => row('delete', conversation, user)))
    for (const user of gone) {
      const set = this.#pending.get(user)
      if (set?.delete(conversation) === true) this.#count--
      if (set?.size === 0) this.#pending.delete(user)
    }
  }

  #note(conversation: ConversationId, user: UserId): void {
    const set = this.#pending.get(user) ?? new Set()
    if (set.has(conversation)) return
    this.#pending.set(user, set.add(conversation))
    this.#count++
  }
}

function row(type: 'put' | 'delete', conversation: ConversationId, user: UserId): StoreOperation {
  const key = knockKey(conversationIdBytes(conversation), userIdBytes(user))
  return type === 'put' ? { type, key, value: EMPTY } : { type, key }
}
