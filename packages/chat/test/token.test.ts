/** A token names a message, so that sending it again is safe. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createParley, type Conversation, type Parley } from '../src/index.ts'

/** As many as are remembered. */
const REMEMBERED = 1_024

let profile: string
let parley: Parley

beforeEach(async () => {
  profile = await mkdtemp(join(tmpdir(), 'parley-token-'))
  parley = await createParley({ profile, name: 'alice', offline: true })
})
afterEach(async () => {
  await parley.close()
  await rm(profile, { recursive: true })
})

async function restart(): Promise<Conversation> {
  await parley.close()
  parley = await createParley({ profile, offline: true })
  return parley.conversations[0]!
}

test('the same token is the same message: at once, later, and after a restart', async () => {
  const group = await parley.createGroup()
  const [one, two] = await Promise.all([group.sendMessage({ text: 'hello', token: 'a' }), group.sendMessage({ text: 'hello', token: 'a' })])
  expect(two.id).toBe(one.id)
  expect((await group.sendMessage({ text: 'something else', token: 'a' })).text).toBe('hello')
  const again = await restart()
  expect((await again.sendMessage({ text: 'hello', token: 'a' })).id).toBe(one.id)
  expect((await again.sendMessage({ text: 'hello', token: 'b' })).id).not.toBe(one.id)
  expect((await again.getMessages()).totalMessages).toBe(2)
})

test('tokens are of one conversation each, and of a bounded length', async () => {
  const [one, other] = [await parley.createGroup(), await parley.createGroup()]
  await one.sendMessage({ text: 'one', token: 'a' })
  expect((await other.sendMessage({ text: 'other', token: 'a' })).text).toBe('other')
  for (const token of ['', 'x'.repeat(65), 7 as unknown as string])
    await expect(one.sendMessage({ text: 'x', token })).rejects.toMatchObject({ code: 'InvalidArgument' })
  await expect(one.sendMessage({ text: '', token: 'b' })).rejects.toMatchObject({ code: 'EmptyMessage' })
})

test('a message that was deleted is not sent again', async () => {
  const group = await parley.createGroup()
  await group.deleteMessage((await group.sendMessage({ text: 'regretted', token: 'a' })).id)
  await expect(group.sendMessage({ text: 'regretted', token: 'a' })).rejects.toMatchObject({ code: 'MessageNotFound' })
  expect((await group.getMessages()).totalMessages).toBe(0)
})

test('the oldest tokens are forgotten, so that a long conversation does not grow by them', async () => {
  const group = await parley.createGroup()
  const first = await group.sendMessage({ text: 'first', token: 'first' })
  const send = (i: number): Promise<unknown> => group.sendMessage({ text: `${i}`, token: `${i}` })
  await Promise.all(Array.from({ length: REMEMBERED - 1 }, (_, i) => send(i)))
  const again = await restart()
  expect((await again.sendMessage({ text: 'first', token: 'first' })).id).toBe(first.id)
  await again.sendMessage({ text: 'one more', token: 'one more' })
  expect((await again.sendMessage({ text: 'first', token: 'first' })).id).not.toBe(first.id)
})
