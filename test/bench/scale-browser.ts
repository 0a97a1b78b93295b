/** The same conversation on IndexedDB in Chromium: what appending, opening and paging cost there as it grows. */
import { chromium, type BrowserContext, type Page } from 'playwright'
import { CHROMIUM_ARGS, findChromium } from '../support/chromium.ts'
import { serveBuilt } from '../support/serve-built.ts'
import { medians, READING, rowsOf, type Values } from './scale-measures.ts'
import type { ScaleRow } from './scale-report.ts'
import type { Bench } from './scale-page/page.ts'

/** Messages appended one at a time. */
const APPENDED = 64
const MEBIBYTE = 1_048_576

/** What the page has for whoever drives it. */
declare const bench: Bench

const MEASURES = [...READING, ['memory', 'memory of the script after open', 'MB'], ['disk', 'disk, a message', 'B']] as const

type Key = (typeof MEASURES)[number][0]
type Results = Record<'parley' | 'floor', Partial<Values<Key>>>

/** Medians at each size. The floor is IndexedDB alone: opening and 25 gets, and one durable put. */
export async function measureBrowser(sizes: readonly number[], rounds: number, say: (text: string) => void): Promise<ScaleRow[]> {
  const site = await serveBuilt(new URL('scale-page/', import.meta.url))
  const executablePath = findChromium()
  const browser = await chromium.launch({
    args: [...CHROMIUM_ARGS, '--js-flags=--expose-gc'],
    ...(executablePath === undefined ? {} : { executablePath }),
  })
  try {
    const results: Results[] = []
    for (const size of sizes) {
      const context = await browser.newContext()
      results.push(await measureSize(context, site.url, size, rounds, say))
      await context.close()
    }
    const rows = rowsOf<Key>(MEASURES, {
      parley: results.map(({ parley }) => parley),
      floor: results.map(({ floor }) => floor),
      baseline: [],
    })
    return Object.values(rows)
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
): Promise<Results> {
  say(`${size} messages: the browser writes its history`)
  await inPage(context, url, (page) => page.evaluate((total) => bench.makeHistory(total), size))
  const disk = (await inPage(context, url, (page) => page.evaluate(() => bench.diskBytes()))) / size
  await inPage(context, url, (page) => page.evaluate((total) => bench.makeFloor(total), size))
  const parley: Partial<Values<Key>>[] = []
  const floor: Partial<Values<Key>>[] = []
  for (let round = 0; round < rounds; round++) {
    say(`${size} messages: browser, round ${round + 1} of ${rounds}`)
    // Each opening adds messages, so the numbers go on.
    const numbers = [size + round * APPENDED, APPENDED] as const
    floor.push(await inPage(context, url, (page) => page.evaluate(([total, puts]) => bench.floor(total, puts), numbers)))
    parley.push(
      await inPage(context, url, async (page) => {
        const times = await page.evaluate(([total]) => bench.read(total), numbers)
        const memory = await heapMb(context, page)
        return { ...times, memory, disk, append: await page.evaluate(([from, count]) => bench.append(from, count), numbers) }
      }),
    )
  }
  return { parley: medians<Key>(MEASURES, parley), floor: medians<Key>(MEASURES, floor) }
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
