/**
 * Runs one tool of a test run, with its output to the reader's terminal.
 */
import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository, where tools are run. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** How long a tool may take to end after it was asked to. */
const GRACE_MS = 10_000

/** The programs of a test run. Started as what they are, for the shell scripts in `node_modules/.bin` would not pass a signal on. */
const PROGRAMS = {
  docs: 'docs/reference/main.ts',
  layers: 'test/support/check-layers.ts',
  oxfmt: 'node_modules/oxfmt/bin/oxfmt',
  oxlint: 'node_modules/oxlint/bin/oxlint',
  playwright: 'node_modules/playwright/cli.js',
  tsc: 'node_modules/typescript/bin/tsc',
  vitest: 'node_modules/vitest/vitest.mjs',
} as const

/** A program that `runTool` can start. */
export type Tool = keyof typeof PROGRAMS

/** How a tool is run. */
export interface ToolInit {
  readonly timeoutMs: number
  readonly env?: Record<string, string>
  /** Makes it run beside others, on what they leave of the processors, and is told what it prints, which is shown to nobody then. */
  readonly aside?: (text: string) => void
}

/**
 * Runs a program in the root of the repository, with no standard input.
 * @returns undefined when it ended with 0, else what happened instead, for people.
 */
export function runTool(tool: Tool, argv: readonly string[], init: ToolInit): Promise<string | undefined> {
  const path = [join(ROOT, 'node_modules/node/bin'), process.env['PATH'] ?? ''].join(delimiter)
  const child = spawn(process.execPath, [join(ROOT, PROGRAMS[tool]), ...argv], {
    cwd: ROOT,
    env: { ...process.env, ...init.env, PATH: path },
    stdio: init.aside === undefined ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
  })
  if (init.aside !== undefined) {
    // Before it has started any process of its own: those have the priority of who starts them.
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL)
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', init.aside)
  }
  let isLate = false
  let impatience: NodeJS.Timeout | undefined
  const timer = setTimeout(() => {
    isLate = true
    child.kill('SIGTERM')
    impatience = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
  }, init.timeoutMs)
  let isInterrupted = false
  const passOn = (signal: NodeJS.Signals): void => {
    isInterrupted = true
    child.kill(signal)
  }
  process.on('SIGINT', passOn).on('SIGTERM', passOn)
  return new Promise((resolve) => {
    const end = (problem: string | undefined): void => {
      clearTimeout(timer)
      clearTimeout(impatience)
      process.off('SIGINT', passOn).off('SIGTERM', passOn)
      // Whoever pressed Ctrl-C means the whole run, not this tool.
      if (isInterrupted) process.exit(1)
      resolve(problem)
    }
    child.once('error', (error) => end(error.message))
    child.once('close', (code, signal) => {
      if (isLate) end(`took longer than ${init.timeoutMs / 60_000} minutes and was ended`)
      else if (code === 0) end(undefined)
      else end(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`)
    })
  })
}
