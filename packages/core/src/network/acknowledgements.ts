/**
 * Telling a peer what of its entries is stored here, a burst at a time. Also when somebody else, or another link to the same device, was faster:
 * until it hears so it takes them to be missing, and holds back what follows them.
 */
import { deviceIdBytes, MAX_HEADS, type GotHead } from '@parley/protocol'
import type { LogId } from '../replica/forks.ts'
import type { ConversationLog } from '../replica/log.ts'
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
  add(logs: Iterable<LogId>): void {
    for (const log of logs) this.#logs.add(log)
    if (this.#logs.size === 0) return
    this.#cancel ??= this.#line.shared.context.clock.setTimeout(() => this.#send(), ACKNOWLEDGE_AFTER_MS)
  }

  stop(): void {
    this.#cancel?.()
  }

  #send(): void {
    this.#cancel = undefined
    const { log } = this.#line.shared.replica
    const heads = [...this.#logs].map((device) => gotHead(log, device))
    this.#logs.clear()
    for (let i = 0; i < heads.length; i += MAX_HEADS)
      this.#line.send('live', { type: 'got', handle: this.#line.handle, heads: heads.slice(i, i + MAX_HEADS) })
  }
}

/** What is here of a log. */
export function gotHead(log: ConversationLog, device: LogId): GotHead {
  const start = log.starts.of(device)
  return { device: deviceIdBytes(device), nextSeq: log.nextSeq(device), ...(start === undefined ? {} : { from: start.nextSeq }) }
}
