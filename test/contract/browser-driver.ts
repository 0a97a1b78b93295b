/** Peers in Chromium, each in a context of its own with a page that is loaded once, that meet over WebRTC through a rendezvous. */
import type { Browser, BrowserContext, Page } from '@playwright/test'
import { serveBuilt } from '../support/serve-built.ts'
import { startRelay } from '../support/servers.ts'
import type { Driver } from './driver.ts'
import { Peer } from './peer.ts'

const PAGE = new URL('page/', import.meta.url)

export async function createBrowserDriver(browser: Browser): Promise<Driver> {
  const relay = await startRelay()
  const site = await serveBuilt(PAGE)
  const contexts: BrowserContext[] = []
  return {
    async open(name, { offline = false, roomBytes } = {}) {
      const context = await browser.newContext()
      contexts.push(context)
      const page = await context.newPage()
      const allow = await quotaOf(context, page, site.url)
      if (roomBytes !== undefined) await allow(roomBytes)
      await page.goto(`${site.url}?name=${name}&rendezvous=${encodeURIComponent(relay.url)}${offline ? '&offline' : ''}`)
      return new Peer(async (command) => {
        if (command.do === 'widen') {
          await allow()
          return { calls: [] }
        }
        return page.evaluate((command) => globalThis.run(command), command)
      })
    },
    async close() {
      for (const context of contexts) await context.close()
      await site.close()
      await relay.close()
    },
  }
}

/** Says how much an origin may store in this context; without a number, as much as the browser gives. */
async function quotaOf(context: BrowserContext, page: Page, url: string): Promise<(quotaSize?: number) => Promise<void>> {
  const session = await context.newCDPSession(page)
  const { origin } = new URL(url)
  return async (quotaSize) => {
    await session.send('Storage.overrideQuotaForOrigin', { origin, ...(quotaSize === undefined ? {} : { quotaSize }) })
  }
}
