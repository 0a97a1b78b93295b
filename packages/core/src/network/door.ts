/** What links need to know of the people outside: who may knock here, and at whose door this user knocks. */
import type { MeetingKeys } from '@parley/crypto'
import type { ControlCarrier, DeviceId, UserId } from '@parley/protocol'
import type { Replica } from '../replica/replica.ts'
import type { Knock } from './knock.ts'

/** Somebody who is to be told something, and has a card here. */
export interface Addressee {
  readonly user: UserId
  readonly inbox: MeetingKeys
  /** Where the card says that they are found. */
  readonly hints: readonly string[]
}

/** What comes after a knock that is heard. */
export interface Hearing {
  /** Whether the one who tells may send long messages. */
  readonly isTrusted: boolean
  /** Control entries of the conversation that was named. @throws {Reject} */
  take(entries: readonly ControlCarrier[]): Promise<void>
  /** Nothing more comes. */
  close(): void
}

export interface Door {
  /** Where this user listens for those who hold the card. */
  readonly inbox: MeetingKeys
  /** Those with a card here who are to be told something. */
  addressees(): readonly Addressee[]
  /** What that user is to be told of. */
  pending(user: UserId): readonly Replica[]
  /** What another device of this user is in, and is to be told of. */
  sharedWith(device: DeviceId): readonly Replica[]
  /**
   * Somebody knocks; undefined when they are not heard. `via` is the conversation whose members both ends proved to be; without it the one who
   * knocks holds the card.
   */
  hear(knock: Knock, via: Replica | undefined): Hearing | undefined
}
