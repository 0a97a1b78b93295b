/**
 * Deliberately broken epochs, kept to show that the simulator catches them: what somebody holds who is out is written under like any other. In a file of
 * its own: the break concerns the whole module graph.
 */
import { nodeProvider } from '@parley/crypto/node'
import { simulate } from '@parley/testing'
import { expect, test, vi } from 'vitest'

vi.mock('../../packages/core/src/membership/epochs.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../packages/core/src/membership/epochs.ts')>()
  return {
    ...original,
    EpochBook: class extends original.EpochBook {
      constructor() {
        super(() => true)
      }
    },
  }
})

test('keys that go on being used after a removal are caught, by who gave them and by who has them [I4]', { timeout: 60_000 }, async () => {
  const { violations } = await simulate({ seed: 15, steps: 40, peers: 5, changes: true, crypto: nodeProvider() })
  const said = violations.map(({ invariant, what }) => `${invariant} ${what}`)
  expect(said).toContainEqual(expect.stringMatching(/^I4 .* writes under an epoch whose key was sealed for/))
  expect(said).toContainEqual(expect.stringMatching(/^I4 .* holds the key of an epoch/))
})
