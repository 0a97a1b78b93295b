/**
 * One person on several devices: added by a link and six digits, removed, and back again with the words on paper.
 */
import { expect, type Page } from '@playwright/test'
import { MEETING_MS, Person } from './person.ts'
import { test } from './world.ts'

/** Opens a dialog that the settings lead to. */
async function fromSettings(person: Person, row: RegExp): Promise<void> {
  await person.page.getByRole('button', { name: `${person.name} Settings` }).click()
  await person.page.getByRole('dialog', { name: 'Settings' }).getByRole('button', { name: row }).click()
}

/** The digits that a page shows. */
async function digits(page: Page): Promise<string> {
  const code = page.locator('.short-code')
  await expect(code).toHaveText(/^\d{3} \d{3}$/, { timeout: MEETING_MS })
  return code.innerText()
}

test('a second device is added, writes as the same person, and is removed; words on paper bring the person back', async ({
  newBrowser,
  web,
}) => {
  test.setTimeout(180_000)
  const alice = await Person.open(await newBrowser(), web.url, 'alice')
  await alice.createGroup('Everywhere')
  const invite = await alice.takeInviteLink()
  await alice.say('From the desk')
  const bob = await Person.open(await newBrowser(), invite, 'bob')
  await bob.acceptInvite('Everywhere')

  await fromSettings(alice, /^Your devices/)
  await alice.page.getByRole('button', { name: 'Add a device' }).click()
  const field = alice.page.getByRole('textbox', { name: 'Link for the new device' })
  await expect(field).toHaveValue(/#parley-link:/)
  const phonePage = await (await newBrowser()).newPage()
  await phonePage.goto(await field.inputValue())
  await expect(phonePage.getByRole('heading', { name: 'Add this device to yours' })).toBeVisible()
  expect(new URL(phonePage.url()).hash, 'the code leaves the address').toBe('')
  await phonePage.getByRole('button', { name: 'Continue' }).click()
  expect(await digits(phonePage)).toBe(await digits(alice.page))
  await alice.page.getByRole('button', { name: 'They are the same' }).click()
  await expect(alice.page.getByText('The device is yours now.')).toBeVisible({ timeout: MEETING_MS })
  await alice.page.getByRole('button', { name: 'Done' }).click()

  const phone = Person.at(phonePage, 'alice')
  await phone.conversations.getByRole('button', { name: /Everywhere/ }).click({ timeout: MEETING_MS })
  await phone.hears('From the desk')
  await phone.say('From the pocket')
  await bob.hears('From the pocket')
  await alice.hears('From the pocket')
  await expect(bob.member('alice')).toHaveCount(1)
  await alice.press('From the pocket', 'Edit message')
  await alice.composer.fill('From the pocket, seen at the desk')
  await alice.composer.press('Enter')
  await bob.hears('From the pocket, seen at the desk')

  await alice.choose('About bob', 'Safety number')
  await bob.choose('About alice', 'Safety number')
  const numberOf = ({ page }: Person): Promise<string[]> =>
    page.getByRole('list', { name: 'Safety number' }).getByRole('listitem').allInnerTexts()
  await expect.poll(() => numberOf(alice)).toHaveLength(12)
  await expect.poll(() => numberOf(bob)).toEqual(await numberOf(alice))
  for (const { page } of [alice, bob]) await page.keyboard.press('Escape')

  await fromSettings(alice, /^Recovery phrase/)
  await alice.page.getByRole('button', { name: 'Make the words' }).click()
  const shown = alice.page.getByRole('list', { name: 'The words' }).getByRole('listitem')
  await expect(shown).toHaveCount(24)
  const words = await shown.allInnerTexts()
  await alice.page.getByRole('button', { name: 'I have written them down' }).click()
  await expect(alice.page.getByLabel(/^Word \d+$/)).toHaveCount(3)
  for (const asked of await alice.page.getByLabel(/^Word \d+$/).all()) {
    const label = await asked.evaluate((input) => (input as HTMLInputElement).labels?.[0]?.textContent ?? '')
    await asked.fill(words[Number(label.replace('Word ', '')) - 1] ?? '')
  }
  await alice.page.getByRole('button', { name: 'Check' }).click()
  await expect(alice.page.getByText('Your recovery phrase is ready.')).toBeVisible()

  await fromSettings(alice, /^Your devices/)
  const others = alice.page.getByRole('list', { name: 'Devices' }).getByRole('listitem').filter({ hasNotText: 'This device' })
  await others.getByRole('button', { name: /^About/ }).click()
  await alice.page.getByRole('menuitem', { name: 'Remove' }).click()
  await alice.page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
  await expect(alice.page.getByText('Removed devices (1)')).toBeVisible({ timeout: MEETING_MS })
  await alice.page.keyboard.press('Escape')
  await alice.say('Without the pocket')
  await bob.hears('Without the pocket')
  await expect(phone.page.getByText('Without the pocket')).toHaveCount(0)

  await alice.page.close()
  await phone.page.close()
  const again = await (await newBrowser()).newPage()
  await again.goto(web.url)
  await again.getByRole('button', { name: 'I use Parley already, or did' }).click()
  await again.getByRole('button', { name: 'I have 24 words on paper' }).click()
  await again.getByLabel('Your 24 words').fill(words.join(' '))
  await again.getByRole('button', { name: 'Continue' }).click()
  const back = Person.at(again, 'alice')
  await back.conversations.getByRole('button', { name: /Everywhere/ }).click({ timeout: 2 * MEETING_MS })
  await back.hears('Without the pocket')
  await back.say('I am back')
  await bob.hears('I am back')
})

test('digits that differ and links that are none are refused in plain words', async ({ newBrowser, web }) => {
  const alice = await Person.open(await newBrowser(), web.url, 'alice')
  await fromSettings(alice, /^Your devices/)
  await alice.page.getByRole('button', { name: 'Add a device' }).click()
  const field = alice.page.getByRole('textbox', { name: 'Link for the new device' })
  await expect(field).toHaveValue(/#parley-link:/)
  const link = await field.inputValue()
  const page = await (await newBrowser()).newPage()
  await page.goto(web.url)
  await page.getByRole('button', { name: 'I use Parley already, or did' }).click()
  await page.getByLabel('Link from your other device').fill('parley-link:nothing')
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByText('This is not a complete link for a device.')).toBeVisible()
  await page.getByRole('button', { name: 'I use Parley already, or did' }).click()
  await page.getByLabel('Link from your other device').fill(link)
  await page.getByRole('button', { name: 'Continue' }).click()
  await digits(page)
  await alice.page.getByRole('button', { name: 'They differ' }).click()
  await expect(page.getByText('Your other device said no')).toBeVisible({ timeout: MEETING_MS })
  await expect(page.getByLabel('Your name')).toBeVisible()
})
