/**
 * What `npm test` runs: every check there is, and a plain count as the last line. One after the other, but for what only computes: that runs
 * beside the tests that mostly wait, on what they leave of the processors, and is shown when it is done.
 *
 *   npm test                    everything
 *   npm test -- lint unit       only these stages; see STAGES
 *
 * Every linter and the type checker count as one check each, every test as one. A skipped test counts as failed: there is no such thing
 * as a test that is none. A run without a single test fails.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureChromium } from './fetch-chromium.ts'
import { readPlaywright, readVitest } from './reports.ts'
import { runTool, type Tool, type ToolInit } from './run-tool.ts'

/** Outcome of a stage. `failures` names what failed, for the summary. */
interface Outcome {
  passed: number
  failures: string[]
}

interface Result {
  readonly stage: Stage
  readonly outcome: Outcome
  readonly seconds: number
}

interface Stage {
  readonly name: string
  readonly title: string
  readonly usesChromium?: boolean
  /** It only computes. */
  readonly isAside?: boolean
  /** `aside` as in `ToolInit`. */
  run(aside?: (text: string) => void): Promise<Outcome>
}

const MINUTE_MS = 60_000
/** Each far above what it needs on two cores, so that a run that hangs ends. */
const TOOL_MS = 4 * MINUTE_MS
const UNIT_MS = 14 * MINUTE_MS
const SIMULATION_MS = 22 * MINUTE_MS
const BROWSER_MS = 8 * MINUTE_MS
const E2E_MS = 15 * MINUTE_MS

const reports = mkdtempSync(join(tmpdir(), 'parley-test-'))
process.once('exit', () => rmSync(reports, { recursive: true, force: true }))

const STAGES: readonly Stage[] = [
  { name: 'lint', title: 'Lint', run: () => check('oxlint') },
  { name: 'layers', title: 'Layer rules', run: () => check('layers') },
  { name: 'format', title: 'Formatting (mend it with: npm run format)', run: () => check('oxfmt', '--check') },
  { name: 'types', title: 'Types', run: () => check('tsc', '-b') },
  { name: 'docs', title: 'Reference and its examples', run: () => check('docs') },
  { name: 'unit', title: 'Tests on Node', run: () => vitest('node', { timeoutMs: UNIT_MS }, '--maxWorkers=100%') },
  {
    name: 'simulation',
    title: 'Simulated histories',
    isAside: true,
    run: (aside) => vitest('simulation', { timeoutMs: SIMULATION_MS, ...(aside === undefined ? {} : { aside }) }, '--maxWorkers=100%'),
  },
  { name: 'browser', title: 'Tests in Chromium', usesChromium: true, run: () => vitest('browser', { timeoutMs: BROWSER_MS }) },
  { name: 'e2e', title: 'End to end', usesChromium: true, run: () => playwright() },
]

await main(process.argv.slice(2))

async function main(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.filter((name) => !STAGES.some((stage) => stage.name === name))
  if (unknown.length > 0) {
    say(`No such stage: ${unknown.join(', ')}. There are: ${STAGES.map((stage) => stage.name).join(', ')}`)
    process.exitCode = 1
    return
  }
  const stages = STAGES.filter((stage) => wanted.length === 0 || wanted.includes(stage.name))
  const noChromium = stages.some((stage) => stage.usesChromium === true) ? findChromium() : undefined
  const results: Result[] = []
  const aside: Promise<void>[] = []
  for (const stage of stages) {
    if (stage.isAside === true && stages.length > 1) {
      aside.push(runAside(stage).then((result) => void results.push(result)))
      continue
    }
    say(`\n=== ${stage.title}`)
    results.push(
      await timed(stage, () =>
        stage.usesChromium === true && noChromium !== undefined ? Promise.resolve({ passed: 0, failures: [noChromium] }) : stage.run(),
      ),
    )
  }
  await Promise.all(aside)
  summarize(results)
}

/** Runs a stage beside the others; shows what it printed once it is done. */
async function runAside(stage: Stage): Promise<Result> {
  let printed = ''
  const result = await timed(stage, () => stage.run((text) => (printed += text)))
  say(`\n=== ${stage.title} (ran beside the others)\n${printed}`)
  return result
}

async function timed(stage: Stage, run: () => Promise<Outcome>): Promise<Result> {
  const began = performance.now()
  const outcome = await run()
  return { stage, outcome, seconds: (performance.now() - began) / 1000 }
}

/** Puts the path of a working Chromium into the environment of the stages. Returns why there is none, undefined when there is. */
function findChromium(): string | undefined {
  try {
    process.env['PARLEY_CHROMIUM'] = ensureChromium(say)
    return undefined
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    say(why)
    return why.split('\n', 1)[0]
  }
}

async function check(tool: Tool, ...argv: string[]): Promise<Outcome> {
  const problem = await runTool(tool, argv, { timeoutMs: TOOL_MS })
  return problem === undefined ? { passed: 1, failures: [] } : { passed: 0, failures: [`${tool}: ${problem}`] }
}

async function vitest(project: string, init: ToolInit, ...more: readonly string[]): Promise<Outcome> {
  const report = join(reports, `${project}.json`)
  const argv = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...more]
  const problem = await runTool('vitest', argv, init)
  return withProblem(readVitest(report), `vitest (${project})`, problem)
}

async function playwright(): Promise<Outcome> {
  const report = join(reports, 'playwright.json')
  const argv = ['test', '-c', 'test', '--reporter=list,json', '--pass-with-no-tests']
  const problem = await runTool('playwright', argv, { timeoutMs: E2E_MS, env: { PLAYWRIGHT_JSON_OUTPUT_FILE: report } })
  return withProblem(readPlaywright(report), 'playwright', problem)
}

/** A tool that failed without a failing test to show for it (it crashed, hung, or met an error outside of tests) is a failure of its own. */
function withProblem(outcome: Outcome, tool: string, problem: string | undefined): Outcome {
  if (problem === undefined || outcome.failures.length > 0) return outcome
  return { ...outcome, failures: [`${tool}: ${problem}`] }
}

function summarize(results: readonly Result[]): void {
  say('\n=== Summary')
  for (const { stage, outcome, seconds } of results) {
    const state = outcome.failures.length === 0 ? 'ok  ' : 'FAIL'
    say(
      `${state} ${stage.name.padEnd(8)} ${String(outcome.passed).padStart(5)} ok  ${String(outcome.failures.length).padStart(3)} not  ${seconds.toFixed(0)} s`,
    )
  }
  const failures = results.flatMap(({ outcome }) => outcome.failures)
  const isWithTests = results.some(({ stage }) => ['unit', 'simulation', 'browser', 'e2e'].includes(stage.name))
  const tests = results
    .filter(({ stage }) => ['unit', 'simulation', 'browser', 'e2e'].includes(stage.name))
    .reduce((sum, { outcome }) => sum + outcome.passed, 0)
  if (isWithTests && tests === 0 && failures.length === 0) failures.push('no test was run')
  for (const failure of failures) say(`  not ok: ${failure}`)
  const passed = results.reduce((sum, { outcome }) => sum + outcome.passed, 0)
  say(`\n${passed} passed, ${failures.length} failed`)
  process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
