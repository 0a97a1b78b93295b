/** The logs of a conversation against themselves: chains, signatures and counters, and the rows that say where they begin and end. */
import { verifyRun, type VerifiedEntry } from '@parley/crypto'
import {
  CHUNK_ENTRIES,
  decodeEntry,
  deviceIdBytes,
  encodeChainState,
  EntryKind,
  equalBytes,
  extendChain,
  readU32be,
  Reject,
  type ChainState,
} from '@parley/protocol'
import type { Context } from '../context.ts'
import type { ControlLog } from '../replica/control-log.ts'
import type { Keyspace } from '../replica/keyspace.ts'
import type { DeviceHead, LogEntry } from '../replica/log-entry.ts'
import type { ConversationLog } from '../replica/log.ts'
import { epochAfter, sameEpoch } from '../replica/log-rows.ts'
import type { StoreOperation } from '../store.ts'
import { pagesOf, throwIfAborted, type Findings, type Turns } from './damage.ts'

/** Where the logs are. */
export interface LogPlace {
  readonly conversation: Uint8Array
  readonly context: Context
  readonly keys: Keyspace
  readonly log: ConversationLog
  readonly controls: ControlLog
}

interface EpochChange {
  readonly seq: number
  readonly epoch: Uint8Array | undefined
}

/** One log, walked from its first entry here to its last. */
export class LogCheck {
  readonly #place: LogPlace
  /** As it was when the last chunk was looked at: it may move on meanwhile. */
  #head: DeviceHead
  readonly #findings: Findings
  readonly #onEntry: (entry: LogEntry) => void
  readonly #hash = (bytes: Uint8Array): Uint8Array => this.#place.context.crypto.sha256(bytes)
  /** Epochs as the entries say. */
  readonly #epochs: EpochChange[] = []
  readonly #isOwn: boolean

  /** `onEntry` hears of every entry that holds. */
  constructor(place: LogPlace, head: DeviceHead, findings: Findings, onEntry: (entry: LogEntry) => void) {
    this.#place = place
    this.#head = head
    this.#findings = findings
    this.#onEntry = onEntry
    this.#isOwn = head.device === place.context.me.deviceId
  }

  /** Returns how many entries hold. What is wrong with the rest is noted. */
  async run(turns: Turns, signal: AbortSignal | undefined): Promise<number> {
    const first = this.#place.log.startState(this.#head.log)
    let state = first
    const lookOn = async (): Promise<'more' | 'end'> => {
      throwIfAborted(signal)
      this.#head = this.#place.log.heads().find(({ log }) => log === this.#head.log) ?? this.#head
      const before = state
      state = await this.#chunk(before, signal)
      if (state.nextSeq > before.nextSeq && state.nextSeq % CHUNK_ENTRIES === 0) return 'more'
      await this.#end(first, state)
      return 'end'
    }
    while ((await turns(lookOn)) === 'more');
    return state.nextSeq - first.nextSeq
  }

  /** What holds ends with `state`: whether that is all, and noted. */
  async #end(first: ChainState, state: ChainState): Promise<void> {
    await this.#compareHead(state)
    if (state.nextSeq >= this.#head.state.nextSeq) await this.#compareEpochs(first)
    await this.#findLeftOvers(first.nextSeq, Math.max(state.nextSeq, this.#head.state.nextSeq))
  }

  /** The chain after those entries of the chunk that begins, or goes on, at `state` which hold. */
  async #chunk(state: ChainState, signal: AbortSignal | undefined): Promise<ChainState> {
    const { context, conversation, keys, controls } = this.#place
    const signKey = controls.certOf(this.#head.device)?.signKey
    if (signKey === undefined) return state
    const from = state.nextSeq
    const rows = await context.store.range(keys.entries(this.#head.logBytes, from, from - (from % CHUNK_ENTRIES) + CHUNK_ENTRIES))
    const gap = rows.findIndex(({ key }, i) => readU32be(key.subarray(key.length - 4)) !== from + i)
    const bytes = rows.slice(0, gap < 0 ? rows.length : gap).map(({ value }) => value)
    if (bytes.length === 0) return state
    if (from % CHUNK_ENTRIES === 0) await this.#compareAnchor(state)
    const author = { conversation, device: deviceIdBytes(this.#head.device), signKey }
    try {
      const run = await verifyRun(context.crypto, author, state, bytes, { signatures: 'required', signal })
      const tail = run.rest > 0 ? this.#unsigned(run.state, bytes.slice(bytes.length - run.rest)) : undefined
      this.#take(state, [...run.entries, ...(tail?.entries ?? [])])
      return tail?.state ?? run.state
    } catch (error) {
      if (!(error instanceof Reject)) throw error
      return state
    }
  }

  /** Entries at the end that no signature covers: something else vouched for them when they came, and they have to lead to the head that was noted then. */
  #unsigned(state: ChainState, bytes: readonly Uint8Array[]): { entries: VerifiedEntry[]; state: ChainState } | undefined {
    const { conversation } = this.#place
    const device = deviceIdBytes(this.#head.device)
    const entries: VerifiedEntry[] = []
    let at = state
    for (const one of bytes) {
      const parts = decodeEntry(one)
      at = extendChain(this.#hash, conversation, device, at, parts)
      entries.push({ bytes: one, parts, seq: at.nextSeq - 1, id: at.prevId, hlc: at.hlc })
    }
    return at.nextSeq === this.#head.state.nextSeq && equalBytes(at.prevId, this.#head.state.prevId) ? { entries, state: at } : undefined
  }

  #take(before: ChainState, entries: readonly VerifiedEntry[]): void {
    const { log, device } = this.#head
    let { prevId } = before
    for (const { bytes, parts, seq, id, hlc } of entries) {
      const entry: LogEntry = { log, device, seq, id, prevId, hlc, parts, bytes }
      const last = this.#epochs.at(-1)
      const epoch = epochAfter(last === undefined ? this.#place.log.startState(log).epoch : last.epoch, entry)
      if (last === undefined || !sameEpoch(last.epoch, epoch)) this.#epochs.push({ seq, epoch: epoch?.slice() })
      this.#onEntry(entry)
      prevId = id
    }
  }

  async #compareHead(state: ChainState): Promise<void> {
    const { context, keys } = this.#place
    const { device, logBytes, state: head } = this.#head
    const row = encodeChainState(state)
    if (state.nextSeq < head.nextSeq) {
      const what = `of the log of ${device}, ${head.nextSeq - state.nextSeq} entries from number ${state.nextSeq} on do not hold`
      // What this device said itself is not taken back: it would say something else in the same place.
      return this.#findings.note('LogBroken', what, this.#isOwn ? undefined : () => this.#cutBack(state))
    }
    const stored = await context.store.get(keys.head(logBytes))
    if (stored !== undefined && equalBytes(stored, row)) return
    this.#findings.note('CounterWrong', `the head of the log of ${device} is not what its entries say`, () =>
      context.store.write([{ type: 'put', key: keys.head(logBytes), value: row }]),
    )
  }

  /** Forgets what comes after `state`: whoever has it gives it again. */
  async #cutBack(state: ChainState): Promise<void> {
    const { context, keys } = this.#place
    const { logBytes } = this.#head
    const chunk = Math.ceil(state.nextSeq / CHUNK_ENTRIES)
    const end = Math.ceil(this.#head.state.nextSeq / CHUNK_ENTRIES)
    const ranges = [
      keys.entries(logBytes, state.nextSeq, 0xffff_ffff),
      keys.epochsOfLog(logBytes, state.nextSeq),
      keys.hollowsOf(logBytes, state.nextSeq),
    ]
    const gone = (await Promise.all(ranges.map((range) => context.store.range(range)))).flat().map(({ key }) => key)
    for (let at = chunk; at < end; at++) gone.push(keys.anchor(logBytes, at))
    const isEmpty = state.nextSeq === this.#place.log.startOf(this.#head.log)
    const head: StoreOperation = isEmpty
      ? { type: 'delete', key: keys.head(logBytes) }
      : { type: 'put', key: keys.head(logBytes), value: encodeChainState(state) }
    if (isEmpty) gone.push(keys.start(logBytes))
    await context.store.write([...gone.map((key): StoreOperation => ({ type: 'delete', key })), head], { durability: 'strict' })
  }

  /** The id before a chunk is noted, so that ids inside it can be computed. Branches note none for the chunk they begin in. */
  async #compareAnchor({ nextSeq, prevId }: ChainState): Promise<void> {
    const { context, keys } = this.#place
    const key = keys.anchor(this.#head.logBytes, nextSeq / CHUNK_ENTRIES)
    const stored = await context.store.get(key)
    if (stored !== undefined && equalBytes(stored, prevId)) return
    this.#findings.note('CounterWrong', `what comes before entry ${nextSeq} of ${this.#head.device} is not noted right`, () =>
      context.store.write([{ type: 'put', key, value: prevId }]),
    )
  }

  async #compareEpochs(first: ChainState): Promise<void> {
    const { context, keys } = this.#place
    const range = keys.epochsOfLog(this.#head.logBytes, 0)
    const rows = await context.store.range(range)
    const noted = rows.map(({ key, value }): EpochChange => ({
      seq: readU32be(key.subarray(key.length - 4)),
      epoch: value.length === 0 ? undefined : value,
    }))
    const at = (changes: readonly EpochChange[], seq: number): Uint8Array | undefined =>
      (changes.findLast((change) => change.seq <= seq) ?? first).epoch
    const places = [...this.#epochs, ...noted].map(({ seq }) => seq).filter((seq) => seq < this.#head.state.nextSeq)
    if (places.every((seq) => sameEpoch(at(this.#epochs, seq), at(noted, seq)))) return
    const right = this.#epochs.map(({ seq, epoch }): StoreOperation => ({
      type: 'put',
      key: keys.epochOf(this.#head.logBytes, seq),
      value: epoch ?? new Uint8Array(0),
    }))
    this.#findings.note('CounterWrong', `which keys seal what of the log of ${this.#head.device} is not noted right`, () =>
      context.store.write([...rows.map(({ key }): StoreOperation => ({ type: 'delete', key })), ...right]),
    )
  }

  /** Rows of entries before the first or behind the last one. */
  async #findLeftOvers(from: number, to: number): Promise<void> {
    const { context, keys } = this.#place
    const { logBytes, device } = this.#head
    for (const range of [keys.entries(logBytes, 0, from), keys.entries(logBytes, to, 0xffff_ffff)])
      for await (const rows of pagesOf(context.store, range)) {
        const operations = rows.map(({ key }): StoreOperation => ({ type: 'delete', key }))
        // Of its own words this device throws nothing away.
        const repair = this.#isOwn ? undefined : () => context.store.write(operations)
        this.#findings.note('LeftOver', `${rows.length} entries of ${device} lie outside of its log`, repair)
      }
  }
}

/** Whether its place is all that is left of a message: its body was purged, or never came. */
export function isBarePost({ parts }: LogEntry): boolean {
  return parts.body === undefined && parts.header.kind === EntryKind.post
}
