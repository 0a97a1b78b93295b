/**
 * What one stranger may take from a relay. Nobody authenticates here, so every quantity that a client can grow has a bound.
 * The numbers suit one small machine and a stock y-webrtc client; `createRelay({ limits })` changes any of them.
 */
export interface RelayLimits {
  /** Open connections in total. */
  connections: number
  /** Open connections of one address (IPv4 address or IPv6 /64). */
  connectionsPerAddress: number
  /** Bytes of one message; larger ends the connection with close code 1009. */
  messageBytes: number
  /** UTF-16 units of a topic name. */
  topicLength: number
  /** Topics that one connection is subscribed to. */
  topicsPerConnection: number
  /** Subscribers of one topic. */
  subscribersPerTopic: number
  /** Subscriptions of all connections together. */
  subscriptions: number
  /** Messages that a quiet connection may send at once. */
  burst: number
  /** Messages a second after the burst. */
  messagesPerSecond: number
  /** Bytes waiting for one slow reader; more ends its connection. */
  bufferedBytes: number
  /** Refused messages before a connection is cut off. */
  strikes: number
  /** Milliseconds between two checks that the other end still answers. */
  pingMs: number
  /** Milliseconds that clients get to answer the close of the relay. */
  closeGraceMs: number
}

/** About 40 KB each with their buffers, so 160 MB in the worst case, and below the usual limit of open files with `ulimit -n 8192`. */
export const MAX_CONNECTIONS = 4_096

/** An office or a school behind one address must fit; one machine alone must not be able to fill the relay. */
export const MAX_CONNECTIONS_PER_ADDRESS = 256

/** The largest honest message is the list of all topics after a reconnect (512 x 67 bytes); an encrypted offer has 3 to 8 KB. */
export const MAX_MESSAGE_BYTES = 65_536

/** Parley's names have 43 to 64 characters; other y-webrtc users choose readable room names. */
export const MAX_TOPIC_LENGTH = 256

/** One topic a conversation. Stock clients send them all in one message, so together they must fit into `MAX_MESSAGE_BYTES`. */
export const MAX_TOPICS_PER_CONNECTION = 512

/** A published message goes to every subscriber, so this bounds the amplification. Members of larger groups find each other through their links. */
export const MAX_SUBSCRIBERS_PER_TOPIC = 256

/** About 600 bytes each, so 300 MB in the worst case; without it the bounds above would multiply to over a gigabyte. */
export const MAX_SUBSCRIPTIONS = 500_000

/** A client announces all its topics at once (512), and answers a group of 50 with about 10 signals each (500). */
export const MESSAGE_BURST = 1_024

/** Signalling is quiet once peers have met: a ping every 15 s. This lets a client of many groups find everybody within seconds. */
export const MESSAGES_PER_SECOND = 50

/** Far more than an honest client ever has waiting; with `MAX_CONNECTIONS` readers that all stand still it would be 4 GB, hence the pings too. */
export const MAX_BUFFERED_BYTES = 1_048_576

/** A confused client may be wrong now and then; one that speaks another protocol reaches this at once. */
export const MAX_STRIKES = 20

/** Proxies and NATs forget a silent connection after 60 s or more; a vanished client is noticed within twice this. */
export const PING_MS = 30_000

/** A living client answers a close within one round trip. */
export const CLOSE_GRACE_MS = 1_000

/** Bytes sent on behalf of a message that one message of the rate pays for: makes large messages to many subscribers cost what they cause. */
export const BYTES_PER_TOKEN = 65_536

/** The limits of a relay that says nothing else. */
export const DEFAULT_LIMITS: RelayLimits = {
  connections: MAX_CONNECTIONS,
  connectionsPerAddress: MAX_CONNECTIONS_PER_ADDRESS,
  messageBytes: MAX_MESSAGE_BYTES,
  topicLength: MAX_TOPIC_LENGTH,
  topicsPerConnection: MAX_TOPICS_PER_CONNECTION,
  subscribersPerTopic: MAX_SUBSCRIBERS_PER_TOPIC,
  subscriptions: MAX_SUBSCRIPTIONS,
  burst: MESSAGE_BURST,
  messagesPerSecond: MESSAGES_PER_SECOND,
  bufferedBytes: MAX_BUFFERED_BYTES,
  strikes: MAX_STRIKES,
  pingMs: PING_MS,
  closeGraceMs: CLOSE_GRACE_MS,
}
