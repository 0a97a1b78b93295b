import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'

/** The parts of a publish that the tool looks at. */
interface Delivery {
  type: string
  data: { at: number; text: string }
}

/** Half of what the relay lets one address have by default, so that connecting is not what is measured. */
const SOCKETS_PER_SOURCE = 128

/** Connection attempts under way at a time; more only queue in the kernel. */
const CONNECTING_AT_A_TIME = 64

/** What the clients saw. */
export interface Seen {
  /** Milliseconds from send to receipt, one for every delivery. */
  latencies: number[]
  sent: number
  /** Deliveries that there should be: every message reaches all subscribers of its topic. */
  expected: number
  /** Connections that ended before the tool ended them. */
  dropped: number
  errors: number
}

/** Sockets that subscribe to a topic in groups and publish in turn. */
export class Clients {
  readonly seen: Seen = { latencies: [], sent: 0, expected: 0, dropped: 0, errors: 0 }
  readonly #sockets: WebSocket[] = []
  readonly #url: string
  readonly #groupSize: number
  readonly #text: string
  #measuring = false
  #closing = false

  constructor(init: { url: string; groupSize: number; bytes: number }) {
    this.#url = init.url
    this.#groupSize = init.groupSize
    this.#text = randomBytes(Math.ceil(init.bytes / 2))
      .toString('hex')
      .slice(0, init.bytes)
  }

  /** Opens all sockets and subscribes them, group by group. */
  async connect(count: number): Promise<void> {
    let next = 0
    const work = async (): Promise<void> => {
      for (let index = next++; index < count; index = next++) await this.#open(index)
    }
    await Promise.all(Array.from({ length: CONNECTING_AT_A_TIME }, work))
  }

  /** Sends `rate` messages a second for so long, from one socket after the other. */
  async publish(rate: number, seconds: number): Promise<void> {
    this.#measuring = true
    const start = performance.now()
    const total = rate * seconds
    for (let done = 0; done < total;) {
      const due = Math.min(total, Math.floor(((performance.now() - start) / 1_000) * rate))
      for (; done < due; done++) this.#send(done)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  /** Waits for what is still under way, but not for ever. */
  async settle(patienceMs: number): Promise<void> {
    const end = performance.now() + patienceMs
    while (this.seen.latencies.length < this.seen.expected && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  close(): void {
    this.#closing = true
    for (const socket of this.#sockets) socket.terminate()
  }

  #send(turn: number): void {
    // A large step visits all groups and all of their members.
    const index = (turn * 7_919) % this.#sockets.length
    const socket = this.#sockets[index]
    if (socket?.readyState !== WebSocket.OPEN) return
    socket.send(JSON.stringify({ type: 'publish', topic: this.#topic(index), data: { at: performance.now(), text: this.#text } }))
    const first = index - (index % this.#groupSize)
    this.seen.sent += 1
    this.seen.expected += Math.min(this.#groupSize, this.#sockets.length - first)
  }

  #topic(index: number): string {
    return `load-${Math.floor(index / this.#groupSize)}`
  }

  async #open(index: number): Promise<void> {
    const socket = new WebSocket(this.#url, { perMessageDeflate: false, localAddress: sourceAddress(this.#url, index) })
    this.#sockets[index] = socket
    socket.on('error', () => (this.seen.errors += 1))
    socket.on('close', () => {
      if (!this.#closing) this.seen.dropped += 1
    })
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Delivery
      if (this.#measuring && message.type === 'publish') this.seen.latencies.push(performance.now() - message.data.at)
    })
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      socket.once('message', () => resolve())
      socket.once('open', () => {
        socket.send(JSON.stringify({ type: 'subscribe', topics: [this.#topic(index)] }))
        socket.send('{"type":"ping"}')
      })
    })
  }
}

/** On loopback every few sockets come from another address of 127/8, as clients on the internet would; elsewhere the system chooses. */
export function sourceAddress(url: string, index: number): string | undefined {
  const local = process.platform === 'linux' && new URL(url).hostname === '127.0.0.1'
  const source = 2 + Math.floor(index / SOCKETS_PER_SOURCE)
  return local ? `127.0.${source >> 8}.${source & 0xff}` : undefined
}
