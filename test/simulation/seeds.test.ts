/** The bulk of seeds. One seed alone: `npm run simulate -- --seed N`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SeedPool } from './seed-pool.ts'
import { SEED_MS } from './seeds.ts'

/** Seeds of a CI run, some 3 s of one core each. */
const CI_SEEDS = 60
/** Seeds in which one user has two devices, in every CI run. */
const DEVICE_SEEDS = [4, 5, 6, 7, 8, 9]
/** Fewer than those of the bulk. */
const DEVICE_STEPS = 120
const SEEDS = Array.from({ length: Number(process.env['PARLEY_SEEDS'] ?? CI_SEEDS) }, (_, index) => index + 1)

/** All seeds together can be given forks, changes of members or a second device; by default they have none of these. */
const KIND = process.env['PARLEY_SEED_KIND']

function optionsOf(seed: number): { seed: number; forks: boolean; changes: boolean; devices: boolean; steps?: number; peers?: number } {
  return { seed, forks: KIND === 'forks', changes: KIND === 'changes', devices: KIND === 'devices' }
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

describe('what the two devices of a user do converges with all the rest, and a lost one is out [I2, I4]', () => {
  const pool = new SeedPool(DEVICE_SEEDS, (seed) => ({ seed, forks: false, changes: false, devices: true, steps: DEVICE_STEPS, peers: 4 }))
  beforeAll(() => pool.start())
  afterAll(() => pool.stop())

  test.for(DEVICE_SEEDS)('seed %i', { timeout: SEED_MS }, async (seed) => {
    const { violations, repro, entries } = await pool.result(seed)
    const [violation] = violations
    if (violation !== undefined) expect.fail(`${violation.invariant}: ${violation.what}\nrepeat with: ${repro}`)
    expect(entries).toBeGreaterThan(0)
  })

  test('among them are changes of both at once, and the loss of one', { timeout: SEED_MS }, async () => {
    const results = await Promise.all(DEVICE_SEEDS.map((seed) => pool.result(seed)))
    for (const step of ['both at once', 'part the devices', 'lose a device'])
      expect(results.some(({ steps }) => (steps[step] ?? 0) > 0)).toBe(true)
  })
})
