import type { Connection, ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface'
import { RELAY_V2_HOP_CODEC, RELAY_V2_STOP_CODEC, type RelayReservation } from '@libp2p/circuit-relay-v2'
import { getNetConfig } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import { addressGroup } from '../address.ts'
import { TokenBucket } from '../token-bucket.ts'
import type { CircuitLimits } from './limits.ts'
import { newCircuitStats, type CircuitRefusal, type CircuitStats } from './stats.ts'

/** What the gate must know of the node that it guards; set once the node exists. */
export interface Guarded {
  /** All connections, or those of one peer. */
  connections(peer?: PeerId): Connection[]
  /** By peer; entries may be deleted. */
  reservations: {
    readonly size: number
    get(peer: PeerId): RelayReservation | undefined
    delete(peer: PeerId): unknown
    values(): Iterable<RelayReservation>
  }
}

interface Host {
  connections: number
  attempts: TokenBucket
}

/** Says no: counts every connection, reservation and circuit against `CircuitLimits`, and lets the relay itself dial nobody. */
export class Gate implements ConnectionGater {
  readonly #limits: CircuitLimits
  readonly #counters = newCircuitStats()
  readonly #hosts = new Map<string, Host>()
  /** Inbound connections; true once their handshake is done. */
  readonly #inbound = new Map<MultiaddrConnection, boolean>()
  #handshakes = 0
  #guarded: Guarded | undefined

  constructor(limits: CircuitLimits) {
    this.#limits = limits
  }

  guard(guarded: Guarded): void {
    this.#guarded = guarded
  }

  stats(): CircuitStats {
    const connections = this.#guarded?.connections() ?? []
    return {
      ...this.#counters,
      refused: { ...this.#counters.refused },
      connections: connections.length,
      reservations: this.#guarded?.reservations.size ?? 0,
      circuits: countStreams(connections, RELAY_V2_STOP_CODEC),
    }
  }

  /** For what is noticed below libp2p. */
  count(name: 'halfOpen' | 'broken'): void {
    this.#counters[name] += 1
  }

  /** Forgets hosts that a new entry would treat the same. */
  prune(now: number): void {
    for (const [name, host] of this.#hosts) if (host.connections === 0 && host.attempts.isFull(now)) this.#hosts.delete(name)
  }

  /** A relay that dials whom strangers name would be their tool. */
  denyDialPeer(): boolean {
    return true
  }

  denyDialMultiaddr(): boolean {
    return true
  }

  denyInboundConnection(connection: MultiaddrConnection): boolean {
    const now = performance.now()
    const name = hostOf(connection.remoteAddr)
    const host = this.#hosts.get(name) ?? {
      connections: 0,
      attempts: new TokenBucket(this.#limits.attemptBurst, this.#limits.attemptsPerSecond, now),
    }
    this.#hosts.set(name, host)
    if (this.#inbound.size >= this.#limits.connections) return this.#refuse('RelayFull')
    if (host.connections >= this.#limits.connectionsPerHost) return this.#refuse('HostFull')
    if (this.#handshakes >= this.#limits.handshakes) return this.#refuse('Handshakes')
    if (!host.attempts.tryTake(1, now)) return this.#refuse('HostRate')
    host.connections += 1
    this.#handshakes += 1
    this.#inbound.set(connection, false)
    connection.addEventListener('close', () => this.#onClose(connection, host), { once: true })
    return false
  }

  denyInboundUpgradedConnection(_peer: PeerId, connection: MultiaddrConnection): boolean {
    if (this.#inbound.get(connection) !== false) return false
    this.#inbound.set(connection, true)
    this.#handshakes -= 1
    return false
  }

  denyInboundRelayReservation(peer: PeerId): boolean {
    const guarded = this.#guarded
    const connection = guarded?.connections(peer)[0]
    if (guarded === undefined || connection === undefined) return this.#refuse('ReservationsFull')
    // Renewed from scratch: @libp2p/circuit-relay-v2 4.2 lets a reservation that was renewed twice expire at the time of the first renewal.
    this.endReservation(peer)
    if (guarded.reservations.size >= this.#limits.reservations) return this.#refuse('ReservationsFull')
    const host = hostOf(connection.remoteAddr)
    let sameHost = 0
    for (const reservation of guarded.reservations.values()) if (hostOf(reservation.addr) === host) sameHost += 1
    if (sameHost >= this.#limits.reservationsPerHost) return this.#refuse('HostReservations')
    this.#counters.reserved += 1
    return false
  }

  denyOutboundRelayedConnection(source: PeerId, destination: PeerId): boolean {
    const connections = (peer?: PeerId): Connection[] => this.#guarded?.connections(peer) ?? []
    const { circuits, circuitsPerPeer } = this.#limits
    if (countStreams(connections(), RELAY_V2_STOP_CODEC) >= circuits) return this.#refuse('CircuitsFull')
    // The stream that asks is one of those that the source has open.
    if (countStreams(connections(source), RELAY_V2_HOP_CODEC) > circuitsPerPeer) return this.#refuse('PeerCircuits')
    if (countStreams(connections(destination), RELAY_V2_STOP_CODEC) >= circuitsPerPeer) return this.#refuse('PeerCircuits')
    this.#counters.opened += 1
    return false
  }

  /** Ends the reservation of a peer that is gone; libp2p would keep its place until it expires. */
  endReservation(peer: PeerId): void {
    this.#guarded?.reservations.get(peer)?.signal.clear()
    this.#guarded?.reservations.delete(peer)
  }

  #onClose(connection: MultiaddrConnection, host: Host): void {
    host.connections -= 1
    if (this.#inbound.get(connection) === false) {
      this.#handshakes -= 1
      this.#counters.halfOpen += 1
    }
    this.#inbound.delete(connection)
  }

  #refuse(reason: CircuitRefusal): true {
    this.#counters.refused[reason] += 1
    return true
  }
}

function countStreams(connections: readonly Connection[], protocol: string): number {
  let count = 0
  for (const { streams } of connections) for (const stream of streams) if (stream.protocol === protocol) count += 1
  return count
}

function hostOf(address: Multiaddr): string {
  return addressGroup(getNetConfig(address).host)
}
