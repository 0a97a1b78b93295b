/**
 * Reads what Vitest and Playwright write about a run. Only the fields that are counted are described here.
 */
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { ROOT } from './run-tool.ts'

/** What a report says: how many tests passed, and the names of those that did not. */
export interface Counted {
  passed: number
  failures: string[]
}

interface VitestReport {
  testResults: {
    name: string
    status: string
    message?: string
    assertionResults: { status: string; fullName: string }[]
  }[]
}

interface PlaywrightReport {
  suites: PlaywrightSuite[]
  errors: { message?: string }[]
}

interface PlaywrightSuite {
  file: string
  suites?: PlaywrightSuite[]
  specs: { title: string; tests: { status: 'expected' | 'unexpected' | 'flaky' | 'skipped' }[] }[]
}

/** Counts a report of Vitest's `json` reporter. A file that could not be loaded counts as one failure. No report: nothing. */
export function readVitest(path: string): Counted {
  const report = read(path) as VitestReport | undefined
  const counted: Counted = { passed: 0, failures: [] }
  for (const file of report?.testResults ?? []) {
    const where = relative(ROOT, file.name)
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed') counted.passed++
      else counted.failures.push(`${where}: ${fullName}${status === 'failed' ? '' : ` (${status})`}`)
    }
    const isUnloadable = file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')
    if (isUnloadable) counted.failures.push(`${where}: ${(file.message ?? 'could not be run').split('\n', 1)[0]}`)
  }
  return counted
}

/** Counts a report of Playwright's `json` reporter. A flaky test is a failed one. No report: nothing. */
export function readPlaywright(path: string): Counted {
  const report = read(path) as PlaywrightReport | undefined
  const counted: Counted = { passed: 0, failures: [] }
  const visit = (suite: PlaywrightSuite): void => {
    for (const { title, tests } of suite.specs) {
      for (const { status } of tests) {
        if (status === 'expected') counted.passed++
        else counted.failures.push(`${suite.file}: ${title}${status === 'unexpected' ? '' : ` (${status})`}`)
      }
    }
    suite.suites?.forEach(visit)
  }
  report?.suites.forEach(visit)
  for (const { message } of report?.errors ?? []) counted.failures.push(`playwright: ${(message ?? 'error').split('\n', 1)[0]}`)
  return counted
}

function read(path: string): unknown {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}
