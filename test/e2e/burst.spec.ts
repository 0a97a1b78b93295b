/** More than WebRTC carries in one message, and more than y-webrtc would carry at all: a burst of 1 MB between two browsers. */
import { expect } from '@playwright/test'
import { twoPeople } from './person.ts'
import { test } from './world.ts'

/** 28 messages of 38,000 characters: just below the limit of a message, together 1.06 MB. */
const MESSAGES = 28
const CHARACTERS = 38_000

// A trace copies the page, with all of the megabyte, at every action.
test.use({ trace: 'off' })

test('a burst of 1 MB arrives whole, in order', async ({ newBrowser, web }) => {
  test.setTimeout(120_000)
  const [alice, bob] = await twoPeople(newBrowser, web.url, 'Burst')
  // Short words: browsers take seconds to lay out one of so many letters, which is not what is asked here.
  const sent = Array.from({ length: MESSAGES }, (_, i) => `${i} ${'word '.repeat(CHARACTERS / 5)}end`)
  for (const text of sent) {
    await alice.composer.fill(text)
    await alice.composer.press('Enter')
    await expect(alice.composer).toHaveValue('')
  }
  await bob.hears(sent.at(-1)!)
  expect(await bob.read(MESSAGES)).toEqual(sent)
})
