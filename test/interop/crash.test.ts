/**
 * The crash matrix: processes with real engines on real LevelDBs are killed with SIGKILL at random writes and moments of sending, receiving, purging, indexing
 * and folding anew what another version wrote. Each next one finds everything that was told to be done, nothing damaged, and both peers agreeing.
 * All 500 points: `npm run crash`.
 */
import { expect, test } from 'vitest'
import { crashAt } from './crash-series.ts'

/** As many as fit into a CI run. */
const POINTS = Number(process.env['PARLEY_CRASH_POINTS'] ?? 8)
/** A process lives for two seconds, or for many on a busy machine. */
const MS_EACH = 20_000

test(`[I1] [I2] nothing is lost, doubled or damaged by ${POINTS} kills`, { timeout: (POINTS + 4) * MS_EACH }, async () => {
  const report = await crashAt(POINTS, { seed: Number(process.env['PARLEY_CRASH_SEED'] ?? 1), together: 2 })
  expect(report.killed).toBe(POINTS)
})
