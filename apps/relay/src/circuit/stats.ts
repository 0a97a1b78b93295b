/** Why the circuit relay refused something. */
export type CircuitRefusal =
  | 'RelayFull'
  | 'HostFull'
  | 'HostRate'
  | 'Handshakes'
  | 'ReservationsFull'
  | 'HostReservations'
  | 'CircuitsFull'
  | 'PeerCircuits'

/** Counts since the start, and what is open now. No peer id and no address. */
export interface CircuitStats {
  /** libp2p connections that are open. */
  connections: number
  /** Peers that can be reached through this relay. */
  reservations: number
  /** Relayed connections that are open. */
  circuits: number
  /** Reservations granted, renewals included. */
  reserved: number
  /** Relayed connections asked for and admitted. */
  opened: number
  refused: Record<CircuitRefusal, number>
  /** Connections cut off because they did not finish a handshake, from TCP up to yamux, in time or at all. */
  halfOpen: number
  /** WebSockets that ended with an error, too large a message among them. */
  broken: number
}

/** All zero. */
export function newCircuitStats(): CircuitStats {
  return {
    connections: 0,
    reservations: 0,
    circuits: 0,
    reserved: 0,
    opened: 0,
    refused: {
      RelayFull: 0,
      HostFull: 0,
      HostRate: 0,
      Handshakes: 0,
      ReservationsFull: 0,
      HostReservations: 0,
      CircuitsFull: 0,
      PeerCircuits: 0,
    },
    halfOpen: 0,
    broken: 0,
  }
}
