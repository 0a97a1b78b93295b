/**
 * The bulk of seeds, each with five peers or more and 300 steps. One seed alone: `npm run simulate -- --seed N [--changes | --devices | --forks]`. More of
 * one kind: `PARLEY_SEED_KIND=changes PARLEY_SEEDS=200`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SeedPool, type SeedJob, type SeedKind } from './seed-pool.ts'
import { SEED_MS } from './seeds.ts'

/** Seeds of a CI run by kind, from 1 on; 2 to 4 s of one core each. */
const CI_SEEDS: Readonly<Record<SeedKind, number>> = { plain: 76, changes: 40, devices: 12, forks: 22 }
const KINDS: Readonly<Record<SeedKind, string>> = {
  plain: 'random histories keep every invariant, and everybody agrees in the end',
  changes: 'so do those in which people are put out, leave, come back and change roles [I4]',
  devices: 'what the two devices of a user do converges with all the rest, and a lost one is out [I2, I4]',
  forks: 'devices that fork are frozen, and nothing that others hold is lost',
}

const only = process.env['PARLEY_SEED_KIND']
const count = process.env['PARLEY_SEEDS']
const kinds = (Object.keys(KINDS) as SeedKind[]).filter((kind) => only === undefined || kind === only)
const jobs = kinds.flatMap((kind) =>
  Array.from({ length: Number(count ?? CI_SEEDS[kind]) }, (_, index): SeedJob => ({ kind, seed: index + 1 })),
)
const pool = new SeedPool(jobs)
beforeAll(() => pool.start())
afterAll(() => pool.stop())

describe.each(kinds)('%s', (kind) => {
  describe(KINDS[kind], () => {
    test.for(jobs.filter((job) => job.kind === kind))('seed $seed', { timeout: SEED_MS }, async (job) => {
      const { violations, repro, entries } = await pool.result(job)
      const [violation] = violations
      if (violation !== undefined) expect.fail(`${violation.invariant}: ${violation.what}\nrepeat with: ${repro}`)
      expect(entries).toBeGreaterThan(0)
    })
  })
})

/** Steps that a kind is about: each is done in some of its seeds. */
const TELLING: Readonly<Record<SeedKind, readonly string[]>> = {
  plain: ['crash at a write', 'newcomer'],
  changes: ['put out', 'put out one who is deaf', 'leave', 'come back by invite', 'revoke an invite'],
  devices: ['both at once', 'part the devices', 'lose a device'],
  forks: ['restore', 'copy'],
}

test.for(kinds)('what the kind %s is about happens', { timeout: SEED_MS }, async (kind) => {
  const results = await Promise.all(jobs.filter((job) => job.kind === kind).map((job) => pool.result(job)))
  const absent = TELLING[kind].filter((step) => !results.some(({ steps }) => (steps[step] ?? 0) > 0))
  expect(absent).toEqual([])
})
