/**
 * Peers that were heard of, and which of them are dialled: a few in each place, chosen so that all who are there hang together.
 */
import { deriveKey } from '@parley/crypto'
import type { TransportHost } from '@parley/core'
import { compareBytes, isParleyError, utf8 } from '@parley/protocol'
import { ANNOUNCEMENT_TTL_MS } from './announcement.ts'
import { isRelayed, parseAddress, type PeerAddress, type Target } from './address.ts'
import { KeepConnected } from './keep-connected.ts'

/** Peers remembered; beyond it the one heard of longest ago is forgotten. Members of some groups of 50 each. */
export const MAX_FOUND = 512
/** Of the two who find each other one dials at once, the other one only when nothing has come of it by then. */
const YIELD_MS = 2_000
/** Who is dialled on the ring of those who are in one place, as steps and as parts of the ring: four, so that each peer has 4 to 8 links there. */
const STEPS = [1, 2]
const PARTS = [3, 2]

/** How a peer can be dialled, the worst first. */
const RANKS = ['never', 'relayed', 'directly'] as const
export type Reach = (typeof RANKS)[number]

interface Found {
  readonly peerId: string
  addresses: readonly string[]
  /** Where it was heard of, and until when that holds. */
  readonly places: Map<string, number>
  keeper: KeepConnected | undefined
  cancelStart: (() => void) | undefined
}

export class FoundPeers {
  readonly #host: TransportHost
  readonly #self: () => string
  readonly #reach: () => Reach
  readonly #has: (peerId: string, how?: 'direct') => boolean
  readonly #dial: (target: Target) => Promise<unknown>
  readonly #peers = new Map<string, Found>()

  /** `self`: the own peer id; `reach`: how others can dial this peer; `has`: whether there is a channel to a peer, perhaps one without a relay. */
  constructor(options: {
    host: TransportHost
    self: () => string
    reach: () => Reach
    has: (peerId: string, how?: 'direct') => boolean
    dial: (target: Target) => Promise<unknown>
  }) {
    this.#host = options.host
    this.#self = options.self
    this.#reach = options.reach
    this.#has = options.has
    this.#dial = options.dial
  }

  /** Somebody said, in that place, where a peer is. What cannot be read is passed over: others may know more kinds of addresses. */
  found(place: string, said: readonly string[]): void {
    const read = said.flatMap((text) => readAddress(text))
    const peerId = read[0]?.peerId
    if (peerId === undefined || peerId === this.#self()) return
    const addresses = read.filter((address) => address.peerId === peerId).map(({ text }) => text)
    const known = this.#peers.get(peerId)
    const found = known ?? { peerId, addresses, places: new Map(), keeper: undefined, cancelStart: undefined }
    const isElsewhere = addresses.some((address) => !found.addresses.includes(address))
    found.addresses = addresses
    // There may be a way now; how often that is tried is for the keeper to say, for a member may say anything.
    if (isElsewhere && found.cancelStart === undefined) found.keeper?.hurry()
    found.places.set(place, this.#host.clock.now() + ANNOUNCEMENT_TTL_MS)
    // At the end: the last one heard of.
    this.#peers.delete(peerId)
    this.#peers.set(peerId, found)
    for (const oldest of this.#peers.values()) {
      if (this.#peers.size <= MAX_FOUND) break
      this.#forget(oldest)
    }
    this.#choose()
  }

  /** Only what was heard in these places counts from now on. */
  setPlaces(places: ReadonlySet<string>): void {
    for (const found of this.#peers.values()) for (const place of found.places.keys()) if (!places.has(place)) found.places.delete(place)
    this.#choose()
  }

  /** A channel to that peer has ended. */
  lost(peerId: string, livedMs: number): void {
    this.#peers.get(peerId)?.keeper?.lost(livedMs)
  }

  wake(): void {
    for (const { keeper } of this.#peers.values()) keeper?.wake()
  }

  stop(): void {
    for (const found of [...this.#peers.values()]) this.#forget(found)
  }

  /** Keeps the neighbours of every place connected, and lets go of those who are none any more; their channels stay as they are. */
  #choose(): void {
    const now = this.#host.clock.now()
    for (const found of [...this.#peers.values()]) {
      for (const [place, until] of found.places) if (until < now) found.places.delete(place)
      if (found.places.size === 0) this.#forget(found)
    }
    const places = new Set([...this.#peers.values()].flatMap((found) => [...found.places.keys()]))
    const wanted = new Set([...places].flatMap((place) => this.#neighbours(place)))
    for (const found of this.#peers.values()) {
      if (!wanted.has(found.peerId)) this.#release(found)
      else if (found.keeper === undefined) this.#keep(found)
    }
  }

  /** Whom this peer dials of those in one place: the next ones on a ring, whose order is another one everywhere, and some across it. */
  #neighbours(place: string): string[] {
    const self = this.#self()
    const ids = [...this.#peers.values()].filter((found) => found.places.has(place)).map(({ peerId }) => peerId)
    const ring = [self, ...ids].map((id) => ({ id, at: deriveKey(utf8(id), 'ring', utf8(place)) })).sort((a, b) => compareBytes(a.at, b.at))
    const own = ring.findIndex(({ id }) => id === self)
    const steps = new Set([...STEPS, ...PARTS.map((parts) => Math.floor(ring.length / parts))])
    return [...steps].map((step) => ring[(own + step) % ring.length]!.id).filter((id) => id !== self)
  }

  #keep(found: Found): void {
    const { clock, random, logger } = this.#host
    const direct = (): string[] => found.addresses.filter((address) => !isRelayed(address))
    const keeper = new KeepConnected({
      clock,
      random,
      isConnected: () => this.#has(found.peerId, 'direct') || (direct().length === 0 && this.#has(found.peerId)),
      dial: async () => {
        try {
          // Who is reached through a relay already is tried directly, in the hope for a better way.
          await this.#dial({ addresses: this.#has(found.peerId) ? direct() : found.addresses, peerId: found.peerId })
        } catch (error) {
          logger.debug('libp2p.peerUnreachable', { code: isParleyError(error) ? error.code : 'Internal' })
          throw error
        }
      },
    })
    found.keeper = keeper
    // Both hear of each other; dialling at the same time they would have two channels.
    if (!this.#yields(found)) return keeper.start()
    found.cancelStart = clock.setTimeout(() => {
      found.cancelStart = undefined
      keeper.start()
    }, YIELD_MS)
  }

  /** Whether the other one is to dial first: whoever has the better way, and otherwise the one with the smaller id. */
  #yields({ peerId, addresses }: Found): boolean {
    const [own, theirs] = [RANKS.indexOf(this.#reach()), RANKS.indexOf(reachOf(addresses))]
    return own === theirs ? this.#self() > peerId : own > theirs
  }

  #release(found: Found): void {
    found.cancelStart?.()
    found.cancelStart = undefined
    found.keeper?.stop()
    found.keeper = undefined
  }

  #forget(found: Found): void {
    this.#release(found)
    this.#peers.delete(found.peerId)
  }
}

/** How who has these addresses can be dialled. */
export function reachOf(addresses: readonly string[]): Reach {
  if (addresses.length === 0) return 'never'
  return addresses.every(isRelayed) ? 'relayed' : 'directly'
}

function readAddress(text: string): PeerAddress[] {
  try {
    return [parseAddress(text)]
  } catch (error) {
    if (isParleyError(error, 'InvalidArgument')) return []
    throw error
  }
}
