/**
 * People: cards, contacts, conversations of two, requests, blocking.
 */
import { expect } from '@playwright/test'
import { MEETING_MS, Person } from './person.ts'
import { test } from './world.ts'

test('a card leads to a request, an answer, and a group without a link; who is blocked is not heard', async ({ newBrowser, web }) => {
  const alice = await Person.open(await newBrowser(), web.url, 'alice')
  const bob = await Person.open(await newBrowser(), web.url, 'bob')
  await bob.addContact(await alice.card(), 'alice')
  await bob.page.getByRole('button', { name: 'Write to alice' }).click()
  await bob.say('Hello, it is bob')

  const requests = alice.page.getByRole('region', { name: 'Message requests' })
  await requests.getByRole('button', { name: /bob/ }).click({ timeout: MEETING_MS })
  await expect(alice.page.getByText('wants to talk with you.')).toBeVisible()
  await expect(alice.composer).toHaveCount(0)
  await alice.page.getByRole('button', { name: 'Accept' }).click()
  await alice.hears('Hello, it is bob')
  await expect(requests).toHaveCount(0)
  await alice.say('Hello bob')
  await bob.hears('Hello bob')

  await alice.page.getByRole('button', { name: 'New group' }).click()
  await alice.page.getByRole('textbox', { name: 'Title', exact: true }).fill('Both of us')
  await alice.page.getByRole('checkbox', { name: 'bob' }).check()
  await alice.page.getByRole('button', { name: 'Create group' }).click()
  await expect(alice.page.getByRole('dialog', { name: 'Invite people' })).toBeVisible()
  await alice.page.keyboard.press('Escape')
  await bob.conversations.getByRole('button', { name: /Both of us/ }).click({ timeout: MEETING_MS })
  await bob.say('Thank you for adding me')
  await alice.hears('Thank you for adding me')

  await alice.choose('About bob', 'Block')
  await alice.page.getByRole('alertdialog', { name: 'Block this person?' }).getByRole('button', { name: 'Block' }).click()
  await expect(alice.timeline.getByText('From somebody you blocked')).toBeVisible()
  await expect(alice.page.getByText('Thank you for adding me')).toHaveCount(0)
  await alice.timeline.getByRole('button', { name: 'Show', exact: true }).click()
  await expect(alice.message('Thank you for adding me')).toBeVisible()
  await alice.choose('About bob', 'Unblock')
  await expect(alice.timeline.getByText('From somebody you blocked')).toHaveCount(0)
})

test('a request is declined, and a broken card is refused in plain words', async ({ newBrowser, web }) => {
  const alice = await Person.open(await newBrowser(), web.url, 'alice')
  const bob = await Person.open(await newBrowser(), web.url, 'bob')
  await bob.page.getByRole('button', { name: 'People', exact: true }).click()
  await bob.page.getByRole('button', { name: 'Add by card' }).click()
  await bob.page.getByRole('textbox', { name: 'Their card' }).fill('parley-card:this-is-none')
  await bob.page.getByRole('button', { name: 'Add', exact: true }).click()
  await expect(bob.page.getByRole('alert')).toContainText('This is not a complete card.')
  await bob.page.keyboard.press('Escape')

  await bob.addContact(await alice.card(), 'alice')
  await bob.page.getByRole('button', { name: 'Write to alice' }).click()
  await bob.say('Hello, it is bob')
  const requests = alice.page.getByRole('region', { name: 'Message requests' })
  await requests.getByRole('button', { name: /bob/ }).click({ timeout: MEETING_MS })
  await alice.page.getByRole('button', { name: 'Decline' }).click()
  await expect(requests).toHaveCount(0)
  await expect(alice.page.getByText('No conversations yet.')).toBeVisible()
})
