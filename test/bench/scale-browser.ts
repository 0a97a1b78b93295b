/** The same conversation on IndexedDB in Chromium: what appending, opening and paging cost there as it grows. */
import { chromium, type BrowserContext, type Page } from 'playwright'
import { CHROMIUM_ARGS, findChromium } from '../support/chromium.ts'
import { serveBuilt } from '../support/serve-built.ts'
import type { ScaleRow } from './scale-report.ts'
import type { Bench } from './scale-page/page.ts'
import { median } from './statistics.ts'

/** Messages appended one at a time. */
const APPENDED = 64
const MEBIBYTE = 1_048_576

const MEASURES = [
  ['append', 'append, durable, one at a time', 'µs'],
  ['open', 'open to newest page', 'ms'],
  ['coldPage', 'page in the middle, cold', 'ms'],
  ['warmPage', 'page in the middle, warm', 'ms'],
  ['farPage', 'page at the far end, cold', 'ms'],
  ['memory', 'memory of the script after open', 'MB'],
  ['disk', 'disk, a message', 'B'],
] as const

type Values = Record<(typeof MEASURES)[number][0], number>

/** Medians at each size. The floor is IndexedDB alone: opening and 25 gets, and one durable put. */
export async function measureBrowser(sizes: readonly number[], rounds: number, say: (text: string) => void): Promise<ScaleRow[]> {
  const site = await serveBuilt(new URL('scale-page/', import.meta.url))
  const executablePath = findChromium()
  const browser = await chromium.launch({
    args: [...CHROMIUM_ARGS, '--js-flags=--expose-gc'],
    ...(executablePath === undefined ? {} : { executablePath }),
  })
  try {
    const results: { parley: Values; floor: Partial<Values> }[] = []
    for (const size of sizes) {
      const context = await browser.newContext()
      results.push(await measureSize(context, site.url, size, rounds, say))
      await context.close()
    }
    return MEASURES.map(([key, measure, unit]) => ({
      measure,
      unit,
      parley: results.map(({ parley }) => parley[key]),
      floor: results.map(({ floor }) => floor[key]),
      baseline: [],
    }))
  } finally {
    await browser.close()
    await site.close()
  }
}

async function measureSize(
  context: BrowserContext,
  url: string,
  size: number,
  rounds: number,
  say: (text: string) => void,
): Promise<{ parley: Values; floor: Partial<Values> }> {
  say(`${size} messages: the browser writes its history`)
  await inPage(context, url, (page) => page.evaluate((total) => (globalThis as unknown as { bench: Bench }).bench.makeHistory(total), size))
  const disk = await inPage(context, url, (page) => page.evaluate(() => (globalThis as unknown as { bench: Bench }).bench.diskBytes()))
  await inPage(context, url, (page) => page.evaluate((total) => (globalThis as unknown as { bench: Bench }).bench.makeFloor(total), size))
  const all: Values[] = []
  const floors: { open: number; append: number }[] = []
  for (let round = 0; round < rounds; round++) {
    say(`${size} messages: browser, round ${round + 1} of ${rounds}`)
    // Each opening adds messages, so the numbers go on.
    const from = size + round * APPENDED
    floors.push(
      await inPage(context, url, (page) =>
        page.evaluate(([total, puts]) => (globalThis as unknown as { bench: Bench }).bench.floor(total, puts), [from, APPENDED] as const),
      ),
    )
    all.push(
      await inPage(context, url, async (page) => {
        const times = await page.evaluate((total) => (globalThis as unknown as { bench: Bench }).bench.read(total), from)
        const memory = await heapMb(context, page)
        const append = await page.evaluate(([first, count]) => (globalThis as unknown as { bench: Bench }).bench.append(first, count), [
          from,
          APPENDED,
        ] as const)
        return { ...times, memory, append, disk: disk / size }
      }),
    )
  }
  const of = (key: keyof Values): number => median(all.map((values) => values[key]))
  return {
    parley: Object.fromEntries(MEASURES.map(([key]) => [key, of(key)])) as Values,
    floor: { open: median(floors.map(({ open }) => open)), append: median(floors.map(({ append }) => append)) },
  }
}

/** A page of its own for each step, so that nothing is in memory that an earlier one has read. */
async function inPage<T>(context: BrowserContext, url: string, use: (page: Page) => Promise<T>): Promise<T> {
  const page = await context.newPage()
  try {
    await page.goto(url)
    await page.waitForFunction(() => 'bench' in globalThis)
    return await use(page)
  } finally {
    await page.close()
  }
}

async function heapMb(context: BrowserContext, page: Page): Promise<number> {
  const session = await context.newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize / MEBIBYTE
}
