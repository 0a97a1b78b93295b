/** The bulk of seeds. One seed alone: `npm run simulate -- --seed N`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SeedPool } from './seed-pool.ts'
import { SEED_MS } from './seeds.ts'

/** Seeds of a CI run, some 3 s of one core each. */
const CI_SEEDS = 60
const SEEDS = Array.from({ length: Number(process.env['PARLEY_SEEDS'] ?? CI_SEEDS) }, (_, index) => index + 1)

/** All seeds together can be given forks or changes of members; by default they have neither. */
const KIND = process.env['PARLEY_SEED_KIND']

function optionsOf(seed: number): { seed: number; forks: boolean; changes: boolean } {
  return { seed, forks: KIND === 'forks', changes: KIND === 'changes' }
}

describe('random histories keep every invariant, and everybody agrees in the end', () => {
  const pool = new SeedPool(SEEDS, optionsOf)
  beforeAll(() => pool.start())
  afterAll(() => pool.stop())

  test.for(SEEDS)('seed %i', { timeout: SEED_MS }, async (seed) => {
    const { violations, repro, entries } = await pool.result(seed)
    const [violation] = violations
    if (violation !== undefined) expect.fail(`${violation.invariant}: ${violation.what}\nrepeat with: ${repro}`)
    expect(entries).toBeGreaterThan(0)
  })
})
