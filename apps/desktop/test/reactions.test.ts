/** Marks on messages, and how messages with marks are shown. */
import { beforeEach, expect, test } from 'vitest'
import { formatMessage } from '../src/format.ts'
import { objectsOf, setUpCli } from './cli.ts'
import { bob } from './fake-conversation.ts'

const cli = setUpCli()
const { json, refusal } = cli

beforeEach(async () => {
  await json('new', 'Hike')
  await json('send', 'Hike', 'hello', '--reply', 'message-7')
})

test('reactions, pins and hiding print the message as it then is', async () => {
  const reactions = [{ emoji: '👍', users: ['alice-id'] }]
  const on = { code: 0, objects: [expect.objectContaining({ id: 'message-0', reactions }) as object] }
  expect(await json('react', 'Hike', 'message-0', '👍')).toEqual(on)
  expect((await json('unreact', 'Hike', 'message-0', '👍')).objects).toMatchObject([{ reactions: [] }])
  expect((await json('pinned', 'Hike')).objects).toEqual([])
  expect((await json('pin', 'Hike', 'message-0')).objects).toMatchObject([{ isPinned: true, replyTo: 'message-7' }])
  expect((await json('pinned', 'Hike')).objects).toMatchObject([{ id: 'message-0' }])
  expect((await json('unpin', 'Hike', 'message-0')).objects).toMatchObject([{ isPinned: false }])
  expect((await json('hide', 'Hike', 'message-0')).objects).toMatchObject([{ isHidden: true }])
  expect((await json('unhide', 'Hike', 'message-0')).objects).toMatchObject([{ isHidden: false }])
})

test('of messages that are not there they are refused', async () => {
  for (const command of [
    ['react', 'Hike', 'message-9', '👍'],
    ['unreact', 'Hike', 'message-9', '👍'],
    ['pin', 'Hike', 'message-9'],
    ['unpin', 'Hike', 'message-9'],
    ['hide', 'Hike', 'message-9'],
    ['unhide', 'Hike', 'message-9'],
  ])
    expect(await refusal(...command)).toBe('MessageNotFound')
  expect(await refusal('pinned', 'Dinner')).toBe('NotFound')
  expect(await refusal('react', 'Hike', 'message-0')).toBe('InvalidArgument')
})

test('tail tells of them', async () => {
  const tail = cli.parley(['--json', 'tail', 'Hike'])
  while (tail.err.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const { emitter } = cli.conversation('Hike')
  emitter.emit('reaction', 'message-0', { emoji: '👍', user: bob, on: true })
  emitter.emit('pinned', 'message-0', true)
  expect(objectsOf(await tail.lines(2))).toEqual([
    { event: 'reaction', conversation: 'Hike-id', messageId: 'message-0', reaction: { emoji: '👍', user: bob, on: true } },
    { event: 'pinned', conversation: 'Hike-id', messageId: 'message-0', on: true },
  ])
})

test('people see the marks, and nothing said by somebody blocked or hidden by a moderator', async () => {
  await json('react', 'Hike', 'message-0', '👍')
  await json('pin', 'Hike', 'message-0')
  const [message] = cli.conversation('Hike').sent
  if (message === undefined) throw new Error('no message')
  const shown = (change: object): string =>
    formatMessage({ ...message, ...change }, { columns: 200, timeZone: 'UTC', hasColour: false }).replace(/\s+/g, ' ')
  expect(shown({ replies: 2 })).toBe('00:00 Alice hello (pinned; reply to message-7; 2 replies; 👍; stored)')
  expect(shown({ forwardedFrom: { author: 'Carol', sentAt: 0 } })).toContain('first said by Carol')
  expect(shown({ isBlocked: true })).toContain('(of somebody you blocked;')
  for (const change of [{ isBlocked: true }, { isHidden: true }])
    expect(shown({ ...change, metadata: { a: 'hello' } })).not.toContain('hello')
})
