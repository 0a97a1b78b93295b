import { nodeProvider } from '@parley/crypto/node'
import { simulate, type SimulationOptions, type SimulationReport } from '@parley/testing'
import { expect } from 'vitest'

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
