import type { RefusalCode } from './message.ts'

/** Why a connection was not admitted. */
export type TurnedAwayReason = 'RelayFull' | 'AddressFull' | 'AddressRate' | 'Stopping' | 'WrongPath' | 'BadUpgrade'

/** What happened to sockets before they spoke our protocol. */
export interface SocketCounters {
  /** TCP connections. */
  sockets: number
  /** Closed at once: too many that have not finished their handshake. */
  crowdedOut: number
  /** Cut off: the TLS or HTTP handshake was not done in time. */
  halfOpen: number
  /** Cut off: what came was no HTTP. */
  notHttp: number
  /** TLS handshakes that failed. */
  tlsFailed: number
}

/** What a relay counts since it started. Numbers only: no address and no topic is kept. */
export interface Counters extends SocketCounters {
  /** WebSockets admitted. */
  admitted: number
  /** Connections not admitted, by reason. */
  turnedAway: Record<TurnedAwayReason, number>
  /** Messages read. */
  received: number
  /** Bytes of the messages read. */
  receivedBytes: number
  /** Messages handed to subscribers. */
  delivered: number
  /** Bytes of the messages handed to subscribers. */
  deliveredBytes: number
  /** Messages refused, by reason. */
  refused: Record<RefusalCode, number>
  /** Times that a sender above its rate, or that of its address, its topic or the relay, was made to wait. */
  slowed: number
  /** Connections ended for refused messages or for far too many of them. */
  cutOff: number
  /** Connections ended because the reader did not keep up. */
  slow: number
  /** Connections ended because no sign of life came. */
  silent: number
  /** Connections ended because a message was larger than `messageBytes`. */
  giant: number
  /** Connections that ended with another WebSocket or socket error. */
  broken: number
}

/** Counts since the start, and what is open now. */
export interface RelayStats extends Counters {
  connections: number
  /** TCP connections that are no WebSocket (yet). */
  handshakes: number
  topics: number
  subscriptions: number
  /** Addresses with a connection or with a rate that is not yet forgotten. */
  addresses: number
  /** Bytes waiting for readers. */
  bufferedBytes: number
}

/** All zero. */
export function newCounters(): Counters {
  return {
    ...newSocketCounters(),
    admitted: 0,
    turnedAway: { RelayFull: 0, AddressFull: 0, AddressRate: 0, Stopping: 0, WrongPath: 0, BadUpgrade: 0 },
    received: 0,
    receivedBytes: 0,
    delivered: 0,
    deliveredBytes: 0,
    refused: {
      NotJson: 0,
      BadShape: 0,
      UnknownType: 0,
      BadTopic: 0,
      TooManyTopics: 0,
      TopicFull: 0,
      RelayFull: 0,
      TopicBusy: 0,
      RelayBusy: 0,
    },
    slowed: 0,
    cutOff: 0,
    slow: 0,
    silent: 0,
    giant: 0,
    broken: 0,
  }
}

/** All zero. */
export function newSocketCounters(): SocketCounters {
  return { sockets: 0, crowdedOut: 0, halfOpen: 0, notHttp: 0, tlsFailed: 0 }
}
