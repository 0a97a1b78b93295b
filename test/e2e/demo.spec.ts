/**
 * The demo as people use it: two browsers (contexts with separate storage), the built app under its real headers, a real rendezvous.
 */
import { expect } from '@playwright/test'
import { startRelay } from '../support/servers.ts'
import { MEETING_MS, Person, twoPeople } from './person.ts'
import { test } from './world.ts'

test('a name, a group, a copied invite link, and two browsers chat', async ({ newBrowser, web }) => {
  const atAlice = await newBrowser({ permissions: ['clipboard-read', 'clipboard-write'] })
  const atBob = await newBrowser()
  const alice = await Person.open(atAlice, web.url, 'alice')
  await alice.createGroup('Harbour walk')
  await alice.page.getByRole('button', { name: 'Copy invite link' }).click()
  await expect(alice.page.getByRole('button', { name: 'Link copied' })).toBeVisible()
  const copied = await alice.page.evaluate(() => navigator.clipboard.readText())
  expect(await alice.takeInviteLink()).toBe(copied)
  expect(copied.startsWith(new URL(web.url).origin)).toBe(true)

  const bob = await Person.open(atBob, copied, 'bob')
  await bob.acceptInvite('Harbour walk')
  expect(new URL(bob.page.url()).hash, 'the invite leaves the address').toBe('')

  await alice.say('Hello bob')
  await bob.hears('Hello bob')
  await bob.say('Hello alice')
  await alice.hears('Hello alice')
  expect(await alice.texts()).toEqual(['Hello bob', 'Hello alice'])
  expect(await bob.texts()).toEqual(await alice.texts())
  await expect(alice.conversations.getByRole('button', { name: /Harbour walk/ })).toContainText('bob: Hello alice')
})

test('typing, online and seen are shown', async ({ newBrowser, web }) => {
  const [alice, bob] = await twoPeople(newBrowser, web.url, 'Presence')
  await expect(alice.member('bob')).toContainText('Online', { timeout: MEETING_MS })
  await expect(bob.member('alice')).toContainText('Founder')

  await bob.composer.pressSequentially('I am thinking')
  await expect(alice.page.getByText('bob is typing').first()).toBeVisible()
  await bob.composer.fill('')
  await expect(alice.page.getByText('bob is typing')).toHaveCount(0)

  await alice.say('Can you see this?')
  await expect(alice.message('Can you see this?')).toContainText('Seen by bob', { timeout: MEETING_MS })

  await bob.page.close()
  await expect(alice.member('bob')).toContainText('Offline', { timeout: 2 * MEETING_MS })
})

test('an unread message counts in the title and the list until it is read, and is told of to those who look elsewhere', async ({
  newBrowser,
  web,
}) => {
  const [alice, bob] = await twoPeople(newBrowser, web.url, 'First')
  await alice.createGroup('Second')
  await alice.takeInviteLink()
  await bob.say('Are you there?')
  await expect(alice.page).toHaveTitle('(1) Parley', { timeout: MEETING_MS })
  const row = alice.conversations.getByRole('button', { name: /First/ })
  await expect(row).toContainText('1 unread')
  await row.click()
  await alice.hears('Are you there?')
  await expect(alice.page).toHaveTitle('Parley')

  // Told of only when they want to be, which is when the browser asks, and while they look elsewhere.
  await alice.page.evaluate(watchNotifications)
  await alice.page.getByRole('button', { name: 'alice Settings' }).click()
  await alice.page.getByRole('switch', { name: 'Tell me of new messages' }).check()
  await alice.page.keyboard.press('Escape')
  const told = (): Promise<string[]> => alice.page.evaluate(() => (globalThis as unknown as { told: string[] }).told)
  expect(await told()).toEqual(['asked'])
  await bob.say('You see this one')
  await alice.hears('You see this one')
  await alice.page.evaluate(() => Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true }))
  await bob.say('And this is news')
  await expect.poll(told, { timeout: MEETING_MS }).toEqual(['asked', 'bob, First: And this is news'])
  await alice.choose('Conversation menu', 'Mute')
  await bob.say('Nobody is told of this')
  await alice.hears('Nobody is told of this')
  expect(await told()).toHaveLength(2)
})

/** Runs in a page: has what the browser would show noted, by title and text, and says yes when it is asked. */
function watchNotifications(): void {
  const told: string[] = []
  Object.assign(globalThis, { told })
  class Watched extends EventTarget {
    static permission: NotificationPermission = 'default'
    static requestPermission(): Promise<NotificationPermission> {
      told.push('asked')
      Watched.permission = 'granted'
      return Promise.resolve('granted')
    }
    constructor(title: string, { body }: NotificationOptions) {
      super()
      told.push(`${title}: ${body}`)
    }
  }
  Object.assign(globalThis, { Notification: Watched })
}

test('an own message is edited and deleted, for both', async ({ newBrowser, web }) => {
  const [alice, bob] = await twoPeople(newBrowser, web.url, 'Second thoughts')
  await alice.say('I will be there at ten')
  await alice.say('This was a mistake')
  await bob.hears('This was a mistake')
  await expect(bob.message('This was a mistake').getByRole('button', { name: 'Edit message' })).toHaveCount(0)

  await alice.message('I will be there at ten').hover()
  await alice.message('I will be there at ten').getByRole('button', { name: 'Edit message' }).click()
  await expect(alice.composer).toHaveValue('I will be there at ten')
  await alice.composer.fill('I will be there at eleven')
  await alice.page.getByRole('button', { name: 'Save' }).click()
  await expect(bob.message('I will be there at eleven')).toContainText('Edited')
  await expect(alice.message('I will be there at eleven')).toContainText('Edited')

  await alice.message('This was a mistake').hover()
  await alice.message('This was a mistake').getByRole('button', { name: 'Delete message' }).click()
  const question = alice.page.getByRole('alertdialog', { name: 'Delete this message?' })
  await question.getByRole('button', { name: 'Cancel' }).click()
  await expect(alice.message('This was a mistake')).toBeVisible()
  await alice.message('This was a mistake').hover()
  await alice.message('This was a mistake').getByRole('button', { name: 'Delete message' }).click()
  await question.getByRole('button', { name: 'Delete' }).click()
  await expect(bob.message('This was a mistake')).toHaveCount(0)
  await expect(alice.message('This was a mistake')).toHaveCount(0)
  expect(await bob.texts()).toEqual(['I will be there at eleven'])
})

test('a running chat goes on when the rendezvous stops', async ({ newBrowser, web, relay }) => {
  const [alice, bob] = await twoPeople(newBrowser, web.url, 'Without a server')
  await alice.say('Before')
  await bob.hears('Before')
  await relay.close()
  await alice.say('After, from alice')
  await bob.hears('After, from alice')
  await bob.say('After, from bob')
  await alice.hears('After, from bob')
  expect(await bob.texts()).toEqual(await alice.texts())
})

test('what both wrote while offline is merged in the same order', async ({ newBrowser, web, relay }) => {
  const [alice, bob] = await twoPeople(newBrowser, web.url, 'Apart')
  await alice.say('Together')
  await bob.hears('Together')
  // Without a rendezvous two browsers that start anew cannot find each other: each is alone now.
  await relay.close()
  await bob.page.reload()
  await alice.page.reload()
  for (const round of [1, 2, 3]) {
    await alice.say(`alice alone ${round}`)
    await bob.say(`bob alone ${round}`)
  }
  await expect(alice.message('alice alone 3')).toContainText('Kept here')
  await expect(bob.message('bob alone 3')).toContainText('Kept here')
  expect(await alice.texts()).toEqual(['Together', 'alice alone 1', 'alice alone 2', 'alice alone 3'])

  const again = await startRelay({ port: Number(new URL(relay.url).port) })
  try {
    for (const person of [alice, bob]) await person.page.reload()
    for (const person of [alice, bob]) {
      for (const round of [1, 2, 3]) {
        await person.hears(`alice alone ${round}`)
        await person.hears(`bob alone ${round}`)
      }
    }
    const merged = await alice.texts()
    expect(merged).toHaveLength(7)
    expect(await bob.texts()).toEqual(merged)
    await expect(alice.message('alice alone 3')).toContainText(/Delivered|Seen/, { timeout: MEETING_MS })
  } finally {
    await again.close()
  }
})

test('"Open as another person" works with the rendezvous stopped', async ({ context, web, relay }) => {
  const alice = await Person.open(context, web.url, 'alice')
  await relay.close()
  await alice.createGroup('In one browser')
  const opening = context.waitForEvent('page')
  await alice.page.getByRole('button', { name: 'Open as another person' }).click()
  const bob = await Person.introduce(await opening, 'bob')
  await bob.acceptInvite('In one browser')
  await alice.page.bringToFront()
  await alice.page.keyboard.press('Escape')
  await alice.say('Are you me?')
  await bob.hears('Are you me?')
  await bob.say('No, I am bob')
  await alice.hears('No, I am bob')
  await expect(alice.member('bob')).toContainText('Online')
})

test('who is invited while nobody is there waits, and is let in as soon as somebody is', async ({ newBrowser, web }) => {
  const alice = await Person.open(await newBrowser(), web.url, 'alice')
  await alice.createGroup('Later')
  const link = await alice.takeInviteLink()
  await alice.page.goto('about:blank')
  const bob = await Person.open(await newBrowser(), link, 'bob')
  await bob.page.getByRole('button', { name: 'Join group' }).click()
  await expect(bob.page.getByRole('heading', { name: 'Waiting for a member to let you in' })).toBeVisible()
  await alice.page.goto(web.url)
  await expect(bob.page.getByRole('main', { name: 'Later' })).toBeVisible({ timeout: MEETING_MS })
  await bob.say('Here I am')
  await alice.hears('Here I am')
})

test('a link for one person lets in one, and tells the next why not', async ({ newBrowser, web }) => {
  const alice = await Person.open(await newBrowser(), web.url, 'alice')
  await alice.createGroup('For two')
  const field = alice.page.getByLabel('Invite link')
  await expect(field).toHaveValue(/#/)
  const forSeveral = await field.inputValue()
  await alice.page.getByLabel('Lets in').selectOption('1 person')
  await expect(field).not.toHaveValue(forSeveral)
  const link = await alice.takeInviteLink()
  const bob = await Person.open(await newBrowser(), link, 'bob')
  await bob.acceptInvite('For two')
  const carol = await Person.open(await newBrowser(), link, 'carol')
  await carol.page.getByRole('button', { name: 'Join group' }).click()
  await expect(carol.page.getByRole('alert')).toContainText('has let in as many people as it was made for', { timeout: MEETING_MS })
  await carol.page.getByRole('button', { name: 'Back to your conversations' }).click()
  await expect(carol.conversations).toBeVisible()
})

test('an invite that is broken is refused in plain words, with a way out', async ({ context, web }) => {
  const alice = await Person.open(context, `${web.url}#this-is-certainly-no-invite-at-all`, 'alice')
  await alice.page.getByRole('button', { name: 'Join group' }).click()
  await expect(alice.page.getByRole('alert')).toContainText('This invite does not work')
  await alice.page.getByRole('button', { name: 'Go to your conversations' }).click()
  await expect(alice.conversations).toBeVisible()
})

test.describe('on a phone of 390 px', () => {
  test('list and chat are screens of their own, members a sheet', async ({ newBrowser, web }) => {
    const context = await newBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
    const alice = await Person.open(context, web.url, 'alice')
    await expect(alice.conversations).toBeVisible()
    await alice.createGroup('In the pocket')
    await alice.takeInviteLink()
    await expect(alice.conversations).toHaveCount(0)
    await alice.say('Small screen, '.repeat(20).trim())

    await alice.page.getByRole('button', { name: 'Members' }).tap()
    await expect(alice.page.getByRole('dialog', { name: 'Members' })).toBeVisible()
    await expect(alice.member('alice')).toContainText('Founder')
    await alice.page.getByRole('button', { name: 'Close' }).tap()

    const tooSmall = await alice.page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('button, a[href], textarea')]
        .filter((control) => control.checkVisibility({ opacityProperty: true }))
        .filter((control) => control.getBoundingClientRect().height < 44 || control.getBoundingClientRect().width < 44)
        .map((control) => control.outerHTML.slice(0, 80)),
    )
    expect(tooSmall).toEqual([])
    expect(await alice.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)

    await alice.page.getByRole('button', { name: 'Back to conversations' }).tap()
    await expect(alice.conversations.getByRole('button', { name: /In the pocket/ })).toBeVisible()
    await alice.conversations.getByRole('button', { name: /In the pocket/ }).tap()
    await expect(alice.composer).toBeVisible()
    await alice.page.goBack()
    await expect(alice.conversations).toBeVisible()
  })
})
