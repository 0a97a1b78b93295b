/** Where a name is said: wherever this device may write, and nowhere else. */
import { nodeProvider } from '@parley/crypto/node'
import { createMemoryStore, seededRandom, silentLogger } from '@parley/testing'
import { expect, test } from 'vitest'
import type { Context } from '../src/context.ts'
import { storeKeyVault } from '../src/profile/key-vault.ts'
import { OwnProfile } from '../src/profile/own-profile.ts'
import { loadProfile } from '../src/profile/profile.ts'
import type { Replica } from '../src/replica/replica.ts'
import { WaitingBytes } from '../src/support/waiting-bytes.ts'
import { systemClock } from './support.ts'

test('a new name and an introduction go where the own log is whole, and wait where it is not', async () => {
  const parts = { store: createMemoryStore(), crypto: nodeProvider(), clock: systemClock, random: seededRandom(1) }
  const { profile, identity } = await loadProfile({ ...parts, vault: storeKeyVault(parts) }, 'alice')
  const failures: unknown[] = []
  const report = (error: unknown): void => void failures.push(error)
  const context: Context = { ...parts, logger: silentLogger(), me: identity, waiting: new WaitingBytes(), report }
  const own = new OwnProfile(context, profile, { hasDevices: () => false, onChange: () => undefined })
  const said: string[] = []
  const conversation = (name: string, isOwnLogHere: boolean, isFrozen = false): Replica =>
    ({
      record: { state: 'member' },
      isFrozen,
      isOwnLogHere,
      controls: { profile: () => ({ name: '', avatar: '' }) },
      commitControl: async (payload: { name: string }) => void said.push(`${name}: ${payload.name}`),
    }) as unknown as Replica
  const conversations = [conversation('whole', true), conversation('half', false), conversation('frozen', true, true)]
  await own.set({ name: 'alice the second' }, conversations)
  for (const replica of conversations) own.introduce(replica)
  expect(said).toEqual(['whole: alice the second', 'whole: alice the second'])
  expect([own.name, failures]).toEqual(['alice the second', []])
})
