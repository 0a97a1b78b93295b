/**
 * This device's copy of one conversation: logs, keys and folds, and the two roads into them, `commit` for what this device says and `ingest`
 * for what peers say. Knows nothing of links; says through events what others should hear.
 */
import {
  epochCommitment,
  epochIdOf,
  epochSecretBytes,
  epochSecretFromBytes,
  hpkeOpen,
  hpkeSeal,
  openBody,
  verifyRun,
  type DeviceCert,
  type EpochSecret,
} from '@parley/crypto'
import {
  admit,
  bodyAad,
  branchLogId,
  chunkClient,
  compareRuns,
  CHUNK_ENTRIES,
  compareBytes,
  concatBytes,
  conversationIdBytes,
  decodeEntry,
  deviceIdBytes,
  deviceIdOf,
  encodeControl,
  encodeCbor,
  EntryKind,
  equalBytes,
  isClearControl,
  isParleyError,
  isSameLog,
  MAX_FUTURE_SKEW_MS,
  MAX_RANGE_UPDATE_BYTES,
  messageIdBytes,
  MAX_PINNED_CONTROLS,
  MAX_PROOF_ENTRIES,
  MAX_WAITING_BYTES_PER_PEER,
  ParleyError,
  Reject,
  type ChunkRef,
  type ControlCarrier,
  type ControlPayload,
  type ConversationId,
  type DeviceId,
  type EntryParts,
  type EntryRun,
  type ForkSide,
  type HaveHead,
  type RefusalCode,
  type UserId,
} from '@parley/protocol'
import type { Context } from '../context.ts'
import { ControlLog } from './control-log.ts'
import { Emitter } from '../support/emitter.ts'
import { EpochKeys } from './epochs.ts'
import { composeProof, holdsMore, isSameEntry, sideOf } from './fork-proof.ts'
import type { LogId } from './forks.ts'
import { HollowEntries } from './hollow.ts'
import { conversationKey, Keyspace } from './keyspace.ts'
import { ConversationLog, type Draft, type LogEntry } from './log.ts'
import { hasRole, type ControlEntry, type Invite } from './membership.ts'
import { Mutex } from '../support/mutex.ts'
import { encodeRecord, type ConversationRecord } from './record.ts'
import type { StoreOperation } from '../store.ts'
import { Timeline, type TimelineChange } from './timeline.ts'

/** Client ids remembered; then they are computed again. */
const MAX_KNOWN_CHUNKS = 8_192
/** Own drafts put into one batch and under one signature. */
const MAX_COMMIT = 256
/** Bytes of drafts in one batch: a run up to its signature fits into a few updates. */
const MAX_COMMIT_BYTES = 262_144
/** Entries that wait for the signature that covers them, per device: a chunk always ends with one. */
const MAX_UNSIGNED = CHUNK_ENTRIES
/** Bytes of the same, per peer. */
const MAX_UNSIGNED_BYTES = MAX_WAITING_BYTES_PER_PEER

/**
 * Pieces in which they may come: as many as an honest peer makes of so many bytes, twice over. All that waits is hashed again with every piece,
 * so a member could make us hash 4 MiB for every hundred bytes.
 */
const MAX_UNSIGNED_PIECES = 16

/** A draft and who waits for it. */
interface Pending {
  readonly draft: () => Draft
  readonly resolve: (entry: LogEntry) => void
  readonly reject: (error: unknown) => void
}

interface Unsigned {
  readonly seq: number
  readonly entries: readonly Uint8Array[]
  /** Updates that it took so far. */
  readonly pieces: number
}

/** What became of an update. */
export interface IngestResult {
  readonly accepted: number
  /** Entries came for a device or a position that this log does not reach yet; compare heads again. */
  readonly missing: boolean
  /** Logs of which the peer holds another history than this one. */
  readonly strayed: readonly LogId[]
}

export interface ReplicaEvents {
  /** Entries are in the store, from this device (`from` undefined) or from a peer. */
  entries: (entries: readonly LogEntry[], from: unknown) => void
  /** No changes: it was folded anew, and everything may be different. */
  timeline: (changes: readonly TimelineChange[]) => void
  /** Control entries changed who is a member, what people are called, or the metadata. */
  control: (entries: readonly ControlEntry[]) => void
  state: () => void
  /** A fork came to light, or more of its branches: logs are named anew. */
  forks: () => void
}

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
  record: ConversationRecord
  readonly #context: Context
  readonly #mutex = new Mutex()
  readonly #drafts: Pending[] = []
  #draining = false
  /** What the timeline needs before anything else is done with it: after a failure of the store it is neither here nor there. */
  #due: 'nothing' | 'reopen' | 'rebuild' = 'nothing'
  /** Entries in the log that have not been announced because of that. */
  readonly #missed: LogEntry[] = []
  /** By who sent them: what one peer leaves unsigned cannot get in the way of another. */
  readonly #unsigned = new WeakMap<object, Map<LogId, Unsigned>>()
  /** Chunks that an update may go on in, by client id, and the open chunk of each log that they were noted for. */
  readonly #chunks = new Map<number, ChunkRef>()
  readonly #openChunks = new Map<LogId, number>()
  /** Chunks that were asked for out of turn, to find where histories part. */
  readonly #expected = new Map<string, { log: LogId; chunk: number }>()
  /** Heads of branches here that go beyond what counts; undefined when nothing of the branch does. */
  readonly #clamped = new Map<LogId, { nextSeq: number; head: Uint8Array } | undefined>()
  /** Forks as they were when logs were last cut. */
  #settledForks = 0
  /** Another history of this very device was found: somebody copied the profile, or restored it. */
  #isSelfForked = false
  /** Resolves once what peers on a link hold of this device's own log is known; set by whoever knows the links. */
  ownLogKnown: (() => Promise<void>) | undefined
  #mayWrite: Promise<void> | undefined
  #wasMember = false
  #isClosed = false

  constructor(context: Context, id: ConversationId, record: ConversationRecord) {
    this.#context = context
    this.id = id
    this.bytes = conversationIdBytes(id)
    this.record = record
    const { crypto, store } = context
    const conversation = this.bytes
    this.keys = new Keyspace(conversation)
    this.events = new Emitter((error, event) => context.report(error, `conversation ${event}`))
    this.epochs = new EpochKeys(conversation)
    this.controls = new ControlLog({ conversation, crypto, keys: this.keys, epochs: this.epochs })
    this.log = new ConversationLog({ conversation, crypto, keys: this.keys, store })
    this.hollow = new HollowEntries(context, this.keys, this.log)
    this.timeline = new Timeline({
      conversation,
      hash: (bytes) => crypto.sha256(bytes),
      keys: this.keys,
      store,
      log: this.log,
      host: {
        open: (log, seq, parts) => this.open(log, seq, parts),
        userOf: (device) => this.userOf(device),
        mayPost: (device) => hasRole(this.controls.membership.members.get(this.userOf(device) as UserId)?.role, 'writer'),
        deleted: (log, seq) => this.hollow.forget(log, seq),
        limit: (log) => this.#pinned(log),
        version: () => this.controls.forks.size,
      },
    })
  }

  /** Reads what opening needs: keys, control entries, heads, the index, and what was not folded yet. */
  async load(): Promise<void> {
    for (const { value } of await this.#context.store.range(this.keys.epochs())) {
      const secret = epochSecretFromBytes(value)
      if (secret !== undefined) this.epochs.add(secret)
    }
    await this.controls.open(this.#context.store)
    await this.log.open()
    await this.#cutLogs()
    await this.timeline.open()
    await this.hollow.load()
    await this.#fold(await this.hollow.unsettled())
    await this.timeline.checkpoint()
    this.#wasMember = this.record.state === 'member'
    const { forks } = this.controls
    // Otherwise the next look at forks says what still counts.
    if (!forks.devices().some((device) => holdsMore(this, forks, device, this.#context.me.deviceId))) this.#settledForks = forks.size
  }

  /** Whether another history of this device exists: what it would still say counts nowhere. */
  get isFrozen(): boolean {
    return this.#isSelfForked || this.controls.forks.isForked(this.#context.me.deviceId)
  }

  /** The user whose log it is, when a member and when the branch is known. */
  ownerOf(log: LogId): UserId | undefined {
    return this.userOf(this.log.deviceOf(log))
  }

  /** How many entries of a log may be taken in: up to where it parts, and of branches what counts. */
  limit(log: LogId): number {
    const state = this.log.state(log)
    const ends = this.controls.forks
      .branches(this.log.deviceOf(log))
      .some(({ branch, prevId }) => branch.seq === state.nextSeq && branch.seq > this.log.startOf(log) && equalBytes(prevId, state.prevId))
    return ends ? state.nextSeq : this.#pinned(log)
  }

  #pinned(log: LogId): number {
    const { forks } = this.controls
    // A branch of ours that nobody else knows.
    return this.log.hasBranch(log) && forks.branch(log) === undefined ? 0 : forks.limit(log)
  }

  /** The user whose device it is, when a member. */
  userOf(device: DeviceId): UserId | undefined {
    return this.controls.membership.devices.get(device)?.user
  }

  /** The body of a message operation in clear; undefined when purged or under an epoch that is not held. */
  open(log: LogId, seq: number, { headerBytes, body }: EntryParts): Uint8Array | undefined {
    const epochId = this.log.epochAt(log, seq)
    const epoch = epochId === undefined ? undefined : this.epochs.get(epochId)
    if (body === undefined || epoch === undefined) return undefined
    const bytes = deviceIdBytes(this.log.deviceOf(log))
    return openBody(epoch.messageKey(bytes), body, bodyAad(this.bytes, bytes, seq, headerBytes))
  }

  /** Says something; resolves with the entry once it is durable and folded. Drafts that come together share a batch and a signature. */
  async commit(draft: () => Draft): Promise<LogEntry> {
    await this.#untilOwnLogKnown()
    return new Promise((resolve, reject) => {
      this.#drafts.push({ draft, resolve, reject })
      if (this.#draining) return
      this.#draining = true
      void this.#mutex.run(() => this.#drain())
    })
  }

  /** A profile that was restored may lack what this device said since. Only the first entry after a start waits for what peers know of it. */
  async #untilOwnLogKnown(): Promise<void> {
    if (this.#wasMember) await (this.#mayWrite ??= this.ownLogKnown?.())
  }

  /** Says something about the conversation itself. */
  commitControl(payload: ControlPayload): Promise<LogEntry> {
    const bytes = encodeControl(payload)
    return this.commit(() => ({
      kind: EntryKind.control,
      payload: bytes,
      epoch: isClearControl(payload.op) ? undefined : this.epochs.current,
    }))
  }

  /** Writes the first entries of a new conversation. */
  async found(genesis: Uint8Array, secret: EpochSecret, sealed: readonly ControlPayload[]): Promise<void> {
    const epoch = this.epochs.add(secret)
    const drafts: Draft[] = [
      { kind: EntryKind.control, payload: genesis, epoch: undefined },
      ...sealed.map((payload): Draft => ({ kind: EntryKind.control, payload: encodeControl(payload), epoch })),
    ]
    await this.#mutex.run(() =>
      this.#append(drafts, [
        this.#recordRow(this.record),
        { type: 'put', key: this.keys.epoch(epoch.id), value: epochSecretBytes(secret) },
      ]),
    )
  }

  /** Stores a change of the record. `change` gets the record as it is when its turn comes, and may leave it as it is. */
  setRecord(change: (record: ConversationRecord) => ConversationRecord): Promise<void> {
    return this.#mutex.run(async () => {
      const record = change(this.record)
      if (record === this.record) return
      await this.#context.store.write([this.#recordRow(record)], { durability: 'strict' })
      this.record = record
      this.events.emit('state')
    })
  }

  /**
   * Lets a joiner in, or says why not. The caller has verified the certificate and the proof. A device that is in already is welcome again.
   */
  async admitJoiner(ref: string, cert: DeviceCert, proof: Uint8Array): Promise<'admitted' | RefusalCode> {
    await this.#untilOwnLogKnown()
    return this.#mutex.run(async () => {
      const { membership } = this.controls
      if (membership.devices.has(cert.deviceId)) return 'admitted'
      const invite = [...membership.invites.values()].find((i) => i.ref === ref)
      if (invite === undefined || membership.members.has(cert.userId)) return 'InviteInvalid'
      if (this.#context.clock.now() > invite.expiresMs) return 'InviteExpired'
      if (invite.used >= invite.maxUses) return 'InviteUsedUp'
      const boxes = await Promise.all(
        this.epochs.all().map(async (epoch) => ({
          epoch: epoch.id,
          box: await hpkeSeal(cert.agreeKey, this.#boxInfo(epoch.id, cert.deviceId), epochSecretBytes(epoch.secret), {
            random: (n) => this.#context.random.bytes(n),
          }),
        })),
      )
      const payload = encodeControl({ op: 'admit', invite: messageIdBytes(invite.ref), cert: cert.bytes, proof, boxes })
      await this.#append([{ kind: EntryKind.control, payload, epoch: undefined }], [])
      // Our entry may carry a later clock than ours: by then the invite has expired for everybody.
      return this.controls.membership.devices.has(cert.deviceId) ? 'admitted' : 'InviteExpired'
    })
  }

  /** Takes in control entries; returns how many were new. While joining, they may be the answer that makes this device a member. */
  ingestControls(carriers: readonly ControlCarrier[]): Promise<number> {
    return this.#mutex.run(async () => {
      const voices = this.#voices()
      const { accepted, operations } = await this.controls.accept(carriers, this.#latestMs)
      if (accepted.length === 0) return 0
      await this.#store(operations, accepted, voices, 'strict')
      await this.#settleForks()
      this.events.emit('control', accepted)
      return accepted.length
    })
  }

  /**
   * Takes in an update from a peer. @throws {Reject} for what no honest peer sends, and UnknownChunk for what lies far ahead of the log.
   * Runs of which `take` says so are passed over: the peer holds another history of the log.
   */
  ingest(update: Uint8Array, from: object, take: (log: LogId, run: EntryRun) => boolean = () => false): Promise<IngestResult> {
    return this.#mutex.run(async () => {
      const runs = admit(update, {
        hash: (bytes) => this.#context.crypto.sha256(bytes),
        conversation: this.bytes,
        chunkOf: (client) => this.#chunkOf(client),
        branchOf: (device, id) => this.controls.forks.branch(this.#branchLog(device, id))?.branch,
        limits: { maxBytes: MAX_RANGE_UPDATE_BYTES },
      })
      let accepted = 0
      let missing = false
      const strayed: LogId[] = []
      for (const run of joinRuns(runs)) {
        const log = run.branch === undefined ? deviceIdOf(run.device) : this.#branchLog(run.device, run.branch.id)
        if (take(log, run)) continue
        const result = await this.#ingestRun(log, run, from)
        accepted += result.accepted
        missing ||= result.missing
        strayed.push(...result.strayed)
      }
      await this.#checkpointIfDue()
      return { accepted, missing, strayed }
    })
  }

  /** Says that these entries will come out of turn. */
  expect(log: LogId, from: number, to: number): void {
    for (let chunk = Math.floor(from / CHUNK_ENTRIES); chunk * CHUNK_ENTRIES < to; chunk++)
      this.#expected.set(`${log}:${chunk}`, { log, chunk })
    for (const name of this.#expected.keys()) {
      if (this.#expected.size <= MAX_EXPECTED) break
      this.#expected.delete(name)
    }
  }

  /** Whether that is our entry at that place. */
  async holds(log: LogId, seq: number, bytes: Uint8Array): Promise<boolean> {
    const [ours] = await this.log.read(log, seq, seq + 1)
    return ours !== undefined && isSameEntry((b) => this.#context.crypto.sha256(b), ours, bytes)
  }

  /**
   * Another history of a log, from `seq` on, where they part. When the device signed it, that is a proof, which is written and passed on
   * as any other entry; of this very device, nothing further is written. Returns whether it was one.
   * @throws {Reject} BadSignature and the like for what the device did not write.
   */
  async proveFork(log: LogId, seq: number, theirs: readonly Uint8Array[]): Promise<boolean> {
    if (this.log.deviceOf(log) !== this.#context.me.deviceId) await this.#untilOwnLogKnown()
    return this.#mutex.run(async () => {
      const device = this.log.deviceOf(log)
      const author = this.controls.membership.devices.get(device)
      const at = await this.log.stateAt(log, seq)
      if (author === undefined || at === undefined || this.log.nextSeq(log) <= seq) return false
      const deviceBytes = deviceIdBytes(device)
      const { signKey } = author.cert
      const { crypto, me } = this.#context
      const run = await verifyRun(crypto, { conversation: this.bytes, device: deviceBytes, signKey }, at, theirs, {
        signatures: 'required',
      })
      const hash = (bytes: Uint8Array): Uint8Array => crypto.sha256(bytes)
      const ours = await this.log.read(log, seq, seq + MAX_PROOF_ENTRIES)
      const [first] = run.entries
      if (first === undefined || isSameEntry(hash, ours[0]!, first.bytes)) return false
      if (device === me.deviceId) {
        this.#isSelfForked = true
        this.events.emit('state')
        return true
      }
      const left = sideOf(hash, ours)
      const right = sideOf(hash, theirs)
      if (left === undefined || right === undefined) return false
      const branch = { id: first.id.slice(0, 16), seq }
      const controls = run.entries.filter((e) => e.parts.header.kind === EntryKind.control).map((e) => e.id.slice(0, 16))
      const ourId = this.log.idOf(deviceBytes, seq, at.prevId, decodeEntry(ours[0]!))
      const pins = [
        { log: branchLogId(hash, deviceBytes, branch.id), nextSeq: run.state.nextSeq },
        { log: branchLogId(hash, deviceBytes, ourId.slice(0, 16)), nextSeq: this.log.nextSeq(log) },
      ]
      if (this.isFrozen || !(await this.#appendProof(device, seq, at.prevId, [left, right], { pins, controls }))) return false
      await this.#ingestRun(this.#branchLog(deviceBytes, branch.id), { device: deviceBytes, branch, seq, entries: theirs }, this)
      return true
    })
  }

  /** Writes the folds down when anything changed. */
  checkpoint(): Promise<void> {
    return this.#mutex.run(async () => {
      await this.#mend()
      await this.timeline.checkpoint()
    })
  }

  /** What is here, by device: the have-vector. */
  have(): HaveHead[] {
    const heads = new Map<DeviceId, HaveHead>()
    for (const device of this.controls.membership.devices.keys()) {
      heads.set(device, { device: deviceIdBytes(device), nextSeq: 0, head: new Uint8Array(8), controls: this.controls.count(device) })
    }
    for (const { log, logBytes, device, state } of this.log.heads()) {
      if (!this.controls.membership.devices.has(device)) continue
      // What counts nowhere is not told of.
      const shown = this.#clamped.has(log) ? this.#clamped.get(log) : { nextSeq: state.nextSeq, head: state.prevId }
      if (shown === undefined) continue
      heads.set(log, {
        device: logBytes,
        nextSeq: shown.nextSeq,
        head: shown.nextSeq === 0 ? new Uint8Array(8) : shown.head.slice(0, 8),
        // Control entries of a branch come with it.
        controls: log === device ? this.controls.count(device) : 0,
      })
    }
    return [...heads.values()].sort((a, b) => compareBytes(a.device, b.device))
  }

  /** 16 bytes that are equal when two peers hold the same. */
  sum(): Uint8Array {
    return this.#context.crypto.sha256(encodeCbor(this.have().map((h) => [h.device, h.nextSeq, h.head, h.controls]))).slice(0, 16)
  }

  /** The invites that a joiner may hold, open or not. */
  invites(): readonly Invite[] {
    return [...this.controls.membership.invites.values()]
  }

  /** Ends the work under way and writes the folds down. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#mutex.idle()
    await this.checkpoint()
    this.events.clear()
  }

  async #drain(): Promise<void> {
    for (;;) {
      const ready: Pending[] = []
      const drafts: Draft[] = []
      let bytes = 0
      while (ready.length < MAX_COMMIT && bytes < MAX_COMMIT_BYTES) {
        const item = this.#drafts.shift()
        if (item === undefined) break
        try {
          if (this.isFrozen) throw profileForked()
          const draft = item.draft()
          bytes += draft.payload.length
          drafts.push(draft)
          ready.push(item)
        } catch (error) {
          item.reject(error)
        }
      }
      if (drafts.length === 0) break
      try {
        const entries = await this.#append(drafts, [])
        for (const [i, item] of ready.entries()) item.resolve(entries[i]!)
      } catch (error) {
        for (const item of ready) item.reject(error)
      }
    }
    this.#draining = false
  }

  async #append(drafts: readonly Draft[], extra: readonly StoreOperation[]): Promise<LogEntry[]> {
    const { me, clock, random } = this.#context
    const author = { device: me.deviceId, key: me.keys.signing }
    // Later than every control entry here: what this device says follows, by its clock, what lets it say so.
    const now = Math.max(clock.now(), this.controls.latestMs + 1)
    const entries = await this.log.append(
      author,
      drafts,
      now,
      (n) => random.bytes(n),
      (made) => [
        ...extra,
        ...made.filter(isControl).map((e) =>
          this.controls.row({
            ...ConversationLog.carrier(e),
            deviceBytes: me.deviceBytes,
            number: e.parts.header.controls,
            id: e.id,
            bytes: e.bytes,
          }),
        ),
      ],
    )
    const controls: ControlEntry[] = []
    for (const entry of entries) if (isControl(entry)) controls.push(await this.controls.acceptOwn(ConversationLog.carrier(entry)))
    const changes = await this.#apply(entries)
    await this.#checkpointIfDue()
    if (controls.length > 0) await this.#settleForks()
    if (controls.length > 0) this.events.emit('control', controls)
    if (changes.length > 0) this.events.emit('timeline', changes)
    this.events.emit('entries', entries, undefined)
    return entries
  }

  async #ingestRun(log: LogId, run: EntryRun, from: object): Promise<IngestResult> {
    const author = this.controls.membership.devices.get(deviceIdOf(run.device))
    if (author === undefined || (run.branch !== undefined && !this.log.hasBranch(log))) return MISSING
    const { forks } = this.controls
    const waiting = this.#unsigned.get(from)?.get(log)
    const continues = waiting !== undefined && waiting.seq + waiting.entries.length === run.seq
    const seq = continues ? waiting.seq : run.seq
    const all = continues ? [...waiting.entries, ...run.entries] : run.entries
    const nextSeq = this.log.nextSeq(log)
    if (seq > nextSeq) return MISSING
    const bytes = all.slice(0, Math.max(0, Math.max(nextSeq, this.limit(log)) - seq))
    await this.#fold(await this.hollow.fill(log, seq, bytes))
    if (seq < nextSeq && (await this.#strays(log, nextSeq - 1, bytes[nextSeq - 1 - seq]))) return { ...NOTHING, strayed: [log] }
    if (seq + bytes.length <= nextSeq) return NOTHING
    const pieces = continues ? waiting.pieces + 1 : 1
    if (pieces > MAX_UNSIGNED_PIECES) {
      this.#unsigned.get(from)?.delete(log)
      throw new Reject('RateLimited', 'a run without a signature in too many pieces')
    }
    const vouched = forks.branches(author.cert.deviceId).map(({ branch, prevId }) => ({ seq: branch.seq, prevId }))
    const ingested = await this.log.verify(
      log,
      author.cert.signKey,
      seq,
      bytes,
      this.#context.clock.now(),
      vouched.sort((a, b) => a.seq - b.seq),
    )
    // A signature on the way makes what follows it a first piece.
    const keep = { pieces: ingested.entries.length > 0 ? 1 : pieces, unsigned: ingested.unsigned }
    this.#keepUnsigned(from, log, seq, bytes, keep)
    const { entries } = ingested
    if (entries.length === 0) return NOTHING
    const voices = this.#voices()
    const { accepted: controls, operations } = await this.controls.accept(
      entries.filter(isControl).map((e) => ConversationLog.carrier(e)),
      this.#latestMs,
    )
    await this.#store([...ingested.operations, ...operations, ...this.hollow.note(entries)], controls, voices, 'relaxed')
    this.log.commit(log, ingested)
    const changes = await this.#apply(entries)
    if (controls.length > 0 || this.controls.forks.isForked(author.cert.deviceId)) await this.#settleForks()
    if (controls.length > 0) this.events.emit('control', controls)
    if (changes.length > 0) this.events.emit('timeline', changes)
    this.events.emit('entries', entries, from)
    return { ...NOTHING, accepted: entries.length }
  }

  /** Folds entries that are in the store. They stay true when that fails: it is reported, and folded again. */
  async #apply(entries: readonly LogEntry[]): Promise<readonly TimelineChange[]> {
    try {
      if (this.#due === 'nothing') return await this.timeline.apply(entries)
    } catch (error) {
      this.#due = 'reopen'
      this.#context.report(error, 'fold')
    }
    this.#missed.push(...entries)
    await this.#tryToMend()
    return []
  }

  /** Folds again what the store failed in the middle of: from the last checkpoint, or from the start. */
  async #mend(): Promise<void> {
    if (this.#due === 'nothing') return
    await (this.#due === 'rebuild' ? this.timeline.rebuild() : this.timeline.reopen())
    this.#due = 'nothing'
    const entries = this.#missed.splice(0)
    this.events.emit('timeline', [])
    const posted = await this.timeline.postedAmong(entries)
    if (posted.length > 0) this.events.emit('timeline', posted)
  }

  async #tryToMend(): Promise<void> {
    await this.#mend().catch((error: unknown) => this.#context.report(error, 'fold again'))
  }

  /** The folds are not the truth: a failure to write them down is reported and does not undo what was said. */
  async #checkpointIfDue(): Promise<void> {
    if (!this.timeline.checkpointDue || this.#due !== 'nothing') return
    await this.timeline.checkpoint().catch((error: unknown) => this.#context.report(error, 'checkpoint'))
  }

  /** The record as membership now has it: let in, or out again when somebody else turned out to have used the invite before. */
  #recordNow(): ConversationRecord {
    const isMember = this.controls.membership.devices.has(this.#context.me.deviceId)
    if (this.record.state === 'member') return isMember ? this.record : { ...this.record, state: 'refused', refusal: 'InviteUsedUp' }
    return isMember && this.epochs.current !== undefined
      ? { ...this.record, state: 'member', seed: undefined, refusal: undefined }
      : this.record
  }

  /** The devices with entries here that may post, as one text. */
  #voices(): string {
    const { devices, members } = this.controls.membership
    return this.log
      .heads()
      .filter(({ device }) => hasRole(members.get(devices.get(device)?.user as UserId)?.role, 'writer'))
      .map(({ device }) => device)
      .join()
  }

  /**
   * Writes what peers brought and draws the conclusions from the control entries in it. When the write fails these are not here: memory never
   * runs ahead of the store. `voices` are those from before them.
   */
  async #store(
    operations: readonly StoreOperation[],
    controls: readonly ControlEntry[],
    voices: string,
    durability: 'strict' | 'relaxed',
  ): Promise<void> {
    const keys = await this.#openBoxes(controls)
    const record = this.#recordNow()
    const isChanged = record !== this.record
    try {
      await this.#context.store.write([...operations, ...keys, ...(isChanged ? [this.#recordRow(record)] : [])], { durability })
    } catch (error) {
      await this.controls.drop(controls)
      throw error
    }
    if (keys.length > 0) await this.controls.refold()
    this.record = record
    if (controls.length > 0 && this.#voices() !== voices) {
      // Whose entries count has changed for entries that are here.
      this.#due = 'rebuild'
      await this.#tryToMend()
    }
    if (isChanged) this.events.emit('state')
  }

  /** The latest clock that is believed. */
  get #latestMs(): number {
    return this.#context.clock.now() + MAX_FUTURE_SKEW_MS
  }

  /** Folds entries whose bodies came late, and makes that last before they stop counting as hollow. */
  async #fold(filled: readonly LogEntry[]): Promise<void> {
    if (filled.length === 0) return
    const changes = await this.#apply(filled)
    await this.#mend()
    await this.timeline.checkpoint()
    await this.hollow.settle(filled)
    if (changes.length > 0) this.events.emit('timeline', changes)
  }

  /** Whether the peer holds another entry at that place than we do. */
  async #strays(log: LogId, seq: number, theirs: Uint8Array | undefined): Promise<boolean> {
    return theirs !== undefined && !(await this.holds(log, seq, theirs))
  }

  /** Gives every branch that is known a log of its own. Returns whether entries moved, or only branches can be taken in that could not before. */
  async #cutLogs(): Promise<'cut' | 'added' | undefined> {
    const { forks } = this.controls
    let isCut = false
    let isAdded = false
    for (const device of forks.devices()) {
      const bytes = deviceIdBytes(device)
      for (const { logBytes, log: branchLog, branch, prevId } of forks.branches(device).sort((a, b) => a.branch.seq - b.branch.seq)) {
        for (const log of this.log.logsOf(device)) {
          const start = this.log.startOf(log)
          const isHere = start <= branch.seq && branch.seq <= this.log.nextSeq(log)
          const follows = log === device || start < branch.seq
          if (!isHere || (this.log.hasBranch(branchLog) && (!follows || branch.seq === this.log.nextSeq(log)))) continue
          const at = await this.log.stateAt(log, branch.seq)
          if (at === undefined || !equalBytes(at.prevId, prevId)) continue
          if (follows && this.log.nextSeq(log) > branch.seq) {
            await this.log.cut(log, at, (id) => branchLogId((b) => this.#context.crypto.sha256(b), bytes, id))
            isCut = true
          }
          isAdded ||= !this.log.hasBranch(branchLog)
          await this.log.addBranch(logBytes, device, branch.id, at)
          break
        }
      }
      for (const log of this.log.logsOf(device)) await this.#clamp(log)
    }
    return isCut ? 'cut' : isAdded ? 'added' : undefined
  }

  async #clamp(log: LogId): Promise<void> {
    const limit = this.#pinned(log)
    if (!this.log.hasBranch(log) || this.log.nextSeq(log) <= limit) {
      this.#clamped.delete(log)
      return
    }
    const head = limit > this.log.startOf(log) ? await this.log.idAt(log, limit - 1) : undefined
    this.#clamped.set(log, head === undefined ? undefined : { nextSeq: limit, head })
  }

  /** Draws the conclusions from proofs of forks that came, and says what else counts: what was accepted here before must not be lost. */
  async #settleForks(): Promise<void> {
    const { forks } = this.controls
    if (forks.size === 0) return
    const isNews = forks.size !== this.#settledForks
    const change = await this.#cutLogs()
    if (!isNews && change === undefined) return
    if (!isNews && change === 'added') return this.events.emit('forks')
    this.#settledForks = forks.size
    this.#chunks.clear()
    this.#openChunks.clear()
    await this.hollow.load()
    await this.timeline.rebuild()
    for (const device of forks.devices()) this.#extendPinsSoon(device)
    this.events.emit('timeline', [])
    this.events.emit('forks')
    if (this.isFrozen) this.events.emit('state')
  }

  /** Not before this device's own log is known, for which others must be heard. */
  #extendPinsSoon(device: DeviceId): void {
    this.#untilOwnLogKnown()
      .then(() => this.#mutex.run(async () => (this.#isClosed ? undefined : this.#extendPins(device))))
      .catch((error: unknown) => this.#context.report(error, 'pins of a forked log'))
  }

  async #extendPins(device: DeviceId): Promise<void> {
    const { forks, membership } = this.controls
    const { me, crypto } = this.#context
    const hash = (bytes: Uint8Array): Uint8Array => crypto.sha256(bytes)
    if (this.isFrozen || this.record.state !== 'member' || !membership.devices.has(me.deviceId)) return
    if (!holdsMore(this, forks, device, me.deviceId)) return
    const [known] = forks.proofs(device)
    if (known === undefined) return
    // A third history, which only we hold so far: shown against one that is known already.
    const unknown = this.log.logsOf(device).find((log) => this.log.hasBranch(log) && forks.branch(log) === undefined)
    const start = unknown === undefined ? undefined : this.log.startState(unknown)
    const other = start === undefined ? undefined : forks.proofs(device).find(({ fork }) => equalBytes(fork.prevId, start.prevId))
    const ours = unknown === undefined ? [] : await this.log.read(unknown, start!.nextSeq, start!.nextSeq + MAX_PROOF_ENTRIES)
    const side = sideOf(hash, ours)
    const { fork } = other ?? known
    await this.#appendProof(device, fork.seq, fork.prevId, side === undefined ? fork.sides : [fork.sides[0], side], {})
  }

  async #appendProof(
    device: DeviceId,
    seq: number,
    prevId: Uint8Array,
    sides: readonly [ForkSide, ForkSide],
    also: Parameters<typeof composeProof>[2],
  ): Promise<boolean> {
    const fork = { device, seq, prevId, sides }
    // What finds no room in this one is said in the next.
    for (const maxControls of [MAX_PINNED_CONTROLS, FEW_CONTROLS]) {
      try {
        const payload = encodeControl(composeProof(this, fork, { ...also, maxControls }))
        await this.#append([{ kind: EntryKind.control, payload, epoch: undefined }], [])
        return true
      } catch (error) {
        if (!isParleyError(error, 'TooLarge')) throw error
      }
    }
    // Headers full of other devices' heads, up to the next signature: such a fork stays unproved, and each peer keeps the history it has.
    this.#context.logger.warn('a fork whose proof is too large', { device })
    return false
  }

  #branchLog(device: Uint8Array, branch: Uint8Array): LogId {
    return deviceIdOf(branchLogId((bytes) => this.#context.crypto.sha256(bytes), device, branch))
  }

  #keepUnsigned(
    from: object,
    log: LogId,
    seq: number,
    bytes: readonly Uint8Array[],
    { unsigned, pieces }: { unsigned: number; pieces: number },
  ): void {
    const waiting = this.#unsigned.get(from) ?? new Map<LogId, Unsigned>()
    this.#unsigned.set(from, waiting)
    waiting.delete(log)
    if (unsigned === 0 || unsigned > MAX_UNSIGNED) return
    const entries = bytes.slice(bytes.length - unsigned).map((b) => b.slice())
    waiting.set(log, { seq: seq + bytes.length - unsigned, entries, pieces })
    // The oldest goes first: it is asked for again when heads are next compared.
    for (const other of waiting.keys()) if (sizeOf(waiting) > MAX_UNSIGNED_BYTES) waiting.delete(other)
  }

  /** Opens the boxes for this device in admissions; the secret must match a commitment of the conversation. */
  async #openBoxes(entries: readonly ControlEntry[]): Promise<StoreOperation[]> {
    const { me } = this.#context
    const rows: StoreOperation[] = []
    for (const { payload, cert } of entries) {
      if (payload?.op !== 'admit' || cert?.deviceId !== me.deviceId) continue
      // Oldest first, so that the newest becomes the current one.
      for (const { epoch, box } of [...payload.boxes].reverse()) {
        const bytes = await hpkeOpen(me.keys.agreement, this.#boxInfo(epoch, me.deviceId), box)
        const secret = bytes === undefined ? undefined : epochSecretFromBytes(bytes)
        if (bytes === undefined || secret === undefined || !this.#isEpoch(epoch, epochCommitment(secret))) continue
        this.epochs.add(secret)
        rows.push({ type: 'put', key: this.keys.epoch(epoch), value: bytes })
      }
    }
    return rows
  }

  #isEpoch(id: Uint8Array, commitment: Uint8Array): boolean {
    if (!equalBytes(epochIdOf(this.bytes, commitment), id)) return false
    // Keys do not rotate yet: an `epoch` entry, which any member can write, must not bring one.
    return this.controls.entries().some(({ payload }) => payload?.op === 'genesis' && equalBytes(payload.epochCommitment, commitment))
  }

  #boxInfo(epoch: Uint8Array, device: DeviceId): Uint8Array {
    return concatBytes(this.bytes, epoch, deviceIdBytes(device))
  }

  #recordRow(record: ConversationRecord): StoreOperation {
    return { type: 'put', key: conversationKey(this.bytes), value: encodeRecord(record) }
  }

  /** The chunk behind a client id, for updates that begin inside a chunk: only the chunk that a log goes on in, its neighbours, and those of missing bodies can be meant. */
  #chunkOf(client: number): ChunkRef | undefined {
    const known = this.#chunks.get(client)
    if (known !== undefined) return known
    if (this.#chunks.size > MAX_KNOWN_CHUNKS) {
      this.#chunks.clear()
      this.#openChunks.clear()
    }
    // Only what has changed is hashed: a peer that makes up client ids must not cost work.
    for (const id of this.controls.membership.devices.keys()) {
      for (const log of this.log.logsOf(id)) {
        const open = Math.floor(this.log.nextSeq(log) / CHUNK_ENTRIES)
        if (this.#openChunks.get(log) === open) continue
        this.#openChunks.set(log, open)
        for (const chunk of open === 0 ? [0, 1] : [open - 1, open, open + 1]) this.#noteChunk(log, chunk)
      }
    }
    for (const { log, from } of this.hollow.wants()) this.#noteChunk(log, Math.floor(from / CHUNK_ENTRIES))
    for (const { log, chunk } of this.#expected.values()) this.#noteChunk(log, chunk)
    return this.#chunks.get(client)
  }

  #noteChunk(log: LogId, chunk: number): void {
    const device = deviceIdBytes(this.log.deviceOf(log))
    const branch = this.log.branchOf(log)
    this.#chunks.set(
      chunkClient((bytes) => this.#context.crypto.sha256(bytes), this.bytes, device, chunk, branch?.id),
      { device, branch, chunk },
    )
  }
}

/** Control entries named in a proof that has little room. */
const FEW_CONTROLS = 64

/** Chunks that may be asked for out of turn at a time: a window, and some searches. */
const MAX_EXPECTED = 64

/** What callers hear who would go on writing with a profile of which there are two. */
export function profileForked(): ParleyError {
  return new ParleyError(
    'ProfileForked',
    'this profile was copied or restored, and both copies wrote messages; it can only read now. Create a new profile and ask for a new invite',
  )
}

const NOTHING: IngestResult = Object.freeze({ accepted: 0, missing: false, strayed: [] })
const MISSING: IngestResult = Object.freeze({ ...NOTHING, missing: true })

const sizeOf = (waiting: ReadonlyMap<LogId, Unsigned>): number =>
  [...waiting.values()].reduce((sum, { entries }) => sum + entries.reduce((bytes, entry) => bytes + entry.length, 0), 0)

const isControl = (entry: LogEntry): boolean => entry.parts.header.kind === EntryKind.control

/** Runs of one log that follow each other become one, so that a signature at the end covers what came in several chunks. */
function joinRuns(runs: readonly EntryRun[]): EntryRun[] {
  const joined: (EntryRun & { entries: Uint8Array[] })[] = []
  for (const run of [...runs].sort(compareRuns)) {
    const last = joined.at(-1)
    if (last !== undefined && isSameLog(last, run) && last.seq + last.entries.length === run.seq) last.entries.push(...run.entries)
    else joined.push({ ...run, entries: [...run.entries] })
  }
  return joined
}
