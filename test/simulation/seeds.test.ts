/** The bulk of seeds. One seed alone: `npm run simulate -- --seed N`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SeedPool } from './seed-pool.ts'
import { SEED_MS } from './seeds.ts'

/** Seeds of a CI run, some 3 s of one core each. */
const CI_SEEDS = 200
const SEEDS = Array.from({ length: Number(process.env['PARLEY_SEEDS'] ?? CI_SEEDS) }, (_, index) => index + 1)
/** What at least one of so many histories has to have done, or they are not what they are taken for. */
const EXPECTED_STEPS = [
  'copy',
  'restore',
  'put out',
  'put out one who is deaf',
  'come back by invite',
  'revoke an invite',
  'history',
  'react',
]
const SEEDS_WITH_EVERYTHING = 20

describe('random histories keep every invariant, and everybody agrees in the end', () => {
  const pool = new SeedPool(SEEDS)
  beforeAll(() => pool.start())
  afterAll(() => pool.stop())

  test.for(SEEDS)('seed %i', { timeout: SEED_MS }, async (seed) => {
    const { violations, repro, entries } = await pool.result(seed)
    const [violation] = violations
    if (violation !== undefined) expect.fail(`${violation.invariant}: ${violation.what}\nrepeat with: ${repro}`)
    expect(entries).toBeGreaterThan(0)
  })

  test.runIf(SEEDS.length >= SEEDS_WITH_EVERYTHING)('all kinds of steps were done', { timeout: SEED_MS }, async () => {
    const results = await Promise.all(SEEDS.map((seed) => pool.result(seed)))
    for (const step of EXPECTED_STEPS) expect(results.some(({ steps }) => (steps[step] ?? 0) > 0)).toBe(true)
  })
})
