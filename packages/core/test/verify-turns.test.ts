/** A conversation goes on while it is looked at, and what changes under way is not taken for damage. */
import { nodeFileCrypto } from '@parley/crypto/node'
import { CHUNK_ENTRIES, conversationIdBytes, deviceIdBytes, equalBytes } from '@parley/protocol'
import { createMemoryBlobStore, createMemoryStore } from '@parley/testing'
import { afterEach, expect, test } from 'vitest'
import type { Conversation, Parley, Store } from '../src/index.ts'
import { Keyspace } from '../src/replica/keyspace.ts'
import { createWorld, type World } from './support.ts'

const CHUNKS = 3

let world: World
afterEach(() => world.close())

/** Alice with a conversation of some chunks. `onRange` hears of every range that is read. */
async function scene(onRange: (gte: Uint8Array) => void = () => undefined): Promise<{ alice: Parley; group: Conversation }> {
  world = createWorld()
  const store = createMemoryStore()
  const watched: Store = {
    get: (key) => store.get(key),
    getMany: (keys) => store.getMany(keys),
    range: (query) => {
      onRange(query.gte)
      return store.range(query)
    },
    write: (operations, options) => store.write(operations, options),
    estimate: () => store.estimate(),
    close: () => store.close(),
  }
  const attachments = { blobs: createMemoryBlobStore(), crypto: nodeFileCrypto() }
  const alice = await world.peer('alice', { store: watched, attachments })
  const group = await alice.createGroup({ title: 'Long' })
  const texts = Array.from({ length: CHUNKS * CHUNK_ENTRIES }, (_, i) => `text ${i}`)
  await Promise.all(texts.map((text) => group.sendMessage({ text })))
  return { alice, group }
}

test('what is said has its turn before the next chunk is looked at', async () => {
  let onRange: (gte: Uint8Array) => void = () => undefined
  const { alice, group } = await scene((gte) => onRange(gte))
  const keys = new Keyspace(conversationIdBytes(group.getId()))
  const chunk = (index: number): Uint8Array => keys.entries(deviceIdBytes(alice.me.deviceId), index * CHUNK_ENTRIES, 0).gte
  const order: string[] = []
  let sending: Promise<unknown> | undefined
  onRange = (gte) => {
    if (order.length === 0 && equalBytes(gte, chunk(0))) {
      order.push('first chunk')
      sending = group.sendMessage({ text: 'meanwhile' }).then(() => order.push('said'))
    }
    if (!order.includes('last chunk') && equalBytes(gte, chunk(CHUNKS))) order.push('last chunk')
  }
  expect((await alice.verify()).damages).toEqual([])
  await sending
  expect(order).toEqual(['first chunk', 'said', 'last chunk'])
})

test('nothing is found that is not wrong while messages and files come, change and go', async () => {
  const { alice, group } = await scene()
  const looking = new AbortController()
  const talk = async (lane: number): Promise<number> => {
    let said = 0
    for (; !looking.signal.aborted; said++) {
      const files = said % 3 === 0 ? { file: new File([new Uint8Array(70_000).fill(lane)], 'lane.bin') } : {}
      const { id } = await group.sendMessage({ text: `lane ${lane}`, ...files })
      if (said % 2 === 0) await group.updateMessage(id, { text: 'edited' })
      if (said % 2 === 1 || said % 3 === 0) await group.deleteMessage(id)
    }
    return said
  }
  const lanes = [1, 2].map(talk)
  for (let i = 0; i < 3; i++) expect((await alice.verify()).damages).toEqual([])
  looking.abort()
  for (const said of await Promise.all(lanes)) expect(said).toBeGreaterThan(1)
  expect(await alice.verify()).toMatchObject({ isSound: true, damages: [] })
})
