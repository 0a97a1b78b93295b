/** What rows are made of: pure functions, so that a new message changes nothing before it. */
import type { Message } from '@parley/chat'
import { expect, test } from 'vitest'
import { timelineItems } from '../src/components/timeline-items.ts'
import { textParts } from '../src/support/links.ts'

const MINUTE_MS = 60_000
const NOON = new Date(2026, 4, 12, 12).getTime()

function message(id: string, author: string, sentAt: number): Message {
  return { id, author: { id: author, name: author, avatar: '' }, sentAt } as unknown as Message
}

const MESSAGES = [
  message('a', 'alice', NOON),
  message('b', 'alice', NOON + MINUTE_MS),
  message('c', 'bob', NOON + 2 * MINUTE_MS),
  message('d', 'bob', NOON + 9 * MINUTE_MS),
  message('e', 'bob', NOON + 24 * 60 * MINUTE_MS),
  message('f', 'bob', NOON + 24 * 60 * MINUTE_MS + 1),
]

/** Days and the mark as they stand above their message; a star where a run begins, a dot where it ends. */
const drawn = (items: ReturnType<typeof timelineItems>): string[] =>
  items.map(({ message: { id }, day, isMarked, isFirst, isLast, place }) =>
    [day !== undefined && 'day ', isMarked && 'unread ', place, id, isFirst && '*', isLast && '.'].filter(Boolean).join(''),
  )

test('days, runs of one person, and the line above what is unread', () => {
  expect(drawn(timelineItems(MESSAGES, 10, 'f'))).toEqual(['day 11a*', '12b.', '13c*.', '14d*.', 'day 15e*.', 'unread 16f*.'])
  expect(timelineItems([], 0, undefined)).toEqual([])
})

test('a message that comes changes no item before it, but whether it is the last of a run', () => {
  const before = timelineItems(MESSAGES.slice(0, -1), 0, undefined)
  const since = timelineItems(MESSAGES, 0, undefined).slice(0, before.length)
  expect(since.map((item, at) => ({ ...item, isLast: before[at]!.isLast }))).toEqual(before)
  expect(drawn(since).at(-1)).toBe('day 5e*')
})

test.each([
  ['no link', ['no link']],
  ['see https://example.org/a?b=c#d.', ['see ', '[https://example.org/a?b=c#d]', '.']],
  ['(https://example.org/a_(b)), then', ['(', '[https://example.org/a_(b)]', '), then']],
  ['(http://example.org)', ['(', '[http://example.org]', ')']],
  ['javascript:alert(1) data:text/html,x https:// http://', ['javascript:alert(1) data:text/html,x https:// http://']],
  ['https://a.example https://b.example', ['[https://a.example]', ' ', '[https://b.example]']],
])('the addresses in %j', (text, parts) => {
  expect(textParts(text).map(({ text: part, href }) => (href === undefined ? part : `[${part}]`))).toEqual(parts)
  expect(
    textParts(text)
      .map((part) => part.text)
      .join(''),
  ).toBe(text)
})
