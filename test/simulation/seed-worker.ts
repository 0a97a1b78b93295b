/** Simulates the seeds that its parent sends, one after the other. A plain Node process runs the engine faster than a test runner's module system. */
import './fast-modules.ts'
import type { SeedJob } from './seed-pool.ts'

const { nodeProvider } = await import('@parley/crypto/node')
const { simulate } = await import('@parley/testing')

process.on('message', ({ kind, seed }: SeedJob) => {
  simulate({ seed, forks: kind === 'forks', changes: kind === 'changes', devices: kind === 'devices', crypto: nodeProvider() })
    .then(({ violations, repro, entries, steps }) =>
      process.send?.({ kind, seed, violations: violations.slice(0, 1), repro, entries, steps }),
    )
    .catch((error: unknown) => {
      process.stderr.write(`${kind} seed ${seed}: ${String(error)}\n`)
      process.exit(1)
    })
})
