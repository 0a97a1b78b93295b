/** Entries of peers, verified before anything of them is kept. */
import { verifyRun, type CryptoProvider, type VerifiedEntry } from '@parley/crypto'
import {
  decodeEntry,
  deviceIdBytes,
  equalBytes,
  extendChain,
  MAX_FUTURE_SKEW_MS,
  mustSign,
  Reject,
  type ChainState,
  type EntryList,
} from '@parley/protocol'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import type { Ingested, LogEntry } from './log-entry.ts'
import type { LogHeads } from './log-heads.ts'
import { entryRows } from './log-rows.ts'

export class LogVerifier {
  readonly #conversation: Uint8Array
  readonly #crypto: CryptoProvider
  readonly #keys: Keyspace
  readonly #heads: LogHeads
  readonly #stopped: AbortSignal

  /** Once `stopped` says so, nothing is verified any more. */
  constructor(options: { conversation: Uint8Array; crypto: CryptoProvider; keys: Keyspace; heads: LogHeads; stopped: AbortSignal }) {
    this.#conversation = options.conversation
    this.#crypto = options.crypto
    this.#keys = options.keys
    this.#heads = options.heads
    this.#stopped = options.stopped
  }

  /**
   * Verifies entries of a peer from where this log ends. `entries[0]` has sequence number `seq`; what is known already is skipped.
   * Nothing is written yet: the caller writes `operations` and then calls `commit` of the log.
   * `vouched` are heads (entries up to `seq`) that something else proves, ascending: what leads to one needs no signature.
   * @throws {ParleyError} Aborted once the log was stopped.
   * @throws {Reject} OutOfOrder when a gap lies before them, or what `verifyRun` finds.
   */
  async verify(
    log: LogId,
    signKey: Uint8Array,
    seq: number,
    entries: EntryList,
    now: number,
    vouched: readonly { seq: number; prevId: Uint8Array }[] = [],
  ): Promise<Ingested> {
    const id = this.#heads.deviceOf(log)
    const device = deviceIdBytes(id)
    const state = this.#heads.state(log)
    if (seq > state.nextSeq) throw new Reject('OutOfOrder', 'a gap lies before these entries')
    const fresh = entries.slice(state.nextSeq - seq)
    const run = await verifyRun(this.#crypto, { conversation: this.#conversation, device, signKey }, state, fresh, {
      signatures: 'required',
      signal: this.#stopped,
    })
    let { rest } = run
    for (const { seq: end, prevId } of vouched) {
      const length = end - run.state.nextSeq
      if (length <= 0 || length > rest) continue
      const tail = this.#vouchedFor(device, run.state, fresh.slice(fresh.length - rest, fresh.length - rest + length), prevId)
      if (tail === undefined) continue
      run.entries.push(...tail.entries)
      run.state = tail.state
      rest -= length
    }
    const accepted: LogEntry[] = []
    let prevId = state.prevId
    for (const entry of run.entries) {
      accepted.push({ log, device: id, seq: entry.seq, id: entry.id, prevId, hlc: entry.hlc, parts: entry.parts, bytes: entry.bytes })
      prevId = entry.id
    }
    const early = accepted.findIndex((e) => e.hlc.ms > now + MAX_FUTURE_SKEW_MS)
    if (early >= 0) {
      // What lies before it counts as far as a signature of its own covers it: it may have to be passed on alone.
      const before = await this.verify(log, signKey, seq, entries.slice(0, state.nextSeq - seq + early), now, vouched)
      const untilMs = accepted[early]!.hlc.ms - MAX_FUTURE_SKEW_MS
      return { ...before, held: { entries: fresh.length - before.entries.length, untilMs }, unsigned: 0 }
    }
    return {
      entries: accepted,
      operations: accepted.length === 0 ? [] : entryRows(this.#keys, this.#heads, deviceIdBytes(log), accepted, run.state),
      head: run.state,
      held: undefined,
      unsigned: rest,
    }
  }

  /** The entries as verified when they lead to the id; undefined otherwise. */
  #vouchedFor(
    device: Uint8Array,
    state: ChainState,
    fresh: EntryList,
    prevId: Uint8Array,
  ): { entries: VerifiedEntry[]; state: ChainState } | undefined {
    const entries: VerifiedEntry[] = []
    let at = state
    for (const bytes of fresh) {
      const parts = decodeEntry(bytes)
      if (mustSign(at.nextSeq, parts.header.kind)) return undefined
      at = extendChain(this.#hash, this.#conversation, device, at, parts)
      entries.push({ bytes, parts, seq: at.nextSeq - 1, id: at.prevId, hlc: at.hlc })
    }
    return equalBytes(at.prevId, prevId) ? { entries, state: at } : undefined
  }

  readonly #hash = (bytes: Uint8Array): Uint8Array => this.#crypto.sha256(bytes)
}
