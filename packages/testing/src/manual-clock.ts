import type { Clock } from '@parley/core'

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Timers that have not fired yet. */
  readonly pending: number
  /**
   * Moves time on by `ms`, firing timers in order of their due time; promises and I/O that a timer started get their turn before the
   * next one fires.
   */
  advance(ms: number): Promise<void>
  /** Moves on from timer to timer until `condition` holds. @throws {Error} when it does not within `maxMs` of this clock, 60,000 by default. */
  advanceUntil(condition: () => boolean, maxMs?: number): Promise<void>
}

export interface ManualClockOptions {
  /** Where time starts, in milliseconds since 1970. Default 1,700,000,000,000. */
  start?: number
  /** Lets what runs beside the clock come to rest; called before and after every timer. Default: two turns of the event loop. */
  settle?(): Promise<void>
}

interface Timer {
  due: number
  callback: () => void
}

const DEFAULT_START_MS = 1_700_000_000_000

/** A fake clock. Timers of the same due time fire in the order in which they were set. */
export function createManualClock(options: ManualClockOptions = {}): ManualClock {
  const settle = options.settle ?? twoTurns
  const timers = new Set<Timer>()
  let now = options.start ?? DEFAULT_START_MS

  const next = (): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers) if (first === undefined || timer.due < first.due) first = timer
    return first
  }

  /** Fires the next timer due at `end` or before; says whether there was one. */
  const step = async (end: number): Promise<boolean> => {
    const timer = next()
    if (timer === undefined || timer.due > end) return false
    timers.delete(timer)
    now = Math.max(now, timer.due)
    timer.callback()
    await settle()
    return true
  }

  return {
    get pending() {
      return timers.size
    },
    now: () => now,
    setTimeout(callback, ms) {
      const timer = { due: now + Math.max(0, ms), callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    async advance(ms) {
      const end = now + ms
      await settle()
      while (await step(end));
      now = end
    },
    async advanceUntil(condition, maxMs = 60_000) {
      const end = now + maxMs
      await settle()
      while (!condition()) if (!(await step(end))) throw new Error(`not within ${maxMs} ms of the manual clock`)
    },
  }
}

/** Two turns: one for what a timer started, one for what that started. */
async function twoTurns(): Promise<void> {
  await turn()
  await turn()
}

function turn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown }
  if (setImmediate !== undefined) return new Promise((resolve) => void setImmediate(resolve))
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(0)
  })
}
