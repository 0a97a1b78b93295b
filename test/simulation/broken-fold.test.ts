/** A deliberately broken fold, kept to show that the simulator catches one. In a file of its own: the break concerns the whole module graph. */
import { nodeProvider } from '@parley/crypto/node'
import { simulate } from '@parley/testing'
import { expect, test, vi } from 'vitest'

// The timeline orders messages by these bytes. Without the counter, what was said within one millisecond stands in the order of its hashes:
// all peers agree, and all of them are wrong.
vi.mock('@parley/protocol', async (importOriginal) => {
  const original = await importOriginal<typeof import('@parley/protocol')>()
  return { ...original, hlcBytes: (hlc: Parameters<typeof original.hlcBytes>[0]) => original.hlcBytes({ ...hlc, ctr: 0 }) }
})

test('a timeline that orders by the millisecond alone is caught by the naive fold [I2]', { timeout: 60_000 }, async () => {
  const report = await simulate({ seed: 1, steps: 100, peers: 3, crypto: nodeProvider() })
  expect(report.violations.map((v) => v.invariant)).toContain('I2')
})
