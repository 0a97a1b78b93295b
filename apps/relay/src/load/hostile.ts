import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'

/** A message larger than any relay takes; made once, for it is the relay that is to work. */
const GIANT = randomBytes(1_048_576)

const JUNK = randomBytes(20)

/** Messages that a flooder hands to the kernel at once. */
const FLOOD_CHUNK = 200

/** Milliseconds between two acts of one stranger. */
const PAUSE_MS = 50

/** Where all of them come from: one address, as one machine would. */
const SOURCE = '127.0.99.99'

/** They know no other: topics of honest clients are secret. */
const TOPIC = 'strangers'

/** The misbehaviours, one a stranger in turn. */
const ACTS = ['flood', 'giant', 'junk', 'half-open', 'deaf'] as const

/** Strangers that flood, send giants and junk, open sockets and leave them, or subscribe and never read; they come back when they are cut off. */
export class Strangers {
  readonly #url: string
  readonly #open = new Set<{ terminate(): void }>()
  #stopped = false

  constructor(url: string) {
    this.#url = url
  }

  /** Resolves once everyone whom the relay should cut off at once has been cut off for the first time. */
  async start(count: number): Promise<void> {
    const acts = Array.from({ length: count }, (_, index) => ACTS[index % ACTS.length] ?? 'flood')
    const cutOff: Promise<void>[] = []
    for (const act of acts) {
      const first = this.#once(act)
      void first.then(() => this.#live(act))
      if (act === 'giant' || act === 'junk') cutOff.push(first)
    }
    await Promise.all(cutOff)
  }

  stop(): void {
    this.#stopped = true
    for (const socket of this.#open) socket.terminate()
  }

  async #live(act: (typeof ACTS)[number]): Promise<void> {
    while (!this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      await this.#once(act)
    }
  }

  /** Connects, does it, and waits to be cut off. */
  #once(act: (typeof ACTS)[number]): Promise<void> {
    return act === 'half-open' ? this.#halfOpen() : this.#webSocket(act)
  }

  #halfOpen(): Promise<void> {
    const { port, hostname } = new URL(this.#url)
    return new Promise((resolve) => {
      const socket: Socket = connect({ port: Number(port), host: hostname, localAddress: this.#source() }, () => socket.write('GET / HT'))
      this.#until(socket, { terminate: () => socket.destroy() }, resolve)
    })
  }

  #webSocket(act: 'flood' | 'giant' | 'junk' | 'deaf'): Promise<void> {
    return new Promise((resolve) => {
      const socket = new WebSocket(this.#url, { perMessageDeflate: false, localAddress: this.#source() })
      this.#until(socket, socket, resolve)
      socket.on('open', () => this.#act(act, socket))
    })
  }

  #act(act: 'flood' | 'giant' | 'junk' | 'deaf', socket: WebSocket): void {
    if (act === 'giant') socket.send(GIANT)
    if (act === 'deaf') {
      socket.send(JSON.stringify({ type: 'subscribe', topics: [TOPIC] }))
      socket.pause()
    }
    if (act === 'junk') for (let i = 0; i < FLOOD_CHUNK; i++) socket.send(JUNK)
    if (act === 'flood') {
      const flood = (): void => {
        if (socket.readyState !== WebSocket.OPEN) return
        for (let i = 0; i < FLOOD_CHUNK; i++) socket.send(JSON.stringify({ type: 'publish', topic: TOPIC, data: 'flood' }))
        setTimeout(flood, PAUSE_MS)
      }
      flood()
    }
  }

  #until(socket: Socket | WebSocket, handle: { terminate(): void }, resolve: () => void): void {
    this.#open.add(handle)
    // Being cut off is what is expected here; the relay's own counters tell how often.
    const end = (): void => {
      this.#open.delete(handle)
      resolve()
    }
    ;(socket as Socket).on('error', end)
    ;(socket as Socket).on('close', end)
  }

  #source(): string | undefined {
    return process.platform === 'linux' && new URL(this.#url).hostname === '127.0.0.1' ? SOURCE : undefined
  }
}
