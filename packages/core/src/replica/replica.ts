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
  type DeviceCert,
  type EpochSecret,
} from '@parley/crypto'
import {
  admit,
  bodyAad,
  chunkClient,
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
  MAX_FUTURE_SKEW_MS,
  MAX_RANGE_UPDATE_BYTES,
  messageIdBytes,
  messageIdParts,
  MAX_WAITING_BYTES_PER_PEER,
  Reject,
  signedHead,
  type ControlCarrier,
  type ControlPayload,
  type ConversationId,
  type DeviceId,
  type EntryParts,
  type EntryRun,
  type HaveHead,
  type RefusalCode,
  type UserId,
} from '@parley/protocol'
import type { Context } from '../context.ts'
import { ControlLog } from './control-log.ts'
import { Emitter } from '../support/emitter.ts'
import { EpochKeys } from './epochs.ts'
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
  /** Devices of which the peer holds another history than this one. */
  readonly strayed: readonly DeviceId[]
}

export interface ReplicaEvents {
  /** Entries are in the store, from this device (`from` undefined) or from a peer. */
  entries: (entries: readonly LogEntry[], from: unknown) => void
  /** No changes: it was folded anew, and everything may be different. */
  timeline: (changes: readonly TimelineChange[]) => void
  /** Control entries changed who is a member, what people are called, or the metadata. */
  control: (entries: readonly ControlEntry[]) => void
  state: () => void
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
  /** Devices that wrote two different entries at one position. Nothing further of theirs is taken in. */
  readonly forked = new Set<DeviceId>()
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
  readonly #unsigned = new WeakMap<object, Map<DeviceId, Unsigned>>()
  /** Chunks that an update may go on in, by client id, and the open chunk of each device that they were noted for. */
  readonly #chunks = new Map<number, { device: Uint8Array; chunk: number }>()
  readonly #openChunks = new Map<DeviceId, number>()

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
        open: (device, seq, parts) => this.open(device, seq, parts),
        userOf: (device) => this.userOf(device),
        mayPost: (device) => hasRole(this.controls.membership.members.get(this.userOf(device) as UserId)?.role, 'writer'),
        deleted: (id) => {
          const { device, seq } = messageIdParts(id)
          return this.hollow.forget(deviceIdOf(device), seq)
        },
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
    await this.timeline.open()
    await this.hollow.load()
    await this.#fold(await this.hollow.unsettled())
    await this.timeline.checkpoint()
  }

  /** The user whose device it is, when a member. */
  userOf(device: DeviceId): UserId | undefined {
    return this.controls.membership.devices.get(device)?.user
  }

  /** The body of a message operation in clear; undefined when purged or under an epoch that is not held. */
  open(device: DeviceId, seq: number, { headerBytes, body }: EntryParts): Uint8Array | undefined {
    const epochId = this.log.epochAt(device, seq)
    const epoch = epochId === undefined ? undefined : this.epochs.get(epochId)
    if (body === undefined || epoch === undefined) return undefined
    const bytes = deviceIdBytes(device)
    return openBody(epoch.messageKey(bytes), body, bodyAad(this.bytes, bytes, seq, headerBytes))
  }

  /** Says something; resolves with the entry once it is durable and folded. Drafts that come together share a batch and a signature. */
  commit(draft: () => Draft): Promise<LogEntry> {
    return new Promise((resolve, reject) => {
      this.#drafts.push({ draft, resolve, reject })
      if (this.#draining) return
      this.#draining = true
      void this.#mutex.run(() => this.#drain())
    })
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
  admitJoiner(ref: string, cert: DeviceCert, proof: Uint8Array): Promise<'admitted' | RefusalCode> {
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
      this.events.emit('control', accepted)
      return accepted.length
    })
  }

  /**
   * Takes in an update from a peer. @throws {Reject} for what no honest peer sends, and UnknownChunk for what lies far ahead of the log.
   * Runs of the devices in `skip` are passed over: this peer holds another history of them.
   */
  ingest(update: Uint8Array, from: object, skip: ReadonlySet<DeviceId> = new Set()): Promise<IngestResult> {
    return this.#mutex.run(async () => {
      const runs = admit(update, {
        hash: (bytes) => this.#context.crypto.sha256(bytes),
        conversation: this.bytes,
        chunkOf: (client) => this.#chunkOf(client),
        limits: { maxBytes: MAX_RANGE_UPDATE_BYTES },
      })
      let accepted = 0
      let missing = false
      const strayed: DeviceId[] = []
      for (const run of joinRuns(runs)) {
        if (skip.has(deviceIdOf(run.device))) continue
        const result = await this.#ingestRun(run, from)
        accepted += result.accepted
        missing ||= result.missing
        strayed.push(...result.strayed)
      }
      await this.#checkpointIfDue()
      return { accepted, missing, strayed }
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
    for (const { device, deviceBytes, state } of this.log.heads()) {
      if (heads.has(device))
        heads.set(device, {
          device: deviceBytes,
          nextSeq: state.nextSeq,
          head: state.prevId.slice(0, 8),
          controls: this.controls.count(device),
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
            bytes: e.bytes,
          }),
        ),
      ],
    )
    const controls: ControlEntry[] = []
    for (const entry of entries) if (isControl(entry)) controls.push(await this.controls.acceptOwn(ConversationLog.carrier(entry)))
    const changes = await this.#apply(entries)
    await this.#checkpointIfDue()
    if (controls.length > 0) this.events.emit('control', controls)
    if (changes.length > 0) this.events.emit('timeline', changes)
    this.events.emit('entries', entries, undefined)
    return entries
  }

  async #ingestRun(run: EntryRun, from: object): Promise<IngestResult> {
    const author = this.controls.membership.devices.get(deviceIdOf(run.device))
    if (author === undefined) return MISSING
    const device = author.cert.deviceId
    const waiting = this.#unsigned.get(from)?.get(device)
    const continues = waiting !== undefined && waiting.seq + waiting.entries.length === run.seq
    const seq = continues ? waiting.seq : run.seq
    const bytes = continues ? [...waiting.entries, ...run.entries] : run.entries
    if (this.forked.has(device)) return NOTHING
    const nextSeq = this.log.nextSeq(device)
    if (seq > nextSeq) return MISSING
    await this.#fold(await this.hollow.fill(device, seq, bytes))
    if (seq < nextSeq && (await this.#strays(author.cert, nextSeq - 1, bytes[nextSeq - 1 - seq]))) return { ...NOTHING, strayed: [device] }
    if (seq + bytes.length <= nextSeq) return NOTHING
    const pieces = continues ? waiting.pieces + 1 : 1
    if (pieces > MAX_UNSIGNED_PIECES) {
      this.#unsigned.get(from)?.delete(device)
      throw new Reject('RateLimited', 'a run without a signature in too many pieces')
    }
    const ingested = await this.log.verify(run.device, author.cert.signKey, seq, bytes, this.#context.clock.now())
    // A signature on the way makes what follows it a first piece.
    const keep = { pieces: ingested.entries.length > 0 ? 1 : pieces, unsigned: ingested.unsigned }
    this.#keepUnsigned(from, device, seq, bytes, keep)
    const { entries } = ingested
    if (entries.length === 0) return NOTHING
    const voices = this.#voices()
    const { accepted: controls, operations } = await this.controls.accept(
      entries.filter(isControl).map((e) => ConversationLog.carrier(e)),
      this.#latestMs,
    )
    await this.#store([...ingested.operations, ...operations, ...this.hollow.note(entries)], controls, voices, 'relaxed')
    this.log.commit(run.device, ingested)
    const changes = await this.#apply(entries)
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

  /** Whether the peer holds another entry at that place than we do. Only a signature proves that the author wrote both. */
  async #strays({ deviceId, signKey }: DeviceCert, seq: number, theirs: Uint8Array | undefined): Promise<boolean> {
    const [ours] = await this.log.read(deviceId, seq, seq + 1)
    if (ours === undefined || theirs === undefined || equalBytes(ours, theirs)) return false
    const id = await this.log.idAt(deviceId, seq)
    const prevId = seq === 0 ? this.log.firstId(deviceId) : await this.log.idAt(deviceId, seq - 1)
    if (id === undefined || prevId === undefined) return false
    const device = deviceIdBytes(deviceId)
    const parts = decodeEntry(theirs)
    const theirId = this.log.idOf(device, seq, prevId, parts)
    if (equalBytes(theirId, id)) return false
    const { signature } = parts
    const message = signedHead(this.bytes, device, seq, theirId)
    if (signature !== undefined && (await this.#context.crypto.verify({ publicKey: signKey, message, signature })))
      this.forked.add(deviceId)
    return true
  }

  #keepUnsigned(
    from: object,
    device: DeviceId,
    seq: number,
    bytes: readonly Uint8Array[],
    { unsigned, pieces }: { unsigned: number; pieces: number },
  ): void {
    const waiting = this.#unsigned.get(from) ?? new Map<DeviceId, Unsigned>()
    this.#unsigned.set(from, waiting)
    waiting.delete(device)
    if (unsigned === 0 || unsigned > MAX_UNSIGNED) return
    const entries = bytes.slice(bytes.length - unsigned).map((b) => b.slice())
    waiting.set(device, { seq: seq + bytes.length - unsigned, entries, pieces })
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
  #chunkOf(client: number): { device: Uint8Array; chunk: number } | undefined {
    const known = this.#chunks.get(client)
    if (known !== undefined) return known
    if (this.#chunks.size > MAX_KNOWN_CHUNKS) {
      this.#chunks.clear()
      this.#openChunks.clear()
    }
    // Only what has changed is hashed: a peer that makes up client ids must not cost work.
    for (const id of this.controls.membership.devices.keys()) {
      const open = Math.floor(this.log.nextSeq(id) / CHUNK_ENTRIES)
      if (this.#openChunks.get(id) === open) continue
      this.#openChunks.set(id, open)
      for (const chunk of open === 0 ? [0, 1] : [open - 1, open, open + 1]) this.#noteChunk(deviceIdBytes(id), chunk)
    }
    for (const { device, from } of this.hollow.wants()) this.#noteChunk(device, Math.floor(from / CHUNK_ENTRIES))
    return this.#chunks.get(client)
  }

  #noteChunk(device: Uint8Array, chunk: number): void {
    this.#chunks.set(
      chunkClient((bytes) => this.#context.crypto.sha256(bytes), this.bytes, device, chunk),
      { device, chunk },
    )
  }
}

const NOTHING: IngestResult = Object.freeze({ accepted: 0, missing: false, strayed: [] })
const MISSING: IngestResult = Object.freeze({ ...NOTHING, missing: true })

const sizeOf = (waiting: ReadonlyMap<DeviceId, Unsigned>): number =>
  [...waiting.values()].reduce((sum, { entries }) => sum + entries.reduce((bytes, entry) => bytes + entry.length, 0), 0)

const isControl = (entry: LogEntry): boolean => entry.parts.header.kind === EntryKind.control

/** Runs of one device that follow each other become one, so that a signature at the end covers what came in several chunks. */
function joinRuns(runs: readonly EntryRun[]): EntryRun[] {
  const joined: { device: Uint8Array; seq: number; entries: Uint8Array[] }[] = []
  for (const run of [...runs].sort((a, b) => compareBytes(a.device, b.device) || a.seq - b.seq)) {
    const last = joined.at(-1)
    if (last !== undefined && equalBytes(last.device, run.device) && last.seq + last.entries.length === run.seq)
      last.entries.push(...run.entries)
    else joined.push({ device: run.device, seq: run.seq, entries: [...run.entries] })
  }
  return joined
}
