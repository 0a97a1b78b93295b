/**
 * The real `parley`, each command a process of its own, as a person or a script would start it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createParley } from '@parley/chat'
import { runCli } from '../../apps/desktop/src/run.ts'

const MAIN = fileURLToPath(new URL('../../apps/desktop/src/main.ts', import.meta.url))

/** What `--json` prints: objects whose fields the test knows. */
export type Line = Record<string, never>

/** A command that runs. */
export class ParleyProcess {
  /** What it has printed so far. */
  readonly lines: Line[] = []
  /** What it has said on standard error, for failures. */
  errors = ''
  readonly #child
  readonly #exited: Promise<number>
  #isOver = false
  #wake: () => void = () => undefined

  constructor(profile: string, argv: readonly string[]) {
    this.#child = spawn(process.execPath, ['--conditions=@parley/source', MAIN, '--json', '--profile', profile, ...argv])
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text
      this.#wake()
    })
    // Whoever is killed does not read; what happened to it shows in its exit.
    this.#child.stdin.on('error', () => undefined)
    let rest = ''
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      // What a killed process had written of a line is no line.
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      this.lines.push(...lines.map((line) => JSON.parse(line) as Line))
      this.#wake()
    })
    this.#exited = once(this.#child, 'close').then(([code]) => {
      this.#isOver = true
      this.#wake()
      return (code as number | null) ?? -1
    })
  }

  write(text: string): void {
    this.#child.stdin.write(text)
  }

  endInput(): void {
    this.#child.stdin.end()
  }

  /** The first line that fits, printed already or later. Rejects when it ends without one. */
  async line(fits: (line: Line) => boolean = () => true): Promise<Line> {
    return this.#until(() => this.lines.find(fits))
  }

  /** Once this was said on standard error. Rejects when it ends without. */
  async noted(text: string): Promise<void> {
    await this.#until(() => (this.errors.includes(text) ? true : undefined))
  }

  /** Closes the pipe that it prints to, as `head` does. */
  hangUp(): void {
    this.#child.stdout.destroy()
  }

  /** Resolves with the exit code, -1 when a signal ended it, once everything it printed is here. */
  async ended(): Promise<number> {
    return this.#exited
  }

  async interrupt(): Promise<number> {
    this.#child.kill('SIGINT')
    return this.#exited
  }

  async #until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find()
      if (found !== undefined) return found
      if (this.#isOver) throw new Error(`ended without it: ${JSON.stringify(this.lines.at(-1))} ${this.errors}`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }
}

/** How a command ended. */
interface Outcome {
  readonly code: number
  readonly lines: Line[]
  readonly errors: string
}

/** A person: a profile folder, and the commands started in it. */
export class Person {
  /** Their folder. */
  readonly profile: string
  readonly #started: ParleyProcess[] = []

  constructor(profile: string) {
    this.profile = profile
  }

  start(...argv: string[]): ParleyProcess {
    const started = new ParleyProcess(this.profile, argv)
    this.#started.push(started)
    return started
  }

  /** Runs a command to its end. Rejects when it fails. */
  async run(...argv: string[]): Promise<Line[]> {
    const { code, lines, errors } = (await this.#ask(argv)) ?? (await this.#runAlone(argv))
    if (code !== 0) throw new Error(`parley ${argv.join(' ')}: exit code ${code}, ${JSON.stringify(lines)} ${errors}`)
    return lines
  }

  /** The code of the error that it fails with, by its last line. */
  async refusal(...argv: string[]): Promise<string> {
    const { code, lines } = (await this.#ask(argv)) ?? (await this.#runAlone(argv))
    if (code !== 1) throw new Error(`parley ${argv.join(' ')} did not fail: ${JSON.stringify(lines)}`)
    return (lines.at(-1) as unknown as { error: { code: string } }).error.code
  }

  /** As a process of its own, to which the profile belongs. */
  async #runAlone(argv: readonly string[]): Promise<Outcome> {
    const started = this.start(...argv)
    started.endInput()
    return { code: await started.ended(), lines: started.lines, errors: started.errors }
  }

  /**
   * By the running peer of the profile, as a command of its own process would have it done, but from this process: starting Node is most of what
   * such a command takes. Undefined when no peer runs.
   */
  async #ask(argv: readonly string[]): Promise<Outcome | undefined> {
    const [lines, errors]: [Line[], string[]] = [[], []]
    const io = {
      out: (line: string) => void lines.push(JSON.parse(line) as Line),
      err: (line: string) => void errors.push(line),
      async *input() {},
      terminal: { columns: 80, timeZone: 'UTC', hasColour: false },
      folder: process.cwd(),
    }
    let isServed = true
    const code = await runCli(['--json', '--profile', this.profile, ...argv], io, new AbortController().signal, () => {
      isServed = false
      throw new Error('no peer runs')
    })
    return isServed ? { code, lines, errors: errors.join('\n') } : undefined
  }

  /** The same, for commands that print one object. */
  async one(...argv: string[]): Promise<Line> {
    const [line, ...more] = await this.run(...argv)
    if (line === undefined || more.length > 0) throw new Error(`parley ${argv.join(' ')} printed ${more.length + 1} lines`)
    return line
  }

  /** Stays online on a free port of this machine, found by nobody who is not told. */
  async goOnline(...more: string[]): Promise<{ daemon: ParleyProcess; address: string }> {
    const daemon = this.start('daemon', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', ...more)
    const ready = (await daemon.line()) as unknown as { listening?: string[] }
    const address = ready.listening?.[0]
    if (address === undefined) throw new Error(`the daemon listens nowhere: ${JSON.stringify(ready)}`)
    return { daemon, address }
  }

  /** All messages of the only conversation, oldest first, read by the library from a profile that no process has open. */
  async everything(): Promise<string[]> {
    const parley = await createParley({ profile: this.profile, offline: true })
    try {
      const conversation = parley.conversations[0]
      const pages = [await conversation?.getMessages()]
      for (let page = 2; page <= (pages[0]?.totalPages ?? 0); page++) pages.unshift(await conversation?.getMessages(page))
      return pages.flatMap((page) => page?.messages ?? []).map((message) => message.text)
    } finally {
      await parley.close()
    }
  }

  /** Ends what this person has left running. */
  async endAll(): Promise<void> {
    await Promise.all(this.#started.map((one) => one.kill()))
  }
}
