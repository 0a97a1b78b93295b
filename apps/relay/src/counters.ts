import type { RefusalCode } from './message.ts'

/** What a relay counts since it started. Numbers only: no address and no topic is kept. */
export interface Counters {
  /** Messages read. */
  received: number
  /** Messages handed to subscribers. */
  delivered: number
  /** Messages refused, by reason. */
  refused: Record<RefusalCode, number>
  /** Connections not admitted because of `connections` or `connectionsPerAddress`. */
  turnedAway: number
  /** Times that a sender above its rate was made to wait. */
  slowed: number
  /** Connections ended for refused messages or for far too many of them. */
  cutOff: number
  /** Connections ended because the reader did not keep up. */
  slow: number
  /** Connections ended because no sign of life came. */
  silent: number
  /** Connections that ended with a WebSocket or socket error, too large a message among them. */
  broken: number
}

/** Counts since the start, and what is open now. */
export interface RelayStats extends Counters {
  connections: number
  topics: number
  subscriptions: number
}

/** All zero. */
export function newCounters(): Counters {
  const refused = { NotJson: 0, BadShape: 0, UnknownType: 0, BadTopic: 0, TooManyTopics: 0, TopicFull: 0, RelayFull: 0 }
  return { received: 0, delivered: 0, refused, turnedAway: 0, slowed: 0, cutOff: 0, slow: 0, silent: 0, broken: 0 }
}
