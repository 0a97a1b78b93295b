/** The calls of a conversation about who is in it. */
import type { DeviceId, MessageId, UserId } from '@parley/protocol'

/**
 * What a member may do, each what the ones before may: `reader` reads, `writer` writes and lets joiners in, `moderator` hides and pins,
 * `admin` invites, adds and removes people and changes roles, `founder` cannot be removed by anybody.
 */
export type Role = 'founder' | 'admin' | 'moderator' | 'writer' | 'reader'

export interface Member {
  /** Who it is. */
  readonly id: UserId
  /** As they call themselves; may be empty. */
  readonly name: string
  /** A URL that an `<img>` can show, empty when none. */
  readonly avatar: string
  /** What they may do. */
  readonly role: Role
  /** Whether any device of theirs is connected. */
  readonly status: MemberStatus
  /** Those that write in their name. */
  readonly devices: readonly DeviceId[]
}

export type MemberStatus = 'ONLINE' | 'OFFLINE'

/** Somebody who was a member. What they said until then stays. */
export interface FormerMember {
  /** Who it was. */
  readonly id: UserId
  /** As they called themselves; may be empty. */
  readonly name: string
  /** A URL that an `<img>` can show, empty when none. */
  readonly avatar: string
  /** Who removed them; themselves when they left. */
  readonly by: UserId
  /** Whether somebody else said so. */
  readonly how: 'removed' | 'left'
  /** Milliseconds since 1970, by the clock of who did it. */
  readonly at: number
}

/** `used`: it has let in as many as it may. */
export type InviteState = 'open' | 'used' | 'expired' | 'revoked'

export interface InviteInfo {
  /** Names it in `revokeInvite`. */
  readonly id: MessageId
  /** What those who join by it may do. */
  readonly role: Role
  /** How many people it admits, and how many it has. */
  readonly uses: number
  /** See `uses`. */
  readonly used: number
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** Whether it still admits anybody, and why not. */
  readonly state: InviteState
  /** Who made it. */
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
  /** What newcomers can read. */
  readonly history: History
  /**
   * For those who come from now on. Admins only. @throws {NotAllowed, NotAMember}
   * @example
   * ```ts
   * await conversation.setHistory('joined')
   * ```
   */
  setHistory(history: History): Promise<void>
  /**
   * The ids of all members.
   * @example
   * ```ts
   * const isIn = conversation.getMembers().includes(userId)
   * ```
   */
  getMembers(): UserId[]
  /**
   * The members with name, role and status; the founder first, then by the order of admission.
   * @example
   * ```ts
   * const online = conversation.members().filter(({ status }) => status === 'ONLINE')
   * ```
   */
  members(): readonly Member[]
  /**
   * Those who were members, the last to go first.
   * @example
   * ```ts
   * const gone = conversation.formerMembers().map(({ name, how }) => `${name} (${how})`)
   * ```
   */
  formerMembers(): readonly FormerMember[]
  /**
   * Adds somebody whose contact card is here, or who was a member before. Admins only. @throws {NotAGroup, NotAllowed, ContactUnknown}
   * @example
   * ```ts
   * const { id } = await parley.addContact(card)
   * await conversation.addMember(id)
   * ```
   */
  addMember(memberId: UserId): Promise<void>
  /**
   * Admins only, and nobody who was admin before them. What they said until now stays. @throws {NotAGroup, NotAllowed, NotAMember}
   * @example
   * ```ts
   * await conversation.removeMember(userId)
   * ```
   */
  removeMember(memberId: UserId): Promise<void>
  /**
   * Admins only. @throws {NotAGroup, NotAllowed, NotAMember}
   * @example
   * ```ts
   * await conversation.setRole(userId, 'moderator')
   * ```
   */
  setRole(memberId: UserId, role: Exclude<Role, 'founder'>): Promise<void>
  /**
   * Goes with all devices. The conversation stays readable, in state `left`. @throws {NotAGroup, NotAMember}
   * @example
   * ```ts
   * await conversation.leave()
   * ```
   */
  leave(): Promise<void>
  /**
   * A link that admits whoever holds it. The secret is in its fragment and never reaches a server. Admins only. @throws {NotAllowed}
   * @example
   * ```ts
   * const link = await conversation.invite({ uses: 10, role: 'reader', base: 'https://chat.example.org/' })
   * ```
   */
  invite(init?: InviteInit): Promise<string>
  /**
   * Newest first.
   * @example
   * ```ts
   * const open = conversation.invites().filter(({ state }) => state === 'open')
   * ```
   */
  invites(): readonly InviteInfo[]
  /**
   * Admits nobody by it any more; those it has let in stay. Admins only. @throws {NotAllowed, NotFound}
   * @example
   * ```ts
   * for (const { id, state } of conversation.invites()) if (state === 'open') await conversation.revokeInvite(id)
   * ```
   */
  revokeInvite(inviteId: MessageId): Promise<void>
}
