import { nodeProvider } from '@parley/crypto/node'
import { simulate, type SimulationOptions, type SimulationReport } from '@parley/testing'
import { describe, expect, test } from 'vitest'

/** Seeds of a CI run: some 7 s of one core each; many more would not fit into the time that a CI run may take. They are divided among files, which run beside each other. */
const CI_SEEDS = 60
const SEEDS = Number(process.env['PARLEY_SEEDS'] ?? CI_SEEDS)
/** Files among which the seeds are divided. */
const PARTS = 4
/** Far above what 300 steps need on two loaded cores. */
export const SEED_MS = 120_000

/** Runs one simulation. */
export function run(options: Omit<SimulationOptions, 'crypto'>): Promise<SimulationReport> {
  return simulate({ ...options, crypto: nodeProvider() })
}

/** Fails with the first violation and the command that repeats it. */
export async function expectClean(options: Omit<SimulationOptions, 'crypto'>): Promise<void> {
  const report = await run(options)
  const [violation] = report.violations
  if (violation !== undefined) expect.fail(`${violation.invariant}: ${violation.what}\nrepeat with: ${report.repro}`)
  expect(report.entries).toBeGreaterThan(0)
}

/** The tests of one file: every `PARTS`-th seed, from `part` on. */
export function describePart(part: number): void {
  describe('random histories keep every invariant, and everybody agrees in the end', () => {
    for (let seed = part; seed <= SEEDS; seed += PARTS) test(`seed ${seed}`, { timeout: SEED_MS }, () => expectClean({ seed }))
  })
}
