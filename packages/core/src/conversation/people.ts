/** What a conversation asks about people outside of it. */
import type { UserId } from '@parley/protocol'
import type { Replica } from '../replica/replica.ts'

export interface People {
  /** Whether this user does not want to hear them. */
  isBlocked(user: UserId): boolean
  /** What they are called as far as this user knows; may be empty. */
  nameOf(user: UserId): string
  /**
   * Makes a contact, or somebody who was a member before, one of a group, and keeps telling them until they answer.
   * @throws {ParleyError} ContactUnknown, NotAllowed, TooLarge
   */
  bringIn(replica: Replica, user: UserId): Promise<void>
  /** Takes part in what was asked. @throws {ParleyError} NotAllowed */
  accept(replica: Replica): Promise<void>
  /** Forgets what was asked, and who asked. @throws {ParleyError} NotAllowed */
  decline(replica: Replica): Promise<void>
}
