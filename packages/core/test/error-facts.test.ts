import { ParleyError, Reject } from '@parley/protocol'
import { expect, test } from 'vitest'
import { errorFacts } from '../src/support/error-facts.ts'

const SECRET = 'meet me at the old mill'

function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return undefined
}

test('kind, code and places are named, the innermost first', () => {
  const facts = errorFacts(new ParleyError('StorageFull', SECRET))
  expect(facts).toMatchObject({ error: 'ParleyError', code: 'StorageFull' })
  expect(facts['at']).toMatch(/^error-facts\.test\.ts:\d+:\d+/)
  expect(errorFacts(new Reject('BadShape', SECRET))).toMatchObject({ error: 'Reject', code: 'BadShape' })
})

test.each([
  ['what JSON.parse could not read', (): unknown => JSON.parse(SECRET)],
  ['what BigInt could not read', () => BigInt(SECRET)],
  [
    'a message of several lines that looks like a stack',
    () => {
      throw new Error(`x\n    at ${SECRET}\n    at y`)
    },
  ],
  [
    'a name',
    () => {
      throw Object.assign(new Error('x'), { name: SECRET })
    },
  ],
  [
    'a message that was changed later',
    () => {
      throw Object.assign(new Error(SECRET), { message: 'other' })
    },
  ],
  [
    'a cause',
    () => {
      throw new Error('x', { cause: new Error(SECRET) })
    },
  ],
])('nothing is quoted: %s', (_what, call) => {
  expectNothingOf(SECRET, thrownBy(call))
})

test('nothing is quoted of what is no error at all', () => {
  for (const thrown of [SECRET, { text: SECRET }, [SECRET], undefined]) expectNothingOf(SECRET, thrown)
})

function expectNothingOf(secret: string, error: unknown): void {
  const text = JSON.stringify(errorFacts(error))
  for (const word of secret.split(' ').filter((part) => part.length > 3)) expect(text).not.toContain(word)
}

test('folders, which name people, and versions of bundlers are left out', () => {
  const error = Object.assign(new Error('x'), {
    stack: 'Error: x\n    at f (/home/carol/parley/engine.ts:7:9)\n    at https://host.example/chat.js?v=1a2b:1:234',
  })
  expect(errorFacts(error)['at']).toBe('engine.ts:7:9 chat.js:1:234')
})
