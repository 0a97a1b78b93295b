/** A chat with React, from the components of the package, built as an application would be. */
import { expect, type Page } from '@playwright/test'
import { serveBuilt } from '../support/serve-built.ts'
import { look } from './look.ts'
import { MEETING_MS } from './person.ts'
import { test } from './world.ts'

test('with React: a group, a link, messages both ways, and nothing that keeps anybody out', async ({ newBrowser, relay }) => {
  const site = await serveBuilt(new URL('../../apps/example-react/', import.meta.url))
  const open = async (name: string, url: string): Promise<Page> => {
    const page = await (await newBrowser()).newPage()
    // The name of the person, and, of who makes a group, of the group.
    page.on('dialog', (dialog) => void dialog.accept(dialog.message().includes('name') ? name : 'Picnic'))
    await page.goto(url)
    return page
  }
  const say = async (page: Page, text: string): Promise<void> => {
    await page.getByRole('textbox', { name: 'Message', exact: true }).fill(text)
    await page.keyboard.press('Enter')
  }
  const said = (page: Page, text: string): ReturnType<Page['locator']> =>
    page.getByRole('log', { name: 'Messages' }).getByRole('article').filter({ hasText: text })
  try {
    const alice = await open('Alice', `${site.url}?rendezvous=${encodeURIComponent(relay.url)}`)
    await alice.getByRole('button', { name: 'New group' }).click()
    await alice.getByRole('button', { name: 'Invite people' }).click()
    const link = await alice.getByRole('link', { name: 'Open this in another browser' }).getAttribute('href')
    const bob = await open('Bob', link!)
    await expect(bob.getByRole('textbox', { name: 'Message', exact: true })).toBeVisible({ timeout: MEETING_MS })
    await say(alice, 'Saturday?')
    await expect(said(bob, 'Saturday?')).toHaveAccessibleName(/^Alice at /, { timeout: MEETING_MS })
    await say(bob, 'Gladly!')
    await expect(said(alice, 'Gladly!')).toBeVisible({ timeout: MEETING_MS })
    await expect(alice.getByRole('list', { name: 'Members' })).toContainText('Bob')
    await look(alice, 'react')
    await alice.reload()
    await expect(said(alice, 'Gladly!')).toBeVisible({ timeout: MEETING_MS })
  } finally {
    await site.close()
  }
})
