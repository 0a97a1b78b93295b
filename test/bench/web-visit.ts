/** A first visit to the demo as a slow phone makes it: what it fetches, and how soon something is on the screen. */
import type { Browser, CDPSession } from 'playwright'
import type { Row } from './report.ts'

/** How much slower than this machine. */
const CPU_SLOWDOWN = 4
const KIBIBYTE = 1_024
const PHONE = { width: 390, height: 844 } as const
/** As the protocol of the browser calls them; everything else is counted as other. */
const KINDS = ['Document', 'Script', 'Stylesheet', 'Image', 'Font', 'Fetch'] as const

/** Sizes as they travel, compressed, with the headers of the answers. */
export async function measureVisit(browser: Browser, url: string): Promise<Row[]> {
  const context = await browser.newContext({ viewport: PHONE })
  await context.addInitScript(noteTasks)
  const page = await context.newPage()
  const session = await context.newCDPSession(page)
  const fetched = await follow(session)
  await session.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN })
  await page.goto(url)
  await page.getByLabel('Your name').waitFor()
  const usable = await page.evaluate(() => performance.now())
  await page.waitForLoadState('networkidle')
  const { paint, tasks } = await page.evaluate(() => ({
    paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
    tasks: (globalThis as unknown as { longTasks: number[] }).longTasks,
  }))
  await context.close()
  const bytes = (kind: string): number => fetched().reduce((sum, one) => (one.kind === kind ? sum + one.bytes : sum), 0)
  return [
    row('first visit: requests', '', fetched().length),
    ...[...KINDS, 'other']
      .map((kind) => row(`first visit: ${kind.toLowerCase()}`, 'KiB', bytes(kind) / KIBIBYTE))
      .filter(({ values }) => values[0]! > 0),
    row(`first contentful paint, CPU ${CPU_SLOWDOWN} times slower`, 'ms', paint),
    row('the name can be typed', 'ms', usable),
    row('tasks longer than 50 ms', '', tasks.length),
    row('the longest of them', 'ms', Math.max(0, ...tasks)),
  ]
}

/** Runs in the page before anything else does. */
function noteTasks(): void {
  const longTasks: number[] = []
  Object.assign(globalThis, { longTasks })
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })
}

async function follow(session: CDPSession): Promise<() => { kind: string; bytes: number }[]> {
  const kinds = new Map<string, string>()
  const fetched: { kind: string; bytes: number }[] = []
  session.on('Network.responseReceived', ({ requestId, type }) => kinds.set(requestId, KINDS.find((kind) => kind === type) ?? 'other'))
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
    fetched.push({ kind: kinds.get(requestId) ?? 'other', bytes: encodedDataLength }),
  )
  await session.send('Network.enable')
  return () => fetched
}

const row = (measure: string, unit: string, value: number): Row => ({ measure, unit, values: [value] })
