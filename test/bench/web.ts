/**
 * The demo in Chromium behind a long conversation: how soon a reload shows the last messages, and whether scrolling back through 2,000 of them stays smooth and
 * keeps its memory; and what a first visit fetches.
 */
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright'
import { CHROMIUM_ARGS, findChromium } from '../support/chromium.ts'
import { buildWeb } from '../support/build-web.ts'
import { serveBuilt } from '../support/serve-built.ts'
import { startWeb } from '../support/servers.ts'
import type { Row, Section } from './report.ts'
import { median } from './statistics.ts'
import type { MakeHistory } from './web-page/page.ts'
import { measureVisit } from './web-visit.ts'

/** Messages that are scrolled through. */
const SCROLLED = 2_000
/** In each frame: a thousand lines of text a second. */
const SCROLL_PX = 300
/** A frame that took longer is seen by people. */
const LONG_FRAME_MS = 50
const MEBIBYTE = 1_048_576
/** Writing the history, and what waits for it. */
const PATIENCE_MS = 1_200_000
const VIEWPORT = { width: 1440, height: 900 } as const

/** What the page notes of itself. */
interface Notes {
  /** When the last messages were painted, in milliseconds since the navigation. */
  firstMessages?: number
  /** Milliseconds of scripts in each frame that took long. */
  frames: number[]
}

type Noting = typeof globalThis & { notes: Notes }

/** Medians at a size. */
export async function measureWeb(size: number, rounds: number, say: (text: string) => void): Promise<Section> {
  await buildWeb()
  const web = await startWeb({ rendezvous: [] })
  const executablePath = findChromium()
  const browser = await chromium.launch({ args: [...CHROMIUM_ARGS], ...(executablePath === undefined ? {} : { executablePath }) })
  try {
    const visits: Row[][] = []
    for (let round = 0; round < rounds; round++) {
      say(`first visit, round ${round + 1} of ${rounds}`)
      visits.push(await measureVisit(browser, web.url))
    }
    const context = await contextWith(browser, web.url, size, say)
    const page = await context.newPage()
    await page.goto(web.url)
    await page.getByRole('navigation', { name: 'Conversations' }).getByRole('button').first().click()
    await page.getByRole('article').last().waitFor()
    const readings: Row[][] = []
    for (let round = 0; round < rounds; round++) {
      say(`${size} messages: reading, round ${round + 1} of ${rounds}`)
      readings.push(await measureReading(page, Math.min(SCROLLED, size)))
    }
    return { size, rows: [...medians(readings), ...medians(visits)] }
  } finally {
    await browser.close()
    await web.close()
  }
}

/** A browser with the history in it. */
async function contextWith(browser: Browser, url: string, size: number, say: (text: string) => void): Promise<BrowserContext> {
  say(`${size} messages: the browser writes its history`)
  const context = await browser.newContext({ viewport: VIEWPORT })
  const maker = await serveBuilt(new URL('web-page/', import.meta.url))
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  await page.route(`${new URL(url).origin}/**`, async (route) => {
    const response = await route.fetch({ url: new URL(new URL(route.request().url()).pathname, maker.url).href })
    await route.fulfill({ response })
  })
  await page.goto(url)
  await page.waitForFunction(() => 'makeHistory' in globalThis)
  await page.evaluate((total) => (globalThis as unknown as { makeHistory: MakeHistory }).makeHistory(total), size)
  await page.close()
  await maker.close()
  await context.addInitScript(note, LONG_FRAME_MS)
  return context
}

async function measureReading(page: Page, messages: number): Promise<Row[]> {
  await page.reload()
  await page.waitForFunction(() => (globalThis as Noting).notes.firstMessages !== undefined)
  const first = await page.evaluate(() => (globalThis as Noting).notes.firstMessages ?? Number.NaN)
  // Until the engine is up there are no older ones than the last known.
  await page.getByRole('textbox', { name: 'Message', exact: true }).waitFor()
  const before = await heapMb(page)
  await page.evaluate(() => void ((globalThis as Noting).notes.frames = []))
  const worked = await processorMs(page)
  const { ms, drawn } = await page.evaluate(scrollBack, [messages, SCROLL_PX] as const)
  const used = await worked()
  const frames = await page.evaluate(() => (globalThis as Noting).notes.frames)
  const elements = await page.evaluate(() => document.querySelectorAll('*').length)
  const after = await heapMb(page)
  return [
    row('reload to the last messages on the screen', 'ms', first),
    row(`scrolling back through ${messages}`, 'ms', ms),
    row('processor time for a frame, mean', 'ms', used / drawn),
    row(`frames with more than ${LONG_FRAME_MS} ms of our scripts`, '', frames.filter((frame) => frame > LONG_FRAME_MS).length),
    row('longest of our scripts in a frame', 'ms', Math.max(0, ...frames)),
    row('memory of the script before', 'MB', before),
    row('memory of the script after', 'MB', after),
    row('elements in the document after', '', elements),
  ]
}

/** Runs in the page before anything else does. */
function note(longFrameMs: number): void {
  const notes: Notes = { frames: [] }
  Object.assign(globalThis, { notes })
  const look = new MutationObserver(() => {
    if (document.querySelector('article') === null) return
    look.disconnect()
    // After the frame in which they are painted.
    requestAnimationFrame(() => setTimeout(() => (notes.firstMessages = performance.now())))
  })
  look.observe(document, { childList: true, subtree: true })
  new PerformanceObserver((list) => {
    for (const { duration, scripts } of list.getEntries() as (PerformanceEntry & { scripts: { duration: number }[] })[])
      if (duration > longFrameMs) notes.frames.push(scripts.reduce((sum, script) => sum + script.duration, 0))
  }).observe({ type: 'long-animation-frame' })
}

/** Runs in the page: scrolls up frame by frame until so many messages have been in the document. */
async function scrollBack([wanted, step]: readonly [number, number]): Promise<{ ms: number; drawn: number }> {
  const log = document.querySelector<HTMLElement>('[role="log"]')!
  const seen = new Set<string>()
  const start = performance.now()
  let drawn = 0
  for (; seen.size < wanted; drawn++) {
    for (const { dataset } of log.querySelectorAll<HTMLElement>('article')) seen.add(dataset['id']!)
    log.scrollBy(0, -step)
    await new Promise((resolve) => requestAnimationFrame(resolve))
  }
  return { ms: performance.now() - start, drawn }
}

/** What the main thread of a page works from now on, whatever else the machine does: the engine, React, styles, layout and painting. */
async function processorMs(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  const taken = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1_000
  }
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const before = await taken()
  return async () => {
    const used = (await taken()) - before
    await session.detach()
    return used
  }
}

async function heapMb(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize / MEBIBYTE
}

function medians(rounds: readonly (readonly Row[])[]): Row[] {
  return rounds[0]!.map((one, i) => ({ ...one, values: [median(rounds.map((rows) => rows[i]!.values[0]!))] }))
}

const row = (measure: string, unit: string, value: number): Row => ({ measure, unit, values: [value] })
