/** One rendezvous server, in the signalling protocol of y-webrtc: subscribe to topics, publish on them, hear what others publish. */
import { KeepConnected, type TransportHost } from '@parley/core'
import type { MeetingPlace, MeetingPlaceInit } from './meeting-place.ts'

/** A ping after so long; without any sign of life for twice as long the connection is dead. */
const PING_EVERY_MS = 30_000

/** From the first packet to the open WebSocket. */
const CONNECT_TIMEOUT_MS = 10_000

/** Bytes of one message of a server that means well; it limits what others publish to as much. */
const MAX_MESSAGE_CHARACTERS = 65_536

export class Rendezvous implements MeetingPlace {
  readonly url: string
  readonly #host: TransportHost
  readonly #onOpen: () => void
  readonly #onPublished: (topic: string, data: string) => void
  readonly #keeper: KeepConnected
  #socket: WebSocket | undefined
  #openedAt = 0
  #lastHeard = 0
  #cancelPing = (): void => undefined

  constructor(url: string, init: MeetingPlaceInit) {
    const { host } = init
    this.url = url
    this.#host = host
    this.#onOpen = () => init.onOpen()
    this.#onPublished = (topic, data) => init.onPublished(topic, data)
    this.#keeper = new KeepConnected({
      clock: host.clock,
      random: host.random,
      isConnected: () => this.isConnected,
      dial: () => this.#connect(),
    })
  }

  get isConnected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  start(): void {
    this.#keeper.start()
  }

  stop(): void {
    this.#keeper.stop()
    this.#drop('stopped')
  }

  wake(): void {
    this.#keeper.wake()
  }

  subscribe(topics: readonly string[]): void {
    if (topics.length > 0) this.#send({ type: 'subscribe', topics })
  }

  unsubscribe(topics: readonly string[]): void {
    if (topics.length > 0) this.#send({ type: 'unsubscribe', topics })
  }

  publish(topic: string, data: string): void {
    this.#send({ type: 'publish', topic, data })
  }

  #connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.url)
      this.#socket = socket
      const cancel = this.#host.clock.setTimeout(() => this.#drop('no answer'), CONNECT_TIMEOUT_MS)
      socket.addEventListener('open', () => {
        cancel()
        this.#openedAt = this.#lastHeard = this.#host.clock.now()
        this.#ping()
        resolve()
        this.#host.onRendezvous?.()
        this.#onOpen()
      })
      socket.addEventListener('message', ({ data }) => {
        this.#lastHeard = this.#host.clock.now()
        this.#hear(data)
      })
      socket.addEventListener('close', () => {
        cancel()
        reject(new Error('the rendezvous closed the connection'))
        if (this.#socket === socket) this.#lose()
      })
    })
  }

  #lose(): void {
    this.#cancelPing()
    this.#socket = undefined
    this.#keeper.lost(this.#host.clock.now() - this.#openedAt)
    this.#host.onRendezvous?.()
  }

  /** Does not wait for the other end, which may be dead. */
  #drop(reason: string): void {
    const socket = this.#socket
    if (socket === undefined) return
    this.#host.logger.debug('libp2p.rendezvousDropped', { reason })
    this.#lose()
    socket.close()
  }

  #ping(): void {
    this.#cancelPing = this.#host.clock.setTimeout(() => {
      if (this.#host.clock.now() - this.#lastHeard > 2 * PING_EVERY_MS) return this.#drop('no sign of life')
      this.#send({ type: 'ping' })
      this.#ping()
    }, PING_EVERY_MS)
  }

  #send(message: object): void {
    if (this.isConnected) this.#socket?.send(JSON.stringify(message))
  }

  /** What is no publication is none of ours: y-webrtc's servers say nothing else but pong. */
  #hear(data: unknown): void {
    if (typeof data !== 'string' || data.length > MAX_MESSAGE_CHARACTERS) return
    const message = parse(data)
    if (message?.['type'] !== 'publish') return
    const { topic, data: published } = message
    if (typeof topic === 'string' && typeof published === 'string') this.#onPublished(topic, published)
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
