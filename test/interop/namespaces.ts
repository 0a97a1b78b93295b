/** Hosts with networks of their own on one Linux kernel (`ip netns`), and cables between them. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Networks of the hosts: 10.77.N.0/24, one a cable, seen by nobody outside. */
const NETWORK = '10.77'

/** Several hosts; nobody is connected with anybody. */
export class Hosts {
  readonly #prefix = `parley-${process.pid}`
  #names: readonly string[] = []
  #cables = 0

  /** Why it is not possible here; undefined when it is. Needs root and iproute2. */
  async open(names: readonly string[]): Promise<string | undefined> {
    try {
      for (const name of names) {
        await run('ip', ['netns', 'add', this.#name(name)])
        this.#names = [...this.#names, name]
        await this.#in(name, ['ip', 'link', 'set', 'lo', 'up'])
      }
      return undefined
    } catch (error) {
      await this.close()
      return (error as Error).message
    }
  }

  /** What to put in front of a command to run it on that host. */
  via(name: string): string[] {
    return ['ip', 'netns', 'exec', this.#name(name)]
  }

  /** Puts a cable between two hosts and answers their addresses on it. */
  async connect(one: string, other: string): Promise<[string, string]> {
    const cable = this.#cables++
    const ends = [one, other].map((name, i) => ({ name, device: `cable${cable}`, address: `${NETWORK}.${cable}.${i + 1}` }))
    const [a, b] = [ends[0]!, ends[1]!]
    // Made inside: a browser beside this test would drop its connections at every interface that comes and goes outside.
    const peer = ['peer', 'name', b.device, 'netns', this.#name(other)]
    await this.#in(one, ['ip', 'link', 'add', a.device, 'type', 'veth', ...peer])
    for (const { name, device, address } of ends) {
      await this.#in(name, ['ip', 'addr', 'add', `${address}/24`, 'dev', device])
      await this.#in(name, ['ip', 'link', 'set', device, 'up'])
    }
    return [a.address, b.address]
  }

  /** Makes everything that leaves a host late and loses some of it (tc netem). Answers why not, where the kernel has none. */
  async worsen(name: string, delayMs: number, lossPercent: number): Promise<string | undefined> {
    try {
      for (let cable = 0; cable < this.#cables; cable++)
        await this.#in(name, [
          'tc',
          'qdisc',
          'add',
          'dev',
          `cable${cable}`,
          'root',
          'netem',
          'delay',
          `${delayMs}ms`,
          'loss',
          `${lossPercent}%`,
        ])
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }

  /** Processes that still run there keep their host until they end. */
  async close(): Promise<void> {
    for (const name of this.#names) await run('ip', ['netns', 'del', this.#name(name)])
    this.#names = []
  }

  async #in(name: string, command: readonly string[]): Promise<void> {
    const [program, ...args] = [...this.via(name), ...command]
    await run(program!, args)
  }

  #name(name: string): string {
    return `${this.#prefix}-${name}`
  }
}
