/**
 * The whole first session by keyboard alone: no test here ever presses anything with a pointer.
 */
import { expect, type Locator, type Page } from '@playwright/test'
import { MEETING_MS } from './person.ts'
import { test } from './world.ts'

/** More steps than there are controls on any screen. */
const MAX_STEPS = 40

/** Walks to a control as keyboards do, and presses it. */
async function walkTo(page: Page, control: Locator, key = 'Tab'): Promise<void> {
  for (let step = 0; step < MAX_STEPS && !(await control.evaluate((element) => element === document.activeElement)); step++)
    await page.keyboard.press(key)
  await expect(control).toBeFocused()
}

async function press(page: Page, name: string): Promise<void> {
  await walkTo(page, page.getByRole('button', { name, exact: true }))
  await page.keyboard.press('Enter')
}

async function introduce(page: Page, url: string, name: string): Promise<void> {
  await page.goto(url)
  await expect(page.getByLabel('Your name')).toBeFocused()
  await page.keyboard.type(name)
  await page.keyboard.press('Enter')
}

test('a whole first session by keyboard alone: name, create, invite, join, chat, file, edit, search', async ({ newBrowser, web }) => {
  const page = await (await newBrowser({ permissions: ['clipboard-read', 'clipboard-write'] })).newPage()
  // From the first one who listens on, Chromium hands over its file dialogs; that takes effect a moment later than the call.
  page.on('filechooser', () => undefined)
  await introduce(page, web.url, 'alice')
  await expect(page.getByRole('navigation', { name: 'Conversations' })).toBeVisible()
  await press(page, 'New group')
  await expect(page.getByLabel('Title')).toBeFocused()
  await page.keyboard.type('By keyboard')
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('Invite link')).toHaveValue(/#.{20,}/)
  await press(page, 'Copy invite link')
  await expect(page.getByRole('button', { name: 'Link copied' })).toBeVisible()
  const link = await page.evaluate(() => navigator.clipboard.readText())
  await page.keyboard.press('Escape')
  const composer = page.getByRole('textbox', { name: 'Message', exact: true })
  await expect(composer).toBeFocused()

  const bob = await (await newBrowser()).newPage()
  await introduce(bob, link, 'bob')
  await expect(bob.getByRole('button', { name: 'Join group' })).toBeFocused()
  await bob.keyboard.press('Enter')
  await expect(bob.getByRole('textbox', { name: 'Message', exact: true })).toBeFocused({ timeout: MEETING_MS })
  await bob.keyboard.type('Here by keyboard')
  await bob.keyboard.press('Enter')
  const rows = page.getByRole('article')
  await expect(rows).toHaveCount(1, { timeout: MEETING_MS })

  await page.keyboard.type('First line')
  await page.keyboard.press('Shift+Enter')
  await page.keyboard.type('second line')
  await page.keyboard.press('Enter')
  await expect(rows).toHaveCount(2)
  await expect(rows.last()).toContainText('First line\nsecond line', { useInnerText: true })

  await walkTo(page, page.getByRole('button', { name: 'Attach files' }), 'Shift+Tab')
  const choosing = page.waitForEvent('filechooser')
  await page.keyboard.press('Enter')
  await (await choosing).setFiles({ name: 'map.txt', mimeType: 'text/plain', buffer: Buffer.from('left, then right') })
  await expect(page.getByRole('list', { name: 'Files to send' })).toBeVisible()
  await walkTo(page, composer)
  await page.keyboard.type('With a map')
  await page.keyboard.press('Enter')
  await expect(rows).toHaveCount(3)
  const saving = bob.waitForEvent('download')
  await expect(bob.getByRole('button', { name: 'Download map.txt' })).toBeVisible({ timeout: MEETING_MS })
  await walkTo(bob, bob.getByRole('article').last(), 'Shift+Tab')
  await press(bob, 'Download map.txt')
  expect((await saving).suggestedFilename()).toBe('map.txt')

  await expect(composer).toBeFocused()
  await page.keyboard.press('ArrowUp')
  await expect(page.getByText('Editing your message')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByText('Editing your message')).toHaveCount(0)
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Control+A')
  await page.keyboard.type('Edited by keyboard')
  await page.keyboard.press('Enter')
  await expect(rows.last()).toContainText('Edited by keyboard')
  await expect(composer).toBeFocused()

  await page.keyboard.press('Control+K')
  await expect(page.getByRole('searchbox', { name: 'Words to look for' })).toBeFocused()
  await page.keyboard.type('first')
  const found = page.getByRole('list', { name: 'Messages that were found' }).getByRole('button')
  await expect(found).toHaveCount(1)
  await walkTo(page, found)
  await page.keyboard.press('Enter')
  await expect(rows.nth(1)).toBeFocused()

  await page.keyboard.press('ArrowUp')
  await expect(rows.first()).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await walkTo(page, rows.nth(1).getByRole('button', { name: 'Delete message' }))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(rows).toHaveCount(2)
  await expect(composer).toBeFocused()
})
