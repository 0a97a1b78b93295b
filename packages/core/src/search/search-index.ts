/**
 * The full-text index of one conversation. It is made when somebody searches, from the newest messages to the oldest and only as far as needed,
 * lives in memory alone, and is given up when nobody has searched for a while: reading an index from the disk takes as long as making it, and
 * what is purged must not live on in a copy. Segments cover the timeline without a gap, from the newest message downwards.
 */
import { ParleyError, type MessageId } from '@parley/protocol'
import type { Clock } from '../transport.ts'
import { Mutex } from '../support/mutex.ts'
import { compareKeys, TIMELINE_KEY_BYTES } from '../replica/timeline-key.ts'
import type { Timeline, TimelineChange } from '../replica/timeline.ts'
import type { SearchBudget } from './budget.ts'
import { loadLibrary, Segment, type IndexedMessage, type MakeIndex, type Match } from './segment.ts'
import { keysBefore } from './timeline-keys.ts'

/** Messages of a segment: what is indexed anew when one of them is deleted, some 150 ms. Smaller ones repeat more of the vocabulary. */
export const SEGMENT_MESSAGES = 4_096
/** Characters of a segment, when messages are long. */
const SEGMENT_CHARS = 524_288
/** Messages read and indexed at a time; others get their turn in between. 128 kept the main thread of a page for 20 to 30 ms, longer than a frame. */
const SLICE_MESSAGES = 32
/** When more messages came since the last search, the index is made anew. */
const MAX_PENDING = 8_192
/** An index that nobody searches is given up after so long. */
export const INDEX_IDLE_MS = 300_000

/** Before every message. */
const OLDEST = new Uint8Array(TIMELINE_KEY_BYTES)

/** What the index needs of its conversation. */
export interface IndexSource {
  readonly timeline: Pick<Timeline, 'rank' | 'slice' | 'total'>
  readonly clock: Clock
  readonly budget: SearchBudget
  /** The messages under these keys as they now are, without those that are gone. */
  read(keys: readonly Uint8Array[]): Promise<IndexedMessage[]>
  report(error: unknown): void
}

export interface Lookup {
  /** Folded. */
  readonly words: readonly string[]
  /** Whether a wrong letter is forgiven. */
  readonly isFuzzy: boolean
  /** How many matches are wanted, of those with a smaller key than `before`. */
  readonly limit: number
  readonly before: Uint8Array | undefined
  readonly signal: AbortSignal | undefined
  /** Whether a message that has the words counts. */
  isWanted(match: Match): boolean
  /** So many messages can be searched by now. */
  onProgress(indexed: number): void
}

export interface Found {
  /** Newest first. */
  readonly matches: readonly Match[]
  /** All that were found, wherever `before` is. */
  readonly total: number
  /** Whether every message was looked at. */
  readonly isComplete: boolean
}

export class SearchIndex {
  readonly #source: IndexSource
  readonly #mutex = new Mutex()
  /** Newest first; each from its `from` to where the one before begins. */
  #segments: Segment[] = []
  /** The one that is being filled. */
  #filling: Segment | undefined
  /** Keys of messages that are to be read, again or for the first time. */
  #pending: Uint8Array[] = []
  /** Messages that changed while some are being read. */
  #changed: Set<MessageId> | undefined
  /** Rises when everything was given up. */
  #generation = 0
  #cancelIdle: (() => void) | undefined
  #isContinuing = false
  #isClosed = false

  constructor(source: IndexSource) {
    this.#source = source
  }

  /** Messages that can be searched without reading any. */
  get size(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0)
  }

  close(): void {
    this.#isClosed = true
    this.clear()
  }

  /** Gives everything up. The next search begins anew. */
  clear(): void {
    this.#generation++
    this.#cancelIdle?.()
    this.#cancelIdle = undefined
    for (const segment of this.#segments) this.#giveUp(segment)
    this.#filling?.clear()
    this.#segments = []
    this.#pending = []
  }

  /** Takes in what happened to the timeline; with no changes, everything may be different. What is deleted is gone from here on return. */
  apply(changes: readonly TimelineChange[]): void {
    if (changes.length === 0) return this.clear()
    if (this.#segments.length === 0 && this.#filling === undefined) return
    for (const change of changes) {
      if (change.type === 'posted') this.#pending.push(change.key)
      else if (change.type === 'deleted') this.#drop(change.id)
      else if (change.type === 'edited') this.#readAgain(change.id)
    }
    if (this.#pending.length > MAX_PENDING) this.clear()
  }

  /** @throws {Aborted, Closed} */
  find(lookup: Lookup): Promise<Found> {
    return this.#mutex.run(async () => {
      const makeIndex = await loadLibrary()
      this.#postponeIdle()
      for (;;) {
        const generation = this.#generation
        const found = await this.#find(lookup, makeIndex)
        if (generation !== this.#generation) continue
        if (!found.isComplete) this.#continue(makeIndex)
        return found
      }
    })
  }

  async #find(lookup: Lookup, makeIndex: MakeIndex): Promise<Found> {
    const { words, isFuzzy, limit, before, isWanted, signal, onProgress } = lookup
    const generation = this.#generation
    const matches: Match[] = []
    let total = 0
    let indexed = 0
    await this.#readPending(signal)
    for (let i = 0; generation === this.#generation;) {
      const segment = this.#segments[i]
      if (segment?.isHeld !== true) {
        if (i === this.#segments.length && this.#isWhole) return { matches, total, isComplete: true }
        if (matches.length >= limit) return { matches, total, isComplete: false }
        const visited = indexed
        await this.#build(i, makeIndex, signal, (done) => onProgress(visited + done))
        await this.#readPending(signal)
        continue
      }
      indexed += segment.size
      const wanted = segment.search(words, isFuzzy).filter(isWanted)
      const older = wanted.filter(({ key }) => before === undefined || compareKeys(key, before) < 0)
      total += wanted.length
      matches.push(...older.sort((a, b) => compareKeys(b.key, a.key)).slice(0, limit - matches.length))
      if (!this.#source.budget.isHeld(segment)) segment.clear()
      i++
    }
    return { matches, total, isComplete: false }
  }

  /** Indexes what lies at place `i`: a segment that was given up, or what comes after the last one. A cleared one leaves it as it was. */
  async #build(i: number, makeIndex: MakeIndex, signal: AbortSignal | undefined, onProgress: (done: number) => void): Promise<void> {
    const { timeline, budget, clock } = this.#source
    const begun = clock.now()
    const lower = this.#segments[i]?.from ?? OLDEST
    const segment = new Segment(lower, makeIndex())
    this.#filling = segment
    try {
      for (let end = this.#segments[i - 1]?.from; ;) {
        const keys = (await keysBefore(timeline, end, SLICE_MESSAGES)).filter((key) => compareKeys(key, lower) >= 0)
        if (keys.length > 0) await this.#add(keys, () => segment)
        this.#assertGoesOn(signal)
        if (!segment.isHeld) return
        end = keys[0]
        if (end === undefined) break
        onProgress(segment.size)
        if (!isFull(segment)) continue
        segment.from = end
        break
      }
    } finally {
      this.#filling = undefined
      budget.built(clock.now() - begun)
    }
    segment.settle()
    budget.hold(segment)
    const replaced = this.#segments[i]
    // What it had no room for is left for the next.
    const rest = replaced === undefined || segment.from === lower ? [] : [replaced]
    this.#segments.splice(i, 1, segment, ...rest)
  }

  /** Reads these messages and adds them to the segment of their key. */
  async #add(keys: readonly Uint8Array[], segmentOf: (key: Uint8Array) => Segment | undefined): Promise<void> {
    const changed = (this.#changed = new Set<MessageId>())
    const messages = await this.#source.read(keys)
    this.#changed = undefined
    for (const message of messages) {
      const segment = segmentOf(message.key)
      if (changed.has(message.id)) this.#pending.push(message.key)
      else if (segment?.isHeld === true && !segment.has(message.id)) segment.add(message)
    }
  }

  /** Reads what came since, as far as its segment is held. */
  async #readPending(signal: AbortSignal | undefined): Promise<void> {
    while (this.#pending.length > 0) {
      const keys = this.#pending.splice(0, SLICE_MESSAGES).filter((key) => this.#segmentOf(key)?.isHeld)
      if (keys.length > 0) await this.#add(keys, (key) => this.#segmentOf(key))
      this.#assertGoesOn(signal)
    }
    for (const segment of this.#segments) if (isFull(segment)) this.#giveUp(segment)
  }

  /** Goes on with older messages while nobody waits for them, as far as they can be kept. */
  #continue(makeIndex: MakeIndex): void {
    if (this.#isContinuing) return
    this.#isContinuing = true
    const generation = this.#generation
    const next = (): Promise<boolean> =>
      this.#mutex.run(async () => {
        const i = this.#segments.findIndex(({ isHeld }) => !isHeld)
        const isDue = generation === this.#generation && this.#source.budget.hasRoom && (i >= 0 || !this.#isWhole)
        if (isDue) await this.#build(i < 0 ? this.#segments.length : i, makeIndex, undefined, () => {})
        return isDue
      })
    const all = async (): Promise<void> => {
      while (await next());
    }
    all()
      .catch((error: unknown) => {
        if (!this.#isClosed) this.#source.report(error)
      })
      .finally(() => (this.#isContinuing = false))
  }

  get #isWhole(): boolean {
    const last = this.#segments.at(-1)
    return last !== undefined && compareKeys(last.from, OLDEST) === 0
  }

  #segmentOf(key: Uint8Array): Segment | undefined {
    return this.#segments.find(({ from }) => compareKeys(from, key) <= 0)
  }

  #giveUp(segment: Segment): void {
    this.#source.budget.release(segment)
    segment.clear()
  }

  /** The words of a message go with all of its segment. */
  #drop(id: MessageId): void {
    this.#changed?.add(id)
    for (const segment of this.#segments) if (segment.holds(id)) this.#giveUp(segment)
    if (this.#filling?.holds(id) === true) this.#filling.clear()
  }

  #readAgain(id: MessageId): void {
    this.#changed?.add(id)
    for (const segment of [...this.#segments, this.#filling]) {
      const key = segment?.discard(id)
      if (key !== undefined) this.#pending.push(key)
    }
  }

  #postponeIdle(): void {
    this.#cancelIdle?.()
    this.#cancelIdle = this.#source.clock.setTimeout(() => this.clear(), INDEX_IDLE_MS)
  }

  /** @throws {Aborted, Closed} */
  #assertGoesOn(signal: AbortSignal | undefined): void {
    if (this.#isClosed) throw new ParleyError('Closed', 'this profile has been closed')
    if (signal?.aborted) throw new ParleyError('Aborted', 'the search was stopped', { cause: signal.reason })
  }
}

/** Whether so much has come to a segment that what comes next belongs in another one. */
function isFull({ changes, chars }: Segment): boolean {
  return changes >= SEGMENT_MESSAGES || chars >= SEGMENT_CHARS
}
