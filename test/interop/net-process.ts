/** The parent's side of `net-peer.ts`. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Command, Look, NetPeerInit, Say } from './net-peer.ts'

const CHILD = fileURLToPath(new URL('net-peer.ts', import.meta.url))
/** Between two looks at what other processes do. */
const LOOK_MS = 100

/** A peer that runs. */
export class NetPeer {
  /** Messages of others, in the order in which they came, and when. */
  readonly heard: { readonly text: string; readonly atMs: number; readonly from: string | undefined }[] = []
  readonly #child: ChildProcess
  readonly #answers = new Map<number, PromiseWithResolvers<unknown>>()
  #number = 0

  /** `via`: a command that starts the process somewhere else, such as `ip netns exec NAME`. */
  constructor(init: NetPeerInit, via: readonly string[] = []) {
    const [command = process.execPath, ...words] = via
    const execArgv = [...words, ...(via.length === 0 ? [] : [process.execPath]), '--conditions=@parley/source']
    this.#child = fork(CHILD, [JSON.stringify(init)], { execPath: command, execArgv })
    this.#answers.set(0, Promise.withResolvers())
    this.#child.on('message', (said: Say) => this.#hear(said))
    this.#child.once('exit', (code) => {
      for (const { reject } of this.#answers.values()) reject(new Error(`${init.name} ended with ${code}`))
    })
  }

  /** Resolves once it is online. */
  async ready(): Promise<this> {
    await this.#answers.get(0)?.promise
    return this
  }

  /** Makes a group and answers a link to it. */
  async invite(uses: number): Promise<string> {
    return (await this.#ask({ do: 'invite', uses })) as string
  }

  /** Resolves once it is a member. */
  async join(link: string): Promise<void> {
    await this.#ask({ do: 'join', link })
  }

  async send(text: string): Promise<void> {
    await this.#ask({ do: 'send', text })
  }

  async look(): Promise<Look> {
    return (await this.#ask({ do: 'look' })) as Look
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  #ask(command: Command): Promise<unknown> {
    const number = ++this.#number
    const answer = Promise.withResolvers<unknown>()
    this.#answers.set(number, answer)
    this.#child.send({ number, command })
    return answer.promise
  }

  #hear(said: Say): void {
    if ('heard' in said) this.heard.push({ text: said.heard, atMs: said.atMs, from: said.from })
    else if ('answer' in said) this.#answers.get(said.answer)?.resolve(said.value)
    else this.#answers.get(said.failure)?.reject(new Error(said.message))
  }
}

/** Waits for what happens in other processes; the time limit is the test's. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
}
