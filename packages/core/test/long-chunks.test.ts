/** A complete chunk of long messages is more than a receiver holds back for one signature. */
import { afterEach, expect, test } from 'vitest'
import { allTexts, createWorld, until, type World } from './support.ts'

let world: World
afterEach(() => world.close())

test('one who joins late gets a chunk of more than 4 MiB', async () => {
  world = createWorld()
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const group = await alice.createGroup({ title: 'Novels' })
  const texts = Array.from({ length: 260 }, (_, i) => `${i} `.padEnd(20_000, '.'))
  for (const text of texts) await group.sendMessage({ text })
  const his = await bob.join(await group.invite())
  await his.admitted()
  await until(async () => (await his.getMessages()).totalMessages === texts.length)
  expect(await allTexts(his)).toEqual(texts)
  expect(bob.inspect().rejected).toEqual({})
})
