/**
 * The Membership fold: from valid control entries to who is a member. Pure: the same set gives the same answer in every order of arrival.
 * Today's rules: the founder invites, any writing member admits, an invite admits as many people as it says. Nobody is removed yet, so no
 * operation can take authority away and (hlc, id) is a sound order: a grant always follows, by its clock, what it rests on.
 */
import type { DeviceCert } from '@parley/crypto'
import {
  compareBytes,
  compareHlc,
  messageIdFromBytes,
  messageIdOf,
  ROLES,
  type ControlPayload,
  type DeviceId,
  type Hlc,
  type MessageId,
  type UserId,
} from '@parley/protocol'
import type { Role } from '../api.ts'

/** A control entry whose signature has been verified. */
export interface ControlEntry {
  readonly id: Uint8Array
  readonly device: DeviceId
  readonly deviceBytes: Uint8Array
  readonly seq: number
  /** Running number among the device's control entries, from 1. */
  readonly number: number
  readonly hlc: Hlc
  readonly prevId: Uint8Array
  readonly bytes: Uint8Array
  /** Undefined while sealed, and for an entry that says nothing readable. */
  readonly payload: ControlPayload | undefined
  /** Sealed under an epoch that this device does not hold (yet). */
  readonly sealed: boolean
  /** `genesis` and `admit`: the certificate they carry, when it is a valid one. */
  readonly cert: DeviceCert | undefined
}

export interface Invite {
  readonly ref: MessageId
  readonly publicKey: Uint8Array
  readonly role: Role
  readonly maxUses: number
  readonly expiresMs: number
  readonly used: number
}

export interface MemberRecord {
  readonly user: UserId
  readonly role: Role
  readonly devices: readonly DeviceId[]
}

export interface Membership {
  /** The founder first, then by order of admission. */
  readonly members: ReadonlyMap<UserId, MemberRecord>
  readonly devices: ReadonlyMap<DeviceId, { readonly user: UserId; readonly cert: DeviceCert }>
  readonly invites: ReadonlyMap<MessageId, Invite>
}

/** Whether an admission's proof was made with the key of that invite for that certificate: checked beforehand, for it costs a signature. */
export type ProofCheck = (admit: ControlEntry, invitePublicKey: Uint8Array) => boolean

const ROLE_NAMES = Object.keys(ROLES) as Role[]

/** Whether `role` carries the authority of `least`. */
export function hasRole(role: Role | undefined, least: Role): boolean {
  return role !== undefined && ROLES[role] >= ROLES[least]
}

/** The order of every fold: (hlc, entry id). */
export function compareEntries(a: { hlc: Hlc; id: Uint8Array }, b: { hlc: Hlc; id: Uint8Array }): number {
  return compareHlc(a.hlc, b.hlc) || compareBytes(a.id, b.id)
}

export function resolveMembership(controls: Iterable<ControlEntry>, proofHolds: ProofCheck): Membership {
  const members = new Map<UserId, MemberRecord>()
  const devices = new Map<DeviceId, { user: UserId; cert: DeviceCert }>()
  const invites = new Map<MessageId, Invite>()
  const roleOf = (device: DeviceId): Role | undefined => {
    const user = devices.get(device)?.user
    return user === undefined ? undefined : members.get(user)?.role
  }

  for (const entry of [...controls].sort(compareEntries)) {
    const { payload } = entry
    if (payload?.op === 'genesis') {
      if (members.size > 0 || entry.cert === undefined || entry.cert.deviceId !== entry.device || entry.seq !== 0) continue
      members.set(entry.cert.userId, { user: entry.cert.userId, role: 'founder', devices: [entry.device] })
      devices.set(entry.device, { user: entry.cert.userId, cert: entry.cert })
    } else if (payload?.op === 'invite') {
      if (!hasRole(roleOf(entry.device), 'admin')) continue
      const role = ROLE_NAMES[payload.role]
      if (role === undefined || hasRole(role, 'admin')) continue
      const ref = messageIdOf(entry.deviceBytes, entry.seq, entry.id)
      invites.set(ref, { ref, publicKey: payload.publicKey, role, maxUses: payload.maxUses, expiresMs: payload.expiresMs, used: 0 })
    } else if (payload?.op === 'admit') {
      if (!hasRole(roleOf(entry.device), 'writer')) continue
      const invite = invites.get(messageIdFromBytes(payload.invite))
      const { cert } = entry
      if (invite === undefined || cert === undefined) continue
      if (invite.used >= invite.maxUses || entry.hlc.ms > invite.expiresMs) continue
      if (devices.has(cert.deviceId) || members.has(cert.userId)) continue
      if (!proofHolds(entry, invite.publicKey)) continue
      invites.set(invite.ref, { ...invite, used: invite.used + 1 })
      members.set(cert.userId, { user: cert.userId, role: invite.role, devices: [cert.deviceId] })
      devices.set(cert.deviceId, { user: cert.userId, cert })
    }
  }
  return { members, devices, invites }
}
