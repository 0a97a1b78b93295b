/**
 * `parley chat` as a person has it in front of them: in a real terminal emulator (tmux) where there is one; else in this process, with the real
 * engine, on a terminal of our own.
 */
import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createParley } from '@parley/chat'
import { runCli } from '../../apps/desktop/src/run.ts'
import { FakeScreen } from '../../apps/desktop/test/fake-screen.ts'

const MAIN = fileURLToPath(new URL('../../apps/desktop/src/main.ts', import.meta.url))
/** Between two looks at the screen. */
const LOOK_MS = 50
/** What the shell around the program says when it has ended. */
const ENDED = /exit (\d+)/
const run = promisify(execFile)

/** Keys as terminals send them. */
export const KEYS = {
  enter: '\r',
  escape: '\u001b',
  tab: '\t',
  up: '\u001b[A',
  down: '\u001b[B',
  pageUp: '\u001b[5~',
  end: '\u001b[F',
  clear: '\u0015',
  leave: '\u0003',
} as const

/** How the terminals of a run are made, for people who read its output. */
export const TERMINAL_KIND =
  spawnSync('tmux', ['-V']).status === 0 ? 'tmux' : 'a terminal of our own, in this process, for tmux is not installed here'

export interface TestTerminal {
  /** What is seen now, row by row. */
  text(): Promise<string>
  /** Types, all of it at once. */
  press(...keys: string[]): Promise<void>
  /** Types a line and Enter. */
  say(line: string): Promise<void>
  /** Once this is seen; the screen as it then is. Waits until the test's time is over, which names what was waited for in vain. */
  sees(wanted: string | RegExp): Promise<string>
  resize(columns: number, rows: number): Promise<void>
  /** The exit code, once it has ended. */
  ended(): Promise<number>
  close(): Promise<void>
}

export interface TerminalInit {
  readonly argv: readonly string[]
  /** Where relative paths begin. */
  readonly folder: string
  readonly columns: number
  readonly rows: number
}

export async function openTestTerminal(init: TerminalInit): Promise<TestTerminal> {
  return TERMINAL_KIND === 'tmux' ? openTmux(init) : openOwn(init)
}

let opened = 0

async function openTmux({ argv, folder, columns, rows }: TerminalInit): Promise<TestTerminal> {
  const server = `parley-${process.pid}-${opened++}`
  const tmux = async (...words: string[]): Promise<string> => (await run('tmux', ['-u', '-L', server, '-f', '/dev/null', ...words])).stdout
  const program = [process.execPath, '--conditions=@parley/source', MAIN, ...argv]
  // What was on the terminal before is there again afterwards; `cat` keeps it open to be looked at.
  const shell = ['sh', '-c', 'echo before; "$@"; echo "exit $?"; exec cat', 'sh', ...program]
  const size = ['-x', String(columns), '-y', String(rows)]
  await tmux('start-server', ';', 'set', '-g', 'status', 'off', ';', 'new-session', '-d', '-s', 'it', ...size, '-c', folder, '--', ...shell)
  const text = async (): Promise<string> => tmux('capture-pane', '-p', '-t', 'it')
  return terminal({
    text,
    async press(...keys) {
      await tmux('set-buffer', '-b', 'keys', '--', keys.join(''))
      await tmux('paste-buffer', '-r', '-d', '-b', 'keys', '-t', 'it')
    },
    async resize(width, height) {
      await tmux('resize-window', '-t', 'it', '-x', String(width), '-y', String(height))
    },
    async ended() {
      for (;;) {
        const code = ENDED.exec(await text())?.[1]
        if (code !== undefined) return Number(code)
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      }
    },
    async close() {
      // The program is told by its terminal going away, and ends.
      await tmux('kill-server')
    },
  })
}

async function openOwn({ argv, folder, columns, rows }: TerminalInit): Promise<TestTerminal> {
  const screen = new FakeScreen(columns, rows)
  const stop = new AbortController()
  const said: string[] = ['before']
  const io = {
    out: (line: string) => void said.push(line),
    err: (line: string) => void said.push(line),
    async *input() {},
    terminal: { columns, timeZone: 'UTC', hasColour: true },
    openScreen: screen.open,
    folder,
  }
  const done = runCli(argv, io, stop.signal, createParley).then((code) => said.push(`exit ${code}`) && code)
  return terminal({
    text: async () => (screen.isOpen ? screen.text : said.join('\n')),
    press: async (...keys) => screen.press(keys.join('')),
    resize: async (width, height) => screen.resize(width, height),
    ended: async () => done,
    async close() {
      stop.abort()
      await done
    },
  })
}

function terminal(parts: Omit<TestTerminal, 'say' | 'sees'>): TestTerminal {
  return {
    ...parts,
    say: async (line) => parts.press(line, KEYS.enter),
    async sees(wanted) {
      for (;;) {
        const text = await parts.text()
        if (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)) return text
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      }
    },
  }
}
