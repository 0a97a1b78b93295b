import { afterEach, expect, test } from 'vitest'
import type { Message } from '../src/index.ts'
import { createSharedGroup, createWorld, until, type World } from './support.ts'

let world: World
afterEach(() => world.close())

test('alice founds a group, bob joins by link, they talk', async () => {
  world = createWorld()
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const [hers, his] = await createSharedGroup(alice, bob)
  const heard: Message[] = []
  his!.on('message', (message) => heard.push(message))
  const sent = await hers!.sendMessage({ text: 'hello bob' })
  await until(() => heard.length === 1)
  expect(heard[0]!.text).toBe('hello bob')
  expect(heard[0]!.id).toBe(sent.id)
  await until(() => heard[0]!.author.name === 'alice')
  await until(async () => (await hers!.getMessage(sent.id))?.state === 'delivered')
  await his!.sendMessage({ text: 'hello alice' })
  await until(async () => (await hers!.getMessages()).totalMessages === 2)
  expect((await hers!.getMessages()).messages.map((m) => m.text)).toEqual(['hello bob', 'hello alice'])
  expect(his!.getTitle()).toBe('Picnic')
})
