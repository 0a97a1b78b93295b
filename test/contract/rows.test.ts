/** No row of the contract is forgotten: what `docs/API.md` says, read from its tables, and what is tested are the same. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { ATTACHMENT_FIELDS, MESSAGE_FIELDS } from './rows/values.ts'
import { CASES } from './suite.ts'

const contract = (await readFile(new URL('../../docs/API.md', import.meta.url), 'utf8'))
  .split('\n## ')
  .find((part) => part.startsWith('1. '))!

/** The names in the first cell of each row of the tables: what is in backticks before the arrow to the result. */
function rows(): string[] {
  return contract
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ')[0]!.split('→')[0]!)
    .map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name).join(', '))
}

/** The members that a paragraph lists after `has`, the data first. */
function membersOf(beginning: string): string[] {
  const paragraph = contract.split('\n').find((line) => line.startsWith(beginning))!
  return [
    ...paragraph
      .slice(beginning.length)
      .split('. ')[0]!
      .matchAll(/`([^`]+)`/g),
  ].flatMap(([, list]) => list!.split(', '))
}

test('every row of the tables has a test, and every test a row', () => {
  expect(rows().length).toBeGreaterThan(15)
  expect([...new Set(CASES.map(({ row }) => row))].sort()).toEqual([...rows(), 'A Message', 'An Attachment', 'A listener', 'A call'].sort())
})

test('titles are unique', () => {
  const titles = CASES.map(({ row, title }) => `${row}: ${title}`)
  expect(new Set(titles).size).toBe(titles.length)
})

test('a message and an attachment have what the contract lists', () => {
  expect(membersOf('A `Message` has ').map((name) => name.replace(/: .*/, ''))).toEqual(MESSAGE_FIELDS)
  expect(membersOf('An `Attachment` has ').slice(0, ATTACHMENT_FIELDS.length)).toEqual(ATTACHMENT_FIELDS)
})
