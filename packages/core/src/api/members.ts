/** The calls of a conversation about who is in it. */
import type { DeviceId, MessageId, UserId } from '@parley/protocol'

/**
 * What a member may do, each what the ones before may: `reader` reads, `writer` writes and lets joiners in, `moderator` hides and pins,
 * `admin` invites, adds and removes people and changes roles, `founder` cannot be removed by anybody.
 */
export type Role = 'founder' | 'admin' | 'moderator' | 'writer' | 'reader'

export interface Member {
  readonly id: UserId
  readonly name: string
  readonly avatar: string
  readonly role: Role
  readonly status: MemberStatus
  readonly devices: readonly DeviceId[]
}

export type MemberStatus = 'ONLINE' | 'OFFLINE'

/** Somebody who was a member. What they said until then stays. */
export interface FormerMember {
  readonly id: UserId
  readonly name: string
  readonly avatar: string
  /** Who removed them; themselves when they left. */
  readonly by: UserId
  readonly how: 'removed' | 'left'
  /** Milliseconds since 1970, by the clock of who did it. */
  readonly at: number
}

/** `used`: it has let in as many as it may. */
export type InviteState = 'open' | 'used' | 'expired' | 'revoked'

export interface InviteInfo {
  readonly id: MessageId
  readonly role: Role
  /** How many people it admits, and how many it has. */
  readonly uses: number
  readonly used: number
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly state: InviteState
  readonly by: UserId
  /** Only the device that made it knows the link. */
  readonly link: string | undefined
}

export interface InviteInit {
  /** What those who join by it may do. Default `writer`. */
  role?: 'reader' | 'writer' | 'moderator'
  /** How many people it admits. Default 1. */
  uses?: number
  /** Milliseconds from now until it admits nobody more. Default 7 days. */
  expiresInMs?: number
  /** Where a joiner finds members: rendezvous URLs and dialable addresses put into the link. Default: this peer's own. */
  hints?: readonly string[]
  /** The page that opens the link, without fragment. Default `parley://join`. */
  base?: string
}

/** What newcomers can read: everything, or what is said from their admission on. */
export type History = 'full' | 'joined'

export interface MemberCalls {
  /** Own role; undefined when not a member. */
  readonly role: Role | undefined
  readonly history: History
  /** For those who come from now on. Admins only. @throws {NotAllowed, NotAMember} */
  setHistory(history: History): Promise<void>
  getMembers(): UserId[]
  /** The members with name, role and status; the founder first, then by the order of admission. */
  members(): readonly Member[]
  /** Those who were members, the last to go first. */
  formerMembers(): readonly FormerMember[]
  /** Adds somebody whose contact card is here, or who was a member before. Admins only. @throws {NotAGroup, NotAllowed, ContactUnknown} */
  addMember(memberId: UserId): Promise<void>
  /** Admins only, and nobody who was admin before them. What they said until now stays. @throws {NotAGroup, NotAllowed, NotAMember} */
  removeMember(memberId: UserId): Promise<void>
  /** Admins only. @throws {NotAGroup, NotAllowed, NotAMember} */
  setRole(memberId: UserId, role: Exclude<Role, 'founder'>): Promise<void>
  /** Goes with all devices. The conversation stays readable, in state `left`. @throws {NotAGroup, NotAMember} */
  leave(): Promise<void>
  /** A link that admits whoever holds it. The secret is in its fragment and never reaches a server. Admins only. @throws {NotAllowed} */
  invite(init?: InviteInit): Promise<string>
  /** Newest first. */
  invites(): readonly InviteInfo[]
  /** Admits nobody by it any more; those it has let in stay. Admins only. @throws {NotAllowed, NotFound} */
  revokeInvite(inviteId: MessageId): Promise<void>
}
