/**
 * What a test of the demo stands on: a rendezvous, the built app under its real headers, and browsers that are gone afterwards.
 */
import type { Relay } from '@parley/relay'
import type { WebServer } from '@parley/web/server'
import { type BrowserContext, test as base } from '@playwright/test'
import { startRelay, startWeb } from '../support/servers.ts'
import type { NewBrowser } from './person.ts'

interface World {
  relay: Relay
  web: WebServer
  newBrowser: NewBrowser
}

/** Each test has servers of its own, so that it may stop them. */
export const test = base.extend<World>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of fixtures from the pattern.
  relay: async ({}, use) => {
    const relay = await startRelay()
    await use(relay)
    await relay.close()
  },
  web: async ({ relay }, use) => {
    const web = await startWeb({ rendezvous: [relay.url] })
    await use(web)
    await web.close()
  },
  newBrowser: async ({ browser }, use) => {
    const contexts: BrowserContext[] = []
    await use(async (options) => {
      const context = await browser.newContext(options)
      contexts.push(context)
      return context
    })
    for (const context of contexts) await context.close()
  },
})
