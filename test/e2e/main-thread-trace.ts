/** What the main thread of a page was busy with, task by task, as the browser itself records it. */
import type { Browser, Page } from '@playwright/test'

/** Tasks, and the marks of pages. */
const CATEGORIES = ['disabled-by-default-devtools.timeline', 'blink.user_timing']
/** As the browser names a task of any thread. */
const TASK = 'RunTask'
const MARK = 'main thread'
const MICROSECONDS = 1_000

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** Microseconds by the clock on the wall, and of the processor. */
  readonly dur?: number
  readonly tdur?: number
}

/** Milliseconds of the tasks of a page, the longest first. */
export interface MainThreadTasks {
  /** From the beginning of each to its end, whatever else the machine did. */
  readonly wall: readonly number[]
  /** That the processor worked on it. */
  readonly processor: readonly number[]
}

/** Records the main thread of `page` while `run` is under way. One at a time in a browser. */
export async function mainThreadTasks(browser: Browser, page: Page, run: () => Promise<void>): Promise<MainThreadTasks> {
  await browser.startTracing(page, { categories: CATEGORIES })
  await page.evaluate((mark) => void performance.mark(mark), MARK)
  await run()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: readonly TraceEvent[] }
  const mark = traceEvents.find(({ name }) => name === MARK)
  if (mark === undefined) throw new Error('The page is not in the trace.')
  const tasks = traceEvents.filter(({ name, pid, tid }) => name === TASK && pid === mark.pid && tid === mark.tid)
  const longestFirst = (of: (task: TraceEvent) => number | undefined): number[] =>
    tasks.map((task) => (of(task) ?? Number.NaN) / MICROSECONDS).sort((a, b) => b - a)
  return { wall: longestFirst(({ dur }) => dur), processor: longestFirst(({ tdur }) => tdur) }
}
