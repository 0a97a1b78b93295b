import type { WebSocket } from 'ws'
import { BYTES_PER_TOKEN, type RelayLimits } from './limits.ts'
import { encodePublish, parseMessage, type ClientMessage, type RefusalCode } from './message.ts'
import { TokenBucket } from './token-bucket.ts'
import type { Addresses } from './addresses.ts'
import type { Counters } from './counters.ts'
import type { RelayLogger } from './logger.ts'
import type { Topics } from './topics.ts'

/** WebSocket close code of a client that did what it must not (RFC 6455 section 7.4.1). */
const POLICY_VIOLATION = 1008

/** What `ws` says of a message larger than `maxPayload`. */
const TOO_LARGE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'

/** Longest pause for the sake of a busy topic or relay, whose debt may be the work of others. */
const MAX_SHARED_WAIT_MS = 5_000

const PONG = Buffer.from('{"type":"pong"}')

/** What all connections of a relay share. */
export interface Shared {
  limits: RelayLimits
  topics: Topics<Connection>
  addresses: Addresses
  counters: Counters
  /** Deliveries of the whole relay. */
  rate: TokenBucket
  /** Bytes that wait for readers, of all connections. */
  bufferedBytes: number
  logger: RelayLogger | undefined
}

/** Who a connection belongs to. */
export interface Origin {
  /** What counts as one client, see `clientAddress`. Never logged. */
  address: string
  /** What log lines about this connection say besides the event. */
  facts: Record<string, unknown>
}

/** One client: its subscriptions, its rate and its signs of life. */
export class Connection {
  readonly #socket: WebSocket
  readonly #shared: Shared
  readonly #origin: Origin
  readonly #bucket: TokenBucket
  #strikes = 0
  #alive = true
  #resume: NodeJS.Timeout | undefined

  constructor(socket: WebSocket, shared: Shared, origin: Origin) {
    this.#socket = socket
    this.#shared = shared
    this.#origin = origin
    this.#bucket = new TokenBucket(shared.limits.burst, shared.limits.messagesPerSecond, performance.now())
    socket.on('message', (data: Buffer) => this.#onMessage(data))
    socket.on('ping', (data: Buffer) => this.#onPing(data))
    socket.on('pong', () => this.#onSign())
    socket.on('close', () => this.#onClose())
    // Too large, no WebSocket frame, no UTF-8, reset by the other side: `ws` closes the socket itself.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === TOO_LARGE) shared.counters.giant += 1
      else shared.counters.broken += 1
      this.#log('connection.error', { code: error.code })
    })
  }

  /** Sends bytes as one text message; a reader that is too slow is dropped, so that it costs memory once and not for ever. */
  send(bytes: Buffer): void {
    if (!this.#hasRoom()) return
    this.#shared.bufferedBytes += bytes.length
    // Called once written and when the socket is gone alike.
    this.#socket.send(bytes, { binary: false }, () => (this.#shared.bufferedBytes -= bytes.length))
  }

  /** Ends the connection when nothing was heard since the last call, and asks for a sign of life otherwise. */
  checkAlive(): void {
    if (!this.#alive) {
      this.#shared.counters.silent += 1
      this.#log('connection.silent')
      this.#socket.terminate()
      return
    }
    this.#alive = false
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  /** Answered here and not by `ws`, which would queue an answer to every ping of a flooder that never reads. */
  #onPing(data: Buffer): void {
    this.#onSign()
    if (this.#hasRoom()) this.#socket.pong(data)
  }

  /** Frames that say nothing cost as much as a message, or they would be a flood that no rate sees. */
  #onSign(): void {
    this.#alive = true
    this.#pay(1, 0, performance.now())
  }

  /** False when nothing can be sent; a reader that is too slow is dropped. */
  #hasRoom(): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false
    const { limits, counters, bufferedBytes } = this.#shared
    const allowed = bufferedBytes > limits.bufferedBytesTotal ? limits.bufferedBytesShare : limits.bufferedBytes
    if (this.#socket.bufferedAmount <= allowed) return true
    counters.slow += 1
    this.#log('connection.slow')
    this.#socket.terminate()
    return false
  }

  #onMessage(data: Buffer): void {
    const { limits, counters } = this.#shared
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#alive = true
    counters.received += 1
    counters.receivedBytes += data.length
    const now = performance.now()
    const parsed = parseMessage(data, limits)
    const { bytes, wait } = 'refused' in parsed ? only(this.#refuse(parsed.refused)) : this.#handle(parsed.message, now)
    this.#pay(1 + Math.floor(Math.max(bytes, data.length) / BYTES_PER_TOKEN), wait, now)
  }

  /** Does what the message says; returns the bytes that it caused to be sent and how long a busy topic or relay asks to wait. */
  #handle(message: ClientMessage, now: number): Cost {
    switch (message.type) {
      case 'ping':
        this.send(PONG)
        return only(PONG.length)
      case 'subscribe':
        return only(this.#subscribe(message.topics, now))
      case 'unsubscribe':
        for (const topic of message.topics) this.#shared.topics.unsubscribe(this, topic)
        return only(0)
      case 'publish':
        return this.#publish(message.topic, message.data, now)
    }
  }

  /** One strike at most, however many topics did not fit: a client with too many conversations is no attacker. */
  #subscribe(topics: string[], now: number): number {
    let refused: RefusalCode | undefined
    for (const topic of topics) refused = this.#shared.topics.subscribe(this, topic, now) ?? refused
    return refused === undefined ? 0 : this.#refuse(refused)
  }

  /** To every subscriber, the sender too when it is one: stock servers do so, and stock clients know their own messages. */
  #publish(name: string, data: unknown, now: number): Cost {
    const { topics, counters, rate } = this.#shared
    const topic = topics.find(name)
    if (topic === undefined) return only(0)
    const busy = topic.rate.isOverdrawn(now) ? 'TopicBusy' : rate.isOverdrawn(now) ? 'RelayBusy' : undefined
    if (busy !== undefined) return { bytes: this.#refuse(busy), wait: MAX_SHARED_WAIT_MS }
    const count = topic.subscribers.length
    const message = encodePublish(name, data, count)
    if (message === undefined) return only(this.#refuse('BadShape'))
    for (const subscriber of topic.subscribers) subscriber.send(message)
    const bytes = message.length * count
    counters.delivered += count
    counters.deliveredBytes += bytes
    const wait = Math.max(topic.rate.take(count, now), rate.take(count, now))
    return { bytes, wait: Math.min(wait, MAX_SHARED_WAIT_MS) }
  }

  /**
   * Counts a refusal, tells the client (stock ones ignore the message) and cuts off one that goes on.
   * A full or busy topic or relay is not the fault of the one who meets it, so it is told and not held against it.
   */
  #refuse(code: RefusalCode): number {
    this.#shared.counters.refused[code] += 1
    const bytes = Buffer.from(JSON.stringify({ type: 'error', code }))
    this.send(bytes)
    if (BLAMELESS.has(code)) return bytes.length
    this.#strikes += 1
    if (this.#strikes >= this.#shared.limits.strikes) this.#cutOff('too many refused messages')
    return bytes.length
  }

  /** Beyond a rate the socket is not read for a while, which slows the sender down; far beyond its own or its address's, it is cut off. */
  #pay(cost: number, sharedWait: number, now: number): void {
    const own = Math.max(this.#bucket.take(cost, now), this.#shared.addresses.pay(this.#origin.address, cost, now))
    const waitMs = Math.max(own, sharedWait)
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
    this.#log('connection.cutOff', { reason })
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

  #log(event: string, facts?: Record<string, unknown>): void {
    this.#shared.logger?.debug(event, { ...this.#origin.facts, ...facts })
  }
}

/** What a message cost: bytes sent on its behalf, and milliseconds that a busy topic or relay asks its sender to wait. */
interface Cost {
  bytes: number
  wait: number
}

const BLAMELESS: ReadonlySet<RefusalCode> = new Set(['TopicFull', 'RelayFull', 'TopicBusy', 'RelayBusy'])

function only(bytes: number): Cost {
  return { bytes, wait: 0 }
}
