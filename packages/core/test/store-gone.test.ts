/** A store that goes away in the middle of an operation: what is asked for afterwards fails with the reason, and is never said not to exist. */
import { ParleyError } from '@parley/protocol'
import { createMemoryDisk, createMemoryStore, type MemoryDisk } from '@parley/testing'
import { afterEach, expect, test } from 'vitest'
import type { Store } from '../src/index.ts'
import { createWorld, type World } from './support.ts'

let world: World
afterEach(() => world.close())

/** A store that takes `writes` more of them, when that is set, and nothing is asked of it with success after the last. */
interface Fate {
  writes: number
}

function mortal(disk: MemoryDisk, fate: Fate): Store {
  const store = createMemoryStore({ disk })
  const whileThere = async <T>(run: () => Promise<T>): Promise<T> => {
    if (fate.writes === 0) throw new ParleyError('StorageUnavailable', 'Another tab is deleting or upgrading this profile.')
    return run()
  }
  return {
    get: (key) => whileThere(() => store.get(key)),
    getMany: (keys) => whileThere(() => store.getMany(keys)),
    range: (query) => whileThere(() => store.range(query)),
    write: (operations, options) =>
      whileThere(() => {
        fate.writes--
        return store.write(operations, options)
      }),
    estimate: () => store.estimate(),
    close: () => store.close(),
  }
}

test('a message whose place cannot be looked up any more is not said to be unknown', async () => {
  world = createWorld()
  const fate: Fate = { writes: Number.POSITIVE_INFINITY }
  const alice = await world.peer('alice', { store: mortal(createMemoryDisk(), fate) })
  const group = await alice.createGroup({ title: 'Small' })
  const [first, second] = [await group.sendMessage({ text: 'first' }), await group.sendMessage({ text: 'second' })]
  // The entry that deletes is written; what it deletes cannot be purged any more.
  fate.writes = 1
  const unavailable = { code: 'StorageUnavailable' }
  await Promise.allSettled([group.deleteMessage(first.id)])
  const calls = {
    update: () => group.updateMessage(second.id, { text: 'changed' }),
    delete: () => group.deleteMessage(second.id),
    react: () => group.react(second.id, '👍'),
    get: () => group.getMessage(second.id),
    edits: () => group.edits(second.id),
    seen: () => group.seen(second.id),
    pin: () => group.pin(second.id),
  }
  for (const call of Object.values(calls)) await expect(call()).rejects.toMatchObject(unavailable)
  // With the store back, the same engine goes on where it was.
  fate.writes = Number.POSITIVE_INFINITY
  await calls.react()
  expect((await group.getMessages()).messages.map(({ text, reactions }) => [text, reactions.length])).toEqual([['second', 1]])
  await expect(group.updateMessage(first.id, { text: 'late' })).rejects.toMatchObject({ code: 'MessageNotFound' })
})
