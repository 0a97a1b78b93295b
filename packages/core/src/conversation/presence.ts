/**
 * Who is online and who types, by signed packets that are passed on over the links and never stored. A member is online while any of its
 * devices gives signs of life; only a signed goodbye, or silence, makes it offline.
 */
import { equalBytes, MAX_DEVICES, MAX_PRESENCE_BYTES, MAX_PRESENCE_PER_SECOND, Reject, type DeviceId, type UserId } from '@parley/protocol'
import type { MemberStatus } from '../api.ts'
import type { Context } from '../context.ts'
import { Emitter } from '../support/emitter.ts'
import { TokenBuckets } from '../support/token-buckets.ts'
import type { Replica } from '../replica/replica.ts'
import { SignalPaths } from './signal-paths.ts'
import { makePresence, readPresence, signalDevice, type PresencePacket } from './signals.ts'

/** A device without a packet for so long is offline (API.md). */
export const OFFLINE_AFTER_MS = 30_000
/** Signs of life while nothing changes: two may be lost before the device counts as offline. */
export const HEARTBEAT_MS = 10_000
/** After so long without a packet it may be the way to us that is broken, not the device that is gone: in time for the next sign of life to come another way. */
export const SILENT_AFTER_MS = 12_500
/** A participant who says nothing further has stopped typing (API.md). */
export const TYPING_SILENCE_MS = 6_000
/** At most one typing packet in this time (API.md). */
export const TYPING_PACKET_MS = 3_000
/** A packet of another time is a replay, or a clock too wrong to be believed (SECURITY-DESIGN 5.10). */
export const MAX_PRESENCE_SKEW_MS = 120_000

/** Who is to open the next epoch waits so long for each member before them, and no longer than for ten. */
const EPOCH_TURN_MS = 1_000
const MAX_EPOCH_TURNS = 10

/** Packets of one device that may come at once: who starts, stops and sends within a second is heard in full. */
const PRESENCE_BURST = 10
/** Packets kept whose device or epoch is not known yet: the entry that brings it in may come a moment later. Who sends more drives out the oldest. */
const MAX_EARLY_PACKETS = 32
/** What this device says itself stays below what others hear of it: packets that gather on the way must not be too many for them. */
const OWN_BURST = 6
const OWN_PER_SECOND = 1.5
/** Devices of which one peer may say that it hears of them no more: of all that there can be, twice at once, and each as often as it can fall silent. */
const UNHEARD_BURST = 2 * MAX_DEVICES
const UNHEARD_PER_SECOND = (MAX_DEVICES * 1_000) / SILENT_AFTER_MS
/** What changes faster is said once, so long after. */
const ANNOUNCE_AGAIN_MS = 700

/** A peer, as the ways of signals know it. */
export interface SignalPeer {
  readonly peer: DeviceId
  passPresence(device: DeviceId, packet: Uint8Array): void
}

export interface PresenceEvents {
  /** A packet to pass on; `from` undefined: it is our own. */
  packet: (bytes: Uint8Array, device: DeviceId, from: SignalPeer | undefined) => void
  /** We hear of these devices no more: to be said to everybody but `except`. */
  unheard: (devices: readonly DeviceId[], except: DeviceId | undefined) => void
  typing: (user: UserId) => void
  typingStopped: (user: UserId) => void
  status: (user: UserId, status: MemberStatus) => void
}

/** A packet that came before what says whose it is. */
interface Early {
  readonly bytes: Uint8Array
  readonly from: SignalPeer
}

interface Seen {
  readonly packet: PresencePacket
  readonly bytes: Uint8Array
  /** Packets that may still come at once, as of `at`; grows by `MAX_PRESENCE_PER_SECOND`. */
  readonly budget: number
  readonly at: number
  cancelSilence: () => void
}

export class Presence {
  readonly events: Emitter<PresenceEvents>
  readonly paths = new SignalPaths()
  readonly #context: Context
  readonly #replica: Replica
  readonly #devices = new Map<DeviceId, Seen>()
  readonly #typing = new Map<UserId, () => void>()
  readonly #ownRate: TokenBuckets<'own'>
  /** Devices that peers hear of no more, by peer. */
  readonly #unheardRate: TokenBuckets<DeviceId>
  /** The newest of each device, the latest last. */
  readonly #early = new Map<DeviceId, Early>()
  /** The last packet of this device that says it is online. */
  #latest: Promise<Uint8Array> | undefined
  #cancelAnnounce: (() => void) | undefined
  #counter = 0
  #ownTyping = false
  /** Packets that came again, or too late, since the start. */
  repeated = 0
  #lastTypingPacket = Number.NEGATIVE_INFINITY
  #cancelOwnTyping = (): void => undefined
  #cancelHeartbeat = (): void => undefined
  #cancelEpoch: (() => void) | undefined
  #stopped = false

  constructor(context: Context, replica: Replica) {
    this.#context = context
    this.#replica = replica
    this.#ownRate = new TokenBuckets(context.clock, { burst: OWN_BURST, perSecond: OWN_PER_SECOND })
    this.#unheardRate = new TokenBuckets(context.clock, { burst: UNHEARD_BURST, perSecond: UNHEARD_PER_SECOND })
    this.events = new Emitter((error, event) => context.report(error, `presence ${event}`))
  }

  start(): void {
    this.#replica.events.on('control', () => {
      this.#retryEarly()
      this.#scheduleEpoch()
    })
    this.#replica.events.on('state', () => this.#retryEarly())
    this.#heartbeat()
  }

  /** Says goodbye and forgets everything. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelHeartbeat()
    this.#cancelOwnTyping()
    this.#cancelAnnounce?.()
    this.#cancelEpoch?.()
    this.#early.clear()
    for (const cancel of this.#typing.values()) cancel()
    for (const seen of this.#devices.values()) seen.cancelSilence()
    await this.#send(false)
    this.events.clear()
  }

  isOnline(user: UserId): boolean {
    if (user === this.#context.me.userId) return true
    for (const [device, { packet }] of this.#devices) if (packet.online && this.#replica.userOf(device) === user) return true
    return false
  }

  isTyping(user: UserId): boolean {
    return this.#typing.has(user)
  }

  /** Gives a peer that has just come the last packet of this device, and of every other that is online. */
  async introduce(to: SignalPeer): Promise<void> {
    const own = await this.#own()
    if (own !== undefined) to.passPresence(this.#context.me.deviceId, own)
    for (const [device, { packet, bytes }] of this.#devices)
      if (packet.online && this.paths.mayGive(device, to.peer)) to.passPresence(device, bytes)
  }

  /**
   * A packet of this device for a peer that has just come; undefined before admission. When many come at once they get the same: each passes it
   * on to all others, who would have to hear as many packets as there are peers.
   */
  async #own(): Promise<Uint8Array | undefined> {
    if (this.#replica.epochs.current === undefined || this.#stopped) return undefined
    return this.#latest !== undefined && !this.#ownRate.take('own', 1) ? this.#latest : this.#makeOnline()
  }

  startTyping(): void {
    if (this.#context.preferences?.value.sendSeen === false) return this.stopTyping()
    const now = this.#context.clock.now()
    this.#cancelOwnTyping()
    this.#cancelOwnTyping = this.#context.clock.setTimeout(() => this.stopTyping(), TYPING_SILENCE_MS)
    this.#ownTyping = true
    if (now - this.#lastTypingPacket < TYPING_PACKET_MS) return
    this.#lastTypingPacket = now
    this.#announce()
  }

  stopTyping(): void {
    this.#cancelOwnTyping()
    if (!this.#ownTyping) return
    this.#ownTyping = false
    this.#lastTypingPacket = Number.NEGATIVE_INFINITY
    this.#announce()
  }

  /** A message of this user has come: they are no longer typing. */
  sent(user: UserId): void {
    this.#endTyping(user)
  }

  /** A packet from a peer. @throws {Reject} UnknownDevice for one that is kept until its device is known, or others. */
  async accept(bytes: Uint8Array, from: SignalPeer): Promise<void> {
    if (bytes.length > MAX_PRESENCE_BYTES) throw new Reject('LimitExceeded', 'presence packet')
    const author = signalDevice(bytes)
    const newest = this.#devices.get(author)
    // Word for word what is here: verified already.
    if (newest !== undefined && equalBytes(newest.bytes, bytes)) {
      this.repeated++
      if (this.paths.cameAgain(author, from.peer)) from.passPresence(author, bytes)
      return
    }
    const packet = await this.#read(author, bytes, from)
    if (this.#stopped || packet.device === this.#context.me.deviceId) return
    const now = this.#context.clock.now()
    if (Math.abs(packet.ms - now) > MAX_PRESENCE_SKEW_MS) throw new Reject('BadClock', 'presence packet of another time')
    const before = this.#devices.get(packet.device)
    if (before !== undefined && !isNewer(packet, before.packet)) {
      this.repeated++
      return
    }
    const user = this.#replica.userOf(packet.device)
    // Of nobody who is in.
    if (user === undefined || !this.#replica.isActive(packet.device)) return
    const budget =
      before === undefined
        ? PRESENCE_BURST
        : Math.min(PRESENCE_BURST, before.budget + ((now - before.at) * MAX_PRESENCE_PER_SECOND) / 1_000)
    // Else one member could make everybody pass on and show what nobody can follow.
    if (budget < 1) throw new Reject('RateLimited', 'presence packets')
    const wasOnline = this.isOnline(user)
    before?.cancelSilence()
    const cancelSilence = packet.online
      ? this.#context.clock.setTimeout(() => this.#silent(packet.device), SILENT_AFTER_MS)
      : () => undefined
    this.#devices.set(packet.device, { packet, bytes: bytes.slice(), budget: budget - 1, at: now, cancelSilence })
    this.paths.came(packet.device, from.peer)
    this.#announceStatus(user, wasOnline)
    if (packet.online && packet.typing) this.#beginTyping(user)
    else this.#endTyping(user)
    this.events.emit('packet', bytes, packet.device, from)
  }

  /** No link to this peer is left. */
  peerLost(peer: DeviceId): void {
    for (const [device, { from }] of this.#early) if (from.peer === peer) this.#early.delete(device)
    this.#tellUnheard(this.paths.lost(peer), peer)
  }

  /**
   * A peer does not hear of these devices from anybody else any more. @throws {Reject} RateLimited for more than any peer loses: each of them makes us send
   * again what the peer may have.
   */
  unheard(peer: DeviceId, devices: readonly DeviceId[]): void {
    if (!this.#unheardRate.take(peer, devices.length)) throw new Reject('RateLimited', 'devices that are heard of no more')
    this.#tellUnheard(this.paths.unheard(peer, devices), peer)
  }

  async #read(author: DeviceId, bytes: Uint8Array, from: SignalPeer): Promise<PresencePacket> {
    try {
      return await readPresence(this.#context, this.#replica, bytes)
    } catch (error) {
      if (error instanceof Reject && error.code === 'UnknownDevice' && !this.#stopped)
        this.#keepEarly(author, { bytes: bytes.slice(), from })
      throw error
    }
  }

  #keepEarly(author: DeviceId, early: Early): void {
    this.#early.delete(author)
    this.#early.set(author, early)
    for (const oldest of this.#early.keys()) {
      if (this.#early.size <= MAX_EARLY_PACKETS) break
      this.#early.delete(oldest)
    }
  }

  /** Who is in, or which keys are here, has changed. What is still of nobody known is kept again. */
  #retryEarly(): void {
    const early = [...this.#early.values()]
    this.#early.clear()
    for (const { bytes, from } of early)
      this.accept(bytes, from).catch((error: unknown) => {
        if (!(error instanceof Reject)) this.#context.report(error, 'early presence packet')
        else if (error.code !== 'UnknownDevice') this.#context.logger.warn('rejected', { code: error.code, why: error.message })
      })
  }

  #tellUnheard(devices: readonly DeviceId[], except: DeviceId | undefined): void {
    if (devices.length > 0 && !this.#stopped) this.events.emit('unheard', devices, except)
  }

  #silent(device: DeviceId): void {
    const seen = this.#devices.get(device)
    if (seen === undefined) return
    seen.cancelSilence = this.#context.clock.setTimeout(() => this.#lost(device), OFFLINE_AFTER_MS - SILENT_AFTER_MS)
    if (this.paths.silent(device)) this.#tellUnheard([device], undefined)
  }

  #beginTyping(user: UserId): void {
    const before = this.#typing.get(user)
    before?.()
    this.#typing.set(
      user,
      this.#context.clock.setTimeout(() => this.#endTyping(user), TYPING_SILENCE_MS),
    )
    if (before === undefined) this.events.emit('typing', user)
  }

  #endTyping(user: UserId): void {
    const cancel = this.#typing.get(user)
    if (cancel === undefined) return
    cancel()
    this.#typing.delete(user)
    this.events.emit('typingStopped', user)
  }

  #lost(device: DeviceId): void {
    const seen = this.#devices.get(device)
    const user = this.#replica.userOf(device)
    if (seen === undefined || user === undefined) return
    this.#devices.set(device, { ...seen, packet: { ...seen.packet, online: false } })
    this.#announceStatus(user, true)
    if (!this.isOnline(user)) this.#endTyping(user)
  }

  #announceStatus(user: UserId, wasOnline: boolean): void {
    const online = this.isOnline(user)
    if (online !== wasOnline) this.events.emit('status', user, online ? 'ONLINE' : 'OFFLINE')
  }

  #heartbeat(): void {
    this.#cancelHeartbeat = this.#context.clock.setTimeout(() => {
      // A typing participant repeats it in time, so that those who listen do not take the silence for an end.
      this.#announce()
      this.#scheduleEpoch()
      this.#heartbeat()
    }, HEARTBEAT_MS)
  }

  /**
   * After somebody left there is no key that only present members have, and until the next message nobody could be heard of. So one of them opens an epoch:
   * the first one who is here, in the order in which they came.
   */
  #scheduleEpoch(): void {
    const { controls, record } = this.#replica
    if (controls.membership.currentEpoch !== undefined || record.state !== 'member' || this.#stopped) return
    const place = [...controls.membership.members.keys()].indexOf(this.#context.me.userId)
    this.#cancelEpoch ??= this.#context.clock.setTimeout(
      () => {
        this.#cancelEpoch = undefined
        if (controls.membership.currentEpoch !== undefined) return
        this.#replica.openEpochIfDue().then(
          () => this.#announce(),
          (error: unknown) => this.#context.report(error, 'new epoch'),
        )
      },
      EPOCH_TURN_MS * Math.min(MAX_EPOCH_TURNS, place + 1),
    )
  }

  #announce(): void {
    if (!this.#ownRate.take('own', 1)) {
      this.#cancelAnnounce ??= this.#context.clock.setTimeout(() => {
        this.#cancelAnnounce = undefined
        this.#announce()
      }, ANNOUNCE_AGAIN_MS)
      return
    }
    this.#send(true).catch((error: unknown) => this.#context.report(error, 'presence packet'))
  }

  async #send(online: boolean): Promise<void> {
    if (this.#replica.epochs.current === undefined || this.#replica.record.state !== 'member') return
    const packet = await (online ? this.#makeOnline() : this.#make({ online, typing: false }))
    this.events.emit('packet', packet, this.#context.me.deviceId, undefined)
  }

  #makeOnline(): Promise<Uint8Array> {
    const packet = this.#make({ online: true, typing: this.#ownTyping })
    this.#latest = packet
    return packet
  }

  #make(state: { online: boolean; typing: boolean }): Promise<Uint8Array> {
    return makePresence(this.#context, this.#replica, { counter: ++this.#counter, ms: this.#context.clock.now(), ...state })
  }
}

function isNewer(packet: PresencePacket, than: PresencePacket): boolean {
  return packet.session === than.session ? packet.counter > than.counter : packet.ms > than.ms
}
