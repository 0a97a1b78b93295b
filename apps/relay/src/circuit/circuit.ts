import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { PeerId } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { newSocketCounters } from '../counters.ts'
import { createGuardedServer, type GuardedServer, type TlsKeys } from '../http.ts'
import type { RelayLogger } from '../logger.ts'
import { loadKey } from './key.ts'
import { DEFAULT_CIRCUIT_LIMITS, type CircuitLimits } from './limits.ts'
import { Gate } from './gate.ts'
import { inboundWebSockets } from './web-sockets.ts'
import type { CircuitStats } from './stats.ts'

/** Window of one stream, the smallest that yamux allows: 256 KiB in flight carry 2.5 MB/s over 100 ms, and bound what a stalled circuit holds. */
const STREAM_WINDOW_BYTES = 262_144

/** Twice the window, or an honest sender could overrun a stream that is not being read for a moment. */
const READ_BUFFER_BYTES = 524_288

/** Streams of one connection beside its circuits: identify, a reservation, pings. */
const SPARE_STREAMS = 16

/** A hop request is two messages of under 200 bytes. */
const HOP_TIMEOUT_MS = 5_000

/** How often what is forgotten by nobody else is forgotten: hosts and peers that are gone. */
const SWEEP_MS = 60_000

/** A dead connection is noticed after at most the two together; a peer busy with a large import may be silent for some seconds. */
const PING_INTERVAL_MS = 15_000
const PING_TIMEOUT_MS = 15_000

/** libp2p's own bounds are not counted, so they are out of the way; `Gate` has the real ones. */
const BOUNDED_ELSEWHERE = Number.MAX_SAFE_INTEGER

/** How to run a circuit relay. */
export interface CircuitInit {
  /** Multiaddrs to listen on: `/ip4/0.0.0.0/tcp/4001`, `/ip4/0.0.0.0/tcp/4002/ws`, with TLS `/ip4/0.0.0.0/tcp/4003/tls/ws`. */
  listen: readonly string[]
  /** Multiaddrs to tell clients instead of those listened on: public names, ports of a proxy. */
  announce?: readonly string[]
  /** File with the private key, made when there is none. Without it the relay has another identity every time. */
  keyFile?: string
  /** Limits that differ from `DEFAULT_CIRCUIT_LIMITS`. */
  limits?: Partial<CircuitLimits>
}

/** What the circuit relay shares with the rest of the process. */
export interface CircuitSurroundings {
  tls?: TlsKeys | undefined
  trustProxy?: boolean | undefined
  logger?: RelayLogger | undefined
}

/** A running circuit relay. */
export interface Circuit {
  readonly peerId: string
  /** What clients reserve at and dial through, each ending in `/p2p/` and the peer id. */
  readonly multiaddrs: readonly string[]
  stats(): CircuitStats
  setTls(tls: TlsKeys): void
  close(): Promise<void>
}

/** Starts a libp2p node that relays (circuit relay v2) and does nothing else: it dials nobody and joins no network. */
export async function createCircuit(init: CircuitInit, surroundings: CircuitSurroundings = {}): Promise<Circuit> {
  const limits = { ...DEFAULT_CIRCUIT_LIMITS, ...init.limits }
  const gate = new Gate(limits)
  const servers: GuardedServer[] = []
  let tls = surroundings.tls
  const createServer = (secure: boolean): GuardedServer => {
    if (secure && tls === undefined) throw new Error('To listen on /tls/ws, a certificate and a key are needed.')
    const guarded = guardedServer(limits, gate, secure ? tls : undefined, surroundings.trustProxy ?? false)
    servers.push(guarded)
    return guarded
  }
  const node = await createLibp2p({
    start: false,
    ...(init.keyFile === undefined ? {} : { privateKey: await loadKey(init.keyFile) }),
    addresses: { listen: [...init.listen], announce: [...(init.announce ?? [])] },
    transports: [
      tcp({ maxConnections: limits.connections + limits.handshakes }),
      inboundWebSockets({
        createServer,
        frameBytes: limits.frameBytes,
        trustProxy: surroundings.trustProxy ?? false,
        onBroken: () => gate.count('broken'),
      }),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: limits.circuitsPerPeer + SPARE_STREAMS,
        maxOutboundStreams: limits.circuitsPerPeer + SPARE_STREAMS,
        streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES, maxReadBufferLength: READ_BUFFER_BYTES },
      }),
    ],
    connectionGater: gate,
    connectionManager: {
      maxConnections: BOUNDED_ELSEWHERE,
      maxIncomingPendingConnections: BOUNDED_ELSEWHERE,
      inboundConnectionThreshold: BOUNDED_ELSEWHERE,
      inboundUpgradeTimeout: limits.handshakeMs,
    },
    connectionMonitor: { pingInterval: PING_INTERVAL_MS, pingTimeout: { minTimeout: PING_TIMEOUT_MS, maxTimeout: PING_TIMEOUT_MS } },
    services: {
      identify: identify(),
      relay: circuitRelayServer({
        hopTimeout: HOP_TIMEOUT_MS,
        // One more than the gate admits, so that it is the gate that says no, and counts.
        maxInboundHopStreams: limits.circuitsPerPeer + SPARE_STREAMS,
        maxOutboundStopStreams: limits.circuitsPerPeer + SPARE_STREAMS,
        reservations: {
          maxReservations: limits.reservations,
          reservationTtl: limits.reservationMs,
          defaultDurationLimit: limits.circuitMs,
          defaultDataLimit: BigInt(limits.circuitBytes),
        },
      }),
    },
  })
  gate.guard({ connections: (peer) => node.getConnections(peer), reservations: node.services.relay.reservations })
  node.addEventListener('peer:disconnect', ({ detail }) => gate.endReservation(detail))
  await node.start()
  // `identify` writes down every peer that ever came, and nobody forgets them.
  const forget = async (): Promise<void> => {
    gate.prune(performance.now())
    const connected = (peer: PeerId): boolean => peer.equals(node.peerId) || node.getConnections(peer).length > 0
    for (const { id } of await node.peerStore.all()) if (!connected(id)) await node.peerStore.delete(id)
  }
  const sweep = setInterval(() => {
    forget().catch((error: unknown) => surroundings.logger?.warn('circuit.sweepFailed', { message: String(error) }))
  }, SWEEP_MS)
  sweep.unref()
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    clearInterval(sweep)
    await node.stop()
  }
  return {
    peerId: node.peerId.toString(),
    multiaddrs: node.getMultiaddrs().map((address) => address.toString()),
    stats: () => gate.stats(),
    setTls: (keys) => {
      tls = keys
      for (const guarded of servers) guarded.setTls(keys)
    },
    close: () => (closing ??= close()),
  }
}

/** Counts what happens before libp2p sees a connection as half-open ones of the circuit relay. */
function guardedServer(limits: CircuitLimits, gate: Gate, tls: TlsKeys | undefined, trustProxy: boolean): GuardedServer {
  const { connections, handshakes, handshakeMs, connectionsPerHost } = limits
  const counters = newSocketCounters()
  const guard = { connections, handshakes, handshakeMs, handshakesPerAddress: connectionsPerHost }
  const guarded = createGuardedServer({ limits: guard, counters, tls, trustProxy }, (_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain', upgrade: 'websocket', connection: 'Upgrade' })
    response.end('libp2p over WebSocket only\n')
  })
  for (const event of ['clientError', 'tlsClientError'] as const) guarded.server.on(event, () => gate.count('halfOpen'))
  return guarded
}
