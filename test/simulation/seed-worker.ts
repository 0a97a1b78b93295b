/** Simulates the seeds that its parent sends, one after the other. A plain Node process runs the engine faster than a test runner's module system. */
import './fast-modules.ts'

const { nodeProvider } = await import('@parley/crypto/node')
const { simulate } = await import('@parley/testing')

process.on('message', (options: { seed: number; forks: boolean; changes: boolean; devices: boolean; steps?: number; peers?: number }) => {
  const { seed } = options
  simulate({ ...options, crypto: nodeProvider() })
    .then(({ violations, repro, entries, steps }) => process.send?.({ seed, violations: violations.slice(0, 1), repro, entries, steps }))
    .catch((error: unknown) => {
      process.stderr.write(`seed ${seed}: ${String(error)}\n`)
      process.exit(1)
    })
})
