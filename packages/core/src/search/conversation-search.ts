/** Searching one conversation: its index, and which messages count. */
import type { MessageId } from '@parley/protocol'
import type { SearchResult } from '../api.ts'
import type { ConversationAttachments } from '../attachments/conversation-attachments.ts'
import type { Context } from '../context.ts'
import { hiddenMessages } from '../conversation/marks.ts'
import type { Messages } from '../conversation/messages.ts'
import type { People } from '../conversation/people.ts'
import type { Standing } from '../conversation/standing.ts'
import type { Replica } from '../replica/replica.ts'
import { parseTimelineKey } from '../replica/timeline-key.ts'
import type { SearchBudget } from './budget.ts'
import type { Query } from './query.ts'
import type { Found, Lookup, SearchIndex } from './search-index.ts'
import type { IndexedMessage, Match } from './segment.ts'

/** How a search is watched and stopped. */
export type SearchWatch = Pick<Lookup, 'signal' | 'onProgress'>

export class ConversationSearch {
  readonly #context: Context
  readonly #replica: Replica
  readonly #messages: Messages
  readonly #attachments: ConversationAttachments
  readonly #people: People
  readonly #standing: Standing
  readonly #budget: SearchBudget
  /** Made when somebody first searches. */
  #index: SearchIndex | undefined

  constructor(options: {
    context: Context
    replica: Replica
    messages: Messages
    attachments: ConversationAttachments
    people: People
    standing: Standing
    budget: SearchBudget
  }) {
    this.#context = options.context
    this.#replica = options.replica
    this.#messages = options.messages
    this.#attachments = options.attachments
    this.#people = options.people
    this.#standing = options.standing
    this.#budget = options.budget
  }

  /** Messages that there are to be searched. */
  get total(): number {
    return this.#replica.timeline.total
  }

  close(): void {
    this.#index?.close()
  }

  /** One match more than the limit, when there are more. @throws {Aborted, Closed} */
  async find(query: Query, isFuzzy: boolean, watch: SearchWatch): Promise<Found> {
    this.#standing.assertOpen()
    const { words, before, limit } = query
    const isWanted = (match: Match): boolean => this.#isWanted(match, query)
    return (await this.#opened()).find({ words, isFuzzy, before, limit: limit + 1, isWanted, ...watch })
  }

  /** The messages of matches, by their ids; without those that are gone meanwhile. */
  async results(matches: readonly Match[]): Promise<ReadonlyMap<MessageId, SearchResult>> {
    const words = new Map(matches.map((match) => [match.id, new Set(match.words)]))
    const { highlightsOf } = await import('./highlights.ts')
    const messages = await this.#messages.read(matches.map(({ key }) => key))
    return new Map(
      messages.map((message) => {
        const highlights = highlightsOf(message, words.get(message.id) ?? new Set())
        return [message.id, Object.freeze({ message, highlights })]
      }),
    )
  }

  /** What indexes is loaded by whom it concerns only. */
  async #opened(): Promise<SearchIndex> {
    const { SearchIndex } = await import('./search-index.ts')
    this.#standing.assertOpen()
    if (this.#index !== undefined) return this.#index
    const { timeline, events } = this.#replica
    const index = new SearchIndex({
      timeline,
      clock: this.#context.clock,
      budget: this.#budget,
      read: (keys) => this.#read(keys),
      report: (error) => this.#context.report(error, 'search'),
    })
    events.on('timeline', (changes) => index.apply(changes))
    return (this.#index = index)
  }

  async #read(keys: readonly Uint8Array[]): Promise<IndexedMessage[]> {
    return (await this.#replica.timeline.read(keys)).map((content) => {
      const attachments = this.#attachments.of(content)
      const fileNames = attachments.map(({ name }) => name).join('\n')
      return { id: content.id, key: content.key, text: content.payload.text, fileNames, hasAttachment: attachments.length > 0 }
    })
  }

  #isWanted({ id, key, hasAttachment }: Match, query: Query): boolean {
    const { hlc, device } = parseTimelineKey(key)
    if (hlc.ms < query.from || hlc.ms >= query.to) return false
    if (query.hasAttachment !== undefined && query.hasAttachment !== hasAttachment) return false
    const author = this.#replica.userOf(device)
    if (query.author !== undefined && query.author !== author) return false
    return !hiddenMessages(this.#replica).has(id) && (author === undefined || !this.#people.isBlocked(author))
  }
}
