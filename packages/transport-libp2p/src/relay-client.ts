/** The client's side of circuit relays (libp2p circuit relay v2): places reserved at them, under which others reach this peer. */
import { circuitRelayTransport, type CircuitRelayTransportComponents } from '@libp2p/circuit-relay-v2'
import type { Connection, Libp2p, PeerId, Stream, Transport as NodeTransport, TypedEventTarget } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { KeepConnected, type TransportHost } from '@parley/core'
import type { PeerAddress } from './address.ts'

/** From the dial of a relay to the reservation: a few round trips on a bad link. */
const RESERVE_TIMEOUT_MS = 10_000

/** So long at most the start of the transport waits for its relays. */
const FIRST_RESERVATION_MS = 3_000

interface Reserved {
  readonly relay: PeerId
  readonly details: { readonly reservation: { readonly addrs: readonly Uint8Array[] } }
}

/** What libp2p's transport offers and its types do not name. */
interface CircuitTransport extends NodeTransport {
  readonly reservationStore: TypedEventTarget<{
    'relay:created-reservation': CustomEvent<Reserved>
    'relay:removed': CustomEvent<Reserved>
  }> & {
    addRelay(relay: PeerId, type: 'configured'): Promise<Reserved>
    hasReservation(relay: PeerId): boolean
  }
  onStop(stream: Stream, connection: Connection): Promise<void>
}

/** One relay that a place is kept at. */
interface Place {
  readonly address: PeerAddress
  readonly keeper: KeepConnected
  relay: PeerId | undefined
  /** Where this peer is reached through it. */
  addresses: string[]
  since: number
}

/** Set up in two steps, for libp2p makes its transports itself: `transport` goes into the node, and `start` comes when that has started. */
export class RelayClient {
  /** For the list of transports of the node. */
  readonly transport: (components: CircuitRelayTransportComponents) => NodeTransport
  #circuit: CircuitTransport | undefined
  #places: Place[] = []

  constructor() {
    const create = circuitRelayTransport()
    this.transport = (components) => {
      const circuit = create(components) as CircuitTransport
      // libp2p lets anybody who is connected say that he relays, and reserves a place with him at once.
      const accept = circuit.onStop.bind(circuit)
      circuit.onStop = async (stream, connection) => {
        if (circuit.reservationStore.hasReservation(connection.remotePeer)) return accept(stream, connection)
        connection.abort(new Error('a relay that was not asked'))
      }
      this.#circuit = circuit
      return circuit
    }
  }

  /**
   * Reserves at each of these, and again after every loss. `onChange` hears that the addresses are others. Resolves once each relay has been tried,
   * or does not answer soon: who is asked then for its addresses has those of its relays.
   */
  async start(node: Libp2p, host: TransportHost, relays: readonly PeerAddress[], onChange: () => void): Promise<void> {
    const { reservationStore: store } = this.#circuit!
    let untried = relays.length
    const tried = Promise.withResolvers<void>()
    this.#places = relays.map((address) => {
      const place: Place = {
        address,
        relay: undefined,
        addresses: [],
        since: 0,
        keeper: new KeepConnected({
          clock: host.clock,
          random: host.random,
          isConnected: () => place.relay !== undefined && store.hasReservation(place.relay),
          dial: async () => {
            try {
              const connection = await node.dial(multiaddr(address.text), { signal: AbortSignal.timeout(RESERVE_TIMEOUT_MS) })
              place.relay = connection.remotePeer
              await store.addRelay(connection.remotePeer, 'configured')
            } catch (error) {
              host.logger.debug('libp2p.relayUnreachable', { error: error instanceof Error ? error.name : 'unknown' })
              throw error
            } finally {
              if (--untried === 0) tried.resolve()
            }
          },
        }),
      }
      return place
    })
    store.addEventListener('relay:created-reservation', ({ detail }) => {
      for (const place of this.#placesAt(detail.relay)) {
        place.since = host.clock.now()
        place.addresses = detail.details.reservation.addrs.map(
          (bytes) => `${multiaddr(bytes).toString()}/p2p-circuit/p2p/${node.peerId.toString()}`,
        )
      }
      onChange()
    })
    store.addEventListener('relay:removed', ({ detail }) => {
      for (const place of this.#placesAt(detail.relay)) {
        place.addresses = []
        place.keeper.lost(host.clock.now() - place.since)
      }
      onChange()
    })
    for (const { keeper } of this.#places) keeper.start()
    if (relays.length === 0) return
    const cancel = host.clock.setTimeout(tried.resolve, FIRST_RESERVATION_MS)
    await tried.promise
    cancel()
  }

  stop(): void {
    for (const { keeper } of this.#places) keeper.stop()
  }

  /** The network may be back: tries every relay that is lost now. */
  wake(): void {
    for (const { keeper } of this.#places) keeper.wake()
  }

  /** Where this peer is reached through relays, at this moment. */
  addresses(): string[] {
    return [...new Set(this.#places.flatMap((place) => place.addresses))]
  }

  /** Whether a connection to that peer is kept for the sake of a place there. */
  isRelay(peer: PeerId): boolean {
    return this.#places.some(({ relay }) => relay?.equals(peer) === true)
  }

  #placesAt(relay: PeerId): Place[] {
    return this.#places.filter((place) => place.relay?.equals(relay) === true)
  }
}
