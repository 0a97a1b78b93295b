import type { WebSocket } from 'ws'
import { BYTES_PER_TOKEN, type RelayLimits } from './limits.ts'
import { encodePublish, parseMessage, type ClientMessage, type RefusalCode } from './message.ts'
import { TokenBucket } from './token-bucket.ts'
import type { Topics } from './topics.ts'
import type { Counters } from './counters.ts'

/** WebSocket close code of a client that did what it must not (RFC 6455 section 7.4.1). */
const POLICY_VIOLATION = 1008

const PONG = Buffer.from('{"type":"pong"}')

/** What all connections of a relay share. */
export interface Shared {
  limits: RelayLimits
  topics: Topics<Connection>
  counters: Counters
}

/** One client: its subscriptions, its rate and its signs of life. */
export class Connection {
  readonly #socket: WebSocket
  readonly #shared: Shared
  readonly #bucket: TokenBucket
  #strikes = 0
  #alive = true
  #resume: NodeJS.Timeout | undefined

  constructor(socket: WebSocket, shared: Shared) {
    this.#socket = socket
    this.#shared = shared
    this.#bucket = new TokenBucket(shared.limits.burst, shared.limits.messagesPerSecond, performance.now())
    socket.on('message', (data: Buffer) => this.#onMessage(data))
    socket.on('pong', () => (this.#alive = true))
    socket.on('close', () => this.#onClose())
    // Too large, no WebSocket frame, no UTF-8, reset by the other side: `ws` closes the socket itself.
    socket.on('error', () => (shared.counters.broken += 1))
  }

  /** Sends bytes as one text message; a reader that is too slow is dropped, so that it costs memory once and not for ever. */
  send(bytes: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > this.#shared.limits.bufferedBytes) {
      this.#shared.counters.slow += 1
      this.#socket.terminate()
      return
    }
    this.#socket.send(bytes, { binary: false })
  }

  /** Ends the connection when nothing was heard since the last call, and asks for a sign of life otherwise. */
  checkAlive(): void {
    if (!this.#alive) {
      this.#shared.counters.silent += 1
      this.#socket.terminate()
      return
    }
    this.#alive = false
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  #onMessage(data: Buffer): void {
    const { limits, counters } = this.#shared
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#alive = true
    counters.received += 1
    const parsed = parseMessage(data, limits)
    const sent = 'refused' in parsed ? this.#refuse(parsed.refused) : this.#handle(parsed.message)
    this.#pay(1 + Math.floor(Math.max(sent, data.length) / BYTES_PER_TOKEN))
  }

  /** Does what the message says; returns the bytes that it caused to be sent. */
  #handle(message: ClientMessage): number {
    switch (message.type) {
      case 'ping':
        this.send(PONG)
        return PONG.length
      case 'subscribe':
        return this.#subscribe(message.topics)
      case 'unsubscribe':
        for (const topic of message.topics) this.#shared.topics.unsubscribe(this, topic)
        return 0
      case 'publish':
        return this.#publish(message.topic, message.data)
    }
  }

  /** One strike at most, however many topics did not fit: a client with too many conversations is no attacker. */
  #subscribe(topics: string[]): number {
    let refused: RefusalCode | undefined
    for (const topic of topics) refused = this.#shared.topics.subscribe(this, topic) ?? refused
    return refused === undefined ? 0 : this.#refuse(refused)
  }

  /** To every subscriber, the sender too when it is one: stock servers do so, and stock clients know their own messages. */
  #publish(topic: string, data: unknown): number {
    const subscribers = this.#shared.topics.subscribers(topic)
    if (subscribers.length === 0) return 0
    const bytes = encodePublish(topic, data, subscribers.length)
    if (bytes === undefined) return this.#refuse('BadShape')
    for (const subscriber of subscribers) subscriber.send(bytes)
    this.#shared.counters.delivered += subscribers.length
    return bytes.length * subscribers.length
  }

  /**
   * Counts a refusal, tells the client (stock ones ignore the message) and cuts off one that goes on.
   * A full topic or relay is not the fault of the one who meets it, so it is told and not held against it.
   */
  #refuse(code: RefusalCode): number {
    this.#shared.counters.refused[code] += 1
    const bytes = Buffer.from(JSON.stringify({ type: 'error', code }))
    this.send(bytes)
    if (code === 'TopicFull' || code === 'RelayFull') return bytes.length
    this.#strikes += 1
    if (this.#strikes >= this.#shared.limits.strikes) this.#cutOff('too many refused messages')
    return bytes.length
  }

  /** Beyond the rate the socket is not read for a while, which slows the sender down; far beyond, it is cut off. */
  #pay(cost: number): void {
    const waitMs = this.#bucket.take(cost, performance.now())
    if (waitMs === 0 || this.#socket.readyState !== this.#socket.OPEN) return
    if (waitMs === Infinity) {
      this.#cutOff('too many messages')
      return
    }
    this.#shared.counters.slowed += 1
    this.#socket.pause()
    clearTimeout(this.#resume)
    this.#resume = setTimeout(() => {
      this.#alive = true
      this.#socket.resume()
    }, waitMs)
  }

  #cutOff(reason: string): void {
    this.#shared.counters.cutOff += 1
    this.#shared.topics.leave(this)
    clearTimeout(this.#resume)
    this.#socket.resume()
    this.#socket.close(POLICY_VIOLATION, reason)
    // From here on its messages are ignored; a flooder need not even answer the close.
    this.#resume = setTimeout(() => this.#socket.terminate(), this.#shared.limits.closeGraceMs)
  }

  #onClose(): void {
    clearTimeout(this.#resume)
    this.#shared.topics.leave(this)
  }
}
