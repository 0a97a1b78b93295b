import fc from 'fast-check'
import type { Message } from '@parley/core'
import { expect, test } from 'vitest'
import { formatMessage, formatPage } from '../src/format.ts'
import { clip, oneLine, printable, width, wrap } from '../src/text.ts'

const terminal = { columns: 60, timeZone: 'Europe/Berlin', hasColour: false }
const message = {
  id: 'm1',
  author: { id: 'alice-id-long', name: 'Alice', avatar: '' },
  text: 'hello',
  metadata: {},
  attachments: [],
  reactions: [],
  replies: 0,
  sentAt: Date.UTC(2026, 0, 1, 23, 30),
} as unknown as Message

test('what would act on a terminal is shown as a mark', () => {
  expect(printable('a\u001b[2Jb\u0007\u009b1m\u202ec\r\nd')).toBe('a\ufffd[2Jb\ufffd\ufffd1m\ufffdc\ufffd\nd')
  expect(oneLine('a\n b\t c')).toBe('a b c')
})

test('wrapped lines fit and lose no word', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), fc.integer({ min: 10, max: 80 }), (text, columns) => {
      const lines = wrap(text, columns)
      for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns)
      expect(lines.join('').replace(/\s/g, '')).toBe(printable(text.replace(/\r\n/g, '\n')).replace(/\s/g, ''))
    }),
  )
})

test('wide characters count twice, and a cut is marked', () => {
  expect(width('日本語')).toBe(6)
  expect(width('👍🏽')).toBe(2)
  expect(clip('日本語', 5)).toBe('日本…')
  expect(clip('short', 5)).toBe('short')
})

test('a message has the time of the reader, its author and what there is to know', () => {
  expect(formatMessage(message, terminal)).toBe('00:30  Alice             hello')
  expect(formatMessage({ ...message, author: { ...message.author, name: '' } }, terminal)).toContain('alice-id')
  const more = formatMessage({ ...message, editedAt: message.sentAt, metadata: { n: 1 }, state: 'seen', text: 'x '.repeat(30) }, terminal)
  expect(more.split('\n').map((line) => line.slice(0, 25))).toEqual(
    ['00:30  Alice             ', ' '.repeat(25), ' '.repeat(25), ' '.repeat(25)].slice(0, more.split('\n').length),
  )
  expect(more.replace(/\s+/g, ' ')).toContain('(edited 00:30; n=1; seen)')
})

test('a page has a line for each day of the reader', () => {
  const before = { ...message, sentAt: message.sentAt - 3_600_000 }
  const page = formatPage({ messages: [before, message, message], page: 2, totalMessages: 28, totalPages: 2 }, terminal)
  expect(page.split('\n').filter((line) => line.startsWith('—'))).toEqual(['— Thursday 1 January 2026 —', '— Friday 2 January 2026 —'])
  expect(page).toContain('page 2 of 2, 28 messages')
})
