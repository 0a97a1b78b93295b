/** Kills processes of `crash-child.ts`, each of which checks what the one before it left. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@parley/testing'

const CHILD = fileURLToPath(new URL('crash-child.ts', import.meta.url))
/** Points on one pair of profiles: with more, their history is what takes the time. */
const POINTS_TOGETHER = 12
/** Writes of a process that does all its work; a later point is never reached. */
const MOST_WRITES = 240
/** In which a process that is killed at any time is killed, from its start on. */
const LONGEST_LIFE_MS = 1_500
/** Then something hangs. */
const MAX_LIFE_MS = 60_000

/** What became of the processes. */
export interface CrashReport {
  /** Killed in the middle of something, and found whole by the next. */
  killed: number
  /** Of those, killed while opening, checking or meeting again after the crash before. */
  early: number
  /** Ended by themselves before their point came. */
  ended: number
}

/** Kills `points` processes, `together` series of them side by side. @throws when one finds anything missing, damaged or different. */
export async function crashAt(points: number, { seed, together }: { seed: number; together: number }): Promise<CrashReport> {
  const report: CrashReport = { killed: 0, early: 0, ended: 0 }
  const share = Math.min(POINTS_TOGETHER, Math.ceil(points / together))
  let left = points
  const run = async (): Promise<void> => {
    while (left > 0) {
      const some = Math.min(share, left)
      left -= some
      await crashSeries(left * 1_000 + seed, some, report)
    }
  }
  await Promise.all(Array.from({ length: together }, run))
  return report
}

async function crashSeries(seed: number, points: number, report: CrashReport): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-crash-'))
  const random = seededRandom(seed)
  await life(folder, [seed, 0, 'supervisor'])
  for (let i = 1, killed = 0; killed < points; i++) {
    const mode = random.pick(['before', 'during', 'during', 'after', 'supervisor'])
    const point = 1 + random.integer(MOST_WRITES)
    const words = await life(folder, [seed + i, point, mode], mode === 'supervisor' ? random.integer(LONGEST_LIFE_MS) : undefined)
    if (words.includes('closed')) report.ended++
    else {
      killed++
      report.killed++
      if (!words.includes('checked')) report.early++
    }
  }
  // The last crash is looked at, too.
  await life(folder, [seed + points * 7, 0, 'supervisor'])
  await rm(folder, { recursive: true })
}

/** Starts a process, which is killed after `killMs` when that is given. Resolves with what it said, once it is dead. */
async function life(folder: string, argv: readonly (string | number)[], killMs?: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--conditions=@parley/source', CHILD, folder, ...argv.map(String)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  let isHanging = false
  const timer = setTimeout(() => {
    isHanging = killMs === undefined
    child.kill('SIGKILL')
  }, killMs ?? MAX_LIFE_MS)
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => child.once('close', (...how) => resolve(how)))
  clearTimeout(timer)
  const where = `crash-child.ts ${[folder, ...argv].join(' ')}`
  if (isHanging) throw new Error(`${where} did not end: ${output}${errors}`)
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`${where} ended with ${code}: ${errors}`)
  return output.split('\n')
}
