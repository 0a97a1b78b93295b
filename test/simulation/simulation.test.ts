/** What the simulator is worth: seeds that found a defect, runs that repeat, and what it has to notice. The bulk of seeds is in `seeds.test.ts`. */
import type { SimulationOptions } from '@parley/testing'
import { describe, expect, test, vi } from 'vitest'
import { flipsBits, forgetsEdits, liesAboutDurability, mute } from './sabotage.ts'
import { expectClean, run, SEED_MS } from './seeds.ts'

/** Seeds that found a defect in how peers meet after a fork; `found.test.ts` has what can be said in a few steps. */
const REGRESSIONS: readonly (readonly [title: string, options: Omit<SimulationOptions, 'crypto'>])[] = [
  ['a copy and who followed the original blamed each other for signatures', { seed: 13, steps: 60, forks: true }],
  ['peers of two histories blamed each other for counters', { seed: 8, steps: 120, forks: true }],
]

describe('seeds that found a defect', () => {
  test.for(REGRESSIONS)('%s', { timeout: SEED_MS }, ([, options]) => expectClean(options))
})

describe('the simulator', () => {
  test('repeats a run byte for byte', { timeout: SEED_MS }, async () => {
    const options = { seed: 11, steps: 60, peers: 3 }
    const [first, second] = [await run(options), await run(options)]
    expect(second.log).toEqual(first.log)
    expect(second.digest).toBe(first.digest)
  })

  test('comes to the same with the crypto that is made faster for the bulk of seeds', { timeout: SEED_MS }, async () => {
    const options = { seed: 11, steps: 60, peers: 3 }
    const plain = await run(options)
    vi.resetModules()
    vi.doMock('@parley/crypto', async (importOriginal) =>
      (await import('./fast-crypto.ts')).withFastCrypto(await importOriginal<typeof import('@parley/crypto')>()),
    )
    const fast = await (await import('./seeds.ts')).run(options)
    vi.doUnmock('@parley/crypto')
    expect(fast.digest).toBe(plain.digest)
  })

  test('notices a fold that forgets edits [I2]', { timeout: SEED_MS }, () => expectCaught('I2', forgetsEdits))
  test('notices a disk that lies about durability [I1]', { timeout: SEED_MS }, () => expectCaught('I1', liesAboutDurability))
  test('notices a changed entry [I3]', { timeout: SEED_MS }, () => expectCaught('I3', flipsBits('bob')))
  test('notices entries that never arrive [I3]', { timeout: SEED_MS }, () => expectCaught('I3', mute('bob', 40)))
})

async function expectCaught(invariant: string, sabotage: SimulationOptions['sabotage']): Promise<void> {
  const report = await run({ seed: 4, steps: 150, peers: 3, ...(sabotage === undefined ? {} : { sabotage }) })
  expect(report.violations.map((v) => v.invariant)).toContain(invariant)
}
