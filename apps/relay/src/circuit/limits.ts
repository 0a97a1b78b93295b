/**
 * What one stranger may take from the circuit relay. Relayed bytes are what costs money, so every connection through it ends after some
 * time and some bytes; peers that talk much are to move to a direct link, and come back for another round otherwise.
 */
export interface CircuitLimits {
  /** libp2p connections in total, those in their handshake included. */
  connections: number
  /** libp2p connections of one host (IPv4 address or IPv6 /64), those in their handshake included. */
  connectionsPerHost: number
  /** Connections that are in their handshake. */
  handshakes: number
  /** Milliseconds from the TCP connection to the end of the noise and yamux handshake. */
  handshakeMs: number
  /** New connections that one host may open at once. */
  attemptBurst: number
  /** New connections a second of one host after the burst. */
  attemptsPerSecond: number
  /** Peers that can be reached through this relay at a time. */
  reservations: number
  /** Those of them on one host. */
  reservationsPerHost: number
  /** Milliseconds after which a reservation must be renewed. */
  reservationMs: number
  /** Relayed connections at a time. */
  circuits: number
  /** Relayed connections at a time from one peer, and as many to one peer. */
  circuitsPerPeer: number
  /** Milliseconds that one relayed connection may last. */
  circuitMs: number
  /** Bytes that one relayed connection may carry, both ways together. */
  circuitBytes: number
  /** Bytes of one WebSocket message; noise frames have 64 KiB at most. */
  frameBytes: number
}

/** About 150 KB each with noise and yamux, so 150 MB. */
export const MAX_CIRCUIT_CONNECTIONS = 1_024

/** Desktops of a household or an office behind one address; one machine alone must not be able to fill the relay. */
export const MAX_CONNECTIONS_PER_HOST = 128

/** Each costs about 1 ms of work for its noise handshake, so a full house of them waits a quarter of a second. */
export const MAX_CIRCUIT_HANDSHAKES = 256

/** Five round trips over a bad mobile network. */
export const CIRCUIT_HANDSHAKE_MS = 10_000

/** A host that fits may come back twice in a row. */
export const CIRCUIT_ATTEMPT_BURST = 256

/** Each handshake is work here; ten a second are 1 % of a core for one host. */
export const CIRCUIT_ATTEMPTS_PER_SECOND = 10

/** One a connection at most; half of the connections may be those of peers that only dial. */
export const MAX_RESERVATIONS = 512

/** Half of the connections of one host, for the same reason. */
export const MAX_RESERVATIONS_PER_HOST = 64

/** As the circuit relay v2 specification recommends; a reservation also ends with the connection of its peer. */
export const RESERVATION_MS = 3_600_000

/** Two streams with windows of 256 KiB on either side, so 1 MiB each when both sides stall: 256 MiB in the worst case. */
export const MAX_CIRCUITS = 256

/** The links of one peer to the partial mesh of its groups (4 to 8), twice. */
export const MAX_CIRCUITS_PER_PEER = 16

/** An evening of chat. Longer would keep a slot for a pair that only forgot each other. */
export const CIRCUIT_MS = 7_200_000

/** The history of a busy group or some photographs; who needs more comes back for it. */
export const CIRCUIT_BYTES = 134_217_728

/** Sixteen noise frames in one WebSocket message, more than any implementation sends. */
export const MAX_CIRCUIT_FRAME_BYTES = 1_048_576

/** The limits of a circuit relay that says nothing else. */
export const DEFAULT_CIRCUIT_LIMITS: CircuitLimits = {
  connections: MAX_CIRCUIT_CONNECTIONS,
  connectionsPerHost: MAX_CONNECTIONS_PER_HOST,
  handshakes: MAX_CIRCUIT_HANDSHAKES,
  handshakeMs: CIRCUIT_HANDSHAKE_MS,
  attemptBurst: CIRCUIT_ATTEMPT_BURST,
  attemptsPerSecond: CIRCUIT_ATTEMPTS_PER_SECOND,
  reservations: MAX_RESERVATIONS,
  reservationsPerHost: MAX_RESERVATIONS_PER_HOST,
  reservationMs: RESERVATION_MS,
  circuits: MAX_CIRCUITS,
  circuitsPerPeer: MAX_CIRCUITS_PER_PEER,
  circuitMs: CIRCUIT_MS,
  circuitBytes: CIRCUIT_BYTES,
  frameBytes: MAX_CIRCUIT_FRAME_BYTES,
}
