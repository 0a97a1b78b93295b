/**
 * The real core under everything that can happen, from a seed. `PARLEY_SEEDS=200` runs more seeds; a seed that fails prints the command that
 * repeats it with its whole log.
 */
import { nodeProvider } from '@parley/crypto/node'
import { simulate, type SimulationOptions, type SimulationReport } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { flipsBits, forgetsEdits, liesAboutDurability, mute } from './sabotage.ts'

/** What a CI run can afford beside everything else on two cores: 6 s of one core each when nothing else runs, three times that when much does. */
const CI_SEEDS = 4
const SEEDS = Number(process.env['PARLEY_SEEDS'] ?? CI_SEEDS)
/** Far above what 300 steps need on two loaded cores. */
const SEED_MS = 120_000

/** Seeds that found a defect once; `found.test.ts` has each of them, and those that need no seed, in a few steps. */
const REGRESSIONS: readonly (readonly [title: string, options: Omit<SimulationOptions, 'crypto'>])[] = [
  ['an index that could not be written on a full disk was lost', { seed: 28, steps: 60 }],
  ['the view document stood still after the clock was set back', { seed: 223, steps: 60 }],
]

const run = (options: Omit<SimulationOptions, 'crypto'>): Promise<SimulationReport> => simulate({ ...options, crypto: nodeProvider() })

describe('random histories keep every invariant, and everybody agrees in the end', () => {
  for (let seed = 1; seed <= SEEDS; seed++) test(`seed ${seed}`, { timeout: SEED_MS }, () => expectClean({ seed }))
})

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

  test('notices a fold that forgets edits [I2]', { timeout: SEED_MS }, () => expectCaught('I2', forgetsEdits))
  test('notices a disk that lies about durability [I1]', { timeout: SEED_MS }, () => expectCaught('I1', liesAboutDurability))
  test('notices a changed entry [I3]', { timeout: SEED_MS }, () => expectCaught('I3', flipsBits('bob')))
  test('notices entries that never arrive [I3]', { timeout: SEED_MS }, () => expectCaught('I3', mute('bob', 40)))
})

async function expectClean(options: Omit<SimulationOptions, 'crypto'>): Promise<void> {
  const report = await run(options)
  const [violation] = report.violations
  if (violation !== undefined) expect.fail(`${violation.invariant}: ${violation.what}\nrepeat with: ${report.repro}`)
  expect(report.entries).toBeGreaterThan(0)
}

async function expectCaught(invariant: string, sabotage: SimulationOptions['sabotage']): Promise<void> {
  const report = await run({ seed: 4, steps: 150, peers: 3, ...(sabotage === undefined ? {} : { sabotage }) })
  expect(report.violations.map((v) => v.invariant)).toContain(invariant)
}
