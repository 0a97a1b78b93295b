/**
 * What the core needs of a network: channels to peers that look for the same topics. A transport knows nothing of conversations,
 * members or keys beyond the topics it is given; the core proves who is at the other end before it says anything.
 */
export interface Transport {
  /** A short name for people and logs: `webrtc`, `libp2p`, `tabs`, `memory`. */
  readonly name: string
  /** Begins to listen; calls `host.onChannel` for every channel, dialled or accepted, until `stop`. */
  start(host: TransportHost): Promise<void>
  /** Closes every channel and frees everything. Safe to call twice and before `start`. */
  stop(): Promise<void>
  /** The topics to be found under from now on; replaces the earlier set. Callable before `start`. */
  setTopics(topics: readonly Topic[]): void
  /** Addresses another peer could dial, in the transport's own notation. Empty when it has none. */
  addresses(): string[]
  /** Dials one address of this transport's notation. @throws {Unreachable} when nobody answers, {InvalidArgument} when it cannot be read. */
  dial?(address: string, options?: { signal?: AbortSignal }): Promise<void>
  /** The network seems to be back, or the page is visible again: drop back-off and try at once. */
  wake?(): void
  /** How the meeting points are doing, for `inspect()`; empty when the transport uses none. */
  rendezvous?(): { url: string; connected: boolean }[]
}

/** Where peers meet: a name that only members can derive, and the secret under which they talk there. */
export interface Topic {
  /** Public at the rendezvous: unguessable and meaningless, URL-safe, at most 64 characters. */
  readonly name: string
  /** Encrypts what peers say at the rendezvous. URL-safe text. */
  readonly secret: string
}

export interface TransportHost {
  onChannel(channel: Channel): void
  /** A meeting point was reached or lost: what `rendezvous()` says has changed. */
  onRendezvous?(): void
  /** The network is back or another one, or the device has slept: every transport will be woken, and every link looked at. */
  onNetworkChange?(): void
  clock: Clock
  random: Random
  logger: Logger
}

/**
 * An ordered, reliable, confidential channel of frames to one peer that is not yet known.
 * Several channels to the same peer can exist; the core keeps one.
 */
export interface Channel {
  /** The name of the transport that made it. */
  readonly transport: string
  /** Where the peer is, for people: a multiaddress, a session id. */
  readonly remote: string
  /**
   * Names this very channel: equal at both ends, different for every other pair of endpoints, and not choosable by someone in the middle
   * (libp2p: both peer ids; WebRTC: both DTLS fingerprints; both in byte order). The handshake signs it.
   */
  readonly binding: Uint8Array
  /** Whether a relay is on the way, which both ends know alike: a link without one is used instead. Default: no. */
  readonly isRelayed?: boolean
  /** Bytes queued here and not yet handed to the network. */
  readonly bufferedBytes: number
  /** True once closed from either side. */
  readonly closed: boolean
  /**
   * Queues one frame of 1 to `MAX_FRAME_BYTES`. After `close` it is dropped, for the close event has told.
   * Callers wait for `drained` when `bufferedBytes` exceeds `CHANNEL_HIGH_WATER_BYTES`.
   */
  send(frame: Uint8Array): void
  /** Resolves once `bufferedBytes` is below half of `CHANNEL_HIGH_WATER_BYTES`, or the channel is closed. */
  drained(): Promise<void>
  /** Sets the one receiver. Frames that came before are delivered to it at once, in order; frames are whole, as sent. */
  onFrame(listener: (frame: Uint8Array) => void): void
  /** Called once, after the last frame. `reason` is for people. Called at once when already closed. */
  onClose(listener: (reason: string) => void): void
  /** Closes in both directions; what is queued is still sent where the transport can. Safe to call twice. */
  close(reason?: string): void
}

/** Largest frame of a channel. 16 KiB is what every WebRTC stack carries in one message (RFC 8831 section 6.6). */
export const MAX_FRAME_BYTES = 16_384

/** Above this a sender waits: enough to keep a fast link busy, little enough that a live message is not stuck behind it. */
export const CHANNEL_HIGH_WATER_BYTES = 262_144

/** Time, for everything that waits; a fake one in tests. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls back once after `ms`; returns the function that cancels it. */
  setTimeout(callback: () => void, ms: number): () => void
}

/** Unpredictable bytes; a seeded one in the simulator. */
export interface Random {
  bytes(length: number): Uint8Array
}

/** Diagnostics with a code and small facts. Never keys, plaintext or addresses of people. */
export interface Logger {
  debug(event: string, facts?: Record<string, unknown>): void
  warn(event: string, facts?: Record<string, unknown>): void
  error(event: string, facts?: Record<string, unknown>): void
}
