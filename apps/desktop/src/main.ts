#!/usr/bin/env node
/**
 * `parley`: the desktop peer on the command line. Signals, standard streams and the exit code; `run.ts` does the rest.
 */
import type { Io } from './printer.ts'
import { runCli } from './run.ts'
import type { OpenEngine } from './run.ts'
import { openTerminal } from './screen.ts'
import type { OpenScreen } from './screen.ts'

/** Where nothing says how wide it is: a pipe, a file. */
const DEFAULT_COLUMNS = 80
/** What is said while the screen is taken over, to be read after it; what came first is what began the trouble. */
const MAX_HELD_LINES = 100

const stop = new AbortController()

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The first asks for a clean end, the second for an end.
    if (stop.signal.aborted) process.exit(1)
    stop.abort()
  })
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read this has gone (`parley tail | head`): nothing more to say, which is no failure.
    if (error.code !== 'EPIPE') throw error
    stop.abort()
  })
}

/** The engine is loaded only where it is needed: a command that a running peer serves starts in a fraction of the time. */
const openEngine: OpenEngine = async (init) => {
  const { createParley } = await import('@parley/chat')
  return createParley(init)
}

/** Lines that wait for the screen to be given back; undefined while it is not taken over. */
let held: string[] | undefined

const err = (line: string): void => {
  if (held === undefined) process.stderr.write(`${line}\n`)
  else if (held.length < MAX_HELD_LINES) held.push(line)
}

const openScreen: OpenScreen = (listener) => {
  const screen = openTerminal(process, listener)
  held = []
  return {
    get size() {
      return screen.size
    },
    write: (text) => screen.write(text),
    close() {
      screen.close()
      const lines = held ?? []
      held = undefined
      lines.forEach(err)
    },
  }
}

const io: Io = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err,
  async *input() {
    process.stdin.setEncoding('utf8')
    for await (const piece of process.stdin) yield piece as string
  },
  terminal: {
    columns: process.stdout.columns ?? DEFAULT_COLUMNS,
    timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    // https://no-color.org
    hasColour: (process.env['NO_COLOR'] ?? '') === '',
  },
  ...(process.stdin.isTTY && process.stdout.isTTY ? { openScreen } : {}),
  folder: process.cwd(),
}

const code = await runCli(process.argv.slice(2), io, stop.signal, openEngine)
// What was written last may still be on its way; and a timer somewhere must not keep a finished command alive.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))))
process.exit(code)
