/**
 * Runs one simulation, or several, and prints what happens.
 *
 *   npm run simulate -- [--seed N] [--seeds COUNT] [--steps M] [--peers P] [--forks | --changes | --devices] [--quiet]
 *
 * With `--forks`, profiles are also copied and restored from backups, so that devices fork; with `--changes`, people are put out, leave, come back and change roles; with `--devices`, one user has two devices, of which one is lost. With `--seeds`, that many seeds from `--seed` on. Exits with 1 at the first seed that fails, and prints the command that repeats it.
 */
import './fast-modules.ts'
import { parseArgs } from 'node:util'

const { nodeProvider } = await import('@parley/crypto/node')
const { simulate } = await import('@parley/testing')

/** The first violation is the one that tells; the rest follows from it. */
const MOST_SHOWN = 5

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    steps: { type: 'string', default: '300' },
    peers: { type: 'string', default: '5' },
    forks: { type: 'boolean', default: false },
    changes: { type: 'boolean', default: false },
    devices: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
})
const first = whole('seed', values.seed)
const count = whole('seeds', values.seeds)
const total = new Map<string, number>()
const isQuiet = values.quiet || count > 1

for (let seed = first; seed < first + count; seed++) {
  const began = process.cpuUsage()
  const report = await simulate({
    seed,
    steps: whole('steps', values.steps),
    peers: whole('peers', values.peers),
    forks: values.forks,
    changes: values.changes,
    devices: values.devices,
    crypto: nodeProvider(),
    ...(isQuiet ? {} : { onLine: say }),
  })
  const { user, system } = process.cpuUsage(began)
  const seconds = ((user + system) / 1_000_000).toFixed(1)
  const facts = `${report.entries} entries, ${Math.round(report.simulatedMs / 1000)} s simulated in ${seconds} s of a core, digest ${report.digest.slice(0, 12)}`
  say(`seed ${seed}: ${report.violations.length === 0 ? 'ok' : 'FAILED'}, ${facts}`)
  for (const [step, times] of Object.entries(report.steps)) total.set(step, (total.get(step) ?? 0) + times)
  for (const { invariant, what } of report.violations.slice(0, MOST_SHOWN)) say(`${invariant}: ${what}`)
  if (report.violations.length > 0) {
    say(`repeat with: ${report.repro}`)
    process.exitCode = 1
    break
  }
}
say(
  `steps: ${[...total]
    .sort(([, a], [, b]) => b - a)
    .map(([step, times]) => `${step} ${times}`)
    .join(', ')}`,
)

// The conversation of a user's own devices is not among those that a crash ends, and the timer of its awareness would keep this process up.
process.stdout.write('', () => process.exit())

function whole(name: string, text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !Number.isInteger(number) || number < 0) {
    process.stderr.write(`--${name} is a whole number\n`)
    process.exit(1)
  }
  return number
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
