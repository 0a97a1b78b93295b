/**
 * Who is in a group and what they may do: roles, removal, leaving, invite links, what newcomers can read.
 */
import { expect } from '@playwright/test'
import { MEETING_MS, Person, twoPeople } from './person.ts'
import { test } from './world.ts'

test('a role is changed and takes effect, then somebody is removed, reads on and deletes their copy', async ({ newBrowser, web }) => {
  const [alice, bob] = await twoPeople(newBrowser, web.url, 'Harbour walk')
  await bob.say('Shall I bring the map?')
  await alice.hears('Shall I bring the map?')

  await alice.choose('About bob', 'Reads only')
  await expect(bob.page.getByText('You can read here, but not write.')).toBeVisible({ timeout: MEETING_MS })
  await expect(bob.composer).toHaveCount(0)
  await expect(alice.member('bob')).toContainText('Reads only')
  await alice.choose('About bob', 'Moderator')
  await expect(bob.member('bob')).toContainText('Moderator', { timeout: MEETING_MS })
  await expect(bob.composer).toBeVisible()
  await bob.chooseFor('Shall I bring the map?', 'Pin for everybody')
  await expect(alice.page.getByRole('region', { name: 'Pinned messages' })).toContainText('Shall I bring the map?', { timeout: MEETING_MS })

  await alice.choose('About bob', 'Remove from group')
  const question = alice.page.getByRole('alertdialog', { name: 'Remove from the group?' })
  // Below 1120 px the members are a sheet; what was asked stays.
  await alice.page.setViewportSize({ width: 1_000, height: 720 })
  await expect(question).toBeVisible()
  await alice.page.setViewportSize({ width: 1_280, height: 720 })
  await question.getByRole('button', { name: 'Remove', exact: true }).click()
  await expect(alice.member('bob')).toHaveCount(0)
  await alice.page.getByText('Former members (1)').click()
  await expect(alice.page.getByRole('list', { name: 'Who was here before' })).toContainText('Removed by you')

  await expect(bob.page.getByText('You were removed by alice.')).toBeVisible({ timeout: MEETING_MS })
  await expect(bob.message('Shall I bring the map?')).toBeVisible()
  await alice.say('Now without bob')
  await bob.page.getByRole('button', { name: 'Delete from this device' }).click()
  await bob.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await expect(bob.page.getByRole('heading', { name: 'Start your first conversation' })).toBeVisible()
  await expect(bob.page.getByText('Now without bob')).toHaveCount(0)
})

test('somebody leaves a group and keeps what they read', async ({ newBrowser, web }) => {
  const [alice, bob] = await twoPeople(newBrowser, web.url, 'For a while')
  await alice.say('Good to have you here')
  await bob.hears('Good to have you here')
  await bob.choose('Conversation menu', 'Leave group')
  await bob.page.getByRole('alertdialog', { name: 'Leave this group?' }).getByRole('button', { name: 'Leave group' }).click()
  await expect(bob.page.getByText('You left this group.')).toBeVisible()
  await expect(bob.message('Good to have you here')).toBeVisible()
  await expect(alice.page.getByText('Former members (1)')).toBeVisible({ timeout: MEETING_MS })
  await alice.page.getByText('Former members (1)').click()
  await expect(alice.page.getByRole('list', { name: 'Who was here before' })).toContainText('Left')
})

test('a link for readers, newcomers who read only what comes, and a link that is revoked', async ({ newBrowser, web }) => {
  const alice = await Person.open(await newBrowser(), web.url, 'alice')
  await alice.createGroup('Notices')
  const field = alice.page.getByLabel('Invite link')
  await expect(field).toHaveValue(/#/)
  const first = await field.inputValue()
  await alice.page.getByLabel('They can').selectOption('only read')
  await expect(field).not.toHaveValue(first)
  const forReaders = await alice.takeInviteLink()
  await alice.say('Before anybody came')
  await alice.page.getByRole('button', { name: 'Details', exact: true }).click()
  await alice.page.getByLabel('Newcomers can read').selectOption('Only what is said after they join')
  await alice.page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(alice.page.getByRole('dialog')).toHaveCount(0)

  const bob = await Person.open(await newBrowser(), forReaders, 'bob')
  await bob.page.getByRole('button', { name: 'Join group' }).click()
  await expect(bob.page.getByText('You can read here, but not write.')).toBeVisible({ timeout: MEETING_MS })
  await alice.say('After bob came')
  await bob.hears('After bob came')
  expect(await bob.texts()).toEqual(['After bob came'])

  await alice.page.getByRole('button', { name: 'Invite people' }).first().click()
  await expect(field).toHaveValue(/#/)
  const revoked = await field.inputValue()
  await alice.page.getByText(/^Links that still let people in/).click()
  const open = alice.page.getByRole('list', { name: 'Links that still let people in' }).getByRole('listitem')
  await expect(open).toHaveCount(3)
  await open.first().getByRole('button', { name: 'Revoke' }).click()
  await expect(open).toHaveCount(2)
  await expect(field).toHaveValue('Revoked')
  const carol = await Person.open(await newBrowser(), revoked, 'carol')
  await carol.page.getByRole('button', { name: 'Join group' }).click()
  await expect(carol.page.getByRole('heading', { name: 'You were not let in' })).toBeVisible({ timeout: MEETING_MS })
  await carol.page.getByRole('button', { name: 'Delete from this device' }).click()
  await carol.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await expect(carol.page.getByText('No conversations yet.')).toBeVisible()
})
