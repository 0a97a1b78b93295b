/** Telling a peer what of its entries is stored here, a burst at a time. */
import { deviceIdBytes, MAX_HEADS } from '@parley/protocol'
import type { LogId } from '../replica/forks.ts'
import type { LogEntry } from '../replica/log-entry.ts'
import type { SessionLine } from './session-line.ts'

/** Acknowledgements gather for so long, so that a burst costs one. */
const ACKNOWLEDGE_AFTER_MS = 20

export class Acknowledgements {
  readonly #line: SessionLine
  readonly #logs = new Set<LogId>()
  #cancel: (() => void) | undefined

  constructor(line: SessionLine) {
    this.#line = line
  }

  /** Entries of these logs are stored. */
  add(entries: readonly LogEntry[]): void {
    for (const { log } of entries) this.#logs.add(log)
    this.#cancel ??= this.#line.shared.context.clock.setTimeout(() => this.#send(), ACKNOWLEDGE_AFTER_MS)
  }

  stop(): void {
    this.#cancel?.()
  }

  #send(): void {
    this.#cancel = undefined
    const { log } = this.#line.shared.replica
    const heads = [...this.#logs].slice(0, MAX_HEADS).map((device) => ({ device: deviceIdBytes(device), nextSeq: log.nextSeq(device) }))
    this.#logs.clear()
    this.#line.send('live', { type: 'got', handle: this.#line.handle, heads })
  }
}
