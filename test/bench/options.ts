/** The command line of the benchmark. */
import { parseArgs } from 'node:util'

export interface BenchOptions {
  readonly mode: 'archive' | 'chat' | 'latency' | 'log' | 'members' | 'scale' | 'search' | 'web'
  readonly sizes: readonly number[]
  readonly rounds: number
  readonly json: boolean
  /** `scale` measures IndexedDB in Chromium, too. */
  readonly browser: boolean
  /** Folder for CPU profiles of every child process; undefined: none are taken. */
  readonly profile: string | undefined
}

export const USAGE = `npm run bench [-- chat|archive|latency|log|members|scale|search] [options]
  chat               messages: append, open, page, sync, latency, disk (the default)
  archive            export and import of a conversation (default 10000)
  latency            a message from one process to another behind a long history (default 100000), against a raw WebSocket echo
  log                entries: verify, project and admit against hashing the same bytes
  members            a group of 200: removing one, letting one in, learning who is in, opening
  scale              messages by ten authors, at several lengths of the history (default 10000,100000; 1000000 takes an hour)
  search             full-text search: the first one, later ones, the index (default 10000; 100000 takes minutes)
  web                the demo in Chromium: reloading and scrolling back behind a long history (default 100000), and a first visit
  --sizes 1000,10000 how many messages (chat, latency, scale, search), entries (log, default 20000,100000) or control entries (members, default 1000,5000)
  --rounds 3         measurements that each median is taken of
  --browser          scale: IndexedDB in Chromium as well, up to 100000
  --json             one JSON object instead of tables
  --profile DIR      writes a CPU profile of every measured process there`

const DEFAULT_SIZES = {
  chat: [1_000, 10_000],
  latency: [100_000],
  log: [20_000, 100_000],
  members: [1_000, 5_000],
  scale: [10_000, 100_000],
  search: [10_000],
  archive: [10_000],
  web: [100_000],
} as const
const MODES = Object.keys(DEFAULT_SIZES) as readonly BenchOptions['mode'][]
const DEFAULT_ROUNDS = 3
/** Less than a page, and there is no middle to read. */
const MIN_SIZE = 50

/** Throws an Error whose message is for the person who typed it. */
export function readOptions(argv: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      sizes: { type: 'string' },
      rounds: { type: 'string' },
      json: { type: 'boolean' },
      browser: { type: 'boolean' },
      profile: { type: 'string' },
    },
  })
  const mode = MODES.find((name) => name === (positionals[0] ?? 'chat'))
  if (mode === undefined || positionals.length > 1) throw new Error(USAGE)
  const sizes = values.sizes === undefined ? DEFAULT_SIZES[mode] : values.sizes.split(',').map(Number)
  if (sizes.some((size) => !Number.isInteger(size) || size < MIN_SIZE)) throw new Error(`sizes are whole numbers from ${MIN_SIZE}`)
  const rounds = Number(values.rounds ?? DEFAULT_ROUNDS)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('rounds is a whole number from 1')
  return { mode, sizes, rounds, json: values.json ?? false, browser: values.browser ?? false, profile: values.profile }
}
