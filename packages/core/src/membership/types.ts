/**
 * The Membership fold: what goes in (verified control entries) and what comes out (who may read and write, under which key). Pure: the same
 * set gives the same answer in every order of arrival. docs/adr/0011-membership.md says why the rules are as they are.
 */
import type { DeviceCert } from '@parley/crypto'
import { ROLES, type ControlPayload, type DeviceId, type Hlc, type HistoryPolicy, type MessageId, type UserId } from '@parley/protocol'
import type { Role } from '../api.ts'

/** A control entry whose signature has been verified and whose body could be read. Metadata, profiles and proofs of forks have no effect here. */
export interface MembershipFact {
  /** Entry id, 32 bytes. */
  readonly id: Uint8Array
  readonly device: DeviceId
  /** The same, 16 bytes. */
  readonly deviceBytes: Uint8Array
  readonly seq: number
  readonly hlc: Hlc
  readonly payload: ControlPayload
  /** The certificates in the payload that are valid: one of `genesis`, `admit`, `device-add`, `direct`, any number of `grant`. */
  readonly certs: readonly DeviceCert[]
  /**
   * Entry id of the author's previous operation, in the same history of the device, that others can name (`isNameable`); undefined for the first.
   * With it nobody can un-see what they once knew.
   */
  readonly prev: Uint8Array | undefined
  /**
   * How many entries of other devices the author had acknowledged by then, from the deps of its entries up to this one. Only what ends or
   * changes a role needs them (`grant`, `remove`, `leave`, `device-remove`); empty is fine elsewhere.
   */
  readonly acks: readonly (readonly [device: DeviceId, nextSeq: number])[]
  /** False for an entry on a branch of a forked log that does not count: it stays part of the past of others and has no effect. */
  readonly isCounted: boolean
}

/** What the fold asks its caller, each a pure function of its arguments. */
export interface MembershipChecks {
  /** Whether the proof in an `admit` was made with the key of that invite: checked beforehand, for it costs a signature. */
  proofHolds(admit: MembershipFact, invitePublicKey: Uint8Array): boolean
  /** The id (16 bytes) of the epoch with that commitment. */
  epochId(commitment: Uint8Array): Uint8Array
  /** Whether this conversation is the direct one of these two. */
  isDirect(user: UserId, peer: UserId): boolean
}

export interface MemberRecord {
  readonly user: UserId
  readonly role: Role
  /** Devices that may act now, by order of admission. */
  readonly devices: readonly DeviceId[]
  /** When they came in, by the clock of who let them in. */
  readonly since: Hlc
  /** Who let them in; undefined for the founder and in a direct conversation. */
  readonly addedBy: UserId | undefined
}

/** Somebody who was a member. */
export interface FormerMember {
  readonly user: UserId
  readonly by: UserId
  readonly how: 'removed' | 'left'
  readonly at: Hlc
}

/** The entries of a device from `from` to before `to` (Infinity while open) are those of somebody with this role. */
export interface RoleSpan {
  readonly from: number
  readonly to: number
  readonly role: Role
}

export interface DeviceRecord {
  readonly user: UserId
  readonly cert: DeviceCert
  /** Of a present member, and not removed. */
  readonly isActive: boolean
  /** Ascending, apart from each other. */
  readonly spans: readonly RoleSpan[]
}

export interface Invite {
  readonly ref: MessageId
  readonly publicKey: Uint8Array
  readonly role: Role
  readonly maxUses: number
  readonly used: number
  /** Milliseconds since 1970. */
  readonly expiresMs: number
  readonly isRevoked: boolean
  readonly by: UserId
}

export interface EpochRecord {
  /** 16 bytes. */
  readonly id: Uint8Array
  readonly gen: number
  readonly commitment: Uint8Array
  /** Ids (16 bytes) of the epochs that it follows. */
  readonly parents: readonly Uint8Array[]
  /** Nobody but present members holds its secret, as far as the log tells. */
  readonly isUsable: boolean
}

export interface Membership {
  /** The founder first, then by order of admission. */
  readonly members: ReadonlyMap<UserId, MemberRecord>
  readonly former: ReadonlyMap<UserId, FormerMember>
  /** Every device that ever was in, so that old messages stay attributable. */
  readonly devices: ReadonlyMap<DeviceId, DeviceRecord>
  readonly invites: ReadonlyMap<MessageId, Invite>
  readonly policy: { readonly history: HistoryPolicy }
  /** By id in base32. */
  readonly epochs: ReadonlyMap<string, EpochRecord>
  /** Id (16 bytes) of the epoch to write under; undefined when none is usable: then the next writer mints one. */
  readonly currentEpoch: Uint8Array | undefined
  readonly hidden: ReadonlySet<MessageId>
  readonly pinned: ReadonlySet<MessageId>
  /** What the next operation names as `after`: 16 bytes each, ascending, at most 32. */
  readonly frontier: readonly Uint8Array[]
  /** Why an operation has no effect, by the first 16 bytes of its id in base32. Operations with effect are not here. */
  readonly verdicts: ReadonlyMap<string, Verdict>
  /** The role under which that entry of the device counts; undefined when it does not. */
  roleAt(device: DeviceId, seq: number): Role | undefined
  /** Whether that invite was made by somebody who knew of every removal of that user: those who were put out do not come back by an older link. */
  mayAdmit(invite: MessageId, user: UserId): boolean
}

/** Why an operation has no effect. */
export type Verdict =
  | 'pending' // its past is not all here
  | 'clock' // not later than its past
  | 'not counted' // on a branch that does not count
  | 'no device' // its author is no device of a member, or one that was removed
  | 'no authority' // its author has not the role, or lost it by an operation that is not after it
  | 'senior target' // it would act on somebody senior to its author
  | 'bad target' // it names what is not there, or is not its to name
  | 'concurrent removal' // it lets in or raises somebody whom a removal that it does not follow has put out or lowered
  | 'bad invite' // unknown, revoked, expired, used up, or a proof that does not hold
  | 'limit' // the conversation holds no more of these

const NAMEABLE = new Set<ControlPayload['op']>([
  'genesis',
  'direct',
  'epoch',
  'invite',
  'admit',
  'grant',
  'remove',
  'leave',
  'policy',
  'revoke',
  'device-add',
  'device-remove',
])

/**
 * Whether others can name such an operation in `after`, and whether it can be a `prev`. Those with a sealed body cannot: nothing in clear may
 * ever wait for a key.
 */
export function isNameable(op: ControlPayload['op']): boolean {
  return NAMEABLE.has(op)
}

/** Whether `role` carries the authority of `least`. */
export function hasRole(role: Role | undefined, least: Role): boolean {
  return role !== undefined && ROLES[role] >= ROLES[least]
}
