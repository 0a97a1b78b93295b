/**
 * Peers that were heard of, and which of them are dialled: a few in each place, chosen so that all who are there hang together.
 */
import { deriveKey } from '@parley/crypto'
import { KeepConnected, type TransportHost } from '@parley/core'
import { compareBytes, isParleyError, utf8 } from '@parley/protocol'
import { ANNOUNCEMENT_TTL_MS } from './announcement.ts'
import { isBehindRelay, isRelayed, isWebRtc, parseAddress, type PeerAddress, type Target } from './address.ts'

/** Peers remembered; beyond it the one heard of longest ago is forgotten. Members of some groups of 50 each. */
export const MAX_FOUND = 512
/** Of the two who find each other one dials at once, the other one only when nothing has come of it by then. */
const YIELD_MS = 2_000
/** Who is dialled on the ring of those who are in one place, as steps and as parts of the ring: four, so that each peer has 4 to 8 links there. */
const STEPS = [1, 2]
const PARTS = [3, 2]

/** After so many dials in vain, some 5 s, those behind a peer on the ring are dialled as well: it may be gone, and with it what held the ring together. */
const MISSES = 3
/** A link that is no part of the ring any more is closed after so long: those who come at once dial many who were neighbours for a moment. */
const SURPLUS_MS = 30_000

/** How a peer can be dialled, the worst first. */
const RANKS = ['never', 'relayed', 'directly'] as const
export type Reach = (typeof RANKS)[number]

interface Found {
  readonly peerId: string
  addresses: readonly string[]
  /** Where it was heard of, until when that holds, and where it is on the ring there. */
  readonly places: Map<string, { readonly until: number; readonly at: Uint8Array }>
  keeper: KeepConnected | undefined
  cancelStart: (() => void) | undefined
  cancelClose: (() => void) | undefined
  /** Dials in vain since it was last heard of. */
  misses: number
}

export class FoundPeers {
  readonly #host: TransportHost
  readonly #self: () => string
  readonly #reach: () => Reach
  readonly #has: (peerId: string, how?: 'direct') => boolean
  readonly #dial: (target: Target) => Promise<unknown>
  readonly #close: (peerId: string) => void
  readonly #peers = new Map<string, Found>()
  /** Who is to be connected now. */
  #wanted: ReadonlySet<string> = new Set()

  /**
   * `self`: the own peer id; `reach`: how others can dial this peer; `has`: whether there is a channel to a peer, perhaps one without a relay;
   * `close`: closes those channels to a peer that were dialled for the sake of this.
   */
  constructor(options: {
    host: TransportHost
    self: () => string
    reach: () => Reach
    has: (peerId: string, how?: 'direct') => boolean
    dial: (target: Target) => Promise<unknown>
    close: (peerId: string) => void
  }) {
    this.#host = options.host
    this.#self = options.self
    this.#reach = options.reach
    this.#has = options.has
    this.#dial = options.dial
    this.#close = options.close
  }

  /** Somebody said, in that place, where a peer is. What cannot be read is passed over: others may know more kinds of addresses. */
  found(place: string, said: readonly string[]): void {
    const read = said.flatMap((text) => readAddress(text))
    const peerId = read[0]?.peerId
    if (peerId === undefined || peerId === this.#self()) return
    const addresses = read.filter((address) => address.peerId === peerId).map(({ text }) => text)
    const known = this.#peers.get(peerId)
    const found = known ?? {
      peerId,
      addresses,
      places: new Map(),
      keeper: undefined,
      cancelStart: undefined,
      cancelClose: undefined,
      misses: 0,
    }
    found.misses = 0
    const isElsewhere = addresses.some((address) => !found.addresses.includes(address))
    found.addresses = addresses
    // There may be a way now; how often that is tried is for the keeper to say, for a member may say anything.
    if (isElsewhere && found.cancelStart === undefined) found.keeper?.hurry()
    const at = found.places.get(place)?.at ?? ringPosition(peerId, place)
    found.places.set(place, { until: this.#host.clock.now() + ANNOUNCEMENT_TTL_MS, at })
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

  /** Keeps the neighbours of every place connected, and lets go of those who are none any more. */
  #choose(): void {
    const now = this.#host.clock.now()
    for (const found of [...this.#peers.values()]) {
      for (const [place, { until }] of found.places) if (until < now) found.places.delete(place)
      if (found.places.size === 0) this.#forget(found)
    }
    const places = new Set([...this.#peers.values()].flatMap((found) => [...found.places.keys()]))
    const rings = [...places].map((place) => this.#ringOf(place))
    const there = rings.map((ring) => ring.filter((id) => (this.#peers.get(id)?.misses ?? 0) < MISSES))
    this.#wanted = new Set([...rings, ...there].flatMap((ring) => dialledBy(ring, this.#self())))
    const wanting = new Set(rings.flatMap((ring) => diallersOf(ring, this.#self())))
    for (const found of this.#peers.values()) {
      const isWanted = this.#wanted.has(found.peerId)
      if (!isWanted) this.#release(found)
      else if (found.keeper === undefined) this.#keep(found)
      if (isWanted || wanting.has(found.peerId)) this.#keepOpen(found)
      else found.cancelClose ??= this.#host.clock.setTimeout(() => this.#closeSurplus(found), SURPLUS_MS)
    }
  }

  /** Ids of all who are in one place, and the own one, in an order that is another one everywhere. */
  #ringOf(place: string): string[] {
    const others = [...this.#peers.values()].flatMap(({ peerId, places }) => {
      const heard = places.get(place)
      return heard === undefined ? [] : [{ peerId, at: heard.at }]
    })
    const self = this.#self()
    return [...others, { peerId: self, at: ringPosition(self, place) }].sort((a, b) => compareBytes(a.at, b.at)).map(({ peerId }) => peerId)
  }

  /** Never while a neighbour is missing: then a link too many may be the one that holds the group together. */
  #closeSurplus(found: Found): void {
    found.cancelClose = undefined
    if ([...this.#wanted].every((peerId) => this.#has(peerId))) this.#close(found.peerId)
  }

  #keepOpen(found: Found): void {
    found.cancelClose?.()
    found.cancelClose = undefined
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
          await this.#reachIt(found)
        } catch (error) {
          logger.debug('libp2p.peerUnreachable', { code: isParleyError(error) ? error.code : 'Internal' })
          if (++found.misses === MISSES) this.#choose()
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

  /** By any address at first; who is reached through a relay already is tried without, in the hope for a better way: over WebRTC last, for it takes most. */
  async #reachIt({ peerId, addresses }: Found): Promise<void> {
    if (!this.#has(peerId)) return void (await this.#dial({ addresses: addresses.filter((address) => !isWebRtc(address)), peerId }))
    const plain = addresses.filter((address) => !isBehindRelay(address))
    const webRtc = addresses.filter(isWebRtc)
    try {
      if (plain.length > 0) return void (await this.#dial({ addresses: plain, peerId }))
    } catch (error) {
      if (webRtc.length === 0) throw error
      this.#host.logger.debug('libp2p.noDirectWay', { code: isParleyError(error) ? error.code : 'Internal' })
    }
    await this.#dial({ addresses: webRtc, peerId })
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
    this.#keepOpen(found)
    this.#peers.delete(found.peerId)
  }
}

function ringPosition(peerId: string, place: string): Uint8Array {
  return deriveKey(utf8(peerId), 'ring', utf8(place))
}

/** Whom a peer dials of those on a ring: the next ones, and some across it. */
function dialledBy(ring: readonly string[], peerId: string): string[] {
  return stepsOf(ring).map((step) => ring[(ring.indexOf(peerId) + step) % ring.length]!)
}

/** Who dials that peer. */
function diallersOf(ring: readonly string[], peerId: string): string[] {
  return stepsOf(ring).map((step) => ring[(ring.indexOf(peerId) - step + ring.length) % ring.length]!)
}

/** Without those that lead once around. */
function stepsOf(ring: readonly string[]): number[] {
  return [...new Set([...STEPS, ...PARTS.map((parts) => Math.floor(ring.length / parts))])].filter((step) => step % ring.length !== 0)
}

/** How who has these addresses can be dialled. */
export function reachOf(addresses: readonly string[]): Reach {
  if (addresses.length === 0) return 'never'
  return addresses.every(isBehindRelay) ? 'relayed' : 'directly'
}

function readAddress(text: string): PeerAddress[] {
  try {
    return [parseAddress(text)]
  } catch (error) {
    if (isParleyError(error, 'InvalidArgument')) return []
    throw error
  }
}
