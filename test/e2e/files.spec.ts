/**
 * Files: picked, dropped and pasted, shown, fetched, and waited for.
 */
import { expect, type Page } from '@playwright/test'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { MEETING_MS, twoPeople } from './person.ts'
import { test } from './world.ts'

/** Larger than what is fetched without being asked for. */
const LARGE = Buffer.alloc(3_000_000, 'Parley carries files too. ')

/** Lets a script of the page drop or paste a small text file. */
async function give(page: Page, how: 'drop' | 'paste', name: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message', exact: true }).evaluate(
    (field, { how, name }) => {
      const data = new DataTransfer()
      data.items.add(new File(['some text'], name, { type: 'text/plain' }))
      if (how === 'paste') field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
      else
        for (const type of ['dragenter', 'dragover', 'drop'])
          field.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }))
    },
    { how, name },
  )
}

test('a picture and other files are sent, shown, listed and fetched', async ({ newBrowser, web }) => {
  const [alice, bob] = await twoPeople(newBrowser, web.url, 'Pictures')
  const picture = await alice.page.screenshot()
  await alice.page.locator('input[type=file]').setInputFiles([
    { name: 'harbour.png', mimeType: 'image/png', buffer: picture },
    { name: 'too much.txt', mimeType: 'text/plain', buffer: Buffer.from('not this one') },
  ])
  await give(alice.page, 'drop', 'dropped.txt')
  await give(alice.page, 'paste', 'pasted.txt')
  const tray = alice.page.getByRole('list', { name: 'Files to send' })
  await expect(tray.getByRole('listitem')).toHaveCount(4)
  await alice.page.getByRole('button', { name: 'Do not send too much.txt' }).click()
  await alice.composer.fill('The harbour')
  await alice.composer.press('Enter')
  await expect(tray).toHaveCount(0)

  await bob.hears('The harbour')
  const thumbnail = bob.message('The harbour').getByRole('button', { name: 'Picture harbour.png' })
  await expect(thumbnail.locator('img')).toHaveAttribute('src', /^data:image\//)
  await thumbnail.click()
  const gallery = bob.page.getByRole('dialog', { name: 'harbour.png' })
  await expect(gallery.getByRole('img', { name: 'harbour.png' })).toHaveAttribute('src', /^blob:/, { timeout: MEETING_MS })
  await bob.page.keyboard.press('Escape')
  await expect(thumbnail).toBeFocused()

  const saving = bob.page.waitForEvent('download')
  await bob.message('The harbour').getByRole('button', { name: 'Download dropped.txt' }).click()
  const saved = await saving
  expect(saved.suggestedFilename()).toBe('dropped.txt')
  expect(await readFile(await saved.path(), 'utf8')).toBe('some text')

  await bob.choose('Conversation menu', 'Files')
  const files = bob.page.getByRole('list', { name: 'Files', exact: true }).getByRole('listitem')
  await expect(files).toHaveCount(3)
  await bob.page.getByLabel('Show', { exact: true }).selectOption('Pictures')
  await expect(files).toHaveCount(1)
  await bob.page.getByRole('button', { name: 'Go to the message with harbour.png' }).click()
  await expect(bob.message('The harbour')).toBeFocused()

  // On a phone too, nothing of it is cut off.
  await bob.page.setViewportSize({ width: 390, height: 844 })
  await expect(bob.page.getByRole('button', { name: 'Back to conversations' })).toBeVisible()
  expect(await bob.timeline.evaluate((timeline) => timeline.scrollWidth)).toBe(390)
})

test('a file that nobody online has is waited for, and comes when somebody is back', async ({ newBrowser, web }) => {
  // Its own waits together: they meet, one goes and comes back, and the file is found again.
  test.setTimeout(8 * MEETING_MS)
  const [alice, bob] = await twoPeople(newBrowser, web.url, 'Later')
  await alice.page.locator('input[type=file]').setInputFiles({ name: 'long.txt', mimeType: 'text/plain', buffer: LARGE })
  await alice.composer.press('Enter')
  const download = bob.timeline.getByRole('button', { name: 'Download long.txt' })
  await expect(download).toBeVisible({ timeout: MEETING_MS })
  await alice.page.goto('about:blank')
  await expect(bob.member('alice')).toContainText('Offline', { timeout: 2 * MEETING_MS })

  const saving = bob.page.waitForEvent('download', { timeout: 2 * MEETING_MS })
  await download.click()
  await expect(bob.timeline.getByText('Nobody who has this file is online.')).toBeVisible()
  await alice.page.goto(web.url)
  const saved = await saving
  expect(
    createHash('sha256')
      .update(await readFile(await saved.path()))
      .digest('hex'),
  ).toBe(createHash('sha256').update(LARGE).digest('hex'))
})
