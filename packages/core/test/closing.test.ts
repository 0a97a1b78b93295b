/** Closing while history is being checked: the work ends at its next slice, and leaves nothing behind that was not whole. */
import { nodeProvider } from '@parley/crypto/node'
import type { CryptoProvider } from '@parley/crypto'
import { CHUNK_ENTRIES } from '@parley/protocol'
import { createMemoryDisk, createMemoryStore, seededRandom, silentLogger } from '@parley/testing'
import { expect, test } from 'vitest'
import { createEngine, type Parley } from '../src/index.ts'
import { createWorld, systemClock, until } from './support.ts'

const MESSAGES = 1_030

/** Tells when several signatures are checked at a time, as for a long run. */
function watched(onMany: () => void): CryptoProvider {
  const provider = nodeProvider()
  return {
    name: provider.name,
    sha256: (bytes) => provider.sha256(bytes),
    sha256Into: (bytes, target, offset) => provider.sha256Into(bytes, target, offset),
    verify: (job) => provider.verify(job),
    verifyMany: (jobs) => {
      onMany()
      return provider.verifyMany(jobs)
    },
    signingKey: (seed) => provider.signingKey(seed),
    agreementKey: (secret) => provider.agreementKey(secret),
    encapsulate: (secret, publicKey) => provider.encapsulate(secret, publicKey),
  }
}

test('a run that was being checked is dropped whole, and comes again', async () => {
  const world = createWorld()
  const alice = await world.peer('alice')
  const group = await alice.createGroup({ title: 'Picnic' })
  await Promise.all(Array.from({ length: MESSAGES }, (_, i) => group.sendMessage({ text: `message ${i}` })))
  const disk = createMemoryDisk()
  const failures: Error[] = []
  let closing: Promise<void> | undefined
  const peers: Parley[] = []
  const crypto = watched(() => {
    closing ??= peers[0]?.close()
  })
  const base = { clock: systemClock, logger: silentLogger(), name: 'bob' }
  const transports = [world.network.transport('bob')]
  const bob = await createEngine({ ...base, store: createMemoryStore({ disk }), transports, crypto, random: seededRandom(5) })
  peers.push(bob)
  bob.on('error', (error) => void failures.push(error))
  await bob.join(await group.invite())
  await until(() => closing !== undefined)
  await closing
  expect(failures).toEqual([])

  const plain = { ...base, store: createMemoryStore({ disk }), crypto: nodeProvider(), random: seededRandom(6) }
  const offline = await createEngine({ ...plain, transports: [] })
  expect((await offline.conversations[0]!.getMessages()).totalMessages).toBeLessThan(CHUNK_ENTRIES)
  await offline.close()

  const online = { ...plain, store: createMemoryStore({ disk }), transports: [world.network.transport('bob again')] }
  const again = await createEngine(online)
  const [conversation] = again.conversations
  await until(async () => (await conversation!.getMessages()).totalMessages === MESSAGES)
  expect(conversation!.getLastMessage()?.text).toBe(group.getLastMessage()?.text)
  await again.close()
  await world.close()
})
