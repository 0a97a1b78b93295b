/**
 * Walks through every screen once, with people and messages as they might be; see `look.ts` for what is asked of each.
 */
import { expect, type Page } from '@playwright/test'
import { look } from './look.ts'
import { MEETING_MS, Person } from './person.ts'
import { test } from './world.ts'

test.use({ trace: 'off' })

/** A picture as somebody might send one: evening at the harbour. */
async function harbour(page: Page): Promise<Buffer> {
  const url = await page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = 1_200
    canvas.height = 750
    const context = canvas.getContext('2d')!
    const fill = (colours: readonly string[], top: number, bottom: number): void => {
      const gradient = context.createLinearGradient(0, top, 0, bottom)
      colours.forEach((colour, index) => gradient.addColorStop(index / (colours.length - 1), colour))
      context.fillStyle = gradient
      context.fillRect(0, top, 1_200, bottom - top)
    }
    fill(['#27496d', '#c86b5c', '#f4b266'], 0, 470)
    context.fillStyle = '#ffe3a8'
    context.beginPath()
    context.arc(820, 420, 70, 0, 7)
    context.fill()
    fill(['#b9715c', '#1d3a52', '#12283c'], 470, 750)
    context.fillStyle = '#0f2233'
    context.fillRect(210, 210, 46, 260)
    context.fillRect(196, 190, 74, 26)
    context.fillRect(0, 455, 420, 22)
    context.fillStyle = '#ffd98a'
    context.fillRect(218, 196, 30, 16)
    return canvas.toDataURL('image/png')
  })
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')
}

test('every screen, in both themes and three sizes', async ({ newBrowser, web }) => {
  test.setTimeout(600_000)
  const atAlice = await newBrowser({ viewport: { width: 1440, height: 900 } })
  const page = await atAlice.newPage()
  await page.goto(web.url)
  await expect(page.getByLabel('Your name')).toBeVisible()
  await look(page, 'welcome')
  await page.getByRole('button', { name: 'I use Parley already, or did' }).click()
  await look(page, 'other-device')
  await page.getByRole('button', { name: 'Back' }).click()
  const alice = await Person.introduce(page, 'Alice')
  await expect(page.getByRole('heading', { name: 'Start your first conversation' })).toBeVisible()
  await look(page, 'empty')

  await page.getByRole('button', { name: 'New group' }).click()
  await page.getByRole('textbox', { name: 'Title', exact: true }).fill('Harbour walk')
  await look(page, 'new-group')
  await page.getByRole('button', { name: 'Create group' }).click()
  await expect(page.getByLabel('Invite link')).toHaveValue(/#.{20,}/)
  await look(page, 'invite')
  const link = await alice.takeInviteLink()
  await look(page, 'chat-empty')

  for (const [title, text] of [
    ['Book club', 'Chapter seven was worth the wait'],
    ['Flat 12', 'Bins go out tonight, your turn'],
  ] as const) {
    await alice.createGroup(title)
    await alice.takeInviteLink()
    await alice.say(text)
  }
  await alice.conversations.getByRole('button', { name: /Harbour walk/ }).click()

  const bobPage = await (await newBrowser({ viewport: { width: 1440, height: 900 } })).newPage()
  await bobPage.goto(link)
  const bob = await Person.introduce(bobPage, 'Bob Marchetti')
  await expect(bobPage.getByRole('button', { name: 'Join group' })).toBeVisible()
  await look(bobPage, 'join')
  await bob.acceptInvite('Harbour walk')

  await alice.say('Morning! Who is in for Saturday? The forecast says sun until four.')
  await bob.hears('Morning! Who is in for Saturday? The forecast says sun until four.')
  await bob.say('Me! I could bring the old map: https://example.org/harbour-map')
  await bob.press('Morning! Who is in for Saturday? The forecast says sun until four.', 'React')
  await bobPage.getByRole('button', { name: '❤️' }).click()
  await bob.press('Morning! Who is in for Saturday? The forecast says sun until four.', 'Reply')
  await bob.composer.pressSequentially('@Al')
  await expect(bobPage.getByRole('option', { name: 'Alice' })).toBeVisible()
  await look(bobPage, 'mention')
  await bob.composer.press('Enter')
  await bob.composer.pressSequentially('shall we meet at the **north pier** at ten?')
  await bob.composer.press('Enter')
  await alice.hears('Me! I could bring the old map: https://example.org/harbour-map')
  await alice.composer.fill('Ten is perfect. I wrote the tide times down:\n```\nSat 10:40  high  2.9 m\nSat 16:55  low   0.4 m\n```')
  await alice.composer.press('Enter')
  await alice.composer.fill('And a list:\n- sandwiches\n- water\n- _something sweet_')
  await alice.composer.press('Enter')
  await alice.page.locator('input[type=file]').setInputFiles([
    { name: 'harbour.png', mimeType: 'image/png', buffer: await harbour(page) },
    { name: 'tide table 2026.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(240_000, '%PDF-1.7 ') },
  ])
  await look(page, 'files-to-send')
  await alice.composer.fill('The harbour, and the tide table')
  await alice.composer.press('Enter')
  await bob.hears('The harbour, and the tide table')
  await bob.composer.fill('')
  await bob.composer.pressSequentially('Great')
  await expect(page.getByText('Bob Marchetti is typing').first()).toBeVisible({ timeout: MEETING_MS })
  await look(page, 'chat')

  await alice.press('And a list:', 'React')
  await page.getByRole('button', { name: 'More emoji' }).click()
  await expect(page.getByText('😀').first()).toBeVisible()
  await look(page, 'emoji')
  await page.keyboard.press('Escape')
  await alice.chooseFor('And a list:', 'Forward')
  await look(page, 'forward')
  await page.keyboard.press('Escape')
  await alice.press('And a list:', 'More')
  await look(page, 'message-menu')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Alice Settings' }).click()
  await expect(page.getByRole('dialog', { name: 'Settings' })).toContainText('used, by everything')
  await look(page, 'settings')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'People', exact: true }).click()
  await look(page, 'people')
  await page.getByRole('button', { name: 'Your card' }).click()
  await expect(page.getByRole('img', { name: 'Your card as a QR code' })).toBeVisible()
  await look(page, 'card')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Connection/ }).click()
  await look(page, 'connection')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Picture harbour.png' }).click()
  await look(page, 'gallery')
  await page.keyboard.press('Escape')
  await alice.choose('Conversation menu', 'Files')
  await expect(page.getByRole('list', { name: 'Files', exact: true }).getByRole('listitem')).toHaveCount(2)
  await look(page, 'files')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+K')
  await page.getByRole('searchbox', { name: 'Words to look for' }).fill('tide')
  await expect(page.getByRole('list', { name: 'Messages that were found' }).getByRole('listitem')).toHaveCount(2)
  await look(page, 'search')
  await page.keyboard.press('Escape')
  await alice.choose('Conversation menu', 'Export')
  await look(page, 'export')
  await page.keyboard.press('Escape')
  for (const [row, name] of [
    [/^Your devices/, 'devices'],
    [/^Recovery phrase/, 'recovery'],
    [/^Import a conversation/, 'import'],
    [/^Delete everything/, 'erase'],
  ] as const) {
    await page.getByRole('button', { name: 'Alice Settings' }).click()
    await page.getByRole('dialog', { name: 'Settings' }).getByRole('button', { name: row }).click()
    await look(page, name)
    if (name === 'recovery') {
      await page.getByRole('button', { name: 'Make the words' }).click()
      await expect(page.getByRole('list', { name: 'The words' })).toBeVisible()
      await look(page, 'recovery-words')
    }
    if (name === 'devices') {
      await page.getByRole('button', { name: 'Add a device' }).click()
      await expect(page.getByRole('img', { name: 'Link for the new device as a QR code' })).toBeVisible()
      await look(page, 'add-device')
    }
    await page.keyboard.press('Escape')
  }
  await alice.choose('About Bob Marchetti', 'Safety number')
  await expect(page.getByRole('list', { name: 'Safety number' }).getByRole('listitem')).toHaveCount(12)
  await look(page, 'safety')
  await page.keyboard.press('Escape')
  await alice.choose('Conversation menu', 'Group details')
  await look(page, 'details')
  await page.keyboard.press('Escape')
  await alice.chooseFor('And a list:', 'Pin for everybody')
  await expect(page.getByRole('region', { name: 'Pinned messages' })).toBeVisible()
  await alice.choose('About Bob Marchetti', 'Remove from group')
  await look(page, 'remove')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByText('Former members (1)').click()
  await look(page, 'former-members')
  await expect(bobPage.getByText('You were removed by Alice.')).toBeVisible({ timeout: MEETING_MS })
  await look(bobPage, 'removed')
})

test('screens of waiting and of what went wrong', async ({ newBrowser, web, relay }) => {
  const page = await (await newBrowser()).newPage()
  await page.goto(`${web.url}#this-is-certainly-no-invite-at-all`)
  await Person.introduce(page, '\u202eecila\u202c <b>A</b> '.repeat(3))
  await page.getByRole('button', { name: 'Join group' }).click()
  await expect(page.getByRole('alert')).toBeVisible()
  await look(page, 'invite-broken')
  await page.getByRole('button', { name: 'Go to your conversations' }).click()
  await relay.close()

  await page.getByRole('button', { name: 'New group' }).click()
  await page.getByRole('textbox', { name: 'Title', exact: true }).fill('A title that is far too long for any screen, '.repeat(2))
  await page.getByRole('button', { name: 'Create group' }).click()
  await expect(page.getByLabel('Invite link')).toHaveValue(/#.{20,}/)
  const link = await page.getByLabel('Invite link').inputValue()
  await page.keyboard.press('Escape')
  const composer = page.getByRole('textbox', { name: 'Message', exact: true })
  for (const text of [
    '\u202egnisrever si siht',
    'Z\u0353\u0300a\u0334\u0300l\u0337\u0300g\u0336o'.repeat(8),
    'W'.repeat(400),
    `https://example.org/${'path/'.repeat(40)}`,
  ]) {
    await composer.fill(text)
    await composer.press('Enter')
    await expect(composer).toHaveValue('')
  }
  await look(page, 'hostile')

  const atBob = await (await newBrowser()).newPage()
  await atBob.goto(link)
  await Person.introduce(atBob, 'Bob')
  await atBob.getByRole('button', { name: 'Join group' }).click()
  await expect(atBob.getByRole('heading', { name: 'Waiting for a member to let you in' })).toBeVisible()
  await look(atBob, 'waiting')

  const blocked = await (await newBrowser()).newPage()
  await blocked.addInitScript(() =>
    Object.defineProperty(globalThis, 'indexedDB', {
      value: {
        open: () => {
          throw new DOMException('blocked', 'SecurityError')
        },
      },
    }),
  )
  await blocked.goto(web.url)
  await expect(blocked.getByRole('alert')).toBeVisible()
  await look(blocked, 'no-storage')
})
