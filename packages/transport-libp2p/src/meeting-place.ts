/** Where announcements are said and heard: at a rendezvous, or on the local network. */
import type { TransportHost } from '@parley/core'

/** What a meeting place is made with. */
export interface MeetingPlaceInit {
  readonly host: TransportHost
  /** It is connected anew, and nothing is subscribed there yet. */
  onOpen(): void
  /** Somebody, perhaps this very peer, said that in a room. It may be anything, of anybody. */
  onPublished(room: string, data: string): void
}

/** Rooms are named by URL-safe text of 43 characters, and so is what is said in them, at more length. */
export interface MeetingPlace {
  /** False while nothing that is said there reaches anybody. */
  readonly isConnected: boolean
  start(): void
  stop(): void
  /** The network may be back. */
  wake(): void
  subscribe(rooms: readonly string[]): void
  unsubscribe(rooms: readonly string[]): void
  /** Dropped while it is not connected: then everything is said anew at `onOpen`. */
  publish(room: string, data: string): void
}
