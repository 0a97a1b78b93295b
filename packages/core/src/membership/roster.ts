/**
 * The state of a conversation, operation by operation in the order (clock, id). Authority over others has been decided before; here it is
 * said what an operation does, and whether one that needs no admin holds. Longer than other files: one pass over one state, which parts would share.
 */
import {
  deviceIdOf,
  MAX_CONTROL_ENTRIES,
  MAX_DEVICES,
  MAX_DEVICES_PER_USER,
  MAX_OPEN_INVITES,
  messageIdFromBytes,
  messageIdOf,
  ROLES,
  userIdOf,
  type AdmitControl,
  type DeviceAddControl,
  type DeviceBox,
  type DeviceId,
  type GrantControl,
  type HeadPin,
  type HistoryPolicy,
  type MessageId,
  type RoleNumber,
  type UserId,
} from '@parley/protocol'
import type { DeviceCert } from '@parley/crypto'
import type { Role } from '../api.ts'
import type { Authority } from './authority.ts'
import { needsAdmin } from './authority.ts'
import { isBefore, type Op } from './causality.ts'
import { ALL, hasEffect, type Devices } from './devices.ts'
import { EpochBook } from './epochs.ts'
import { ROLE_NAMES, Stays } from './spans.ts'
import type { DeviceRecord, FormerMember, Invite, MemberRecord, MembershipChecks, Verdict } from './types.ts'

interface Guest {
  readonly user: UserId
  cert: DeviceCert
  readonly stays: Stays
  /** Came in (true) or went out, in order. */
  readonly events: { readonly op: Op; readonly isIn: boolean }[]
  /** What removed the device itself. */
  readonly removals: Op[]
  /** Which stay of its user it was last part of. */
  round: number
}

interface UserEvent {
  readonly op: Op
  /** Undefined when they went. */
  readonly role: RoleNumber | undefined
}

interface Context {
  readonly devices: Devices
  readonly authority: Authority
  readonly checks: MembershipChecks
  /** Operations of a device that can be named, in the order in which they were placed. */
  opsOf(device: DeviceId): readonly Op[]
  /** Operations that revoke an invite, whether they hold or not. */
  revocationsOf(invite: MessageId): readonly Op[]
}

/** Epochs without effect that are kept, for messages may lie under them: far more than anybody mints beside one removal. */
const MAX_SHADOW_EPOCHS = 1_000

/** What has changed since the last look. */
export type Part = 'members' | 'former' | 'devices' | 'invites'

export class Roster {
  readonly #context: Context
  readonly #isDirect: boolean
  readonly members = new Map<UserId, MemberRecord>()
  readonly former = new Map<UserId, FormerMember>()
  readonly devices = new Map<DeviceId, DeviceRecord>()
  readonly invites = new Map<MessageId, Invite>()
  readonly epochs: EpochBook
  readonly changed = new Set<Part>()
  /** Devices whose spans have changed since the last look. */
  readonly respanned = new Set<DeviceId>()
  history: HistoryPolicy = 'full'

  readonly #guests = new Map<DeviceId, Guest>()
  readonly #events = new Map<UserId, UserEvent[]>()
  readonly #inviteOps = new Map<MessageId, Op>()
  readonly #openInvites = new Set<MessageId>()
  /** How many times a user has come in. */
  readonly #rounds = new Map<UserId, number>()
  #active = 0
  #counted = 0
  #shadows = 0
  /** Visits of operations, for tests of cost. */
  visits = 0

  constructor(context: Context, isDirect: boolean) {
    this.#context = context
    this.#isDirect = isDirect
    this.epochs = new EpochBook((device) => this.devices.get(device)?.isActive ?? isDirect)
  }

  /** Takes in the next operation in order, or says why it has no effect. */
  apply(op: Op): Verdict | undefined {
    this.visits++
    const early = earlyVerdict(op)
    if (early !== undefined) return early
    if (needsAdmin(op)) {
      if (!this.#context.authority.holds(op)) return this.#context.authority.reason(op)
      return this.#applyGranted(op)
    }
    switch (op.fact.payload.op) {
      case 'genesis':
        return this.#found(op)
      case 'direct':
        return this.#meet(op)
      case 'leave':
        return this.#leave(op)
      case 'device-remove':
        if (!this.#context.devices.isOwnRemoval(op)) return 'no authority'
        this.#removeDevice(op)
        return undefined
      case 'epoch':
        return this.#openEpoch(op)
      case 'admit':
      case 'device-add':
        return this.#bringIn(op, op.fact.payload)
      default:
        return 'bad target'
    }
  }

  /** What speaks against an operation that needs no admin, for the sake of its author alone. Looks at its past and at what was decided beside it. */
  authorVerdict(op: Op): Verdict | undefined {
    const least = neededRole(op)
    const { user } = op
    if (user === undefined || !this.#isInPast(op)) return 'no device'
    const role = this.#roleInPast(user, op)
    if (role === undefined || role < least) return 'no authority'
    return this.#context.authority.isLoweredBeside(user, op, least) ? 'no authority' : undefined
  }

  #applyGranted(op: Op): Verdict | undefined {
    const { payload } = op.fact
    switch (payload.op) {
      case 'invite':
        return this.#invite(op)
      case 'revoke':
        return this.#revoke(op)
      case 'policy':
        this.history = payload.history
        return undefined
      case 'grant':
        return this.#grant(op, payload)
      case 'remove':
        this.#endMember(op, userIdOf(payload.user), payload.pins, 'removed')
        return undefined
      default:
        this.#removeDevice(op)
        return undefined
    }
  }

  #found(op: Op): Verdict | undefined {
    const { payload, certs, device } = op.fact
    const cert = certs[0]
    if (payload.op !== 'genesis' || this.#isDirect || this.members.size > 0 || cert === undefined || cert.deviceId !== device)
      return 'bad target'
    this.history = payload.history
    this.#begin(op, cert.userId, ROLES.founder, undefined)
    this.#seat(op, cert, ROLES.founder, 0)
    this.#openFirst(op, payload.epochCommitment, [])
    return undefined
  }

  #meet(op: Op): Verdict | undefined {
    const { payload, certs } = op.fact
    const cert = certs[0]
    if (payload.op !== 'direct' || !this.#isDirect || op.binding !== op || cert === undefined) return 'bad target'
    if (this.#context.devices.isRemoved(cert.deviceId, cert.userId, op, ALL)) return 'no device'
    if (cert.issuer !== undefined && this.#context.devices.isRemoved(cert.issuer, cert.userId, op, ALL)) return 'no device'
    const objection = this.#seatObjection(cert)
    if (objection !== undefined) return objection
    for (const user of new Set([cert.userId, userIdOf(payload.peer)])) {
      if (this.members.has(user)) this.#event(user, op, ROLES.writer)
      else this.#begin(op, user, ROLES.writer, undefined)
    }
    this.#seat(op, cert, ROLES.writer, 0)
    this.#openFirst(op, payload.epochCommitment, payload.boxes)
    return undefined
  }

  #openFirst(op: Op, commitment: Uint8Array, boxes: readonly DeviceBox[]): void {
    const id = this.#context.checks.epochId(commitment)
    this.epochs.handOut(id, [op.fact.device, ...boxes.map(({ device }) => deviceIdOf(device))])
    this.epochs.open(op, { id, gen: 0, commitment, parents: [], back: [], isValid: true })
  }

  #openEpoch(op: Op): Verdict | undefined {
    const { payload, device } = op.fact
    if (payload.op !== 'epoch') return 'bad target'
    const { user } = op
    if (user === undefined || !this.#isSeatedInPast(op)) return 'no device'
    if ((this.#roleInPast(user, op) ?? -1) < ROLES.writer) return 'no authority'
    if (!this.epochs.fits(op, payload.gen, payload.parents)) return 'bad target'
    // One whose author turned out to be removed is kept, for messages may lie under it, and nobody writes under it.
    const verdict = this.authorVerdict(op)
    if (verdict === undefined ? this.#counted >= MAX_CONTROL_ENTRIES : this.#shadows >= MAX_SHADOW_EPOCHS) return 'limit'
    const id = this.#context.checks.epochId(payload.commitment)
    this.epochs.handOut(id, [device, ...payload.boxes.map((box) => deviceIdOf(box.device))])
    this.epochs.open(op, {
      id,
      gen: payload.gen,
      commitment: payload.commitment,
      parents: payload.parents,
      back: payload.back.map(({ parent }) => parent),
      isValid: verdict === undefined,
    })
    if (verdict === undefined) this.#counted++
    else this.#shadows++
    return verdict
  }

  #bringIn(op: Op, payload: AdmitControl | DeviceAddControl): Verdict | undefined {
    const verdict = this.authorVerdict(op) ?? (this.#counted >= MAX_CONTROL_ENTRIES ? 'limit' : undefined)
    if (verdict !== undefined) return verdict
    const objection = payload.op === 'admit' ? this.#admit(op, payload) : this.#addDevice(op)
    if (objection === undefined) this.#counted++
    const cert = op.fact.certs[0]
    // The keys have been handed out, whether the admission holds or not.
    if (cert !== undefined) for (const { epoch } of payload.boxes) this.epochs.handOut(epoch, [cert.deviceId])
    return objection
  }

  #invite(op: Op): Verdict | undefined {
    const { payload, deviceBytes, seq, id, hlc } = op.fact
    if (payload.op !== 'invite') return 'bad target'
    if (this.#openInvites.size >= MAX_OPEN_INVITES) {
      for (const ref of this.#openInvites) if ((this.invites.get(ref)?.expiresMs ?? 0) < hlc.ms) this.#openInvites.delete(ref)
      if (this.#openInvites.size >= MAX_OPEN_INVITES) return 'limit'
    }
    const ref = messageIdOf(deviceBytes, seq, id)
    const { publicKey, maxUses, expiresMs } = payload
    const role = ROLE_NAMES[payload.role] as Role
    this.invites.set(ref, { ref, publicKey, role, maxUses, used: 0, expiresMs, isRevoked: false, by: op.user as UserId })
    this.#inviteOps.set(ref, op)
    this.#openInvites.add(ref)
    this.changed.add('invites')
    return undefined
  }

  mayAdmit(invite: MessageId, user: UserId): boolean {
    const made = this.#inviteOps.get(invite)
    return made !== undefined && !this.#context.authority.isRemovedSince(user, made)
  }

  #revoke(op: Op): Verdict | undefined {
    const { payload } = op.fact
    if (payload.op !== 'revoke') return 'bad target'
    const ref = messageIdFromBytes(payload.invite)
    const invite = this.invites.get(ref)
    const made = this.#inviteOps.get(ref)
    if (invite === undefined || made === undefined || !isBefore(made, op)) return 'bad target'
    this.invites.set(ref, { ...invite, isRevoked: true })
    this.#openInvites.delete(ref)
    this.changed.add('invites')
    return undefined
  }

  #admit(op: Op, payload: AdmitControl): Verdict | undefined {
    const { authority, checks } = this.#context
    const ref = messageIdFromBytes(payload.invite)
    const invite = this.invites.get(ref)
    const made = this.#inviteOps.get(ref)
    const cert = op.fact.certs[0]
    if (cert === undefined) return 'bad target'
    if (invite === undefined || made === undefined || !isBefore(made, op) || this.#isRevokedFor(ref, made, op)) return 'bad invite'
    if (invite.used >= invite.maxUses || op.fact.hlc.ms > invite.expiresMs) return 'bad invite'
    if (this.members.has(cert.userId)) return 'bad target'
    if (authority.isRemovedBeside(cert.userId, op) || authority.hasLeftBeside(cert.userId, op)) return 'concurrent removal'
    // Who was put out does not come back by a link that they may still have.
    if (authority.isRemovedSince(cert.userId, made, op)) return 'bad invite'
    const objection = this.#arrivalObjection(op, cert)
    if (objection !== undefined) return objection
    if (!checks.proofHolds(op.fact, invite.publicKey)) return 'bad invite'
    const used = invite.used + 1
    this.invites.set(ref, { ...invite, used })
    if (used >= invite.maxUses) this.#openInvites.delete(ref)
    this.changed.add('invites')
    this.#begin(op, cert.userId, ROLES[invite.role], op.user)
    this.#seat(op, cert, ROLES[invite.role], payload.from)
    return undefined
  }

  /** Whether a revocation of the invite holds that the admission does not precede; it may come later in order. */
  #isRevokedFor(ref: MessageId, made: Op, admit: Op): boolean {
    return this.#context.revocationsOf(ref).some((revoke) => {
      this.visits++
      return this.#context.authority.holds(revoke) && isBefore(made, revoke) && !isBefore(admit, revoke)
    })
  }

  #addDevice(op: Op): Verdict | undefined {
    const cert = op.fact.certs[0]
    const member = op.user === undefined ? undefined : this.members.get(op.user)
    if (cert === undefined || cert.userId !== op.user) return 'bad target'
    // They left meanwhile, on another device.
    if (member === undefined) return 'no authority'
    if (this.#context.devices.isRemoved(cert.deviceId, cert.userId, op, ALL)) return 'concurrent removal'
    const objection = this.#seatObjection(cert)
    if (objection !== undefined) return objection
    this.#seat(op, cert, ROLES[member.role], undefined)
    return undefined
  }

  #grant(op: Op, payload: GrantControl): Verdict | undefined {
    const { authority } = this.#context
    const user = userIdOf(payload.user)
    if (authority.isRemovedBeside(user, op) || authority.hasLeftBeside(user, op)) return 'concurrent removal'
    if (payload.role === ROLES.admin && !authority.hasRaised(op)) return 'concurrent removal'
    const member = this.members.get(user)
    if (member === undefined) this.#begin(op, user, payload.role, op.user)
    else {
      this.#event(user, op, payload.role)
      this.members.set(user, { ...member, role: ROLE_NAMES[payload.role] as Role })
      this.changed.add('members')
      for (const device of member.devices) {
        this.#guests.get(device)?.stays.change(this.#pin(op, device, payload.pins), payload.role)
        this.#record(device)
      }
    }
    for (const cert of op.fact.certs)
      if (cert.userId === user && this.#arrivalObjection(op, cert) === undefined)
        this.#seat(op, cert, payload.role, this.#namedPin(cert.deviceId, payload.pins))
    if (member !== undefined) return undefined
    // Who was here before comes back with the devices that the grant names.
    for (const { log, nextSeq } of payload.pins) {
      const guest = this.#guests.get(deviceIdOf(log))
      if (guest?.user === user && this.#arrivalObjection(op, guest.cert) === undefined) this.#seat(op, guest.cert, payload.role, nextSeq)
    }
    return undefined
  }

  #leave(op: Op): Verdict | undefined {
    const { payload } = op.fact
    const { user } = op
    if (payload.op !== 'leave' || this.#isDirect) return 'bad target'
    if (user === undefined || !this.#isInPast(op)) return 'no device'
    if (this.#roleInPast(user, op) === undefined || !this.#context.authority.isLeave(op)) return 'no authority'
    this.#endMember(op, user, payload.pins, 'left')
    return undefined
  }

  /** What speaks against a device that somebody else brings in. */
  #arrivalObjection(op: Op, cert: DeviceCert): Verdict | undefined {
    const { devices } = this.#context
    if (devices.isRemoved(cert.deviceId, cert.userId, op, ALL)) return 'concurrent removal'
    if (cert.issuer !== undefined && devices.isRemoved(cert.issuer, cert.userId, op, ALL)) return 'concurrent removal'
    return this.#seatObjection(cert)
  }

  #seatObjection(cert: DeviceCert): Verdict | undefined {
    const guest = this.#guests.get(cert.deviceId)
    if (guest !== undefined && (guest.user !== cert.userId || guest.stays.isOpen)) return 'bad target'
    if ((this.members.get(cert.userId)?.devices.length ?? 0) >= MAX_DEVICES_PER_USER || this.#active >= MAX_DEVICES) return 'limit'
    return undefined
  }

  #begin(op: Op, user: UserId, role: RoleNumber, addedBy: UserId | undefined): void {
    this.#event(user, op, role)
    this.#rounds.set(user, (this.#rounds.get(user) ?? 0) + 1)
    this.members.set(user, { user, role: ROLE_NAMES[role] as Role, devices: [], since: op.fact.hlc, addedBy })
    if (this.former.delete(user)) this.changed.add('former')
    this.changed.add('members')
  }

  #seat(op: Op, cert: DeviceCert, role: RoleNumber, from: number | undefined): void {
    const { deviceId, userId } = cert
    let guest = this.#guests.get(deviceId)
    if (guest === undefined)
      this.#guests.set(deviceId, (guest = { user: userId, cert, stays: new Stays(), events: [], removals: [], round: 0 }))
    guest.cert = cert
    guest.round = this.#rounds.get(userId) ?? 0
    guest.stays.open(from, role)
    guest.events.push({ op, isIn: true })
    const member = this.members.get(userId)
    if (member !== undefined) this.members.set(userId, { ...member, devices: [...member.devices, deviceId] })
    this.#active++
    this.changed.add('members')
    this.#record(deviceId)
    this.epochs.changed(deviceId)
  }

  #endMember(op: Op, user: UserId, pins: readonly HeadPin[], how: FormerMember['how']): void {
    const member = this.members.get(user)
    for (const [device, guest] of this.#guestsOf(user)) {
      // Several ends of one stay: the highest pin counts. A device whose own removal the author knew is not theirs to pin again.
      if (guest.round !== this.#rounds.get(user) || guest.removals.some((removal) => isBefore(removal, op))) continue
      const wasOpen = guest.stays.isOpen
      guest.stays.end(this.#pin(op, device, pins))
      if (wasOpen) {
        guest.events.push({ op, isIn: false })
        this.#active--
      }
      this.#record(device)
    }
    if (member === undefined) return
    this.members.delete(user)
    this.#event(user, op, undefined)
    this.former.set(user, { user, by: op.user as UserId, how, at: op.fact.hlc })
    this.changed.add('members').add('former')
    for (const device of member.devices) this.epochs.changed(device)
  }

  #removeDevice(op: Op): void {
    const { payload } = op.fact
    if (payload.op !== 'device-remove') return
    const device = deviceIdOf(payload.pin.log)
    const guest = this.#guests.get(device)
    if (guest === undefined) return
    const wasOpen = guest.stays.isOpen
    guest.removals.push(op)
    guest.stays.cut(this.#pin(op, device, [payload.pin]))
    if (wasOpen) {
      guest.events.push({ op, isIn: false })
      this.#active--
      const member = this.members.get(guest.user)
      if (member !== undefined) this.members.set(guest.user, { ...member, devices: member.devices.filter((d) => d !== device) })
      this.changed.add('members')
    }
    this.#record(device)
    this.epochs.changed(device)
  }

  /** Up to where the log of a device counts by this operation: not below what its author knew of it. */
  #pin(op: Op, device: DeviceId, pins: readonly HeadPin[]): number {
    let pin = this.#namedPin(device, pins) ?? 0
    if (op.fact.device === device) pin = Math.max(pin, op.fact.seq + 1)
    for (const [acked, nextSeq] of op.fact.acks) if (acked === device) pin = Math.max(pin, nextSeq)
    const ops = this.#context.opsOf(device)
    for (let i = ops.length - 1; i >= 0; i--) {
      this.visits++
      const known = ops[i] as Op
      if (!isBefore(known, op)) continue
      pin = Math.max(pin, known.fact.seq + 1)
      break
    }
    return pin
  }

  #namedPin(device: DeviceId, pins: readonly HeadPin[]): number | undefined {
    return pins.find(({ log }) => deviceIdOf(log) === device)?.nextSeq
  }

  #event(user: UserId, op: Op, role: RoleNumber | undefined): void {
    const events = this.#events.get(user)
    if (events === undefined) this.#events.set(user, [{ op, role }])
    else events.push({ op, role })
  }

  /** The role of the user as the author of `op` knew it. */
  #roleInPast(user: UserId, op: Op): RoleNumber | undefined {
    return this.#lastBefore(this.#events.get(user), op)?.role
  }

  #isInPast(op: Op): boolean {
    return this.#isSeatedInPast(op) && this.#context.devices.isSound(op, ALL)
  }

  #isSeatedInPast(op: Op): boolean {
    const guest = this.#guests.get(op.fact.device)
    return guest !== undefined && guest.user === op.user && this.#lastBefore(guest.events, op)?.isIn === true
  }

  #lastBefore<T extends { readonly op: Op }>(events: readonly T[] | undefined, op: Op): T | undefined {
    return events?.findLast((event) => {
      this.visits++
      return isBefore(event.op, op)
    })
  }

  #guestsOf(user: UserId): [DeviceId, Guest][] {
    return [...this.#guests].filter(([, guest]) => guest.user === user)
  }

  #record(device: DeviceId): void {
    const { user, cert, stays } = this.#guests.get(device) as Guest
    this.devices.set(device, { user, cert, isActive: stays.isOpen, spans: stays.spans() })
    this.respanned.add(device)
    this.changed.add('devices')
  }
}

/** What speaks against an operation before anything else is known. */
export function earlyVerdict(op: Op): Verdict | undefined {
  if (hasEffect(op)) return undefined
  return op.isLate ? 'clock' : 'not counted'
}

function neededRole({ fact: { payload } }: Op): RoleNumber {
  return payload.op === 'epoch' || payload.op === 'admit' ? ROLES.writer : ROLES.reader
}
