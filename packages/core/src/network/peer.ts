/** One link and what is known of the other end: the handshake, and a sync session for each conversation in common. */
import { verifyJoinProof, type DeviceCert } from '@parley/crypto'
import {
  equalBytes,
  MAX_PROOFS,
  Reject,
  TAG_BYTES,
  toBase32,
  type ConversationId,
  type LinkMessage,
  type RefusalCode,
  type RejectCode,
  type UserId,
} from '@parley/protocol'
import type { Context } from '../context.ts'
import type { DeviceDoor } from './device-line.ts'
import { DeviceLines } from './device-lines.ts'
import type { Door } from './door.ts'
import { Handshake, isDeviceProof, proofsOf, type Proof } from './handshake.ts'
import { JoinRequests } from './join-requests.ts'
import { KeepAlive } from './keep-alive.ts'
import { Knocking } from './knocking.ts'
import { Link } from './link.ts'
import type { Replica } from '../replica/replica.ts'
import { controlBatches } from './answers.ts'
import type { Shared } from './session-line.ts'
import { ProofTags } from './proof-tags.ts'
import { sessionHandle, SyncSession } from './sync.ts'
import type { Channel } from '../transport.ts'

/** Proof tags are sent in multiples, filled up with noise, so that their number tells little. */
const TAG_MULTIPLE = 4

/** Rejections that an honest peer can cause: by its clock, by order of arrival, by passing on what it could not know to be void. */
const INNOCENT: ReadonlySet<RejectCode> = new Set([
  'BadClock',
  'OutOfOrder',
  'UnknownDevice',
  'UnknownChunk',
  'Forked',
  'NotAMember',
  'RateLimited',
])

/** What is proved only to who has proved the same. */
const ANSWERS: ReadonlySet<Proof['kind']> = new Set(['invite', 'inbox', 'link', 'recovery'])

export interface PeerHost {
  readonly context: Context
  /** Every conversation of this engine. */
  conversations(): Iterable<Shared>
  readonly door: Door
  readonly devices: DeviceDoor
  /** Where this device is found. */
  addresses(): readonly string[]
  onIdentified(peer: Peer): void
  onClosed(peer: Peer, reason: string): void
  /** Sessions or progress changed. */
  onChange(conversation: ConversationId): void
  onReject(reject: Reject, peer: Peer): void
  /** The peer sent what no honest one sends. */
  onStrike(peer: Peer): void
  /** Somebody who holds the invite refused a join request. */
  onRefused(replica: Replica, code: RefusalCode): void
}

export class Peer {
  readonly link: Link
  readonly keepAlive: KeepAlive
  readonly #host: PeerHost
  readonly #handshake: Handshake
  readonly #tags = new ProofTags()
  readonly #requests: JoinRequests
  readonly #knocking: Knocking
  readonly #devices: DeviceLines
  /** The first conversation in common, with the tag by which the peer proved it. */
  #common: { readonly proof: Proof; readonly tag: Uint8Array } | undefined
  /** Conversations that both ends have proved, with the epochs (16 bytes) whose keys the peer has shown. */
  readonly #proved = new Map<Replica, readonly Uint8Array[]>()
  readonly #sessions = new Map<string, { session: SyncSession; replica: Replica }>()
  #isIdentitySent = false
  #isActive = false
  #hasProofs = false
  cert: DeviceCert | undefined
  /** The peer's run of its engine, 8 bytes. */
  session: Uint8Array | undefined

  constructor(host: PeerHost, channel: Channel) {
    this.#host = host
    this.#handshake = new Handshake(host.context, channel.binding)
    this.link = new Link(channel, {
      handle: (message) => this.#handle(message),
      onReject: (reject) => this.#reject(reject),
      onFault: (error) => this.#fail(error),
      onClose: (reason) => this.#closed(reason),
    })
    this.#knocking = new Knocking({
      door: host.door,
      handshake: this.#handshake,
      link: this.link,
      hints: () => host.addresses(),
      handleOf: (conversation) => this.#handle8({ bytes: conversation }),
    })
    this.#requests = new JoinRequests({
      context: host.context,
      handshake: this.#handshake,
      link: this.link,
      handleOf: (replica) => this.#handle8(replica),
      onRefused: (replica, code) => host.onRefused(replica, code),
    })
    this.#devices = new DeviceLines({
      door: host.devices,
      handshake: this.#handshake,
      link: this.link,
      handleOf: (conversation) => this.#handle8({ bytes: conversation }),
    })
    this.link.send('control', this.#handshake.hello)
    this.keepAlive = new KeepAlive(host.context.clock, this.link)
  }

  /** Names this link at both ends; decides between two links to one device. */
  get transcript(): Uint8Array | undefined {
    return this.#handshake.transcript
  }

  sessions(): SyncSession[] {
    return [...this.#sessions.values()].map((s) => s.session)
  }

  sessionFor(replica: Replica): SyncSession | undefined {
    return [...this.#sessions.values()].find((s) => s.replica === replica)?.session
  }

  conversations(): ConversationId[] {
    return [...this.#sessions.values()].map((s) => s.replica.id)
  }

  /** Whether the peer holds the invite by which this device wants to join, and has not refused: it may still let us in. */
  mayAdmit(replica: Replica): boolean {
    return this.#requests.mayAdmit(replica)
  }

  /** Whether the peer has said what it can prove, and that it knows nothing of the invite. */
  knowsNothingOf(replica: Replica): boolean {
    return this.#hasProofs && !this.#requests.isKnown(replica)
  }

  /** Whether the peer has proved to be that user, or at least to hold what only they hold. */
  reaches(user: UserId): boolean {
    return this.cert?.userId === user || this.#knocking.reaches(user)
  }

  /** Whether this is the link on which the two devices talk. */
  get isActive(): boolean {
    return this.#isActive
  }

  setActive(active: boolean): void {
    this.#isActive = active
    for (const { session } of this.#sessions.values()) {
      if (active) session.start()
      else session.suspend()
    }
  }

  /** Keys, invites or memberships changed: prove what is new, and look again at what the peer proved. */
  async refresh(): Promise<void> {
    if (this.transcript === undefined) return
    this.#offer()
    await this.#onProofs(this.#tags.takeKept())
    await this.#knocking.tell()
    for (const { session } of this.#sessions.values()) session.membershipChanged()
  }

  /** A conversation is here no longer: nothing more is said or taken in of it. When it comes back, both ends prove it anew. */
  drop(replica: Replica): void {
    this.#tags.drop(replica)
    this.#requests.drop(replica)
    this.#proved.delete(replica)
    this.#endSession(replica)
  }

  close(reason: string): void {
    if (!this.link.channel.closed && this.cert !== undefined) this.link.send('control', { type: 'bye' })
    this.link.close(reason)
  }

  async #handle(message: LinkMessage): Promise<void> {
    this.keepAlive.heard()
    switch (message.type) {
      case 'hello':
        this.#handshake.meet(message)
        this.#offer()
        return
      case 'proofs':
        return this.#onProofs(message.tags)
      case 'identify':
        return this.#onIdentify(message)
      case 'join':
        return this.#onJoin(message)
      case 'refuse':
        return this.#requests.refused(message)
      case 'ping':
        this.link.send('control', { type: 'pong', nonce: message.nonce })
        return
      case 'pong':
        return this.keepAlive.answered()
      case 'bye':
        this.link.close('the peer said goodbye')
        return
      default:
        return this.#onSessionMessage(message)
    }
  }

  /** Everything that can be proved here. */
  #proofs(): Proof[] {
    return [
      ...[...this.#host.conversations()].flatMap(({ replica }) => proofsOf(replica)),
      ...this.#knocking.proofs(),
      ...this.#host.devices.proofs(),
    ]
  }

  /** Sends the proofs that have not been sent yet. Invites, the own card and link codes made here are proved only in answer to who holds them. */
  #offer(): void {
    const tags: Uint8Array[] = []
    for (const proof of this.#proofs()) {
      if (ANSWERS.has(proof.kind) || (proof.kind === 'member' && proof.isOld)) continue
      const tag = this.#handshake.tag(proof, 'mine')
      if (this.#tags.offer(tag, proof)) tags.push(tag)
    }
    if (tags.length === 0 && this.#tags.hasOffered) return
    do tags.push(this.#host.context.random.bytes(TAG_BYTES))
    while (tags.length % TAG_MULTIPLE !== 0)
    for (let i = 0; i < tags.length; i += MAX_PROOFS)
      this.link.send('control', { type: 'proofs', tags: shuffled(tags.slice(i, i + MAX_PROOFS)) })
  }

  async #onProofs(tags: readonly Uint8Array[]): Promise<void> {
    this.#hasProofs = true
    const expected = new Map<string, Proof>()
    for (const proof of this.#proofs()) expected.set(toBase32(this.#handshake.tag(proof, 'theirs')), proof)
    for (const tag of tags) {
      const proof = expected.get(toBase32(tag))
      if (proof === undefined) this.#tags.keep(tag)
      else await this.#onProof(proof, tag)
    }
  }

  async #onProof(proof: Proof, tag: Uint8Array): Promise<void> {
    const isAgain = this.#tags.hear(tag, proof)
    if (proof.kind === 'join') return this.#requests.ask(proof, tag)
    if (proof.kind === 'knock') return this.#knocking.reached(proof.user, proof, tag)
    const mine = this.#handshake.tag(proof, 'mine')
    if (this.#tags.offer(mine, proof, isAgain)) this.link.send('control', { type: 'proofs', tags: [mine] })
    if (isDeviceProof(proof)) return this.#devices.met(proof, tag)
    if (proof.kind !== 'member') return
    // Before our identity goes out: what the peer says once it has that may be long.
    this.link.trust()
    // The peer had let go of it, and knows nothing of what was said on this link.
    if (isAgain) this.#endSession(proof.replica)
    else this.#proved.set(proof.replica, [...(this.#proved.get(proof.replica) ?? []), proof.epoch.id])
    if (!this.#isIdentitySent) {
      this.#isIdentitySent = true
      this.link.send('control', { type: 'identify', tag, sealed: await this.#handshake.identity(proof) })
    }
    this.#common ??= { proof, tag: tag.slice() }
    this.#openSessions()
    await this.#tellKnown()
  }

  /** Once the peer is known and a conversation in common is proved, what is to be told to its user can be told over that. */
  async #tellKnown(): Promise<void> {
    const { cert } = this
    if (cert === undefined || this.#common === undefined) return
    const { door, context } = this.#host
    const isOwn = cert.userId === context.me.userId
    // Another device of this user is told of everything that it is in and has no key of.
    const pending = isOwn ? () => door.sharedWith(cert.deviceId).filter((replica) => !this.#proved.has(replica)) : undefined
    await this.#knocking.reached(cert.userId, this.#common.proof, this.#common.tag, pending)
  }

  async #onIdentify({ tag, sealed }: Extract<LinkMessage, { type: 'identify' }>): Promise<void> {
    const proof = this.#tags.offered(tag)
    if (proof === undefined || proof.kind !== 'member') throw new Reject('BadProof', 'identity without a proof')
    const { cert, session } = await this.#handshake.readIdentity(proof, sealed)
    if (this.cert !== undefined && !equalBytes(this.cert.bytes, cert.bytes)) throw new Reject('BadProof', 'a second identity')
    if (cert.deviceId === this.#host.context.me.deviceId) return this.close('this is ourselves')
    this.cert = cert
    this.session = session
    this.#openSessions()
    this.#host.onIdentified(this)
    await this.#tellKnown()
  }

  async #onJoin({ tag, sealed }: Extract<LinkMessage, { type: 'join' }>): Promise<void> {
    const proof = this.#tags.offered(tag)
    if (proof !== undefined && isDeviceProof(proof)) return this.#devices.hear(proof, sealed)
    if (proof?.kind === 'inbox') return this.#knocking.onKnock(proof, sealed, undefined)
    if (proof?.kind === 'member') return this.#knocking.onKnock(proof, sealed, proof.replica)
    if (proof === undefined || proof.kind !== 'invite') throw new Reject('BadProof', 'request without a proof')
    const { replica, invite } = proof
    // It is here no longer.
    if (this.#tags.isGone(tag)) return
    // Its admissions count nowhere; another member lets the joiner in.
    if (replica.isFrozen || !replica.isOwnLogHere) return
    const { cert, joinProof: signature, from } = await this.#handshake.readRequest(proof, sealed)
    const isGenuine = await verifyJoinProof(this.#host.context.crypto, invite.publicKey, replica.bytes, cert.bytes, signature, from)
    const verdict = isGenuine ? await replica.admitJoiner(invite.ref, cert, signature, from) : 'InviteInvalid'
    if (verdict !== 'admitted') {
      this.link.send('control', { type: 'refuse', tag, code: verdict })
      return
    }
    const carriers = replica.controls.carriers()
    const handle = this.#handle8(replica)
    for (const entries of controlBatches(carriers)) this.link.send('control', { type: 'controls', handle, entries })
  }

  async #onSessionMessage(
    message: Exclude<LinkMessage, { type: 'hello' | 'proofs' | 'identify' | 'join' | 'refuse' | 'ping' | 'pong' | 'bye' }>,
  ): Promise<void> {
    const open = this.#sessions.get(toBase32(message.handle))
    if (open !== undefined) {
      if (message.type === 'controls') this.#requests.answered(message.handle)
      return open.session.handle(message)
    }
    if (message.type !== 'controls') throw new Reject('NotAMember', 'message for a conversation that is not shared on this link')
    if (this.#devices.onControls(message.handle, message.entries)) return
    if (!(await this.#requests.take(message))) await this.#knocking.onControls(message.handle, message.entries)
  }

  /** Opens sessions for the conversations that both ends proved, once the device is known. */
  #openSessions(): void {
    const { cert, transcript } = this
    if (cert === undefined || transcript === undefined) return
    for (const shared of this.#host.conversations()) {
      const { replica } = shared
      if (!this.#proved.has(replica)) continue
      const handle = this.#handle8(replica)
      if (this.#sessions.has(toBase32(handle))) continue
      const session = new SyncSession(
        shared,
        this.link,
        handle,
        cert.deviceId,
        (reject) => this.#reject(reject),
        () => this.#proved.get(replica) ?? [],
      )
      this.#sessions.set(toBase32(handle), { session, replica })
      if (this.#isActive) session.start()
      this.#host.onChange(replica.id)
    }
  }

  #endSession(replica: Replica): void {
    for (const [handle, open] of this.#sessions) {
      if (open.replica !== replica) continue
      open.session.stop()
      this.#sessions.delete(handle)
    }
  }

  #handle8(replica: Pick<Replica, 'bytes'>): Uint8Array {
    if (this.transcript === undefined) throw new Reject('BadProof', 'no hello yet')
    return sessionHandle((bytes) => this.#host.context.crypto.sha256(bytes), this.transcript, replica.bytes)
  }

  #reject(reject: Reject): void {
    this.#host.onReject(reject, this)
    // Another version, or our own hello come back: nothing can follow.
    if (this.transcript === undefined && reject.code === 'BadProof') return this.link.close('no common protocol')
    if (!INNOCENT.has(reject.code)) this.#host.onStrike(this)
  }

  /** A failure of our own, such as a full disk: the peer is not to blame, but this link cannot go on in step. */
  #fail(error: unknown): void {
    this.#host.context.report(error, 'link')
    this.link.close('internal failure')
  }

  #closed(reason: string): void {
    this.keepAlive.stop()
    this.#requests.close()
    const ids = this.conversations()
    this.#knocking.close()
    this.#devices.close()
    for (const { session } of this.#sessions.values()) session.stop()
    this.#sessions.clear()
    this.#host.onClosed(this, reason)
    for (const id of ids) this.#host.onChange(id)
  }
}

/** In an order that tells nothing: by the bytes of what looks random. */
function shuffled(tags: readonly Uint8Array[]): Uint8Array[] {
  return [...tags].sort((a, b) => (toBase32(a) < toBase32(b) ? -1 : 1))
}
