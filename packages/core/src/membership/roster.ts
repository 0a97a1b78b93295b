/**
 * The state of a conversation, operation by operation in the order (clock, id). Authority over others has been decided before; here it is
 * said what an operation does, and whether one that needs no admin holds.
 */
import {
  deviceIdOf,
  MAX_CONTROL_ENTRIES,
  MAX_OPEN_INVITES,
  messageIdFromBytes,
  messageIdOf,
  ROLES,
  userIdOf,
  type AdmitControl,
  type DeviceAddControl,
  type DeviceBox,
  type GrantControl,
  type HistoryPolicy,
  type MessageId,
  type RoleNumber,
  type UserId,
} from '@parley/protocol'
import type { Role } from '../api.ts'
import { needsAdmin } from './authority.ts'
import { isBefore, type Op } from './causality.ts'
import { ALL, hasEffect } from './devices.ts'
import { Seats, type RosterContext } from './seats.ts'
import { ROLE_NAMES } from './spans.ts'
import type { Invite, Verdict } from './types.ts'

/** Epochs without effect that are kept, for messages may lie under them: far more than anybody mints beside one removal. */
const MAX_SHADOW_EPOCHS = 1_000

export class Roster extends Seats {
  readonly invites = new Map<MessageId, Invite>()
  history: HistoryPolicy = 'full'
  readonly #isDirect: boolean
  readonly #inviteOps = new Map<MessageId, Op>()
  readonly #openInvites = new Set<MessageId>()
  #counted = 0
  #shadows = 0

  constructor(context: RosterContext, isDirect: boolean) {
    super(context, isDirect)
    this.#isDirect = isDirect
  }

  /** Takes in the next operation in order, or says why it has no effect. */
  apply(op: Op): Verdict | undefined {
    this.visits++
    const early = earlyVerdict(op)
    if (early !== undefined) return early
    if (needsAdmin(op)) {
      if (!this.context.authority.holds(op)) return this.context.authority.reason(op)
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
        if (!this.context.devices.isOwnRemoval(op)) return 'no authority'
        this.removeDevice(op)
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
    if (user === undefined || !this.isInPast(op)) return 'no device'
    const role = this.roleInPast(user, op)
    if (role === undefined || role < least) return 'no authority'
    return this.context.authority.isLoweredBeside(user, op, least) ? 'no authority' : undefined
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
        this.endMember(op, userIdOf(payload.user), payload.pins, 'removed')
        return undefined
      default:
        this.removeDevice(op)
        return undefined
    }
  }

  #found(op: Op): Verdict | undefined {
    const { payload, certs, device } = op.fact
    const cert = certs[0]
    if (payload.op !== 'genesis' || this.#isDirect || this.members.size > 0 || cert === undefined || cert.deviceId !== device)
      return 'bad target'
    this.history = payload.history
    this.begin(op, cert.userId, ROLES.founder, undefined)
    this.seat(op, cert, ROLES.founder, 0)
    this.#openFirst(op, payload.epochCommitment, [])
    return undefined
  }

  #meet(op: Op): Verdict | undefined {
    const { payload, certs } = op.fact
    const cert = certs[0]
    if (payload.op !== 'direct' || !this.#isDirect || op.binding !== op || cert === undefined) return 'bad target'
    if (this.context.devices.isRemoved(cert.deviceId, cert.userId, op, ALL)) return 'no device'
    if (cert.issuer !== undefined && this.context.devices.isRemoved(cert.issuer, cert.userId, op, ALL)) return 'no device'
    const objection = this.seatObjection(cert)
    if (objection !== undefined) return objection
    for (const user of new Set([cert.userId, userIdOf(payload.peer)])) {
      if (this.members.has(user)) this.event(user, op, ROLES.writer)
      else this.begin(op, user, ROLES.writer, undefined)
    }
    this.seat(op, cert, ROLES.writer, 0)
    this.#openFirst(op, payload.epochCommitment, payload.boxes)
    return undefined
  }

  #openFirst(op: Op, commitment: Uint8Array, boxes: readonly DeviceBox[]): void {
    const id = this.context.checks.epochId(commitment)
    this.epochs.handOut(id, [op.fact.device, ...boxes.map(({ device }) => deviceIdOf(device))])
    this.epochs.open(op, { id, gen: 0, commitment, parents: [], back: [], isValid: true })
  }

  #openEpoch(op: Op): Verdict | undefined {
    const { payload, device } = op.fact
    if (payload.op !== 'epoch') return 'bad target'
    const { user } = op
    if (user === undefined || !this.isSeatedInPast(op)) return 'no device'
    if ((this.roleInPast(user, op) ?? -1) < ROLES.writer) return 'no authority'
    if (!this.epochs.fits(op, payload.gen, payload.parents)) return 'bad target'
    // One whose author turned out to be removed is kept, for messages may lie under it, and nobody writes under it.
    const verdict = this.authorVerdict(op)
    if (verdict === undefined ? this.#counted >= MAX_CONTROL_ENTRIES : this.#shadows >= MAX_SHADOW_EPOCHS) return 'limit'
    const id = this.context.checks.epochId(payload.commitment)
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
    return made !== undefined && !this.context.authority.isRemovedSince(user, made)
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
    const { authority, checks } = this.context
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
    const objection = this.arrivalObjection(op, cert)
    if (objection !== undefined) return objection
    if (!checks.proofHolds(op.fact, invite.publicKey)) return 'bad invite'
    const used = invite.used + 1
    this.invites.set(ref, { ...invite, used })
    if (used >= invite.maxUses) this.#openInvites.delete(ref)
    this.changed.add('invites')
    this.begin(op, cert.userId, ROLES[invite.role], op.user)
    this.seat(op, cert, ROLES[invite.role], payload.from)
    return undefined
  }

  /** Whether a revocation of the invite holds that the admission does not precede; it may come later in order. */
  #isRevokedFor(ref: MessageId, made: Op, admit: Op): boolean {
    return this.context.revocationsOf(ref).some((revoke) => {
      this.visits++
      return this.context.authority.holds(revoke) && isBefore(made, revoke) && !isBefore(admit, revoke)
    })
  }

  #addDevice(op: Op): Verdict | undefined {
    const cert = op.fact.certs[0]
    const member = op.user === undefined ? undefined : this.members.get(op.user)
    if (cert === undefined || cert.userId !== op.user) return 'bad target'
    // They left meanwhile, on another device.
    if (member === undefined) return 'no authority'
    if (this.context.devices.isRemoved(cert.deviceId, cert.userId, op, ALL)) return 'concurrent removal'
    const objection = this.seatObjection(cert)
    if (objection !== undefined) return objection
    this.seat(op, cert, ROLES[member.role], undefined)
    return undefined
  }

  #grant(op: Op, payload: GrantControl): Verdict | undefined {
    const { authority } = this.context
    const user = userIdOf(payload.user)
    if (authority.isRemovedBeside(user, op) || authority.hasLeftBeside(user, op)) return 'concurrent removal'
    if (payload.role === ROLES.admin && !authority.hasRaised(op)) return 'concurrent removal'
    const member = this.members.get(user)
    if (member === undefined) this.begin(op, user, payload.role, op.user)
    else {
      this.event(user, op, payload.role)
      this.members.set(user, { ...member, role: ROLE_NAMES[payload.role] as Role })
      this.changed.add('members')
      this.changeRole(op, member.devices, payload.role, payload.pins)
    }
    for (const cert of op.fact.certs)
      if (cert.userId === user && this.arrivalObjection(op, cert) === undefined)
        this.seat(op, cert, payload.role, this.namedPin(cert.deviceId, payload.pins))
    if (member !== undefined) return undefined
    // Who was here before comes back with the devices that the grant names.
    for (const { log, nextSeq } of payload.pins) {
      const cert = this.certOf(deviceIdOf(log), user)
      if (cert !== undefined && this.arrivalObjection(op, cert) === undefined) this.seat(op, cert, payload.role, nextSeq)
    }
    return undefined
  }

  #leave(op: Op): Verdict | undefined {
    const { payload } = op.fact
    const { user } = op
    if (payload.op !== 'leave' || this.#isDirect) return 'bad target'
    if (user === undefined || !this.isInPast(op)) return 'no device'
    if (this.roleInPast(user, op) === undefined || !this.context.authority.isLeave(op)) return 'no authority'
    this.endMember(op, user, payload.pins, 'left')
    return undefined
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
