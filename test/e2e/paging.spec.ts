/**
 * Reading back: pages come as the reader nears the top, and nothing moves under their eyes.
 */
import { expect } from '@playwright/test'
import { MEETING_MS, Person, twoPeople } from './person.ts'
import { test } from './world.ts'

// A trace copies the page at every one of some hundred actions; that would be most of the time of these tests.
test.use({ trace: 'off' })
// A hundred messages typed one by one, on a machine that may be busy.
test.describe.configure({ timeout: 120_000 })

test('more than 60 messages are read by scrolling up, and a reload keeps everything', async ({ context, web }) => {
  const said = Array.from({ length: 66 }, (_, index) => `Line ${String(index + 1).padStart(2, '0')}`)
  const alice = await Person.open(context, web.url, 'alice')
  await alice.createGroup('Long read')
  await alice.takeInviteLink()
  for (const text of said) await alice.say(text)

  await alice.page.reload()
  await expect(alice.message('Line 66')).toBeInViewport()
  const shownAtFirst = (await alice.texts()).length
  expect(shownAtFirst, 'only the newest pages are loaded').toBeLessThan(said.length)

  await alice.timeline.hover()
  await expect(async () => {
    await alice.page.mouse.wheel(0, -600)
    await expect(alice.message('Line 01')).toBeInViewport({ timeout: 250 })
  }).toPass()
  await alice.page.getByRole('button', { name: 'Go to the newest message' }).click()
  await expect(alice.message('Line 66')).toBeInViewport()
  expect(await alice.read(said.length)).toEqual(said)
  await expect(alice.page.getByText('Today', { exact: true })).toHaveCount(1)
})

test('what the reader looks at stays where it is while older and newer messages come', async ({ newBrowser, web }) => {
  const [alice, bob] = await twoPeople(newBrowser, web.url, 'Steady')
  for (let line = 1; line <= 60; line++) await alice.say(`Line ${line}`)
  await bob.hears('Line 60')
  await bob.page.reload()
  await expect(bob.message('Line 60')).toBeInViewport()
  await bob.timeline.hover()
  await bob.page.mouse.wheel(0, -900)
  const reading = bob.message('Line 45')
  await expect(bob.timeline).toHaveAttribute('aria-busy', 'false')
  await reading.scrollIntoViewIfNeeded()
  await expect(bob.page.getByRole('button', { name: 'Go to the newest message' })).toBeVisible()
  await expect(bob.timeline).toHaveAttribute('aria-busy', 'false')
  const before = await reading.boundingBox()
  await alice.say('News for bob')
  await expect(bob.page.getByRole('button', { name: '1 new message' })).toBeVisible({ timeout: MEETING_MS })
  expect((await reading.boundingBox())?.y).toBeCloseTo(before?.y ?? 0, 0)
  await bob.page.getByRole('button', { name: '1 new message' }).click()
  await expect(bob.message('News for bob')).toBeInViewport()
})
