/** The words of some thousand messages that follow each other in the timeline, in an index of the library. Loaded when somebody first searches. */
import type { MessageId } from '@parley/protocol'
import type MiniSearch from 'minisearch'
import { wordsOf } from './words.ts'

/** Words from this length on forgive a wrong letter. */
export const MIN_FUZZY_CHARS = 5

/** A message as it is indexed. */
export interface IndexedMessage {
  readonly id: MessageId
  readonly key: Uint8Array
  readonly text: string
  /** Of its files, a line each. */
  readonly fileNames: string
  readonly hasAttachment: boolean
}

export interface Match {
  readonly id: MessageId
  readonly key: Uint8Array
  readonly hasAttachment: boolean
  /** Words of the message that the query found. */
  readonly words: readonly string[]
}

/** Makes an empty index. */
export type MakeIndex = () => MiniSearch<IndexedMessage>

/** The library is its own piece of a browser's bundle. */
export async function loadLibrary(): Promise<MakeIndex> {
  const { default: Index } = await import('minisearch')
  return () =>
    new Index<IndexedMessage>({
      fields: ['text', 'fileNames'],
      storeFields: ['key', 'hasAttachment'],
      tokenize: (text) => wordsOf(text).map(({ word }) => word),
      processTerm: (word) => word,
      // Cleaning up runs on timers of its own; a segment with much that is gone is made anew instead.
      autoVacuum: false,
    })
}

export class Segment {
  /** Timeline key that is not after any message of it. */
  from: Uint8Array
  /** Undefined: nothing is held, and the messages are to be read again. */
  #index: MiniSearch<IndexedMessage> | undefined
  /** Messages whose words are in the index, found or not. */
  readonly #ids = new Set<MessageId>()
  #chars = 0
  #changes = 0

  constructor(from: Uint8Array, index?: MiniSearch<IndexedMessage>) {
    this.from = from
    this.#index = index
  }

  get isHeld(): boolean {
    return this.#index !== undefined
  }

  get size(): number {
    return this.#index?.documentCount ?? 0
  }

  /** Different words of it. */
  get terms(): number {
    return this.#index?.termCount ?? 0
  }

  /** Messages that came or were discarded since it was made or settled. */
  get changes(): number {
    return this.#changes
  }

  /** Characters of those that came. */
  get chars(): number {
    return this.#chars
  }

  /** Whether a search would find it. */
  has(id: MessageId): boolean {
    return this.#index?.has(id) === true
  }

  /** Whether words of it are here, or were before it was edited. */
  holds(id: MessageId): boolean {
    return this.#ids.has(id)
  }

  add(message: IndexedMessage): void {
    if (this.#index === undefined) return
    this.#index.add(message)
    this.#ids.add(message.id)
    this.#changes++
    this.#chars += message.text.length + message.fileNames.length
  }

  /** It is not found any more; its words stay until the segment is made anew. Returns its key. */
  discard(id: MessageId): Uint8Array | undefined {
    if (this.#index?.has(id) !== true) return undefined
    const key = this.#index.getStoredFields(id)?.['key'] as Uint8Array
    this.#index.discard(id)
    this.#changes++
    return key
  }

  /** From here on, changes and characters are counted anew. */
  settle(): void {
    this.#chars = 0
    this.#changes = 0
  }

  /** Holds nothing any more. */
  clear(): void {
    this.#index = undefined
    this.#ids.clear()
    this.#chars = 0
    this.#changes = 0
  }

  /** Messages that have all of the words, in no order. */
  search(words: readonly string[], isFuzzy: boolean): Match[] {
    const queries = words.map((word) => ({
      queries: [word],
      prefix: true,
      fuzzy: isFuzzy && word.length >= MIN_FUZZY_CHARS ? 1 : false,
    }))
    const found = this.#index?.search({ combineWith: 'AND', queries }, { tokenize: (word) => [word] }) ?? []
    return found.map(({ id, terms, key, hasAttachment }) => ({
      id: id as MessageId,
      key: key as Uint8Array,
      hasAttachment: hasAttachment === true,
      words: terms,
    }))
  }
}
