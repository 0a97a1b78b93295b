import { Partings, type Topic, type TransportHost } from '@parley/core'
import { readHallMessage, readPairMessage } from './messages.ts'
import type { HallMessage, PairMessage } from './messages.ts'
import { TabChannel } from './tab-channel.ts'
import { holdLock, watchLock } from './tab-lock.ts'

/** 128 bits: two tabs never draw the same. */
const SESSION_ID_BYTES = 16

/** A tab answers at once unless it is frozen; then it is called again when it says hello. */
const CALL_TIMEOUT_MS = 5_000

/** Profiles open in one browser at a time; a page that invents sessions gets no further. */
const MAX_LINKS = 64

/** Another tab, being called or connected. */
interface Link {
  pair: BroadcastChannel
  channel: TabChannel | undefined
  end(): void
}

/** One presence among the tabs of this browser, under one session id. */
export class Session {
  readonly #scope: string
  readonly #host: TransportHost
  readonly #onLost: () => void
  readonly #id: Uint8Array
  readonly #name: string
  readonly #hall: BroadcastChannel
  readonly #ignored = new Set<string>()
  readonly #partings: Partings
  readonly #links = new Map<string, Link>()
  #topics = new Set<string>()
  #release: (() => void) | undefined
  #ended = false

  /** `onLost` is called when the browser took our lock away: the others believe us dead, and a new session is needed. */
  constructor(scope: string, host: TransportHost, onLost: () => void) {
    this.#scope = scope
    this.#host = host
    this.#onLost = onLost
    this.#id = host.random.bytes(SESSION_ID_BYTES)
    this.#name = toHex(this.#id)
    this.#hall = new BroadcastChannel(scope)
    this.#partings = new Partings(host.clock, this.#ignored, () => this.announce())
  }

  /** Holds the lock first: whoever hears of a session without one takes it for dead. */
  async begin(): Promise<void> {
    const release = await holdLock(this.#lockOf(this.#name), () => {
      this.#host.logger.warn('tabs.lock-stolen')
      this.end('lost', 'this tab lost its lock')
      this.#onLost()
    })
    if (this.#ended) return release()
    this.#release = release
    this.#hall.onmessage = (event) => this.#hear(event.data)
    this.announce()
  }

  setTopics(topics: readonly Topic[]): void {
    this.#topics = new Set(topics.map((topic) => topic.name))
    this.announce()
  }

  /** Stops leaving tabs alone whose channel was closed on purpose. */
  forgive(): void {
    this.#partings.forgive()
  }

  /** Says hello to everybody, or to one. */
  announce(to?: string): void {
    if (this.#release === undefined || this.#ended || this.#topics.size === 0) return
    this.#say({ kind: 'hello', from: this.#name, topics: [...this.#topics], ...(to === undefined ? {} : { to }) })
  }

  /** Says goodbye to all and frees everything. */
  end(ending: 'parted' | 'lost', reason: string): void {
    if (this.#ended) return
    this.#ended = true
    for (const link of [...this.#links.values()]) {
      if (ending === 'parted') link.channel?.close(reason)
      else link.channel?.end(ending, reason)
      link.end()
    }
    this.#partings.forgive()
    this.#hall.close()
    this.#release?.()
  }

  #hear(data: unknown): void {
    const message = readHallMessage(data)
    if (message === undefined || this.#ended) return
    const { from, to } = message
    if (from === this.#name || (to !== undefined && to !== this.#name)) return
    if (this.#ignored.has(from) || this.#links.has(from) || this.#links.size >= MAX_LINKS) return
    if (message.kind === 'call') {
      if (this.#topics.size > 0) this.#connect(from, message.pair, false)
    } else if (message.topics.some((topic) => this.#topics.has(topic))) {
      // Exactly one of the two calls: the smaller one. The other one makes itself heard.
      if (this.#name < from) this.#connect(from, `${this.#scope}:${toHex(this.#host.random.bytes(SESSION_ID_BYTES))}`, true)
      else this.announce(from)
    }
  }

  /** Meets one tab on a BroadcastChannel of our own. The caller listens before it calls, so that the other's `ready` finds it. */
  #connect(other: string, pairName: string, calling: boolean): void {
    const pair = new BroadcastChannel(pairName)
    const cancelTimer = this.#host.clock.setTimeout(() => link.end(), CALL_TIMEOUT_MS)
    const stopWatching = watchLock(this.#lockOf(other), () => {
      link.channel?.end('lost', 'the tab is gone')
      link.end()
    })
    const link: Link = {
      pair,
      channel: undefined,
      end: () => {
        cancelTimer()
        stopWatching()
        pair.close()
        if (this.#links.get(other) === link) this.#links.delete(other)
      },
    }
    this.#links.set(other, link)
    pair.onmessage = (event) => {
      const message = readPairMessage(event.data)
      if (message === undefined) return
      if (link.channel !== undefined) return link.channel.receive(message)
      if (message.kind !== 'ready') return
      cancelTimer()
      if (calling) this.#post(pair, { kind: 'ready' })
      this.#open(other, link)
    }
    if (calling) this.#say({ kind: 'call', from: this.#name, to: other, pair: pairName })
    else this.#post(pair, { kind: 'ready' })
  }

  #open(other: string, link: Link): void {
    link.channel = new TabChannel({
      remote: `tab:${other}`,
      binding: this.#bindingWith(other),
      post: (message) => this.#post(link.pair, message),
      onEnd: (ending) => {
        link.end()
        if (this.#ended) return
        if (ending === 'lost') this.#partings.forgive()
        else this.#partings.part(other)
      },
    })
    this.#host.onChannel(link.channel)
  }

  /** Both session ids, the smaller first. Nobody is in the middle: the browser delivers. */
  #bindingWith(other: string): Uint8Array {
    const [first, second] = this.#name < other ? [this.#name, other] : [other, this.#name]
    return new TextEncoder().encode(`${first}${second}`)
  }

  #lockOf(session: string): string {
    return `${this.#scope}:${session}`
  }

  #say(message: HallMessage): void {
    this.#hall.postMessage(message)
  }

  #post(pair: BroadcastChannel, message: PairMessage): void {
    pair.postMessage(message)
  }
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
