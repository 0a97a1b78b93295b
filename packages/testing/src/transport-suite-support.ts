import { CHANNEL_HIGH_WATER_BYTES, MAX_FRAME_BYTES } from '@parley/core'
import type { Channel, Clock, Topic, Transport, TransportHost } from '@parley/core'
import { silentLogger } from './silent-logger.ts'

/** Two transports that can reach each other, not started, and what a test may do to the network between them. */
export interface TransportPair {
  readonly a: Transport
  readonly b: Transport
  /** Breaks every channel between them as a network failure would, not as `close` does. They can find each other again afterwards. */
  sever(): void | Promise<void>
  /** Called after both started and have topics, for transports that topics alone do not bring together: dials, for instance. */
  meet?(): Promise<void>
  /** The clock that the hosts get. Default: the real one. */
  readonly clock?: Clock
  /** Moves that clock on when it is a fake one. */
  advance?(ms: number): Promise<void>
  /** How many things both hold that a leak would multiply: connections, sockets, timers. Left out where nobody can count them. */
  held?(): number
  /** Frees what was made beside the two transports, which are stopped by then. */
  dispose?(): void | Promise<void>
}

/** What to test and how long to wait for it, in milliseconds of the clock of the pair. */
export interface TransportSuiteOptions {
  createPair(): Promise<TransportPair>
  /** False when peers meet by `meet` whatever their topics; leaves out what is about topics. Default true. */
  topicsDecide?: boolean
  /** How often a channel is opened and closed in search of leaks. Default 5; a thousand where that takes no time. */
  cycles?: number
  /** Longest wait for what must happen. Default 10,000. */
  timeoutMs?: number
  /** Wait before saying that something did not happen. Default 300. */
  quietMs?: number
}

/** Real time and randomness, for suites over real networks. */
const realClock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, ms) {
    const id = setTimeout(callback, ms)
    return () => clearTimeout(id)
  },
}

/** A fake clock is moved on in steps of this many milliseconds. */
const STEP_MS = 10

/** A channel with everything it has said so far. */
export interface Tap {
  readonly channel: Channel
  readonly frames: Uint8Array[]
  readonly closes: string[]
  /** How many frames had come when it closed. */
  framesAtClose: number | undefined
}

/** One of the two peers, with the channels it was given. */
export interface Side {
  readonly transport: Transport
  readonly taps: Tap[]
}

/** Both peers of a test, and the waiting on their clock. */
export class Stage {
  readonly pair: TransportPair
  readonly alice: Side
  readonly bob: Side
  /** Whether channels get their listeners as they come; a test that sets its own turns it off before `start`. */
  listening = true
  readonly #options: TransportSuiteOptions
  readonly #clock: Clock

  constructor(pair: TransportPair, options: TransportSuiteOptions) {
    this.pair = pair
    this.#options = options
    this.#clock = pair.clock ?? realClock
    this.alice = { transport: pair.a, taps: [] }
    this.bob = { transport: pair.b, taps: [] }
  }

  async start(topicsOfAlice: readonly Topic[], topicsOfBob: readonly Topic[] = topicsOfAlice): Promise<void> {
    this.alice.transport.setTopics(topicsOfAlice)
    this.bob.transport.setTopics(topicsOfBob)
    await this.wait(this.alice.transport.start(this.#host(this.alice)), 'alice starts')
    await this.join()
  }

  /** Starts bob, who may have been stopped, and brings the two together. */
  async join(): Promise<void> {
    await this.wait(this.bob.transport.start(this.#host(this.bob)), 'bob starts')
    await this.meet()
  }

  /** Brings both together once more, where topics alone do not. */
  async meet(): Promise<void> {
    if (this.pair.meet !== undefined) await this.wait(this.pair.meet(), 'they are brought together')
  }

  /** The first channel of the two, open at both ends. */
  async connect(): Promise<[Tap, Tap]> {
    await this.start([topic('common')])
    return this.channels(1)
  }

  /** The ends of the `count`th channel, once both are there. */
  async channels(count: number): Promise<[Tap, Tap]> {
    await this.until(() => this.alice.taps.length >= count && this.bob.taps.length >= count, `channel ${count} is there`)
    return [this.alice.taps[count - 1] as Tap, this.bob.taps[count - 1] as Tap]
  }

  /** Waits until `condition` holds. @throws {Error} naming `what` when it does not in time. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const end = this.#clock.now() + (this.#options.timeoutMs ?? 10_000)
    while (!condition()) {
      if (this.#clock.now() > end) throw new Error(`waited in vain until ${what}`)
      await this.pass(STEP_MS)
    }
  }

  /** Waits for a promise while time passes. */
  async wait<T>(promise: Promise<T>, what: string): Promise<T> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    promise.then(settle, settle)
    await this.until(() => settled, what)
    return promise
  }

  /** Gives what must not happen the time to happen. */
  quiet(): Promise<void> {
    return this.pass(this.#options.quietMs ?? 300)
  }

  async pass(ms: number): Promise<void> {
    if (this.pair.advance !== undefined) return this.pair.advance(ms)
    await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, ms))
  }

  async end(): Promise<void> {
    await this.wait(this.pair.a.stop(), 'alice stops')
    await this.wait(this.pair.b.stop(), 'bob stops')
    await this.pair.dispose?.()
  }

  #host(side: Side): TransportHost {
    return {
      clock: this.#clock,
      random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
      logger: silentLogger(),
      onChannel: (channel) => {
        const tap: Tap = { channel, frames: [], closes: [], framesAtClose: undefined }
        side.taps.push(tap)
        if (this.listening) listen(tap)
      },
    }
  }
}

/** Sets both listeners of a channel. */
export function listen(tap: Tap): void {
  tap.channel.onFrame((frame) => tap.frames.push(frame))
  tap.channel.onClose((reason) => {
    tap.closes.push(reason)
    tap.framesAtClose = tap.frames.length
  })
}

/** A topic as the core makes them: 43 URL-safe characters each, new in every run so that runs do not meet. */
export function topic(label: string): Topic {
  return { name: `${label}-${runId}`.padEnd(43, '0'), secret: `secret-of-${label}-${runId}`.padEnd(43, '0') }
}

const runId = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(36).padStart(2, '0')).join('')

/** A frame of `length` bytes that differs from its neighbours in every byte. */
export function frame(length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let index = 0; index < length; index++) bytes[index] = index * 31 + seed * 17 + (index >> 8)
  return bytes
}

/** Compares frames across realms: a transport may live in another window. */
export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}

/** Sends `count` frames of full size the way the core does: waits whenever the buffer is above the high-water mark. Gives the fullest it was. */
export async function burst(channel: Channel, count: number): Promise<number> {
  let fullest = 0
  for (let index = 0; index < count; index++) {
    channel.send(frame(MAX_FRAME_BYTES, index))
    fullest = Math.max(fullest, channel.bufferedBytes)
    if (channel.bufferedBytes > CHANNEL_HIGH_WATER_BYTES) {
      await channel.drained()
      if (channel.bufferedBytes >= CHANNEL_HIGH_WATER_BYTES / 2) throw new Error('drained() resolved with half a buffer or more')
    }
  }
  return fullest
}
