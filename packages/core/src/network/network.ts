/** All links of this engine: which peers there are, on which link a device is spoken to, where we can be found, and whom we look for. */
import { deriveKey, inviteKey } from '@parley/crypto'
import {
  compareBytes,
  equalBytes,
  isParleyError,
  ParleyError,
  toBase64Url,
  type ConversationId,
  type DeviceId,
  type Reject,
  type RejectCode,
} from '@parley/protocol'
import type { LinkInspection } from '../api.ts'
import type { Context } from '../context.ts'
import { Emitter } from '../support/emitter.ts'
import { errorFacts } from '../support/error-facts.ts'
import type { Invite } from '../replica/membership.ts'
import { Peer, type PeerHost } from './peer.ts'
import type { Replica } from '../replica/replica.ts'
import { SyncSession, type Shared } from './sync.ts'
import type { Channel, Topic, Transport } from '../transport.ts'

/** Links whose other end is not known yet; the oldest goes when one more comes. */
export const MAX_STRANGERS = 64
/** Invites that we wait at for joiners, per conversation (SECURITY-DESIGN 5.12: open invites). */
const MAX_INVITE_TOPICS = 100
/** The same for invites that are used up or have expired. */
const MAX_CLOSED_INVITE_TOPICS = 8
/** First pause between attempts to reach an address of an invite link, doubled up to the second. */
const REDIAL_MS = 1_000
const MAX_REDIAL_MS = 30_000
/** A ban outlasts reconnections and ends without anybody's help, should a fault of ours have caused it. */
export const BAN_MS = 600_000

/** The first entry after a start waits at most so long for what peers hold of the own log: a slow link's round trips. */
const OWN_LOG_WAIT_MS = 3_000
/** How often it is looked meanwhile. */
const OWN_LOG_LOOK_MS = 20

export interface NetworkEvents {
  connection: () => void
  /** Links or progress of one conversation changed. */
  progress: (conversation: ConversationId) => void
  /** Entries of this device went out on a link. */
  sent: (conversation: ConversationId, nextSeq: number) => void
  refused: (conversation: ConversationId, code: 'InviteInvalid' | 'InviteExpired' | 'InviteUsedUp') => void
}

export class Network {
  readonly events: Emitter<NetworkEvents>
  readonly #context: Context
  readonly #transports: readonly Transport[]
  readonly #conversations = new Map<ConversationId, Shared>()
  readonly #peers = new Set<Peer>()
  readonly #rejected: Partial<Record<RejectCode, number>> = {}
  /** Devices that are not talked to, until when. */
  readonly #banned = new Map<DeviceId, number>()
  #redialMs = REDIAL_MS
  #cancelRedial = (): void => undefined
  #isRunning = false

  constructor(context: Context, transports: readonly Transport[]) {
    this.#context = context
    this.#transports = transports
    this.events = new Emitter((error, event) => context.report(error, `network ${event}`))
  }

  async start(): Promise<void> {
    this.#isRunning = true
    this.#updateTopics()
    const { clock, random, logger } = this.#context
    await Promise.all(this.#transports.map((t) => t.start({ onChannel: (channel) => this.#onChannel(channel), clock, random, logger })))
    this.#redial()
  }

  /** Says goodbye on every link and stops the transports. */
  async stop(): Promise<void> {
    this.#isRunning = false
    this.#cancelRedial()
    for (const peer of [...this.#peers]) peer.close('this peer is going')
    await Promise.all(this.#transports.map((t) => t.stop()))
    this.events.clear()
  }

  /** Takes a conversation in: passes on what it says, and lets peers find it. */
  add(shared: Shared): void {
    const { replica, receipts, presence } = shared
    this.#conversations.set(replica.id, shared)
    replica.events.on('entries', (entries, from) => {
      if (from instanceof SyncSession) from.received(entries)
      const sessions = this.#sessions(replica, from)
      for (const session of sessions) session.push(entries)
      const own = entries.findLast((e) => e.device === this.#context.me.deviceId)
      if (own !== undefined && sessions.length > 0) this.events.emit('sent', replica.id, own.seq + 1)
    })
    replica.ownLogKnown = () => this.#ownLogKnown(replica)
    replica.events.on('forks', () => {
      for (const session of this.#sessions(replica, undefined)) session.logsChanged()
    })
    const refresh = (): void => {
      this.#updateTopics()
      for (const peer of this.#peers) peer.refresh().catch((error: unknown) => this.#context.report(error, 'proofs'))
    }
    replica.events.on('control', refresh)
    replica.events.on('state', refresh)
    receipts.events.on('slot', (bytes, from) => {
      for (const session of this.#sessions(replica, from)) session.passSlot(bytes)
    })
    presence.events.on('packet', (bytes, from) => {
      for (const session of this.#sessions(replica, from)) session.passPresence(bytes)
    })
    if (!this.#isRunning) return
    refresh()
    this.wake()
  }

  /** Waits until peers that are linked have said what they hold of this device's log and it is here; at once when there is nobody to ask. */
  #ownLogKnown(replica: Replica): Promise<void> {
    const { clock } = this.#context
    const deadline = clock.now() + OWN_LOG_WAIT_MS
    return new Promise((resolve) => {
      const look = (): void => {
        if (clock.now() >= deadline || this.sessions(replica).every((session) => session.knowsOwnLog)) resolve()
        else clock.setTimeout(look, OWN_LOG_LOOK_MS)
      }
      look()
    })
  }

  /** Sessions of a conversation on the links in use. */
  sessions(replica: Replica): SyncSession[] {
    return this.#sessions(replica, undefined)
  }

  /** False only when there are meeting points and none answers. */
  get isReachable(): boolean {
    const points = this.rendezvous()
    return this.#transports.length > 0 && (points.length === 0 || points.some((p) => p.connected))
  }

  addresses(): string[] {
    return this.#transports.flatMap((t) => t.addresses())
  }

  rendezvous(): { url: string; connected: boolean }[] {
    return this.#transports.flatMap((t) => t.rendezvous?.() ?? [])
  }

  links(): LinkInspection[] {
    return [...this.#peers].map((peer) => ({
      transport: peer.link.channel.transport,
      remote: peer.link.channel.remote,
      device: peer.cert?.deviceId,
      user: peer.cert?.userId,
      conversations: peer.conversations(),
      bytesIn: peer.link.counters.bytesIn,
      bytesOut: peer.link.counters.bytesOut,
      queuedBytes: peer.link.queuedBytes,
      roundTripMs: peer.roundTripMs,
    }))
  }

  rejected(): Readonly<Record<string, number>> {
    return { ...this.#rejected }
  }

  /** Dials with the first transport that reads the address. */
  async dial(address: string, options?: { signal?: AbortSignal }): Promise<void> {
    let failure: ParleyError | undefined
    for (const transport of this.#transports) {
      if (transport.dial === undefined) continue
      try {
        return await transport.dial(address, options)
      } catch (error) {
        if (!isParleyError(error)) throw error
        // What a transport could not reach says more than what another could not read.
        if (failure === undefined || failure.code === 'InvalidArgument') failure = error
      }
    }
    throw failure ?? new ParleyError('Unreachable', 'no transport of this profile can dial; it is offline')
  }

  /** Tries every path at once. */
  wake(): void {
    for (const transport of this.#transports) transport.wake?.()
    this.#redialMs = REDIAL_MS
    this.#redial()
  }

  #sessions(replica: Replica, except: unknown): SyncSession[] {
    const sessions: SyncSession[] = []
    for (const peer of this.#peers) {
      const session = peer.isActive ? peer.sessionFor(replica) : undefined
      if (session !== undefined && session !== except) sessions.push(session)
    }
    return sessions
  }

  #onChannel(channel: Channel): void {
    const strangers = [...this.#peers].filter((p) => p.cert === undefined)
    if (strangers.length >= MAX_STRANGERS) strangers[0]?.close('too many unknown peers')
    const host: PeerHost = {
      context: this.#context,
      conversations: () => this.#conversations.values(),
      onIdentified: (peer) => this.#onIdentified(peer),
      onClosed: (peer) => this.#onClosed(peer),
      onChange: (id) => this.events.emit('progress', id),
      onReject: (reject, peer) => this.#onReject(reject, peer),
      onStruckOut: (peer) => this.#ban(peer),
      onRefused: (replica, code) => this.events.emit('refused', replica.id, code),
    }
    const peer = new Peer(host, channel)
    if (!channel.closed) this.#peers.add(peer)
    this.events.emit('connection')
  }

  #onIdentified(peer: Peer): void {
    const device = peer.cert?.deviceId
    if (device !== undefined && (this.#banned.get(device) ?? 0) > this.#context.clock.now()) return peer.close('banned for a while')
    for (const other of [...this.#peers]) {
      // The device has started anew; its earlier links are dead.
      if (other !== peer && other.cert?.deviceId === device && !equalBytes(other.session!, peer.session!))
        other.close('the peer has started anew')
    }
    if (device !== undefined) this.#choose(device)
    this.events.emit('connection')
  }

  #onClosed(peer: Peer): void {
    this.#peers.delete(peer)
    if (peer.cert !== undefined) this.#choose(peer.cert.deviceId)
    this.events.emit('connection')
    if (this.#isRunning) this.#redial()
  }

  /** Of several links to one device both ends use the one with the smallest transcript; the others stand by. */
  #choose(device: DeviceId): void {
    const links = [...this.#peers].filter((p) => p.cert?.deviceId === device).sort((a, b) => compareBytes(a.transcript!, b.transcript!))
    for (const [i, peer] of links.entries()) peer.setActive(i === 0)
  }

  /** A device that sent too much that no honest one sends is not talked to for a while, on whatever link it comes. */
  #ban(peer: Peer): void {
    const device = peer.cert?.deviceId
    if (device === undefined) return
    this.#banned.set(device, this.#context.clock.now() + BAN_MS)
    for (const other of [...this.#peers]) if (other.cert?.deviceId === device) other.close('too much that could not be accepted')
  }

  #onReject(reject: Reject, peer: Peer): void {
    this.#rejected[reject.code] = (this.#rejected[reject.code] ?? 0) + 1
    this.#context.logger.warn('rejected', { code: reject.code, why: reject.message, transport: peer.link.channel.transport })
  }

  #updateTopics(): void {
    const topics = [...this.#conversations.values()].flatMap(({ replica }) => topicsOf(replica, this.#context.clock.now()))
    for (const transport of this.#transports) transport.setTopics(topics)
  }

  /** Tries the addresses of invite links for conversations that nobody is connected for. */
  #redial(): void {
    this.#cancelRedial()
    if (!this.#isRunning) return
    const lonely = [...this.#conversations.values()].filter(
      ({ replica }) => replica.record.state !== 'refused' && replica.record.hints.length > 0 && this.sessions(replica).length === 0,
    )
    if (lonely.length === 0) return
    for (const hint of new Set(lonely.flatMap(({ replica }) => replica.record.hints))) {
      this.dial(hint).catch((error: unknown) => this.#context.logger.debug('unreachable', errorFacts(error)))
    }
    this.#cancelRedial = this.#context.clock.setTimeout(() => {
      this.#redialMs = Math.min(this.#redialMs * 2, MAX_REDIAL_MS)
      this.#redial()
    }, this.#redialMs)
  }
}

/** Where a conversation's members, and those who were invited, meet. */
function topicsOf(replica: Replica, now: number): Topic[] {
  const { seed, state } = replica.record
  if (state === 'joining' && seed !== undefined) return [inviteTopic(replica, inviteKey(seed).publicKey)]
  if (state !== 'member') return []
  const isOpen = (i: Invite): boolean => i.used < i.maxUses && i.expiresMs > now
  const open = replica.invites().filter(isOpen).slice(-MAX_INVITE_TOPICS)
  // Who comes late with a link that admits nobody more is told so.
  const over = replica
    .invites()
    .filter((i) => !isOpen(i))
    .slice(-MAX_CLOSED_INVITE_TOPICS)
  const epochs = replica.epochs.all().slice(0, 2)
  return [...epochs.map((e) => e.topic), ...[...open, ...over].map((i) => inviteTopic(replica, i.publicKey))]
}

function inviteTopic(replica: Replica, publicKey: Uint8Array): Topic {
  return {
    name: toBase64Url(deriveKey(publicKey, 'invite-topic', replica.bytes)),
    secret: toBase64Url(deriveKey(publicKey, 'invite-topic-secret', replica.bytes)),
  }
}
