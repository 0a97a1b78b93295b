import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const LOAD = fileURLToPath(new URL('../src/load/main.ts', import.meta.url))

interface Report {
  sent: number
  delivered: number
  missing: number
  dropped: number
  errors: number
  latencyMs: { p50: number; p95: number; p99: number }
  relay: Record<string, number>
}

/** The tool against a real relay in a process of its own; rejects when it ends with an error. */
async function load(...args: string[]): Promise<Report> {
  const flags = ['--conditions=@parley/source', LOAD, '--sockets', '150', '--rate', '100', '--seconds', '1', '--json', ...args]
  const { stdout } = await promisify(execFile)(process.execPath, flags)
  return JSON.parse(stdout) as Report
}

test('everything arrives, and the tool and the relay count the same', async () => {
  const report = await load('--group', '5')
  expect(report).toMatchObject({ sent: 100, delivered: 500, missing: 0, dropped: 0, errors: 0 })
  expect(report.latencyMs.p99).toBeGreaterThanOrEqual(report.latencyMs.p50)
  expect(report.relay).toMatchObject({
    parley_relay_connections: 150,
    parley_relay_topics: 30,
    parley_relay_delivered_total: 500,
  })
})

test('strangers that flood, send junk and giants are cut off, and nothing of the others is lost', async () => {
  const report = await load('--group', '5', '--hostile', '10')
  expect(report).toMatchObject({ delivered: 500, missing: 0, dropped: 0, errors: 0 })
  for (const name of ['giant', 'cut_off']) expect(report.relay[`parley_relay_${name}_total`]).toBeGreaterThan(0)
  expect(report.relay['parley_relay_refused_total{reason="NotJson"}']).toBeGreaterThan(0)
})
