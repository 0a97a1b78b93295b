/** The conversations of a profile that are open: looking them up, their order in lists, and what is asked of all of them. */
import { parseConversationId, ParleyError, type ConversationId, type MessageId } from '@parley/protocol'
import type { SearchOptions, SearchResults } from '../api.ts'
import type { SharedValue } from '../devices/shared-state.ts'
import type { Replica } from '../replica/replica.ts'
import { checkObject } from './arguments.ts'
import type { Forwarded } from './compose.ts'
import type { LiveConversation } from './conversation.ts'

/** What the devices of a person share of each conversation; the key of a shared value is one of these, a colon and the conversation. */
export const SHARED_DETAILS = ['muted', 'draft'] as const

export class OpenConversations {
  readonly #byId = new Map<ConversationId, LiveConversation>()
  /** Those that were shown when `appeared` was last asked. */
  #before: ReadonlySet<LiveConversation> = new Set()

  get(id: ConversationId): LiveConversation | undefined {
    return this.#byId.get(id)
  }

  [Symbol.iterator](): Iterator<LiveConversation> {
    return this.#byId.values()
  }

  add(conversation: LiveConversation): void {
    this.#byId.set(conversation.replica.id, conversation)
  }

  delete(id: ConversationId): void {
    this.#byId.delete(id)
  }

  /** @throws {ParleyError} Closed: it was deleted meanwhile */
  live({ id }: Pick<Replica, 'id'>): LiveConversation {
    const conversation = this.#byId.get(id)
    if (conversation === undefined) throw new ParleyError('Closed', 'this conversation was deleted here')
    return conversation
  }

  /** @throws {ParleyError} NotFound */
  known(id: ConversationId): LiveConversation {
    const conversation = this.#byId.get(id)
    if (conversation === undefined) throw new ParleyError('NotFound', 'there is no such conversation here')
    return conversation
  }

  replicas(): Replica[] {
    return [...this].map(({ replica }) => replica)
  }

  /** What the user is in or was in, or has a copy of, the latest first. */
  shown(): readonly LiveConversation[] {
    return this.#sorted(({ state }) => state !== 'request')
  }

  /** What is shown now and was not the last time this was asked, the latest first. */
  appeared(): readonly LiveConversation[] {
    const shown = this.shown()
    const fresh = shown.filter((conversation) => !this.#before.has(conversation))
    this.#before = new Set(shown)
    return fresh
  }

  /** What strangers ask of the user, the latest first. */
  requests(): readonly LiveConversation[] {
    return this.#sorted(({ state }) => state === 'request')
  }

  #sorted(isShown: (conversation: LiveConversation) => boolean): readonly LiveConversation[] {
    return [...this].filter((c) => !c.replica.isSelf && isShown(c)).sort((a, b) => b.lastActivity - a.lastActivity)
  }

  /** @throws {ParleyError} NotFound, InvalidArgument */
  async search(query: string, options: SearchOptions & { conversation?: ConversationId }): Promise<SearchResults> {
    const { conversation: id } = checkObject(options, 'options')
    const searched = id === undefined ? this.shown() : [this.known(id)]
    const { searchIn } = await import('../search/search.ts')
    return searchIn(
      searched.map(({ searchable }) => searchable),
      query,
      options,
    )
  }

  /** A message to be forwarded, from whichever conversation holds it. */
  async findForward(id: MessageId): Promise<Forwarded | undefined> {
    for (const conversation of this) {
      const found = await conversation.forward(id)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** What a new device of this user is to be told of them. */
  *shared(): Iterable<readonly [key: string, value: SharedValue]> {
    for (const conversation of this) if (conversation.isMuted) yield [`muted:${conversation.getId()}`, true]
  }

  /** What another device of this user said of one of them. */
  async takeShared(key: string, value: SharedValue): Promise<void> {
    for (const what of SHARED_DETAILS)
      if (key.startsWith(`${what}:`)) await this.get(parseConversationId(key.slice(what.length + 1)))?.takeShared(what, value)
  }
}
