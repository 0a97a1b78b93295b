import type { Page } from '@playwright/test'
import type { Tab } from './tabs-page/page.ts'

/** Runs in a page of `tabs-page`, with the client of its tab. */
export async function inTab<T, A = undefined>(page: Page, run: (tab: Tab, argument: A) => T | Promise<T>, argument?: A): Promise<T> {
  const tab = await page.evaluateHandle(() => (globalThis as unknown as { tab: Promise<Tab> }).tab)
  return tab.evaluate(run as (tab: Tab, argument: unknown) => T | Promise<T>, argument)
}
