/**
 * A live window of the timeline that grows both ways. It is held by its outermost keys, not by numbers: while messages come and go, what is
 * shown stays, and rows that did not change stay the same objects.
 */
import { compareBytes, hlcBytes, MAX_TIME_MS, ParleyError, parseMessageId, type MessageId } from '@parley/protocol'
import type { Message, Timeline, TimelineAnchor, TimelineOptions, TimelineSnapshot } from '../api.ts'
import type { Replica } from '../replica/replica.ts'
import { keyAfter, TIMELINE_KEY_BYTES } from '../replica/timeline-key.ts'
import { Mutex } from '../support/mutex.ts'
import { sameOr } from './same.ts'

/** Messages to open with, and to grow by. */
const WINDOW_MESSAGES = 50
const MAX_STEP = 500
/** Messages shown at most: beyond, those at the other end leave. Every change looks at all of them. */
export const MAX_WINDOW_MESSAGES = 1_000

/** What a window needs of its conversation. */
export interface WindowSource {
  readonly replica: Replica
  firstUnread(): MessageId | undefined
  read(keys: readonly Uint8Array[]): Promise<Message[]>
  /** Calls back whenever messages may show differently; returns what ends it. */
  onChange(listener: () => void): () => void
  /** @throws {Closed} */
  assertOpen(): void
  report(error: unknown): void
}

/** The outermost keys shown; an end that is open takes in what comes there. */
interface Edges {
  readonly first: Uint8Array | undefined
  readonly last: Uint8Array | undefined
}

export class TimelineWindow implements Timeline {
  readonly ready: Promise<void>
  readonly #source: WindowSource
  readonly #mutex = new Mutex()
  readonly #listeners = new Set<() => void>()
  readonly #limit: number
  #snapshot: TimelineSnapshot = Object.freeze({
    messages: Object.freeze([]),
    total: 0,
    offset: 0,
    hasBefore: false,
    hasAfter: false,
    anchor: undefined,
    firstUnread: undefined,
    isLoading: true,
    error: undefined,
  })
  /** Undefined at an end: as far as there is anything. */
  #edges: Edges = { first: undefined, last: undefined }
  #stop: (() => void) | undefined
  #isDue = false

  /** @throws {InvalidArgument, Closed} */
  constructor(source: WindowSource, options: TimelineOptions = {}) {
    source.assertOpen()
    this.#source = source
    this.#limit = checkCount(options.limit ?? WINDOW_MESSAGES)
    const { around = 'newest', before, after } = options
    this.ready = this.#mutex.run(() =>
      this.#attempt(() => {
        if (before !== undefined) return this.#openBefore(parseMessageId(before))
        return after === undefined ? this.#open(around) : this.#openAfter(parseMessageId(after))
      }),
    )
  }

  readonly getSnapshot = (): TimelineSnapshot => this.#snapshot

  readonly subscribe = (listener: () => void): (() => void) => {
    const own = (): void => listener()
    this.#listeners.add(own)
    if (this.#stop === undefined) {
      this.#stop = this.#source.onChange(() => this.#schedule())
      // What happened while nobody looked.
      this.#schedule()
    }
    return () => {
      this.#listeners.delete(own)
      if (this.#listeners.size > 0) return
      this.#stop?.()
      this.#stop = undefined
    }
  }

  loadBefore(count = WINDOW_MESSAGES): Promise<void> {
    return this.#grow(count, async (keys, step) => {
      // What is not here yet is fetched, as far as anybody gives it.
      await this.#source.replica.history.until(this.#timeline.total - (await this.#timeline.rank(keys.first)) + step)
      const rank = await this.#timeline.rank(keys.first)
      const [first] = await this.#timeline.slice(Math.max(0, rank - step), rank)
      const to = Math.min(this.#timeline.total, Math.max(0, rank - step) + MAX_WINDOW_MESSAGES)
      const isWhole = this.#edges.last === undefined && to === this.#timeline.total
      const last = isWhole ? undefined : await this.#keyAt(Math.min(to, (await this.#timeline.rank(keys.last)) + 1) - 1)
      this.#edges = { first: first ?? keys.first, last }
    })
  }

  loadAfter(count = WINDOW_MESSAGES): Promise<void> {
    return this.#grow(count, async (keys, step) => {
      const end = Math.min(this.#timeline.total, (await this.#timeline.rank(keyAfter(keys.last))) + step)
      const from = Math.max(await this.#timeline.rank(keys.first), end - MAX_WINDOW_MESSAGES)
      this.#edges = { first: await this.#keyAt(from), last: end === this.#timeline.total ? undefined : await this.#keyAt(end - 1) }
    })
  }

  jump(to: TimelineAnchor): Promise<void> {
    return this.#mutex.run(async () => {
      this.#source.assertOpen()
      await this.#attempt(() => this.#open(to))
      if (this.#snapshot.error !== undefined) throw this.#snapshot.error
    })
  }

  // --- where it opens

  async #open(anchor: TimelineAnchor): Promise<void> {
    const timeline = this.#timeline
    const firstUnread = this.#source.firstUnread()
    const target = anchor === 'firstUnread' ? firstUnread : anchor
    if (target === undefined || target === 'newest') {
      this.#edges = { first: await this.#keyAt(timeline.total - this.#limit), last: undefined }
      return this.#show({ anchor: undefined, firstUnread })
    }
    const key = typeof target === 'string' ? await this.#keyOf(parseMessageId(target)) : await this.#keyFrom(target)
    const rank = key === undefined ? timeline.total : await timeline.rank(key)
    // The anchor in the middle, as far as there is enough on either side.
    const to = Math.min(timeline.total, Math.max(rank + Math.ceil(this.#limit / 2), this.#limit))
    const from = Math.max(0, to - this.#limit)
    this.#edges = { first: await this.#keyAt(from), last: to === timeline.total ? undefined : await this.#keyAt(to - 1) }
    const [shown] = key === undefined ? [] : await this.#source.read([key])
    await this.#show({ anchor: shown?.id, firstUnread })
  }

  async #openBefore(id: MessageId): Promise<void> {
    const rank = await this.#timeline.rank(await this.#keyOf(id))
    const from = Math.max(0, rank - this.#limit)
    // With nothing before it, the message itself stands for an empty window.
    this.#edges = rank === 0 ? await this.#only(0) : { first: await this.#keyAt(from), last: await this.#keyAt(rank - 1) }
    await this.#show({ anchor: undefined, firstUnread: this.#source.firstUnread() })
  }

  async #openAfter(id: MessageId): Promise<void> {
    const { total } = this.#timeline
    const from = (await this.#timeline.rank(await this.#keyOf(id))) + 1
    const to = Math.min(total, from + this.#limit)
    this.#edges =
      from >= total
        ? await this.#only(total - 1)
        : { first: await this.#keyAt(from), last: to === total ? undefined : await this.#keyAt(to - 1) }
    await this.#show({ anchor: undefined, firstUnread: this.#source.firstUnread() })
  }

  async #only(rank: number): Promise<Edges> {
    const key = await this.#keyAt(rank)
    return { first: key, last: rank === this.#timeline.total - 1 ? undefined : key }
  }

  // --- what it shows

  async #grow(count: number, move: (keys: { first: Uint8Array; last: Uint8Array }, step: number) => Promise<void>): Promise<void> {
    const step = checkCount(count)
    return this.#mutex.run(async () => {
      this.#source.assertOpen()
      const first = this.#edges.first ?? (await this.#keyAt(0))
      const last = this.#edges.last ?? (await this.#keyAt(this.#timeline.total - 1))
      if (first !== undefined && last !== undefined) await move({ first, last }, step)
      await this.#show({})
    })
  }

  async #attempt(open: () => Promise<void>): Promise<void> {
    try {
      this.#set({ isLoading: true, error: undefined })
      await open()
    } catch (error) {
      this.#set({ isLoading: false, error: error instanceof Error ? error : new Error(String(error)) })
    }
  }

  /** Looks again soon, once for everything that changed meanwhile. */
  #schedule(): void {
    if (this.#isDue) return
    this.#isDue = true
    const refresh = async (): Promise<void> => {
      this.#isDue = false
      if (this.#stop !== undefined) await this.#show({})
    }
    this.#mutex.run(refresh).catch((error: unknown) => this.#source.report(error))
  }

  async #show(change: Partial<TimelineSnapshot>): Promise<void> {
    const timeline = this.#timeline
    const { first, last } = this.#edges
    const { total } = timeline
    const to = last === undefined ? total : await timeline.rank(keyAfter(last))
    // A window that is open at its new end goes along with what comes, and lets go of the oldest.
    const from = Math.max(first === undefined ? 0 : await timeline.rank(first), to - MAX_WINDOW_MESSAGES)
    const keys = await timeline.slice(from, to)
    // Messages that came before the first one, as it was shown, stay out; one that was deleted leaves its place to the next.
    this.#edges = {
      first: from === 0 && first === undefined ? undefined : (keys[0] ?? first),
      last: last === undefined ? undefined : (keys.at(-1) ?? last),
    }
    const shown = new Map(this.#snapshot.messages.map((message) => [message.id, message]))
    const messages = (await this.#source.read(keys)).map((message) => sameOr(shown.get(message.id), message))
    this.#set({
      ...change,
      messages,
      total,
      offset: from,
      hasBefore: from > 0 || !this.#source.replica.history.isComplete,
      hasAfter: to < total,
      isLoading: false,
      error: undefined,
    })
  }

  #set(change: Partial<TimelineSnapshot>): void {
    const before = this.#snapshot
    const messages = change.messages ?? before.messages
    const isSame = messages.length === before.messages.length && messages.every((message, i) => message === before.messages[i])
    const next = sameOr(before, { ...before, ...change, messages: isSame ? before.messages : Object.freeze(messages) })
    if (next === before) return
    this.#snapshot = Object.freeze(next)
    for (const listener of [...this.#listeners]) {
      try {
        listener()
      } catch (error) {
        this.#source.report(error)
      }
    }
  }

  // --- keys

  get #timeline(): Replica['timeline'] {
    return this.#source.replica.timeline
  }

  async #keyAt(rank: number): Promise<Uint8Array | undefined> {
    const at = Math.max(0, rank)
    return (await this.#timeline.slice(at, at + 1))[0]
  }

  async #keyOf(id: MessageId): Promise<Uint8Array> {
    const key = await this.#timeline.keyOf(id)
    if (key === undefined) throw new ParleyError('MessageNotFound', 'there is no such message in this conversation')
    return key
  }

  /** Of the first message from then on. */
  async #keyFrom(date: Date): Promise<Uint8Array | undefined> {
    const ms = typeof date?.getTime === 'function' ? date.getTime() : Number.NaN
    if (!Number.isFinite(ms)) throw new ParleyError('InvalidArgument', 'this is no date')
    const bound = new Uint8Array(TIMELINE_KEY_BYTES)
    bound.set(hlcBytes({ ms: Math.min(Math.max(0, ms), MAX_TIME_MS), ctr: 0 }))
    const rank = await this.#timeline.rank(bound)
    const [key] = await this.#timeline.slice(rank, rank + 1)
    return key !== undefined && compareBytes(key, bound) >= 0 ? key : undefined
  }
}

function checkCount(count: number): number {
  if (!Number.isInteger(count) || count < 1 || count > MAX_STEP)
    throw new ParleyError('InvalidArgument', `a timeline shows or grows by 1 to ${MAX_STEP} messages`)
  return count
}
