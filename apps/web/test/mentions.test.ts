import { expect, test } from 'vitest'
import { mentionParts, mentionQuery, mentionsIn, pickedIn, suggestions } from '../src/text/mentions.ts'

type People = Parameters<typeof suggestions>[0]
type Id = People[number]['id']

const person = (name: string, id = name): People[number] => ({
  id: id as Id,
  name,
  avatar: '',
  role: 'writer',
  status: 'ONLINE',
  devices: [],
})
const people = [person('alice'), person('Anna'), person('Anna Maria'), person('bob')]

test('an @ at the beginning of a word asks for people until a space comes', () => {
  expect(mentionQuery('Hello @an', 9)).toEqual({ at: 6, letters: 'an' })
  expect(mentionQuery('@', 1)).toEqual({ at: 0, letters: '' })
  expect(mentionQuery('Hello @an you', 9)).toEqual({ at: 6, letters: 'an' })
  expect(mentionQuery('Hello @an you', 13)).toBeUndefined()
  expect(mentionQuery('alice@example', 13)).toBeUndefined()
})

test('those whose name begins with the letters come first, and nobody is offered to themselves', () => {
  expect(suggestions(people, 'bob' as Id, 'an').map(({ name }) => name)).toEqual(['Anna', 'Anna Maria'])
  expect(suggestions(people, 'Anna' as Id, 'a').map(({ name }) => name)).toEqual(['alice', 'Anna Maria'])
  expect(suggestions(people, 'bob' as Id, 'MARIA').map(({ name }) => name)).toEqual(['Anna Maria'])
})

test('the longest name wins, and parts of words and addresses are nobody', () => {
  const text = '@Anna Maria and @Anna, not @Annabel nor x@bob'
  expect(mentionsIn(text, [], people).map(({ user, from, to }) => [user, text.slice(from, to)])).toEqual([
    ['Anna Maria', '@Anna Maria'],
    ['Anna', '@Anna'],
  ])
})

test('of two people with one name, whoever was picked is meant', () => {
  const twins = [person('bob', 'first'), person('bob', 'second')]
  expect(mentionsIn('Hi @bob', [{ user: 'second' as Id, label: '@bob' }], twins)).toEqual([{ user: 'second', from: 3, to: 7 }])
})

test('a text is cut at mentions, and ranges that do not fit it are passed over', () => {
  const mentions = mentionsIn('Hi @bob!', [], people)
  expect(mentionParts('Hi @bob!', mentions).map(({ text }) => text)).toEqual(['Hi ', '@bob', '!'])
  expect(pickedIn('Hi @bob!', mentions)).toEqual([{ user: 'bob', label: '@bob' }])
  const hostile = [
    { user: 'bob' as Id, from: 2, to: 1 },
    { user: 'bob' as Id, from: 1, to: 99 },
    { user: 'bob' as Id, from: 0, to: 2 },
    { user: 'bob' as Id, from: 1, to: 4 },
  ]
  expect(mentionParts('Hi @bob!', hostile).map(({ text }) => text)).toEqual(['Hi', ' @bob!'])
})
