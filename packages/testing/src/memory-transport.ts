import type { Clock, Topic, Transport, TransportHost } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { MemoryChannel } from './memory-transport-channel.ts'

/** How the network behaves. Everything may be left out: instant, without loss, on the clocks of the hosts. */
export interface MemoryNetworkOptions {
  /** The clock that all frames travel on. Default: the one of the host that made the channel. */
  clock?: Clock
  /** Milliseconds that a frame takes, or a function asked for every frame. Order is kept all the same. Default 0. */
  latencyMs?: number | (() => number)
  /** Probability from 0 to 1 that a frame is lost; channels are reliable, so the channel closes instead. Default 0. */
  loss?: number
  /** From 0 inclusive to 1 exclusive; decides about loss. Default `Math.random`; give a seeded one to repeat a run. */
  random?: () => number
  /** Milliseconds until peers whose channel was lost find each other again. Default 100. */
  reconnectMs?: number
  /** `Transport.name`. Default `memory`; give another one to run two networks side by side. */
  name?: string
}

/** A network inside one process. Peers are known by the names given to `transport`. */
export interface MemoryNetwork {
  /** A transport for the peer `name`, at the address `memory:name`. Default names are `peer-1`, `peer-2` and so on. */
  transport(name?: string): Transport
  /** Cuts the network in groups; peers that are not named make one more. Channels across a cut are lost. Replaces an earlier cut. */
  partition(...groups: readonly (readonly string[])[]): void
  /** Undoes every cut; peers with common topics meet at once, whatever back-off they were in. */
  heal(): void
  /** Loses the channel between two peers; they meet again after `reconnectMs`. Does nothing when there is none. */
  disconnect(a: string, b: string): void
  /** Names of the pairs that have a channel now, each pair and the list in byte order. */
  channels(): [string, string][]
}

/** After one side closed a channel on purpose, peers leave each other alone for this long, unless one of them dials, wakes or changes topics. */
const PARTED_MS = 15_000
const DEFAULT_RECONNECT_MS = 100
const ADDRESS_PREFIX = 'memory:'
/** Between the two names of a pair; no name holds it. */
const KEY_SEPARATOR = '\n'

/** Makes a network for peers in one process. Peers with a common topic get one channel per pair. */
export function createMemoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  return new Network(options)
}

/** What the network keeps about two peers. */
interface Pair {
  ends?: [MemoryChannel, MemoryChannel]
  /** Cancels the meeting that is arranged. */
  cancel?: () => void
}

class Network implements MemoryNetwork {
  readonly options: MemoryNetworkOptions
  readonly #started = new Map<string, MemoryTransport>()
  readonly #pairs = new Map<string, Pair>()
  #groups: Map<string, number> = new Map()
  #count = 0

  constructor(options: MemoryNetworkOptions) {
    this.options = options
  }

  transport(name = `peer-${++this.#count}`): Transport {
    if (name === '' || name.includes(KEY_SEPARATOR)) throw new ParleyError('InvalidArgument', 'a peer name is one line of text')
    return new MemoryTransport(this, name)
  }

  partition(...groups: readonly (readonly string[])[]): void {
    this.#groups = new Map(groups.flatMap((names, index) => names.map((name) => [name, index] as const)))
    for (const [key, pair] of this.#pairs) {
      const [a, b] = splitKey(key)
      if (!this.#reachable(a, b)) this.#lose(pair, 'the network was cut')
    }
    this.#meetAll()
  }

  heal(): void {
    this.#groups = new Map()
    this.#meetAll()
  }

  disconnect(a: string, b: string): void {
    const pair = this.#pairs.get(pairKey(a, b))
    if (pair?.ends === undefined) return
    this.#lose(pair, 'the connection was lost')
    this.#arrange(a, b, this.#reconnectMs())
  }

  channels(): [string, string][] {
    const open = [...this.#pairs].filter(([, pair]) => pair.ends !== undefined).map(([key]) => key)
    return open.sort(compareText).map(splitKey)
  }

  join(peer: MemoryTransport): void {
    if (this.#started.has(peer.peer)) throw new ParleyError('InvalidArgument', `"${peer.peer}" is on this network already; stop it first`)
    this.#started.set(peer.peer, peer)
    this.meet(peer)
  }

  leave(peer: MemoryTransport): void {
    if (this.#started.get(peer.peer) !== peer) return
    this.#started.delete(peer.peer)
    for (const [key, pair] of this.#pairs) {
      if (!splitKey(key).includes(peer.peer)) continue
      this.#pairs.delete(key)
      pair.cancel?.()
      pair.ends?.[splitKey(key)[0] === peer.peer ? 0 : 1].close('the other side stopped')
    }
  }

  /** Arranges a meeting with everybody who looks for one of the same topics, at once. */
  meet(peer: MemoryTransport): void {
    for (const other of this.#started.keys()) if (other !== peer.peer) this.#arrange(peer.peer, other, this.#latency())
  }

  /** Opens a channel now, whatever the topics. */
  dial(from: MemoryTransport, to: string): void {
    if (!this.#started.has(to) || !this.#reachable(from.peer, to))
      throw new ParleyError('Unreachable', `nobody answers at ${ADDRESS_PREFIX}${to}`)
    this.#open(from.peer, to)
  }

  #meetAll(): void {
    for (const peer of this.#started.values()) this.meet(peer)
  }

  /** Lets two peers meet after `ms`; replaces what was arranged for them. */
  #arrange(a: string, b: string, ms: number): void {
    if (this.#pairOf(a, b).ends !== undefined) return
    const key = pairKey(a, b)
    const clock = this.#clockOf(a)
    const pair = this.#pairOf(a, b)
    pair.cancel?.()
    if (clock === undefined) return
    pair.cancel = clock.setTimeout(() => {
      if (this.#pairs.get(key) !== pair) return
      delete pair.cancel
      if (this.#reachable(a, b) && this.#haveCommonTopic(a, b)) this.#open(a, b)
    }, ms)
  }

  #open(a: string, b: string): void {
    const key = pairKey(a, b)
    const pair = this.#pairOf(a, b)
    if (pair.ends !== undefined) return
    pair.cancel?.()
    delete pair.cancel
    const [first, second] = splitKey(key)
    const ends: [MemoryChannel, MemoryChannel] = [this.#end(key, first, second), this.#end(key, second, first)]
    MemoryChannel.join(...ends)
    pair.ends = ends
    this.#started.get(first)?.accept(ends[0])
    this.#started.get(second)?.accept(ends[1])
  }

  #end(key: string, own: string, remote: string): MemoryChannel {
    const end: MemoryChannel = new MemoryChannel({
      transport: this.options.name ?? 'memory',
      remote: ADDRESS_PREFIX + remote,
      binding: new TextEncoder().encode(key),
      clock: this.#clockOf(own) as Clock,
      latency: () => this.#latency(),
      loses: () => (this.options.loss ?? 0) > 0 && (this.options.random ?? Math.random)() < (this.options.loss ?? 0),
      onPart: () => this.#forget(key, end, PARTED_MS),
      onLost: () => {
        const pair = this.#pairs.get(key)
        if (pair?.ends?.includes(end)) this.#lose(pair, 'a frame was lost')
        this.#arrange(own, remote, this.#reconnectMs())
      },
    })
    return end
  }

  /** The channel of this end is over; the two meet again after `ms`. */
  #forget(key: string, end: MemoryChannel, ms: number): void {
    const pair = this.#pairs.get(key)
    if (!pair?.ends?.includes(end)) return
    delete pair.ends
    this.#arrange(...splitKey(key), ms)
  }

  #lose(pair: Pair, reason: string): void {
    const ends = pair.ends
    delete pair.ends
    for (const end of ends ?? []) end.fail(reason)
  }

  #pairOf(a: string, b: string): Pair {
    const key = pairKey(a, b)
    const pair = this.#pairs.get(key) ?? {}
    this.#pairs.set(key, pair)
    return pair
  }

  #reachable(a: string, b: string): boolean {
    return this.#started.has(a) && this.#started.has(b) && this.#groups.get(a) === this.#groups.get(b)
  }

  #haveCommonTopic(a: string, b: string): boolean {
    const topics = this.#started.get(b)?.topics ?? []
    return this.#started.get(a)?.topics.some((topic) => topics.some((other) => other.name === topic.name)) ?? false
  }

  #clockOf(peer: string): Clock | undefined {
    return this.options.clock ?? this.#started.get(peer)?.clock
  }

  #latency(): number {
    const latency = this.options.latencyMs ?? 0
    return typeof latency === 'number' ? latency : latency()
  }

  #reconnectMs(): number {
    return this.options.reconnectMs ?? DEFAULT_RECONNECT_MS
  }
}

class MemoryTransport implements Transport {
  readonly name: string
  readonly peer: string
  topics: readonly Topic[] = []
  readonly #network: Network
  #host: TransportHost | undefined

  constructor(network: Network, peer: string) {
    this.#network = network
    this.name = network.options.name ?? 'memory'
    this.peer = peer
  }

  get clock(): Clock | undefined {
    return this.#host?.clock
  }

  async start(host: TransportHost): Promise<void> {
    this.#host = host
    this.#network.join(this)
  }

  async stop(): Promise<void> {
    this.#network.leave(this)
    this.#host = undefined
  }

  setTopics(topics: readonly Topic[]): void {
    this.topics = [...topics]
    if (this.#host !== undefined) this.#network.meet(this)
  }

  addresses(): string[] {
    return this.#host === undefined ? [] : [ADDRESS_PREFIX + this.peer]
  }

  async dial(address: string, options: { signal?: AbortSignal } = {}): Promise<void> {
    if (options.signal?.aborted) throw new ParleyError('Aborted', 'dialling was aborted', { cause: options.signal.reason })
    const peer = address.slice(ADDRESS_PREFIX.length)
    if (!address.startsWith(ADDRESS_PREFIX) || peer === '' || peer === this.peer)
      throw new ParleyError('InvalidArgument', 'a memory address is "memory:" and the name of another peer')
    if (this.#host === undefined) throw new ParleyError('Unreachable', 'start this transport before dialling')
    this.#network.dial(this, peer)
  }

  wake(): void {
    if (this.#host !== undefined) this.#network.meet(this)
  }

  accept(channel: MemoryChannel): void {
    this.#host?.onChannel(channel)
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

function pairKey(a: string, b: string): string {
  return a < b ? a + KEY_SEPARATOR + b : b + KEY_SEPARATOR + a
}

function splitKey(key: string): [string, string] {
  return key.split(KEY_SEPARATOR) as [string, string]
}
