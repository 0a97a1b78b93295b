/** The command line in this process, with fake engines. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import type { Io } from '../src/printer.ts'
import { runCli } from '../src/run.ts'
import { fakeEngines } from './fake-engine.ts'
import type { FakeConversation } from './fake-conversation.ts'

/** A command that runs. */
export interface Running {
  readonly out: string[]
  readonly err: string[]
  readonly done: Promise<0 | 1>
  interrupt(): void
  /** Resolves with all lines once there are so many. */
  lines(count: number): Promise<string[]>
}

export class Cli {
  /** The profile and working directory of every command. */
  folder = ''
  engines = fakeEngines()
  readonly #interrupts: AbortController[] = []
  readonly #commands: Promise<unknown>[] = []

  async open(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'parley-test-'))
    this.engines = fakeEngines()
  }

  async close(): Promise<void> {
    for (const interrupt of this.#interrupts.splice(0)) interrupt.abort()
    await Promise.all(this.#commands.splice(0))
    await rm(this.folder, { recursive: true })
  }

  /** Starts `parley` with these words. */
  parley(argv: string[], input: AsyncIterable<string> | Iterable<string> = []): Running {
    const out: string[] = []
    const err: string[] = []
    let wake: (() => void) | undefined
    const io: Io = {
      out: (line) => {
        out.push(line)
        wake?.()
      },
      err: (line) => err.push(line),
      async *input() {
        yield* input
      },
      terminal: { columns: 80, timeZone: 'UTC', hasColour: false },
      folder: this.folder,
    }
    const interrupt = new AbortController()
    const done = runCli(['--profile', join(this.folder, 'profile'), ...argv], io, interrupt.signal, this.engines.open)
    this.#interrupts.push(interrupt)
    this.#commands.push(done)
    const lines = async (count: number): Promise<string[]> => {
      while (out.length < count) await new Promise<void>((resolve) => (wake = resolve))
      return out
    }
    return { out, err, done, interrupt: () => interrupt.abort(), lines }
  }

  /** Runs it with `--json` to its end. */
  json = async (...argv: string[]): Promise<{ code: 0 | 1; objects: Record<string, unknown>[] }> => {
    const { out, done } = this.parley(['--json', ...argv])
    return { code: await done, objects: objectsOf(out) }
  }

  /** Runs it with `--json`; the code of the error that it prints and exits with. */
  refusal = async (...argv: string[]): Promise<unknown> => {
    const { code, objects } = await this.json(...argv)
    return code === 1 ? (objects.at(-1)?.['error'] as { code: string } | undefined)?.code : undefined
  }

  /** What it prints for people. */
  text = async (...argv: string[]): Promise<string> => {
    const { out, done } = this.parley(argv)
    await done
    return out.join('\n')
  }

  /** The conversation or request with that title, which all engines of the profile share. */
  conversation(title: string): FakeConversation {
    const engine = this.engines.opened.at(-1)
    const found = [...(engine?.conversations ?? []), ...(engine?.requests ?? [])].find((one) => one.getTitle() === title)
    if (found === undefined) throw new Error(`no conversation ${title}`)
    return found
  }
}

/** A command line for each test of the file. */
export function setUpCli(): Cli {
  const cli = new Cli()
  beforeEach(() => cli.open())
  afterEach(() => cli.close())
  return cli
}

export function objectsOf(lines: readonly string[]): Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}
