/** A chat from the components, as somebody at a keyboard and somebody with a screen reader meet it. */
import { createParley, tabStatus } from '@parley/chat'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { expect, onTestFinished, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { ConversationList, ConversationView, MemberList, SearchBox, useConversations, type JumpTarget } from '../src/index.ts'
import { aliceAlone, aliceAndBob, show, until } from './world.tsx'

function Chat(): ReactNode {
  const { conversations } = useConversations()
  const [target, setTarget] = useState<JumpTarget>()
  const [first] = conversations
  return (
    <>
      <ConversationList selected={first} onSelect={() => undefined} />
      {first !== undefined && <SearchBox within={first} onPick={setTarget} />}
      {first !== undefined && <ConversationView conversation={first} target={target} />}
      {first !== undefined && <MemberList conversation={first} />}
    </>
  )
}

const field = page.getByRole('textbox', { name: 'Message', exact: true })
const log = page.getByRole('log', { name: 'Messages' })
const row = (text: string): ReturnType<typeof page.getByRole> => log.getByRole('article').filter({ hasText: text })

/** Waits until a part of the page has these words in it. */
function shows(locator: ReturnType<typeof page.getByRole>, words: string): Promise<void> {
  return until(() => locator.elements().some(({ textContent }) => textContent.includes(words)))
}

test('somebody writes, answers, edits, reacts, attaches, searches and deletes, by keyboard and by name', async () => {
  const { alice, group } = await aliceAlone()
  show(alice, <Chat />)
  await shows(page.getByRole('navigation', { name: 'Conversations' }), 'No messages yet')
  await shows(page.getByRole('list', { name: 'Members' }), 'YouFounder')

  await userEvent.fill(field, 'Saturday at noon, https://example.org/map?')
  await until(() => group.draft?.text.startsWith('Saturday') === true)
  await userEvent.keyboard('{Enter}')
  await expect.element(row('Saturday')).toHaveAccessibleName(/^You at /)
  await expect.element(field).toHaveValue('')
  const link = row('Saturday').getByRole('link').element()
  expect([link.getAttribute('href'), link.getAttribute('rel')]).toEqual(['https://example.org/map', 'noopener noreferrer nofollow'])

  // Arrow up in an empty field edits what was said last.
  await userEvent.keyboard('{ArrowUp}')
  await expect.element(field).toHaveValue('Saturday at noon, https://example.org/map?')
  await userEvent.fill(field, 'Saturday at one?')
  await userEvent.keyboard('{Enter}')
  await shows(row('Saturday at one?'), 'Edited')

  // From the timeline a row, and from the row what can be done with it.
  log.element().focus()
  await userEvent.keyboard('{ArrowUp}')
  expect(document.activeElement).toBe(row('Saturday').element())
  await userEvent.keyboard('{ArrowRight}{Enter}')
  await expect.element(row('Saturday').getByRole('button', { name: '👍 1' })).toHaveAttribute('aria-pressed', 'true')
  await row('Saturday').getByRole('button', { name: 'Reply' }).click()
  await userEvent.upload(page.elementLocator(document.querySelector('input[type=file]')!), new File(['bread'], 'list.txt'))
  await shows(page.getByRole('list', { name: 'Files to send' }), 'list.txt')
  await userEvent.fill(field, 'Gladly!')
  await userEvent.keyboard('{Enter}')
  await expect.element(row('Gladly!').getByRole('button', { name: /Saturday at one/ })).toBeVisible()
  await shows(row('Gladly!'), 'list.txt')
  expect((await group.getMessages()).messages.map(({ replyTo, attachments }) => [replyTo !== undefined, attachments.length])).toEqual([
    [false, 0],
    [true, 1],
  ])

  await userEvent.fill(page.getByRole('searchbox', { name: 'Search' }), 'glad')
  await page.getByRole('list', { name: 'Search' }).getByRole('button').click()
  await until(() => document.activeElement === row('Gladly!').element())

  // What is gone everywhere takes two presses.
  await row('Gladly!').getByRole('button', { name: 'Delete' }).click()
  await row('Gladly!').getByRole('button', { name: 'Delete for everybody?' }).click()
  await until(() => log.getByRole('article').elements().length === 1)
})

test('what others say, and that they type, shows; what is looked at is seen; own deeds of elsewhere show too', async () => {
  const { alice, atAlice, atBob } = await aliceAndBob()
  show(alice, <Chat />)
  await expect.element(page.getByText('Connected')).toBeVisible()
  atBob.startTyping()
  await expect.element(page.getByText('bob typing…').first()).toBeVisible()
  const { id } = await atBob.sendMessage({ text: 'Hello from Bob' })
  await expect.element(row('Hello from Bob')).toHaveAccessibleName(/^bob at /)
  await until(() => page.getByText('bob typing…').elements().length === 0)
  await until(async () => (await atBob.getMessage(id))?.seenBy.includes(alice.me.id) === true)
  await shows(page.getByRole('list', { name: 'Members' }), 'bobWriterOnline')
  await atAlice.mute()
  await shows(page.getByRole('navigation'), 'muted')
  await atAlice.setTitle('Boat trip')
  await expect.element(page.getByRole('region', { name: 'Boat trip' })).toBeVisible()
})

test('a guest of the same profile shows the same', async () => {
  const profile = `alice-${crypto.randomUUID()}`
  const host = await createParley({ profile, name: 'alice', offline: true })
  onTestFinished(() => host.close())
  const group = await host.createGroup({ title: 'Picnic' })
  await group.sendMessage({ text: 'from the host' })
  const guest = await createParley({ profile, name: 'alice', offline: true })
  onTestFinished(() => guest.close())
  expect(tabStatus(guest)?.role).toBe('guest')
  show(guest, <Chat />)
  await expect.element(row('from the host')).toBeVisible()
  await userEvent.fill(field, 'from the guest')
  await userEvent.keyboard('{Enter}')
  await expect.element(row('from the guest')).toBeVisible()
  await group.mute()
  await shows(page.getByRole('navigation'), 'muted')
})
