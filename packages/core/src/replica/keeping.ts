/**
 * Letting go of the past: with `replicate: { keep }` the older chunks of what others said are deleted here, and the logs begin late, as those of a newcomer do.
 * So pages of before are fetched again when somebody looks for them, and the totals stay what they are.
 */
import { CHUNK_ENTRIES } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { ControlLog } from './control-log.ts'
import type { Folding } from './folding.ts'
import type { LogId } from './forks.ts'
import type { HollowEntries } from './hollow.ts'
import type { ConversationLog } from './log.ts'

const DAY_MS = 86_400_000
/** Beyond what is to be kept before anything goes: what is left is folded anew each time. */
const SLACK = 1.25

interface Chunk {
  readonly log: LogId
  readonly from: number
  readonly ms: number
  readonly bytes: number
}

export class Keeping {
  readonly #context: Context
  readonly #log: ConversationLog
  readonly #controls: ControlLog
  readonly #folding: Folding
  readonly #hollow: HollowEntries

  constructor(options: { context: Context; log: ConversationLog; controls: ControlLog; folding: Folding; hollow: HollowEntries }) {
    this.#context = options.context
    this.#log = options.log
    this.#controls = options.controls
    this.#folding = options.folding
    this.#hollow = options.hollow
  }

  /** What was said since then is to be here, in milliseconds since 1970; infinite: nothing that is not. */
  async since(slack = 1): Promise<number> {
    const { replicate = 'all', clock } = this.#context
    if (typeof replicate === 'string') return Number.POSITIVE_INFINITY
    if ('days' in replicate.keep) return clock.now() - replicate.keep.days * DAY_MS * slack
    const chunks = (await this.#chunks()).sort((a, b) => b.ms - a.ms)
    let left = replicate.keep.bytes * slack
    for (const chunk of chunks) if ((left -= chunk.bytes) < 0) return chunk.ms
    return 0
  }

  /**
   * Lets go of what is older than is to be kept, of all that may. Call it while nothing is taken in or written. Returns whether anything went.
   * @throws {StorageFull, StorageUnavailable}
   */
  async letGo(): Promise<boolean> {
    if (typeof (this.#context.replicate ?? 'all') === 'string') return false
    const isDue = (await this.#oldest()).some(({ ms, limit }) => ms <= limit)
    if (!isDue) return false
    const since = await this.since()
    const gone: LogId[] = []
    for (const { log, from } of this.#mayGo()) {
      const seq = await this.#firstSince(log, from, since)
      if (seq <= from) continue
      await this.#log.starts.beginAt(log, seq)
      gone.push(log)
    }
    if (gone.length === 0) return false
    // Whoever reads meanwhile finds every message that is still in the folds.
    await this.#folding.rebuild()
    for (const log of gone) await this.#log.starts.eraseBefore(log)
    await this.#hollow.load()
    return true
  }

  /** Whether there is enough to let go of: for each log the clock of what would be its second chunk, and the limit for it. */
  async #oldest(): Promise<{ ms: number; limit: number }[]> {
    const limit = await this.since(SLACK)
    return Promise.all(
      this.#mayGo().map(async ({ log, from }) => ({
        ms: (await this.#log.clockAt(log, from + CHUNK_ENTRIES - (from % CHUNK_ENTRIES))).ms,
        limit,
      })),
    )
  }

  /** Logs of others that have one history and more than one chunk. What this device said itself stays. */
  #mayGo(): { log: LogId; from: number }[] {
    return this.#log
      .heads()
      .filter(
        ({ log, device }) => device !== this.#context.me.deviceId && !this.#log.hasBranch(log) && !this.#controls.forks.isForked(device),
      )
      .map(({ log, state }) => ({ log, from: this.#log.startOf(log), nextSeq: state.nextSeq }))
      .filter(({ from, nextSeq }) => nextSeq - from > 2 * CHUNK_ENTRIES)
  }

  /** The chunk to begin with: the last that nothing younger comes before, and one chunk stays in any case. */
  async #firstSince(log: LogId, from: number, since: number): Promise<number> {
    let low = Math.ceil(from / CHUNK_ENTRIES)
    let high = Math.floor((this.#log.nextSeq(log) - 1) / CHUNK_ENTRIES) - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((await this.#log.clockAt(log, middle * CHUNK_ENTRIES)).ms <= since) low = middle
      else high = middle - 1
    }
    return low * CHUNK_ENTRIES
  }

  /** All chunks that are here, with about what they weigh: as much as the newest of their log. */
  async #chunks(): Promise<Chunk[]> {
    const chunks: Chunk[] = []
    for (const { log, state } of this.#log.heads()) {
      const from = this.#log.startOf(log)
      const newest = await this.#log.read(log, Math.max(from, state.nextSeq - CHUNK_ENTRIES), state.nextSeq)
      const each = newest.reduce((sum, { length }) => sum + length, 0) / Math.max(1, newest.length)
      for (let at = from; at < state.nextSeq; at += CHUNK_ENTRIES - (at % CHUNK_ENTRIES)) {
        const entries = Math.min(state.nextSeq, at + CHUNK_ENTRIES - (at % CHUNK_ENTRIES)) - at
        chunks.push({ log, from: at, ms: (await this.#log.clockAt(log, at)).ms, bytes: entries * each })
      }
    }
    return chunks
  }
}
