/** Starts, asks and kills the peers of `file-peer.ts`. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { FileCommand, FileFacts, FileReport } from './file-peer.ts'

const CHILD = fileURLToPath(new URL('file-peer.ts', import.meta.url))

export class FileProcess {
  /** When it heard which text, in milliseconds since 1970. */
  readonly heard = new Map<string, number>()
  /** Bytes of the file that it last said are there. */
  progress = 0
  readonly #child: ChildProcess
  readonly #answers = new Map<number, (result: Partial<FileFacts> & { error?: string }) => void>()
  #number = 0
  #onReport: () => void = () => undefined

  constructor(profile: string, listen = '/ip4/127.0.0.1/tcp/0') {
    this.#child = fork(CHILD, [profile, listen], { execArgv: ['--conditions=@parley/source', '--expose-gc'] })
    this.#answers.set(0, () => undefined)
    this.#child.on('message', (report: FileReport) => {
      if ('number' in report) this.#answers.get(report.number)?.(report.result)
      else if ('heard' in report) this.heard.set(report.heard, report.at)
      else this.progress = report.progress
      this.#onReport()
    })
  }

  static async start(profile: string, listen?: string): Promise<FileProcess> {
    const peer = new FileProcess(profile, listen)
    await new Promise<void>((resolve, reject) => {
      peer.#answers.set(0, () => resolve())
      peer.#child.once('exit', (code) => reject(new Error(`the peer ended with ${code}`)))
    })
    return peer
  }

  async ask(command: FileCommand): Promise<FileFacts> {
    const number = ++this.#number
    const answer = new Promise<Partial<FileFacts> & { error?: string }>((resolve) => this.#answers.set(number, resolve))
    this.#child.send({ number, command })
    const result = await answer
    if (result.error !== undefined) throw new Error(result.error)
    return result as FileFacts
  }

  /** Resolves once `check` holds; looks after everything that it says. */
  async until(check: () => boolean): Promise<void> {
    while (!check()) await new Promise<void>((resolve) => (this.#onReport = resolve))
  }

  /** As a crash or an impatient person does it. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}
