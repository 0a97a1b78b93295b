/** What applications see of the search. The meaning of every call is the contract of `docs/API.md`. */
import type { ConversationId, UserId } from '@parley/protocol'
import type { Message } from './messages.ts'

export interface SearchOptions {
  /** Messages of this person only. */
  author?: UserId
  /** True: messages with files only. False: those without. */
  hasAttachment?: boolean
  /** Sent before this time. */
  before?: Date
  /** Sent at this time or later. */
  after?: Date
  /** 1 to 100, default 25. */
  limit?: number
  /** Of the page before: goes on with the older results. */
  cursor?: string
  /** Stops the call; what was indexed stays. */
  signal?: AbortSignal
  /** Messages that can be searched by now, and all that there are; called while the index is being built. */
  onProgress?: (indexed: number, total: number) => void
}

/** A part of a message that the words of the query were found in, as UTF-16 positions. */
export interface Highlight {
  readonly field: 'text' | 'fileName'
  /** Which of `message.attachments` has the name; only of `fileName`. */
  readonly attachment?: number
  readonly start: number
  readonly end: number
}

export interface SearchResult {
  readonly message: Message
  /** In the order of the message, apart from each other. */
  readonly highlights: readonly Highlight[]
}

/** Results of a page, newest first. Frozen. */
export interface SearchResults {
  readonly results: readonly SearchResult[]
  /** Messages that match, on all pages; while `isComplete` is false, those found so far. */
  readonly total: number
  /** For the next page; undefined after the last one. */
  readonly cursor: string | undefined
  /** Whether every message that is here was looked at. False: this page is full, and older messages are still being indexed; ask again for the total. */
  readonly isComplete: boolean
}

export interface SearchCalls {
  /**
   * Messages that have all words of the query, in their text or in the names of their files, newest first. Upper and lower case, accents and
   * widths are one; a word finds all that begin with it; where nothing is found, one wrong letter is forgiven in words of five and more. Edits,
   * deletions and late messages are followed at once. Messages that are hidden, or by people who are blocked, are left out.
   * @throws {InvalidArgument, TooLarge, Aborted, Closed}
   * @example
   * ```ts
   * const { results, cursor } = await conversation.search('picnic', { hasAttachment: true })
   * const older = cursor === undefined ? undefined : await conversation.search('picnic', { hasAttachment: true, cursor })
   * ```
   */
  search(query: string, options?: SearchOptions): Promise<SearchResults>
}

export interface ProfileSearchCalls {
  /**
   * As `conversation.search`, over all conversations, or over one. @throws {InvalidArgument, TooLarge, NotFound, Aborted, Closed}
   * @example
   * ```ts
   * const { results, total } = await parley.search('picnic', { author: userId })
   * ```
   */
  search(query: string, options?: SearchOptions & { conversation?: ConversationId }): Promise<SearchResults>
}
