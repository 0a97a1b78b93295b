/** The smallest embedding, built as an application would be. */
import { expect, type Page } from '@playwright/test'
import { serveBuilt } from '../support/serve-built.ts'
import { MEETING_MS } from './person.ts'
import { test } from './world.ts'

test('one HTML file is a chat: two browsers, a link, messages both ways, all there after a reload', async ({ newBrowser, relay }) => {
  const site = await serveBuilt(new URL('../../apps/example-minimal/', import.meta.url))
  const open = async (name: string, url: string): Promise<Page> => {
    const page = await (await newBrowser()).newPage()
    page.on('dialog', (dialog) => void dialog.accept(name))
    await page.goto(url)
    return page
  }
  const say = async (page: Page, text: string): Promise<void> => {
    await page.getByLabel('Message', { exact: true }).fill(text)
    await page.getByRole('button', { name: 'Send' }).click()
  }
  const rows = (page: Page): ReturnType<Page['locator']> => page.getByRole('list', { name: 'Messages' }).getByRole('listitem')
  try {
    const alice = await open('Alice', `${site.url}?rendezvous=${encodeURIComponent(relay.url)}`)
    const link = await alice.getByRole('link').getAttribute('href', { timeout: MEETING_MS })
    const bob = await open('Bob', link!)
    await say(alice, 'Saturday?')
    await expect(rows(bob)).toHaveText(['Alice: Saturday?'], { timeout: MEETING_MS })
    await say(bob, 'Gladly!')
    await expect(rows(alice)).toHaveText(['Alice: Saturday?', 'Bob: Gladly!'], { timeout: MEETING_MS })
    await alice.reload()
    await expect(rows(alice)).toHaveText(['Alice: Saturday?', 'Bob: Gladly!'], { timeout: MEETING_MS })
  } finally {
    await site.close()
  }
})
