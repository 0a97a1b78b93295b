import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Report } from '../bench/report.ts'

const MAIN = fileURLToPath(new URL('../bench/main.ts', import.meta.url))
/** A dozen child processes, each of which loads the engine, on two cores that others use as well. */
const TIMEOUT_MS = 120_000

async function bench(...argv: string[]): Promise<Report> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@parley/source', MAIN, ...argv, '--rounds', '1', '--json'])
  return JSON.parse(stdout) as Report
}

function expectNumbers({ sections, columns }: Report): void {
  for (const { values } of sections.flatMap((section) => section.rows)) {
    expect(values).toHaveLength(columns.length)
    for (const value of values) expect(value).toBeGreaterThan(0)
  }
}

describe('npm run bench', () => {
  test(
    'chat: every measure for the engine, the baseline and the floor',
    async () => {
      const report = await bench('chat', '--sizes', '50')
      expect(report).toMatchObject({ mode: 'chat', columns: ['parley', 'baseline', 'floor'], rounds: 1, sections: [{ size: 50 }] })
      expect(report.sections[0]?.rows.map((row) => `${row.measure}, ${row.unit}`)).toEqual([
        'append, durable, one at a time, µs',
        'append, durable, 64 in flight, µs',
        'open to newest page, ms',
        'page in the middle, cold, ms',
        'page in the middle, warm, ms',
        'memory after open, MB',
        'cold sync, newest page readable, ms',
        'cold sync, complete and stored, ms',
        'cold sync, bytes a message, B',
        'reconnect, nothing new, ms',
        'reconnect, nothing new, B',
        'live latency p50, ms',
        'live latency p95, ms',
        'disk a message, B',
      ])
      expectNumbers(report)
    },
    TIMEOUT_MS,
  )

  test(
    'log: verifying against hashing, carrying against verifying, and bytes beyond the content',
    async () => {
      const report = await bench('log', '--sizes', '600')
      expect(report).toMatchObject({ mode: 'log', columns: ['parley', 'reference'], sections: [{ size: 600 }] })
      expect(report.sections[0]?.rows).toHaveLength(13)
      expectNumbers(report)
    },
    TIMEOUT_MS,
  )

  test(
    'members: removing, letting in, learning who is in, opening',
    async () => {
      const report = await bench('members', '--sizes', '250')
      expect(report).toMatchObject({ mode: 'members', columns: ['parley'], sections: [{ size: 250 }] })
      expect(report.sections[0]?.rows).toHaveLength(5)
      expectNumbers(report)
    },
    TIMEOUT_MS,
  )
})
