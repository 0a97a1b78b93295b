/** Who is in, with which devices and in which role, and what each device was at every point of the past: what the operations of `roster.ts` change. */
import {
  deviceIdOf,
  MAX_DEVICES,
  MAX_DEVICES_PER_USER,
  type DeviceId,
  type HeadPin,
  type MessageId,
  type RoleNumber,
  type UserId,
} from '@parley/protocol'
import type { DeviceCert } from '@parley/crypto'
import type { Role } from '../api.ts'
import type { Authority } from './authority.ts'
import { isBefore, type Op } from './causality.ts'
import { ALL, type Devices } from './devices.ts'
import { EpochBook } from './epochs.ts'
import { ROLE_NAMES, Stays } from './spans.ts'
import type { DeviceRecord, FormerMember, MemberRecord, MembershipChecks, Verdict } from './types.ts'

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

/** What is known beside the state. */
export interface RosterContext {
  readonly devices: Devices
  readonly authority: Authority
  readonly checks: MembershipChecks
  /** Operations of a device that can be named, in the order in which they were placed. */
  opsOf(device: DeviceId): readonly Op[]
  /** Operations that revoke an invite, whether they hold or not. */
  revocationsOf(invite: MessageId): readonly Op[]
}

/** What has changed since the last look. */
export type Part = 'members' | 'former' | 'devices' | 'invites'

export class Seats {
  protected readonly context: RosterContext
  readonly members = new Map<UserId, MemberRecord>()
  readonly former = new Map<UserId, FormerMember>()
  readonly devices = new Map<DeviceId, DeviceRecord>()
  readonly epochs: EpochBook
  readonly changed = new Set<Part>()
  /** Devices whose spans have changed since the last look. */
  readonly respanned = new Set<DeviceId>()
  /** Visits of operations, for tests of cost. */
  visits = 0
  readonly #guests = new Map<DeviceId, Guest>()
  readonly #events = new Map<UserId, UserEvent[]>()
  /** How many times a user has come in. */
  readonly #rounds = new Map<UserId, number>()
  #active = 0

  constructor(context: RosterContext, isDirect: boolean) {
    this.context = context
    this.epochs = new EpochBook((device) => this.devices.get(device)?.isActive ?? isDirect)
  }

  /** What speaks against a device that somebody else brings in. */
  protected arrivalObjection(op: Op, cert: DeviceCert): Verdict | undefined {
    const { devices } = this.context
    if (devices.isRemoved(cert.deviceId, cert.userId, op, ALL)) return 'concurrent removal'
    if (cert.issuer !== undefined && devices.isRemoved(cert.issuer, cert.userId, op, ALL)) return 'concurrent removal'
    return this.seatObjection(cert)
  }

  protected seatObjection(cert: DeviceCert): Verdict | undefined {
    const guest = this.#guests.get(cert.deviceId)
    if (guest !== undefined && (guest.user !== cert.userId || guest.stays.isOpen)) return 'bad target'
    if ((this.members.get(cert.userId)?.devices.length ?? 0) >= MAX_DEVICES_PER_USER || this.#active >= MAX_DEVICES) return 'limit'
    return undefined
  }

  protected begin(op: Op, user: UserId, role: RoleNumber, addedBy: UserId | undefined): void {
    this.event(user, op, role)
    this.#rounds.set(user, (this.#rounds.get(user) ?? 0) + 1)
    this.members.set(user, { user, role: ROLE_NAMES[role] as Role, devices: [], since: op.fact.hlc, addedBy })
    if (this.former.delete(user)) this.changed.add('former')
    this.changed.add('members')
  }

  protected seat(op: Op, cert: DeviceCert, role: RoleNumber, from: number | undefined): void {
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

  protected endMember(op: Op, user: UserId, pins: readonly HeadPin[], how: FormerMember['how']): void {
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
    this.event(user, op, undefined)
    this.former.set(user, { user, by: op.user as UserId, how, at: op.fact.hlc })
    this.changed.add('members').add('former')
    for (const device of member.devices) this.epochs.changed(device)
  }

  protected removeDevice(op: Op): void {
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

  /** A role from here on, for these devices. */
  protected changeRole(op: Op, devices: readonly DeviceId[], role: RoleNumber, pins: readonly HeadPin[]): void {
    for (const device of devices) {
      this.#guests.get(device)?.stays.change(this.#pin(op, device, pins), role)
      this.#record(device)
    }
  }

  /** The certificate with which that device of the user was here last. */
  protected certOf(device: DeviceId, user: UserId): DeviceCert | undefined {
    const guest = this.#guests.get(device)
    return guest?.user === user ? guest.cert : undefined
  }

  /** Up to where the log of a device counts by this operation: not below what its author knew of it. */
  #pin(op: Op, device: DeviceId, pins: readonly HeadPin[]): number {
    let pin = this.namedPin(device, pins) ?? 0
    if (op.fact.device === device) pin = Math.max(pin, op.fact.seq + 1)
    for (const [acked, nextSeq] of op.fact.acks) if (acked === device) pin = Math.max(pin, nextSeq)
    const ops = this.context.opsOf(device)
    for (let i = ops.length - 1; i >= 0; i--) {
      this.visits++
      const known = ops[i] as Op
      if (!isBefore(known, op)) continue
      pin = Math.max(pin, known.fact.seq + 1)
      break
    }
    return pin
  }

  protected namedPin(device: DeviceId, pins: readonly HeadPin[]): number | undefined {
    return pins.find(({ log }) => deviceIdOf(log) === device)?.nextSeq
  }

  protected event(user: UserId, op: Op, role: RoleNumber | undefined): void {
    const events = this.#events.get(user)
    if (events === undefined) this.#events.set(user, [{ op, role }])
    else events.push({ op, role })
  }

  /** The role of the user as the author of `op` knew it. */
  protected roleInPast(user: UserId, op: Op): RoleNumber | undefined {
    return this.#lastBefore(this.#events.get(user), op)?.role
  }

  protected isInPast(op: Op): boolean {
    return this.isSeatedInPast(op) && this.context.devices.isSound(op, ALL)
  }

  protected isSeatedInPast(op: Op): boolean {
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
