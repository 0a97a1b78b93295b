/** What this device says: drafts wait for their turn, and become entries together. */
import { EntryKind, MAX_ENTRY_BYTES, MAX_PAYLOAD_BYTES, ParleyError } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { StoreOperation } from '../store.ts'
import type { Emitter } from '../support/emitter.ts'
import type { Mutex } from '../support/mutex.ts'
import type { ControlLog } from './control-log.ts'
import type { ReplicaEvents } from './events.ts'
import type { Folding } from './folding.ts'
import { carrierOf, isControl, type Draft, type LogEntry } from './log-entry.ts'
import type { ConversationLog } from './log.ts'

/** Own drafts put into one batch and under one signature. */
const MAX_COMMIT = 256

/** Bytes of drafts in one batch: a run up to its signature fits into a few updates. */
const MAX_COMMIT_BYTES = 262_144

/** A draft and who waits for it. */
interface Pending {
  readonly draft: () => Draft
  readonly resolve: (entry: LogEntry) => void
  readonly reject: (error: unknown) => void
}

export class OwnWrites {
  readonly #context: Context
  readonly #mutex: Mutex
  readonly #log: ConversationLog
  readonly #controls: ControlLog
  readonly #folding: Folding
  readonly #events: Emitter<ReplicaEvents>
  readonly #isFrozen: () => boolean
  readonly #onControls: () => Promise<void>
  readonly #onTurn: () => Promise<void>
  readonly #drafts: Pending[] = []
  #draining = false

  /** `isFrozen`: nothing may be written any more. `onControls` draws the conclusions from control entries that were written; `onTurn` does what must come before anything is said. */
  constructor(options: {
    context: Context
    mutex: Mutex
    log: ConversationLog
    controls: ControlLog
    folding: Folding
    events: Emitter<ReplicaEvents>
    isFrozen: () => boolean
    onControls: () => Promise<void>
    onTurn: () => Promise<void>
  }) {
    this.#context = options.context
    this.#mutex = options.mutex
    this.#log = options.log
    this.#controls = options.controls
    this.#folding = options.folding
    this.#events = options.events
    this.#isFrozen = options.isFrozen
    this.#onControls = options.onControls
    this.#onTurn = options.onTurn
  }

  /** Resolves with the entry once it is durable and folded. Drafts that come together share a batch and a signature. */
  commit(draft: () => Draft): Promise<LogEntry> {
    return new Promise((resolve, reject) => {
      this.#drafts.push({ draft, resolve, reject })
      if (this.#draining) return
      this.#draining = true
      void this.#mutex.run(() => this.#drain())
    })
  }

  /** Does what must come before anything is said: opens an epoch when one is due. The caller holds the mutex. */
  prepare(): Promise<void> {
    return this.#onTurn()
  }

  /** Writes entries at once, with `extra` in the same batch. The caller holds the mutex. */
  async append(drafts: readonly Draft[], extra: readonly StoreOperation[]): Promise<LogEntry[]> {
    const { me, clock, random } = this.#context
    // Sealing the members' words to nobody would be to say them to everybody.
    if (drafts.some(({ kind, epoch }) => kind !== EntryKind.control && epoch === undefined)) throw noKey()
    const said = drafts.filter(({ kind }) => kind === EntryKind.control).map(({ payload }) => payload.length + MAX_CONTROL_OVERHEAD_BYTES)
    if (said.length > 0) await this.#controls.whole()
    if (said.length > 0 && !this.#controls.hasRoom(me.deviceId, said))
      throw new ParleyError('NotAllowed', 'this device has changed the conversation as often as one may; use another one of yours')
    const author = { device: me.deviceId, key: me.keys.signing }
    // Later than every control entry here: what this device says follows, by its clock, what lets it say so.
    const now = Math.max(clock.now(), this.#controls.latestMs + 1)
    const entries = await this.#log.append(
      author,
      drafts,
      now,
      (n) => random.bytes(n),
      (made) => [
        ...extra,
        ...made.flatMap((entry, i) => drafts[i]?.alongside?.(entry) ?? []),
        ...this.#controlRows(made.filter(isControl)),
      ],
    )
    const made = entries.filter(isControl)
    // It lasts now, so the others hear it while it is folded here. Not what changes who is to hear: that is folded first.
    if (made.length === 0) this.#events.emit('entries', entries, undefined)
    const controls = made.length === 0 ? [] : await this.#controls.acceptOwn(made.map(carrierOf))
    const changes = await this.#folding.apply(entries)
    await this.#folding.checkpointIfDue()
    if (controls.length > 0) await this.#onControls()
    if (controls.length > 0) this.#events.emit('control', controls)
    if (changes.length > 0) this.#events.emit('timeline', changes)
    if (made.length > 0) this.#events.emit('entries', entries, undefined)
    return entries
  }

  #controlRows(entries: readonly LogEntry[]): readonly StoreOperation[] {
    if (entries.length === 0) return []
    const { deviceBytes } = this.#context.me
    return this.#controls.rows(
      entries.map((e) => ({ ...carrierOf(e), deviceBytes, number: e.parts.header.controls, id: e.id, bytes: e.bytes })),
    )
  }

  async #drain(): Promise<void> {
    for (;;) {
      if (this.#drafts.length > 0) await this.#onTurn().catch((error: unknown) => this.#context.report(error, 'new epoch'))
      const ready: Pending[] = []
      const drafts: Draft[] = []
      let bytes = 0
      while (ready.length < MAX_COMMIT && bytes < MAX_COMMIT_BYTES) {
        const item = this.#drafts.shift()
        if (item === undefined) break
        try {
          if (this.#isFrozen()) throw profileForked()
          const draft = item.draft()
          bytes += draft.payload.length
          drafts.push(draft)
          ready.push(item)
        } catch (error) {
          item.reject(error)
        }
      }
      if (drafts.length === 0) break
      try {
        const entries = await this.append(drafts, [])
        for (const [i, item] of ready.entries()) item.resolve(entries[i]!)
      } catch (error) {
        for (const item of ready) item.reject(error)
      }
    }
    this.#draining = false
  }
}

/** What an entry is longer than its payload, at most: header, seal and signature. */
const MAX_CONTROL_OVERHEAD_BYTES = MAX_ENTRY_BYTES - MAX_PAYLOAD_BYTES

/** What callers hear who would go on writing with a profile of which there are two. */
export function profileForked(): ParleyError {
  return new ParleyError(
    'ProfileForked',
    'this profile was copied or restored, and both copies wrote messages; it can only read now. Create a new profile and ask for a new invite',
  )
}

/** What callers hear who would write while no key for it is here. */
export function noKey(): ParleyError {
  return new ParleyError('NotAllowed', 'the key that the members write under has not come yet; try again once a member is online')
}
