/**
 * Another language, another direction, and the way out: the demo in German, turned to right-to-left, and erased from the browser.
 */
import { expect, type Locator } from '@playwright/test'
import { look } from './look.ts'
import { Person } from './person.ts'
import { test } from './world.ts'

/** Whether two things on the screen lie over each other. */
async function overlap(one: Locator, other: Locator): Promise<boolean> {
  const [a, b] = [await one.boundingBox(), await other.boundingBox()]
  if (a === null || b === null) throw new Error('nothing to be seen')
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

test('German by the settings and by the browser; turned for Hebrew and Arabic nothing overlaps; everything is deleted', async ({
  newBrowser,
  web,
}) => {
  test.setTimeout(120_000)
  const alice = await Person.open(await newBrowser({ viewport: { width: 1440, height: 900 } }), web.url, 'Alice')
  const { page } = alice
  await alice.createGroup('Hafen')
  await alice.takeInviteLink()
  await page.getByRole('button', { name: 'Alice Settings' }).click()
  await page.getByLabel('Language').selectOption('Deutsch')
  await expect(page.getByRole('dialog', { name: 'Einstellungen' })).toBeVisible()
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('de')
  await page.keyboard.press('Escape')
  await page.reload()
  await expect(page.getByRole('button', { name: 'Neue Gruppe' })).toBeVisible()
  const composer = page.getByRole('textbox', { name: 'Nachricht', exact: true })
  for (const text of ['Guten Morgen', 'שלום, מה שלומך? ניפגש ב-10:30', 'مرحبا، كيف الحال؟ https://example.org/karte', 'W'.repeat(300)]) {
    await composer.fill(text)
    await composer.press('Enter')
    await expect(composer).toHaveValue('')
  }
  await expect(page.getByText('Hier aufbewahrt').last()).toBeVisible()
  await look(page, 'german')

  await page.evaluate(() => (document.documentElement.dir = 'rtl'))
  const header = page.getByRole('main').locator('header')
  const title = header.getByRole('heading', { name: 'Hafen' })
  for (const button of await header.getByRole('button').all()) expect(await overlap(title, button)).toBe(false)
  const [sidebar, main] = [await page.locator('.sidebar').boundingBox(), await page.getByRole('main').boundingBox()]
  expect(sidebar!.x, 'the list is on the right').toBeGreaterThan(main!.x)
  const hebrew = page.getByRole('article').filter({ hasText: 'שלום' })
  const latin = page.getByRole('article').filter({ hasText: 'Guten Morgen' })
  expect(await overlap(hebrew.locator('.bubble'), latin.locator('.bubble'))).toBe(false)
  expect(await hebrew.locator('.message-text').evaluate((text) => getComputedStyle(text).direction)).toBe('rtl')
  expect(await latin.locator('.message-text').evaluate((text) => getComputedStyle(text).direction)).toBe('ltr')
  await latin.hover()
  expect(await overlap(latin.locator('.message-actions'), latin.locator('.bubble'))).toBe(false)
  await look(page, 'right-to-left')

  const germans = await (await newBrowser({ locale: 'de-AT' })).newPage()
  await germans.goto(web.url)
  await expect(germans.getByRole('heading', { name: 'Willkommen bei Parley' })).toBeVisible()

  await page.getByRole('button', { name: 'Alice Einstellungen' }).click()
  await page.getByRole('button', { name: /^Deine Geräte/ }).click()
  await expect(page.getByRole('list', { name: 'Geräte' })).toContainText('Chrome on Linux')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Alice Einstellungen' }).click()
  await page.getByRole('button', { name: /^Alles löschen/ }).click()
  const question = page.getByRole('alertdialog', { name: 'Hier alles löschen?' })
  await expect(question).toContainText('Danach kann niemand mehr du sein')
  await expect(question.getByRole('button', { name: 'Alles löschen' })).toBeDisabled()
  await question.getByRole('switch', { name: 'Ja, alles löschen' }).check()
  await question.getByRole('button', { name: 'Alles löschen' }).click()
  await expect(page.getByRole('heading', { name: 'Willkommen bei Parley' })).toBeVisible()
  await page.reload()
  await expect(page.getByLabel('Dein Name')).toBeVisible()
  expect(
    await page.evaluate(async () =>
      (await indexedDB.databases()).map(({ name }) => name).filter((name) => name?.startsWith('parley-view')),
    ),
  ).toEqual([])
})
