/**
 * This device's copy of one conversation: logs, keys and folds, and the two roads into them, `commit` for what this device says and `ingest`
 * for what peers say. Knows nothing of links; says through events what others should hear. Longer than other files: it puts the parts together.
 */
import { epochSecretBytes, epochSecretFromBytes, openBody, type DeviceCert, type EpochSecret } from '@parley/crypto'
import {
  bodyAad,
  conversationIdBytes,
  deviceIdBytes,
  encodeControl,
  EntryKind,
  isClearControl,
  ParleyError,
  Reject,
  readU32be,
  utf8,
  type ControlCarrier,
  type ControlPayload,
  type ConversationId,
  type DeviceId,
  type EntryParts,
  type HaveHead,
  type RefusalCode,
  type UserId,
} from '@parley/protocol'
import type { Role } from '../api.ts'
import type { Context } from '../context.ts'
import { hasRole, type Invite } from '../membership/index.ts'
import { Emitter } from '../support/emitter.ts'
import { Mutex } from '../support/mutex.ts'
import { Admission } from './admission.ts'
import { ChunkLookup } from './chunk-lookup.ts'
import { ControlCheck, type Contradiction } from './control-check.ts'
import { ControlIntake } from './control-intake.ts'
import { ControlLog } from './control-log.ts'
import { EpochBoxes } from './epoch-boxes.ts'
import { EpochKeys } from './epochs.ts'
import type { ReplicaEvents } from './events.ts'
import { Folding } from './folding.ts'
import { holdsEntry } from './fork-proof.ts'
import { ForkProving } from './fork-proving.ts'
import { ForkSettling } from './fork-settling.ts'
import type { LogId } from './forks.ts'
import { Heads } from './heads.ts'
import { HollowEntries } from './hollow.ts'
import { Ingest, type IngestResult, type PassedOver, type UpdateSource } from './ingest.ts'
import { Keyspace } from './keyspace.ts'
import { LogCuts } from './log-cuts.ts'
import type { Draft, LogEntry } from './log-entry.ts'
import { ConversationLog } from './log.ts'
import { MembershipWrites } from './membership-writes.ts'
import { noKey, OwnWrites, profileForked } from './own-writes.ts'
import { ProofWriter } from './proof-writer.ts'
import { StoredRecord, type ConversationRecord } from './record.ts'
import { Rotation } from './rotation.ts'
import { Timeline, type TimelineHost, type Voice } from './timeline.ts'

/** A device that is in asks once because it does not know it yet, and twice because it has no keys. They are handed out once. */
const REQUESTS_WITHOUT_KEYS = 2

/** How often a device that lacks keys is answered: more would fill the log. */
const MAX_KEY_ANSWERS = 8

export class Replica {
  readonly id: ConversationId
  readonly bytes: Uint8Array
  readonly events: Emitter<ReplicaEvents>
  readonly epochs: EpochKeys
  readonly controls: ControlLog
  readonly log: ConversationLog
  readonly timeline: Timeline
  readonly keys: Keyspace
  readonly hollow: HollowEntries
  readonly #context: Context
  readonly #mutex = new Mutex()
  readonly #record: StoredRecord
  readonly #folding: Folding
  readonly #cuts: LogCuts
  readonly #heads: Heads
  readonly #chunks: ChunkLookup
  readonly #writes: OwnWrites
  readonly #forks: ForkSettling
  readonly #proving: ForkProving
  readonly #admission: Admission
  readonly #rotation: Rotation
  readonly #boxes: EpochBoxes
  readonly #membership: MembershipWrites
  readonly #intake: ControlIntake
  readonly #ingest: Ingest
  readonly #check: ControlCheck
  /** Resolves once what peers on a link hold of this device's own log is known; set by whoever knows the links. */
  ownLogKnown: (() => Promise<void>) | undefined
  /** Whether it is known at this moment. */
  isOwnLogKnown: (() => boolean) | undefined
  /** How often devices that are in asked to be let in. */
  readonly #returned = new Map<DeviceId, number>()
  #mayWrite: Promise<void> | undefined
  #isOwnLogHere = false
  #isWaitOver = false
  #wasMember = false
  /** How often devices that lacked keys were given some, since the start. */
  readonly #answeredKeys = new Map<DeviceId, number>()

  constructor(context: Context, id: ConversationId, record: ConversationRecord) {
    const conversation = conversationIdBytes(id)
    const { crypto, store } = context
    const hash = (bytes: Uint8Array): Uint8Array => crypto.sha256(bytes)
    const keys = new Keyspace(conversation)
    const events = new Emitter<ReplicaEvents>((error, event) => context.report(error, `conversation ${event}`))
    const epochs = new EpochKeys(conversation)
    const controls = new ControlLog({ conversation, crypto, keys, epochs })
    const log = new ConversationLog({ conversation, crypto, keys, store })
    const hollow = new HollowEntries(context, keys, log)
    const cuts = new LogCuts({ hash, log, controls })
    const timeline = new Timeline({ conversation, hash, keys, store, log, host: this.#timelineHost() })
    this.#context = context
    this.id = id
    this.bytes = conversation
    this.keys = keys
    this.events = events
    this.epochs = epochs
    this.controls = controls
    this.log = log
    this.hollow = hollow
    this.timeline = timeline
    const mutex = this.#mutex
    const stored = new StoredRecord(conversation, record)
    const folding = new Folding({ context, timeline, hollow, events })
    const boxes = new EpochBoxes({ conversation, context, keys, epochs, controls })
    const chunks = new ChunkLookup({ conversation, hash, log, controls, hollow })
    const writes = new OwnWrites({
      context,
      mutex,
      log,
      controls,
      folding,
      events,
      isFrozen: () => this.isFrozen,
      onControls: async () => {
        await this.#forks.settle()
        await this.#intake.settle()
      },
      onTurn: () => this.#openEpoch(),
    })
    const proofs = new ProofWriter({ context, log, controls, writes })
    const forks = new ForkSettling({
      conversation,
      context,
      mutex,
      log,
      controls,
      cuts,
      chunks,
      hollow,
      timeline,
      record: stored,
      proofs,
      events,
      untilOwnLogKnown: () => this.#untilOwnLogKnown(),
      isOwnLogKnown: () => !this.#wasMember || this.#isWaitOver || (this.isOwnLogKnown?.() ?? true),
      takeControls: async (carriers) => {
        const accepted = await this.#intake.accept(carriers)
        if (accepted.length > 0) events.emit('control', accepted)
      },
    })
    const intake = new ControlIntake({ context, controls, epochs, log, boxes, record: stored, folding, cuts, events })
    const rotation = new Rotation({ conversation, context, keys, epochs, controls, boxes, log })
    controls.onEntry = (entry) => boxes.note(entry)
    const check = new ControlCheck({ conversation, crypto, log, controls, keys })
    const ingest = new Ingest({ conversation, context, log, controls, hollow, chunks, check, cuts, intake, folding, forks, events })
    this.#record = stored
    this.#folding = folding
    this.#cuts = cuts
    this.#heads = new Heads({ hash, log, controls, cuts })
    this.#chunks = chunks
    this.#writes = writes
    this.#forks = forks
    this.#proving = new ForkProving({ conversation, context, log, controls, forks, proofs, ingest })
    this.#boxes = boxes
    this.#rotation = rotation
    this.#membership = new MembershipWrites({ context, log, controls, boxes, rotation, writes })
    this.#admission = new Admission({ context, controls, boxes, rotation, writes })
    this.#intake = intake
    this.#ingest = ingest
    this.#check = check
  }

  /** Reads what opening needs: keys, control entries, heads, the index, and what was not folded yet. */
  async load(): Promise<void> {
    for (const { value } of await this.#context.store.range(this.keys.epochs())) {
      const secret = epochSecretFromBytes(value)
      if (secret !== undefined) this.epochs.add(secret)
    }
    await this.controls.open(this.#context.store)
    await this.log.open()
    await this.#intake.resume()
    await this.#cuts.cut()
    await this.#cuts.clamp()
    await this.timeline.open()
    await this.hollow.load()
    await this.#folding.fold(await this.hollow.unsettled())
    await this.timeline.checkpoint()
    await this.#intake.settle()
    this.#wasMember = this.record.state === 'member'
    this.#forks.opened()
  }

  /** Ends the work under way and writes the folds down. */
  async close(): Promise<void> {
    this.#forks.close()
    await this.#mutex.idle()
    await this.checkpoint()
    this.events.clear()
  }

  /** Writes the folds down when anything changed. */
  checkpoint(): Promise<void> {
    return this.#mutex.run(() => this.#folding.checkpoint())
  }

  /** Runs while nothing is taken in or written. Waiting in `task` for a `commit` would never end. */
  whenStill<T>(task: () => Promise<T>): Promise<T> {
    return this.#mutex.run(task)
  }

  // --- what it is

  /** The record of the conversation as it is in the store. */
  get record(): ConversationRecord {
    return this.#record.value
  }

  /** Stores a change of the record. `change` gets the record as it is when its turn comes, and may leave it as it is. */
  setRecord(change: (record: ConversationRecord) => ConversationRecord): Promise<void> {
    return this.#mutex.run(async () => {
      const record = change(this.record)
      if (record === this.record) return
      await this.#context.store.write([this.#record.row(record)], { durability: 'strict' })
      this.#record.value = record
      this.events.emit('state')
    })
  }

  /** Whether it is the conversation of two people, or of one person's own devices. */
  get isDirect(): boolean {
    return this.controls.isDirect
  }

  /** Whether another history of this device exists: what it would still say counts nowhere. */
  get isFrozen(): boolean {
    return this.#forks.isFrozen
  }

  /** Whether what this device said here before is here. It is not after the conversation was forgotten, until the others have given it back. */
  get isOwnLogHere(): boolean {
    if (this.#isOwnLogHere) return true
    const { deviceId } = this.#context.me
    const from = this.controls.membership.devices.get(deviceId)?.spans.at(-1)?.from ?? 0
    const floor = this.controls.carriers(deviceId).reduce((end, { seq }) => Math.max(end, seq + 1), from)
    const isHere = this.log.nextSeq(deviceId) >= floor
    // Before this device takes part, more of it may become known.
    this.#isOwnLogHere = isHere && this.record.state === 'member'
    return isHere
  }

  /** The user whose device it is, or was: of a member, or of somebody who was one. */
  userOf(device: DeviceId): UserId | undefined {
    return this.controls.membership.devices.get(device)?.user
  }

  /** Role of this user; undefined when not a member. */
  get role(): Role | undefined {
    return this.controls.membership.members.get(this.#context.me.userId)?.role
  }

  /** Whether it is a device of a present member, and was not removed. */
  isActive(device: DeviceId): boolean {
    return this.controls.membership.devices.get(device)?.isActive === true
  }

  /** The user whose log it is, as `userOf`, when the branch is known. */
  ownerOf(log: LogId): UserId | undefined {
    return this.userOf(this.log.deviceOf(log))
  }

  /** How many entries of a log may be taken in: up to where it parts, and of branches what counts. */
  limit(log: LogId): number {
    return this.#ingest.limit(log)
  }

  /** How many entries of a log are given to who asks. */
  told(log: LogId): number {
    return this.#cuts.told(log)
  }

  /** The body of a message operation in clear; undefined when purged or under an epoch that is not held. */
  open(log: LogId, seq: number, { headerBytes, body }: EntryParts): Uint8Array | undefined {
    const epochId = this.log.epochAt(log, seq)
    const epoch = epochId === undefined ? undefined : this.epochs.get(epochId)
    if (body === undefined || epoch === undefined) return undefined
    const bytes = deviceIdBytes(this.log.deviceOf(log))
    const key = epoch.messageKey(bytes)
    return key && openBody(key, body, bodyAad(this.bytes, bytes, seq, headerBytes))
  }

  /** What is here, by device: the have-vector. */
  have(): HaveHead[] {
    return this.#heads.have()
  }

  /** 16 bytes that are equal when two peers hold the same. */
  sum(): Uint8Array {
    return this.#heads.sum()
  }

  // --- what this device says

  /** Says something; resolves with the entry once it is durable and folded. Drafts that come together share a batch and a signature. */
  async commit(draft: () => Draft): Promise<LogEntry> {
    await this.#untilMayWrite()
    return this.#writes.commit(draft)
  }

  /** Says something about the conversation itself. What it follows (`after`) is filled in. */
  commitControl(payload: ControlPayload): Promise<LogEntry> {
    const isClear = isClearControl(payload.op)
    encodeControl(payload)
    return this.commit(() => {
      const epoch = isClear ? undefined : this.epochs.current
      if (!isClear && epoch === undefined) throw noKey()
      const { frontier } = this.controls.membership
      return { kind: EntryKind.control, payload: encodeControl('after' in payload ? { ...payload, after: frontier } : payload), epoch }
    })
  }

  /** Changes who is a member; `change` says how, with everything that is known by then. Nothing else is written meanwhile. */
  async changeMembership(change: (writes: MembershipWrites) => Promise<void>): Promise<void> {
    await this.#untilMayWrite()
    return this.#mutex.run(async () => {
      if (this.isFrozen) throw profileForked()
      await change(this.#membership)
    })
  }

  /** Writes the first entries of a new conversation. */
  async found(genesis: Uint8Array, secret: EpochSecret, sealed: readonly ControlPayload[]): Promise<void> {
    const epoch = this.epochs.add(secret)
    const drafts: Draft[] = [
      { kind: EntryKind.control, payload: genesis, epoch: undefined },
      ...sealed.map((payload): Draft => ({ kind: EntryKind.control, payload: encodeControl(payload), epoch })),
    ]
    await this.#mutex.run(() =>
      this.#writes.append(drafts, [
        this.#record.row(this.record),
        { type: 'put', key: this.keys.epoch(epoch.id), value: epochSecretBytes(secret) },
      ]),
    )
  }

  /**
   * Makes this device, which was asked, one that takes part, together with the first entries that it writes: of a direct conversation
   * `entries` begins with its `direct`. @throws {ParleyError} NotAllowed while no key is here.
   */
  async answer(entries: readonly ControlPayload[]): Promise<void> {
    await this.#mutex.run(async () => {
      if (this.record.state !== 'request') return
      const record: ConversationRecord = { ...this.record, state: 'member' }
      const epoch = this.epochs.current
      // Who was here before has said it, and cannot say anything yet.
      const drafts = (this.isOwnLogHere ? entries : []).map((payload): Draft => {
        if (epoch === undefined) throw noKey()
        return { kind: EntryKind.control, payload: encodeControl(payload), epoch: isClearControl(payload.op) ? undefined : epoch }
      })
      if (drafts.length > 0) await this.#writes.append(drafts, [this.#record.row(record)])
      else await this.#context.store.write([this.#record.row(record)], { durability: 'strict' })
      this.#record.value = record
      this.events.emit('state')
    })
  }

  /** The invites that a joiner may hold, open or not. */
  invites(): readonly Invite[] {
    return this.#admission.invites()
  }

  /**
   * Lets a joiner in, or says why not. The caller has verified the certificate and the proof. A device that is in already is welcome again; when it
   * asks once more, whoever let it in gave it keys that do not open, and it gets them from here.
   */
  async admitJoiner(ref: string, cert: DeviceCert, proof: Uint8Array, from = 0): Promise<'admitted' | RefusalCode> {
    await this.#untilMayWrite()
    return this.#mutex.run(async () => {
      const before = this.controls.membership.devices.get(cert.deviceId)
      if (before?.isActive !== true) return this.#admission.admit(ref, cert, proof, from)
      const asked = (this.#returned.get(cert.deviceId) ?? 0) + 1
      this.#returned.set(cert.deviceId, asked)
      if (asked === REQUESTS_WITHOUT_KEYS) await this.#membership.handKeys(before.user)
      return 'admitted'
    })
  }

  /**
   * Epochs (16 bytes) whose keys this device should have had and has not, for a box was bad or missing: the current one, and those opened since it
   * came in. Newest first.
   */
  missingEpochs(): Uint8Array[] {
    return this.isActive(this.#context.me.deviceId) ? this.#boxes.missing(this.#context.me.userId) : []
  }

  /** A device of a member lacks the keys of these epochs; it gets those that it may have, a few times. Resolves with those that are not here. */
  async handKeys(device: DeviceId, epochs: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const user = this.userOf(device)
    if (user === undefined || !this.isActive(device) || this.isFrozen || this.role === undefined) return []
    if (!this.isOwnLogHere) return epochs
    const isHeld = (id: Uint8Array): boolean => this.epochs.get(id)?.secret.msg !== undefined
    const rest = epochs.filter((id) => !isHeld(id))
    const due = epochs.filter((id) => this.#boxes.isFor(id, user) && isHeld(id))
    const answered = this.#answeredKeys.get(device) ?? 0
    if (due.length === 0 || answered >= MAX_KEY_ANSWERS) return rest
    this.#answeredKeys.set(device, answered + 1)
    await this.#untilOwnLogKnown()
    await this.#mutex.run(() => this.#membership.reseal(due, [device]))
    return rest
  }

  // --- what peers say

  /** Takes in control entries; returns how many were new. While joining, they may be the answer that makes this device a member. */
  ingestControls(carriers: readonly ControlCarrier[]): Promise<number> {
    return this.#mutex.run(async () => {
      const sifted = await this.#check.sift(carriers)
      if (sifted.contradiction !== undefined) this.#ingest.passedOver.contradicted++
      this.#settleContradiction(sifted.contradiction)
      const accepted = await this.#intake.accept(sifted.carriers)
      if (accepted.length === 0) return 0
      await this.#forks.settle()
      this.events.emit('control', accepted)
      return accepted.length
    })
  }

  /**
   * Takes in an update from a peer. @throws {Reject} for what no honest peer sends, and UnknownChunk for what lies far ahead of the log.
   * Runs of which `take` says so are passed over: the peer holds another history of the log. What was not asked for, as `isAsked` has it, must keep
   * to the live rate.
   */
  ingest(
    update: Uint8Array,
    from: object,
    { take = () => false, isAsked = () => true }: Partial<UpdateSource> = {},
  ): Promise<IngestResult> {
    return this.#mutex.run(async () => {
      const result = await this.#ingest.update(update, from, { take, isAsked })
      this.#settleContradiction(result.contradiction)
      return result
    })
  }

  /** A peer is gone: what it left unfinished is dropped. */
  forget(from: object): void {
    this.#ingest.forget(from)
  }

  /** How many entries were put off since the start. */
  get passedOver(): Readonly<PassedOver> {
    return this.#ingest.passedOver
  }

  /** Says that these entries will come out of turn. */
  expect(log: LogId, from: number, to: number): void {
    this.#chunks.expect(log, from, to)
  }

  /** Whether that is our entry at that place. */
  holds(log: LogId, seq: number, bytes: Uint8Array): Promise<boolean> {
    return holdsEntry((b) => this.#context.crypto.sha256(b), this.log, log, seq, bytes)
  }

  /**
   * Another history of a log, from `seq` on, where they part. When the device signed it, that is a proof, which is written and passed on
   * as any other entry; of this very device, nothing further is written. Returns whether it was one.
   * @throws {Reject} BadSignature and the like for what the device did not write.
   */
  async proveFork(log: LogId, seq: number, theirs: readonly Uint8Array[]): Promise<boolean> {
    if (this.log.deviceOf(log) !== this.#context.me.deviceId) await this.#untilOwnLogKnown()
    return this.#mutex.run(() => this.#proving.prove(log, seq, theirs))
  }

  // --- inside

  /** Proves the fork when there is one to prove. Not awaited: a proof waits for the mutex, and perhaps for what a link brings. */
  #settleContradiction(contradiction: Contradiction | undefined): void {
    if (contradiction?.isProof !== true) return
    const { device, seq, entry } = contradiction
    this.proveFork(device, seq, [entry]).catch((error: unknown) => {
      // It proves nothing after all, and was counted when it came.
      if (!(error instanceof Reject)) this.#context.report(error, 'proof of a fork')
    })
  }

  /** A profile that was restored may lack what this device said since. Only the first entry after a start waits for what peers know of it. */
  async #untilOwnLogKnown(): Promise<void> {
    if (this.#wasMember || !this.isOwnLogHere) await (this.#mayWrite ??= this.ownLogKnown?.())
    this.#isWaitOver = true
  }

  /** Before this device says anything. @throws {ParleyError} NotAllowed while what it said before is not here: it would say two things at one place. */
  async #untilMayWrite(): Promise<void> {
    await this.#untilOwnLogKnown()
    if (!this.isOwnLogHere)
      throw new ParleyError('NotAllowed', 'what you said here before is still to be fetched from the others; try again in a moment')
  }

  /** What is said next needs an epoch that this device can write under. */
  async #openEpoch(): Promise<void> {
    if (!this.#rotation.isDue || this.isFrozen) return
    const { draft, rows } = await this.#rotation.open()
    await this.#writes.append([draft], rows)
  }

  /** Where the entries of a log were written by somebody who may write. */
  #voice(log: LogId): Voice[] {
    const spans = this.controls.membership.devices.get(this.log.deviceOf(log))?.spans ?? []
    return spans.filter(({ role }) => hasRole(role, 'writer')).map(({ from, to }) => ({ from, to }))
  }

  /** A number for which entries count, equal whenever the same do. */
  #countsVersion(): number {
    // Devices that may always write are left out: that somebody came in changes nothing for what is here.
    const voices = this.log.heads().flatMap(({ log, device }) => {
      const voice = this.#voice(log)
      const isOpen = voice[0]?.from === 0 && voice[0].to === Number.POSITIVE_INFINITY
      return isOpen ? [] : [`${device}:${voice.map(({ from, to }) => `${from}-${to}`).join()}`]
    })
    if (voices.length === 0) return this.controls.forks.size
    return readU32be(this.#context.crypto.sha256(utf8(`${this.controls.forks.size} ${[...new Set(voices)].join(' ')}`)))
  }

  #timelineHost(): TimelineHost {
    return {
      open: (log, seq, parts) => this.open(log, seq, parts),
      userOf: (device) => this.userOf(device),
      me: () => this.#context.me.userId,
      mayPost: (device, seq) => hasRole(this.controls.membership.roleAt(device, seq), 'writer'),
      canOpen: (log, seq) => {
        const epoch = this.log.epochAt(log, seq)
        return epoch === undefined || this.epochs.get(epoch)?.secret.msg !== undefined
      },
      voice: (log) => this.#voice(log),
      deleted: (log, seq) => this.hollow.forget(log, seq),
      limit: (log) => this.#cuts.counted(log),
      version: () => this.#countsVersion(),
    }
  }
}
