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
  /** Milliseconds from the TCP connection to the end of the TLS and HTTP handshake; slower ones are cut off. */
  handshakeMs: number
  /** TCP connections that are no WebSocket yet, in total. */
  handshakes: number
  /** TCP connections that are no WebSocket yet, of one address. Not applied behind a proxy. */
  handshakesPerAddress: number
  /** New WebSockets that one address may open at once. */
  attemptBurst: number
  /** New WebSockets a second of one address after the burst. */
  attemptsPerSecond: number
  /** Messages that one quiet address may send at once, over all its connections. */
  addressBurst: number
  /** Messages a second of one address after the burst. */
  addressMessagesPerSecond: number
  /** Deliveries (a message times its subscribers) that a quiet topic takes at once. */
  topicBurst: number
  /** Deliveries a second of one topic after the burst. */
  topicDeliveriesPerSecond: number
  /** Deliveries that the quiet relay takes at once. */
  relayBurst: number
  /** Deliveries a second of the whole relay after the burst. */
  relayDeliveriesPerSecond: number
  /** Bytes waiting for all readers together; above it a reader may have `bufferedBytesShare` waiting and no more. */
  bufferedBytesTotal: number
  /** Bytes waiting for one reader while the relay as a whole holds too many. */
  bufferedBytesShare: number
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

/** Far more than an honest client ever has waiting. `MAX_CONNECTIONS` readers that all stand still would be 4 GB, hence the total below. */
export const MAX_BUFFERED_BYTES = 1_048_576

/** A confused client may be wrong now and then; one that speaks another protocol reaches this at once. */
export const MAX_STRIKES = 20

/** Proxies and NATs forget a silent connection after 60 s or more; a vanished client is noticed within twice this. */
export const PING_MS = 30_000

/** A living client answers a close within one round trip. */
export const CLOSE_GRACE_MS = 1_000

/** Three round trips over a bad mobile network and the work of TLS fit in; a socket that is opened and left costs a slot no longer than this. */
export const HANDSHAKE_MS = 10_000

/** About 10 KB each before TLS is done. After a restart all clients come back within seconds, each handshake takes 1 to 3 round trips. */
export const MAX_HANDSHAKES = 1_024

/** Half of what one address may have open: an office that comes back at once gets through in two rounds. */
export const MAX_HANDSHAKES_PER_ADDRESS = 128

/** An office of `MAX_CONNECTIONS_PER_ADDRESS` may come back twice in a row. */
export const ATTEMPT_BURST = 512

/** Every new connection has a burst of messages of its own; without this bound an attacker would just reconnect for the next. */
export const ATTEMPTS_PER_SECOND = 20

/** Sixteen clients of many groups that start behind one address at the same moment. */
export const ADDRESS_BURST = 16_384

/** An office of 256 clients that ping every 15 s sends 17 a second; the rest is for those who are just meeting. */
export const ADDRESS_MESSAGES_PER_SECOND = 1_000

/** All 50 members of a group announce themselves and answer each other (50 x 10 x 50 = 25,000), with room for the next group. */
export const TOPIC_BURST = 50_000

/** A topic costs what its messages times its subscribers do; a quarter of the relay for one of them is enough. */
export const TOPIC_DELIVERIES_PER_SECOND = 5_000

/** A few large groups that come back at once after a restart. */
export const RELAY_BURST = 200_000

/** One core of 2024 delivers about 50,000 small messages a second; at half of that the others still get their turn. */
export const RELAY_DELIVERIES_PER_SECOND = 20_000

/** What may wait for readers in total. Past it only readers that keep up stay, so memory is bounded by this plus the shares. */
export const MAX_BUFFERED_BYTES_TOTAL = 134_217_728

/** One large message may always wait; times `MAX_CONNECTIONS` it is 256 MiB in the worst case. */
export const MAX_BUFFERED_BYTES_SHARE = 65_536

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
  handshakeMs: HANDSHAKE_MS,
  handshakes: MAX_HANDSHAKES,
  handshakesPerAddress: MAX_HANDSHAKES_PER_ADDRESS,
  attemptBurst: ATTEMPT_BURST,
  attemptsPerSecond: ATTEMPTS_PER_SECOND,
  addressBurst: ADDRESS_BURST,
  addressMessagesPerSecond: ADDRESS_MESSAGES_PER_SECOND,
  topicBurst: TOPIC_BURST,
  topicDeliveriesPerSecond: TOPIC_DELIVERIES_PER_SECOND,
  relayBurst: RELAY_BURST,
  relayDeliveriesPerSecond: RELAY_DELIVERIES_PER_SECOND,
  bufferedBytesTotal: MAX_BUFFERED_BYTES_TOTAL,
  bufferedBytesShare: MAX_BUFFERED_BYTES_SHARE,
}
