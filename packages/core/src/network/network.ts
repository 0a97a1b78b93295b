/** All links of this engine: which peers there are, on which link a device is spoken to, where we can be found, and whom we look for. */
import type { MeetingKeys } from '@parley/crypto'
import {
  compareBytes,
  equalBytes,
  isParleyError,
  ParleyError,
  type ConversationId,
  type DeviceId,
  type Reject,
  type RejectCode,
} from '@parley/protocol'
import type { Inspection, LinkInspection } from '../api.ts'
import type { Context } from '../context.ts'
import { Emitter } from '../support/emitter.ts'
import type { DeviceDoor } from './device-line.ts'
import type { Door } from './door.ts'
import { eagerPeers } from './mesh.ts'
import { Peer, type PeerHost } from './peer.ts'
import type { Replica } from '../replica/replica.ts'
import type { Shared } from './session-line.ts'
import { Joining } from './joining.ts'
import { Redial, type Lonely } from './redial.ts'
import { addressName, Strikes } from './strikes.ts'
import { SyncSession } from './sync.ts'
import { isWanted, meetingTopic, topicsOf } from './topics.ts'
import type { Channel, Transport, TransportHost } from '../transport.ts'

/** Links whose other end is not known yet; the oldest goes when one more comes. */
export const MAX_STRANGERS = 64
/** People who are waited for at their inbox: those who were to be told something last. */
const MAX_INBOX_TOPICS = 64
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
  readonly #door: Door
  readonly #devices: DeviceDoor & { meetings(): readonly MeetingKeys[] }
  readonly #conversations = new Map<ConversationId, Shared>()
  readonly #peers = new Set<Peer>()
  readonly #rejected: Partial<Record<RejectCode, number>> = {}
  /** Of devices, which proved that they are who they are, and of addresses of those who have not. */
  readonly #strikes: { readonly devices: Strikes; readonly addresses: Strikes }
  readonly #joining: Joining
  readonly #redial: Redial
  #isRunning = false

  constructor(
    context: Context,
    transports: readonly Transport[],
    door: Door,
    devices: DeviceDoor & { meetings(): readonly MeetingKeys[] },
  ) {
    this.#context = context
    this.#door = door
    this.#devices = devices
    this.#transports = transports
    this.events = new Emitter((error, event) => context.report(error, `network ${event}`))
    this.#strikes = { devices: new Strikes(context.clock), addresses: new Strikes(context.clock) }
    this.#redial = new Redial({
      clock: context.clock,
      logger: context.logger,
      lonely: () => this.#lonely(),
      dial: (address) => this.dial(address),
      onReached: (replicas) => this.#joining.reached(replicas),
    })
    this.#joining = new Joining(context.clock, this.#peers, (replica, code) => this.events.emit('refused', replica.id, code))
  }

  async start(): Promise<void> {
    this.#isRunning = true
    this.#updateTopics()
    const { clock, random, logger } = this.#context
    const host: TransportHost = {
      onChannel: (channel) => this.#onChannel(channel),
      onRendezvous: () => this.events.emit('connection'),
      onNetworkChange: () => this.wake(),
      clock,
      random,
      logger,
    }
    await Promise.all(this.#transports.map((transport) => transport.start(host)))
    this.#redial.start()
  }

  /** Says goodbye on every link and stops the transports. */
  async stop(): Promise<void> {
    this.#isRunning = false
    this.#redial.stop()
    this.#joining.stop()
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
      const peers = this.#sessions(replica, undefined).map(({ peer }) => peer)
      const eager = eagerPeers(this.#context.me.deviceId, peers)
      for (const session of sessions) {
        if (eager.has(session.peer)) session.push(entries)
        else session.announce(entries)
      }
      const own = entries.findLast((e) => e.device === this.#context.me.deviceId)
      if (own !== undefined && sessions.length > 0) this.events.emit('sent', replica.id, own.seq + 1)
    })
    replica.askForOwnLog(
      () => this.#ownLogKnown(replica),
      () => this.#isOwnLogKnown(replica),
    )
    replica.events.on('forks', () => {
      for (const session of this.#sessions(replica, undefined)) session.logsChanged()
    })
    const refresh = (): void => this.refresh()
    replica.events.on('control', refresh)
    replica.events.on('state', refresh)
    const { paths } = presence
    receipts.events.on('slot', (bytes, device, from) => {
      for (const session of this.#sessions(replica, from)) if (paths.isDue(device, session.peer)) session.passSlots([bytes])
    })
    presence.events.on('packet', (bytes, device, from) => {
      for (const session of this.#sessions(replica, from)) if (paths.isDue(device, session.peer)) session.passPresence(device, bytes)
    })
    presence.events.on('unheard', (devices, except) => {
      for (const session of this.#sessions(replica, undefined)) if (session.peer !== except) session.sayUnheard(devices)
    })
    if (!this.#isRunning) return
    if (this.#peers.size > 0) this.#readWhole()
    refresh()
    this.wake()
  }

  /** What can be proved, or is to be told, has changed. */
  refresh(): void {
    this.#updateTopics()
    for (const peer of this.#peers) peer.refresh().catch((error: unknown) => this.#context.report(error, 'proofs'))
  }

  /** A conversation is here no longer. */
  remove(replica: Replica): void {
    this.#conversations.delete(replica.id)
    for (const peer of this.#peers) peer.drop(replica)
    if (this.#isRunning) this.#updateTopics()
  }

  /** Waits until peers that are linked have said what they hold of this device's log and it is here; at once when there is nobody to ask. */
  #ownLogKnown(replica: Replica): Promise<void> {
    const { clock } = this.#context
    const deadline = clock.now() + OWN_LOG_WAIT_MS
    return new Promise((resolve) => {
      const look = (): void => {
        if (clock.now() >= deadline || this.#isOwnLogKnown(replica)) resolve()
        else clock.setTimeout(look, OWN_LOG_LOOK_MS)
      }
      look()
    })
  }

  #isOwnLogKnown(replica: Replica): boolean {
    return this.sessions(replica).every((session) => session.knowsOwnLog)
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
    const points = this.#transports.flatMap((t) => t.rendezvous?.() ?? [])
    // Two transports may meet at one server, over a connection of their own each.
    return [...Map.groupBy(points, ({ url }) => url)].map(([url, same]) => ({ url, connected: same.some(({ connected }) => connected) }))
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
      roundTripMs: peer.keepAlive.roundTripMs,
    }))
  }

  rejected(): Readonly<Record<string, number>> {
    return { ...this.#rejected }
  }

  /** What was put off or waits in memory, over all conversations. */
  passedOver(): Inspection['passedOver'] {
    const shared = [...this.#conversations.values()]
    const all = shared.map(({ replica }) => replica.passedOver)
    return {
      deferred: all.reduce((sum, { deferred }) => sum + deferred, 0),
      held: all.reduce((sum, { held }) => sum + held, 0),
      excess: all.reduce((sum, { excess }) => sum + excess, 0),
      contradicted: all.reduce((sum, { contradicted }) => sum + contradicted, 0),
      repeated: all.reduce((sum, { repeated }) => sum + repeated, 0) + shared.reduce((sum, { presence }) => sum + presence.repeated, 0),
      waitingBytes: this.#context.waiting.bytes,
    }
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

  /** Tries every path at once, and looks whether the links that there are still lead anywhere. */
  wake(): void {
    for (const peer of this.#peers) peer.keepAlive.probe()
    for (const transport of this.#transports) transport.wake?.()
    this.#redial.wake()
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
    if (this.#strikes.addresses.isBanned(addressName(channel.remote))) return channel.close('banned for a while')
    const strangers = [...this.#peers].filter((p) => p.cert === undefined)
    if (strangers.length >= MAX_STRANGERS) strangers[0]?.close('too many unknown peers')
    const host: PeerHost = {
      context: this.#context,
      conversations: () => this.#wholeOnes(),
      door: this.#door,
      devices: this.#devices,
      addresses: () => this.addresses(),
      onIdentified: (peer) => this.#onIdentified(peer),
      onClosed: (peer) => this.#onClosed(peer),
      onChange: (id) => this.events.emit('progress', id),
      onReject: (reject, peer) => this.#onReject(reject, peer),
      onStrike: (peer) => this.#strike(peer),
      onRefused: (replica, code) => this.#joining.refused(replica, code),
    }
    const peer = new Peer(host, channel)
    if (!channel.closed) this.#peers.add(peer)
    this.events.emit('connection')
    this.#readWhole()
  }

  /** Conversations of which the control entries are read: what peers say is judged by these. */
  *#wholeOnes(): Iterable<Shared> {
    for (const shared of this.#conversations.values()) if (shared.replica.controls.isWhole) yield shared
  }

  /** Somebody is at the other end: what was only to be looked at until now is taken part in. */
  #readWhole(): void {
    const partial = [...this.#conversations.values()].map(({ replica }) => replica).filter(({ controls }) => !controls.isWhole)
    if (partial.length === 0) return
    Promise.all(partial.map((replica) => replica.whole()))
      .then(() => this.refresh())
      .catch((error: unknown) => {
        // Whoever closes the profile meanwhile needs them no more.
        if (this.#isRunning) this.#context.report(error, 'reading control entries')
      })
  }

  #onIdentified(peer: Peer): void {
    const device = peer.cert?.deviceId
    if (device !== undefined && this.#strikes.devices.isBanned(device)) return peer.close('banned for a while')
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
    const device = peer.cert?.deviceId
    if (device !== undefined) this.#choose(device)
    if (device !== undefined && ![...this.#peers].some((p) => p.cert?.deviceId === device))
      for (const { presence } of this.#conversations.values()) presence.peerLost(device)
    this.#joining.lost()
    this.events.emit('connection')
    if (!this.#isRunning) return
    // The transport has seen nothing but a close, and would leave the peer alone.
    if (peer.keepAlive.isSilent) for (const transport of this.#transports) transport.wake?.()
    this.#redial.look()
  }

  /** Of several links to one device both ends use one without a relay, and of those the one with the smallest transcript; the others stand by. */
  #choose(device: DeviceId): void {
    const links = [...this.#peers].filter((p) => p.cert?.deviceId === device).sort(compareLinks)
    for (const [i, peer] of links.entries()) peer.setActive(i === 0)
  }

  /**
   * Who sent too much that no honest peer sends is not talked to for a while, on whatever link it comes. It counts against the device at the other
   * end once that is proved, and never against the device whose entries it passed on: those may be forged.
   */
  #strike(peer: Peer): void {
    const device = peer.cert?.deviceId
    const address = addressName(peer.link.channel.remote)
    if (!(device === undefined ? this.#strikes.addresses.strike(address) : this.#strikes.devices.strike(device))) return
    const isSame = ({ cert, link }: Peer): boolean =>
      device === undefined ? cert === undefined && addressName(link.channel.remote) === address : cert?.deviceId === device
    for (const other of [...this.#peers]) if (isSame(other)) other.link.close('too much that could not be accepted')
  }

  #onReject(reject: Reject, peer: Peer): void {
    this.#rejected[reject.code] = (this.#rejected[reject.code] ?? 0) + 1
    this.#context.logger.warn('rejected', { code: reject.code, why: reject.message, transport: peer.link.channel.transport })
  }

  #updateTopics(): void {
    const now = this.#context.clock.now()
    const inboxes = [
      this.#door.inbox,
      ...this.#door
        .addressees()
        .slice(-MAX_INBOX_TOPICS)
        .map(({ inbox }) => inbox),
    ]
    const topics = [...this.#conversations.values()].flatMap(({ replica }) => topicsOf(replica, this.#context.me.deviceId, now))
    topics.push(...[...inboxes, ...this.#devices.meetings()].map(meetingTopic))
    for (const transport of this.#transports) transport.setTopics(topics)
  }

  /** Conversations that nobody is connected for, and where people are said to be who are to be told something. */
  #lonely(): Lonely {
    // Never what a stranger says in a request: nobody makes this device dial whom they like.
    const lonely = [...this.#conversations.values()].filter(({ replica }) => isWanted(replica) && this.sessions(replica).length === 0)
    const away = this.#door.addressees().filter(({ user }) => ![...this.#peers].some((peer) => peer.reaches(user)))
    return { replicas: lonely.map(({ replica }) => replica), hints: away.flatMap(({ hints }) => hints) }
  }
}

/** Both ends compare alike, whenever they hear of the links. */
function compareLinks(a: Peer, b: Peer): number {
  const [isRelayed, isOther] = [a, b].map(({ link }) => Number(link.channel.isRelayed ?? false))
  return isRelayed! - isOther! || compareBytes(a.transcript!, b.transcript!)
}
