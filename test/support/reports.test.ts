import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readPlaywright, readVitest } from './reports.ts'
import { ROOT } from './run-tool.ts'

const folder = mkdtempSync(join(tmpdir(), 'parley-reports-'))
afterAll(() => rmSync(folder, { recursive: true }))

function written(content: unknown): string {
  const path = join(folder, 'report.json')
  writeFileSync(path, JSON.stringify(content))
  return path
}

describe('what npm test counts', () => {
  test('Vitest: passed, failed, skipped, and a file that could not be loaded', () => {
    const path = written({
      testResults: [
        {
          name: join(ROOT, 'packages/core/test/a.test.ts'),
          status: 'failed',
          assertionResults: [
            { status: 'passed', fullName: 'one' },
            { status: 'failed', fullName: 'two' },
            { status: 'skipped', fullName: 'three' },
          ],
        },
        { name: join(ROOT, 'b.test.ts'), status: 'failed', message: 'Cannot find module\n at x', assertionResults: [] },
        { name: join(ROOT, 'c.test.ts'), status: 'passed', assertionResults: [{ status: 'passed', fullName: 'four' }] },
      ],
    })
    const failures = ['packages/core/test/a.test.ts: two', 'packages/core/test/a.test.ts: three (skipped)', 'b.test.ts: Cannot find module']
    expect(readVitest(path)).toEqual({ passed: 2, failures })
  })

  test('Playwright: nested suites, flaky and skipped tests, errors outside of tests', () => {
    const specs = (['expected', 'unexpected', 'flaky', 'skipped'] as const).map((status) => ({ title: status, tests: [{ status }] }))
    const path = written({
      suites: [{ file: 'a.spec.ts', specs: [], suites: [{ file: 'a.spec.ts', specs }] }],
      errors: [{ message: 'no build\n…' }],
    })
    const failures = ['a.spec.ts: unexpected', 'a.spec.ts: flaky (flaky)', 'a.spec.ts: skipped (skipped)', 'playwright: no build']
    expect(readPlaywright(path)).toEqual({ passed: 1, failures })
  })

  test('a tool that wrote no report passed nothing', () => {
    expect(readVitest(join(folder, 'none.json'))).toEqual({ passed: 0, failures: [] })
    expect(readPlaywright(join(folder, 'none.json'))).toEqual({ passed: 0, failures: [] })
  })
})
