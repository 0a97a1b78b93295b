/**
 * A deliberately broken removal, kept to show that the simulator catches one: the log of whoever is put out goes on counting. Pages and fold agree on it,
 * for both ask the same rules; what catches it is that it was written after. In a file of its own: the break concerns the whole module graph.
 */
import { nodeProvider } from '@parley/crypto/node'
import { simulate } from '@parley/testing'
import { expect, test, vi } from 'vitest'

vi.mock('../../packages/core/src/membership/spans.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../packages/core/src/membership/spans.ts')>()
  return {
    ...original,
    Stays: class extends original.Stays {
      override spans(): ReturnType<InstanceType<typeof original.Stays>['spans']> {
        const spans = super.spans()
        return spans.map((span, i) => (i === spans.length - 1 ? { ...span, to: Number.POSITIVE_INFINITY } : span))
      }
    },
  }
})

test('a removal after which the log still counts is caught [I4]', { timeout: 60_000 }, async () => {
  const report = await simulate({ seed: 4, steps: 120, peers: 4, changes: true, crypto: nodeProvider() })
  expect(report.violations.map((v) => v.invariant)).toContain('I4')
})
