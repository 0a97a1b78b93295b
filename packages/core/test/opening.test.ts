/** What is done to open a profile again: nothing that was found out before it was closed. */
import { nodeProvider } from '@parley/crypto/node'
import type { CryptoProvider } from '@parley/crypto'
import { createMemoryDisk, createMemoryStore, seededRandom, silentLogger } from '@parley/testing'
import { expect, test } from 'vitest'
import { createEngine } from '../src/index.ts'
import { createSharedGroup, createWorld, systemClock, until } from './support.ts'

/** A provider that counts the signatures that it checks. */
function counting(): { crypto: CryptoProvider; checked: () => number } {
  const provider = nodeProvider()
  let count = 0
  const crypto: CryptoProvider = {
    name: provider.name,
    sealBody: (key, nonce, aad, text) => provider.sealBody(key, nonce, aad, text),
    openBody: (key, sealed, aad) => provider.openBody(key, sealed, aad),
    sha256: (bytes) => provider.sha256(bytes),
    sha256Into: (bytes, target, offset) => provider.sha256Into(bytes, target, offset),
    verify: (job) => {
      count++
      return provider.verify(job)
    },
    verifyMany: (jobs) => {
      count += jobs.length
      return provider.verifyMany(jobs)
    },
    signingKey: (seed) => provider.signingKey(seed),
    agreementKey: (secret) => provider.agreementKey(secret),
    encapsulate: (secret, publicKey) => provider.encapsulate(secret, publicKey),
  }
  return { crypto, checked: () => count }
}

test('no signature of others is checked again: not of entries, certificates or admissions, by whomever they were made', async () => {
  const world = createWorld()
  const [hers, his] = [createMemoryDisk(), createMemoryDisk()]
  const alice = await world.peer('alice', { store: createMemoryStore({ disk: hers }) })
  const bob = await world.peer('bob', { store: createMemoryStore({ disk: his }) })
  const carol = await world.peer('carol')
  const group = await createSharedGroup(alice, bob, carol)
  await group[2]!.sendMessage({ text: 'hello' })
  await until(async () => group.every((conversation) => conversation.getLastMessage()?.text === 'hello'))
  await until(() => group.every((conversation) => conversation.members().every(({ name }) => name !== '')))
  await world.close()
  for (const [name, disk] of [
    ['alice', hers],
    ['bob', his],
  ] as const) {
    const { crypto, checked } = counting()
    const store = createMemoryStore({ disk })
    const again = await createEngine({ store, transports: [], crypto, clock: systemClock, random: seededRandom(9), logger: silentLogger() })
    expect([again.conversations[0]?.members().length, again.conversations[0]?.getLastMessage()?.text]).toEqual([3, 'hello'])
    // The certificate of the device itself: what is on the disk may be damaged.
    expect([name, checked()]).toEqual([name, 1])
    await again.close()
  }
})
