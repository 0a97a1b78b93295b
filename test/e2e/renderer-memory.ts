/**
 * How much memory the pages of a browser take: what their processes hold of their own (RssAnon), buffers of the browser included, which no script can see.
 * Only where there is a `/proc`; elsewhere every growth is 0.
 */
import type { Browser, CDPSession, Page } from '@playwright/test'
import { readFile } from 'node:fs/promises'

const SAMPLE_MS = 50
const MIB = 1_048_576

/** Bytes, or undefined when the process is gone. */
async function ownBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined)
  const kib = status === undefined ? null : /^RssAnon:\s+(\d+) kB$/m.exec(status)
  return kib?.[1] === undefined ? undefined : Number(kib[1]) * 1_024
}

/** Follows the processes of pages from when each was first looked at, and keeps the highest that each came to above that. */
export class RendererMemory {
  readonly #session: CDPSession
  readonly #bases = new Map<number, number>()
  #peak = 0
  #timer: NodeJS.Timeout | undefined

  private constructor(session: CDPSession) {
    this.#session = session
  }

  static async of(browser: Browser): Promise<RendererMemory> {
    return new RendererMemory(await browser.newBrowserCDPSession())
  }

  /** Begins with what these pages hold after a collection; processes that are known keep the base that they had. */
  async follow(...pages: readonly Page[]): Promise<void> {
    for (const page of pages) {
      const session = await page.context().newCDPSession(page)
      await session.send('HeapProfiler.collectGarbage')
      await session.detach()
    }
    const { processInfo } = await this.#session.send('SystemInfo.getProcessInfo')
    for (const { id, type } of processInfo) {
      const bytes = type === 'renderer' && !this.#bases.has(id) ? await ownBytes(id) : undefined
      if (bytes !== undefined) this.#bases.set(id, bytes)
    }
    this.#timer ??= setInterval(() => void this.#sample(), SAMPLE_MS)
  }

  /** MiB that the page that grew most has grown by, at its highest. */
  get peakMib(): number {
    return Math.round(this.#peak / MIB)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #sample(): Promise<void> {
    for (const [pid, base] of this.#bases) this.#peak = Math.max(this.#peak, ((await ownBytes(pid)) ?? 0) - base)
  }
}
