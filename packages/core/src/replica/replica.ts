/**
 * This device's copy of one conversation: logs, keys and folds, and the two roads into them, `commit` for what this device says and `ingest`
 * for what peers say. Knows nothing of links; says through events what others should hear.
 */
import { epochSecretFromBytes, type DeviceCert, type EpochSecret } from '@parley/crypto'
import {
  encodeControl,
  EntryKind,
  isClearControl,
  Reject,
  type ControlCarrier,
  type ControlPayload,
  type DeviceId,
  type RefusalCode,
} from '@parley/protocol'
import type { VerifyOptions } from '../api/verify.ts'
import type { Invite } from '../membership/index.ts'
import type { Contradiction } from './control-check.ts'
import type { LentKey } from './epochs.ts'
import { holdsEntry } from './fork-proof.ts'
import { answer, found } from './first-words.ts'
import type { LogId } from './forks.ts'
import type { IngestResult, PassedOver, UpdateSource } from './ingest.ts'
import type { Draft, LogEntry } from './log-entry.ts'
import type { MembershipWrites } from './membership-writes.ts'
import { noKey, profileForked } from './own-writes.ts'
import type { ConversationRecord } from './record.ts'
import { ReplicaView } from './replica-view.ts'
import type { ReplicaReport } from '../verify/index.ts'

export class Replica extends ReplicaView {
  /** Reads what opening needs: keys, what the folds over the control entries came to, heads, the index, and what was not folded yet. */
  async load(): Promise<void> {
    for (const { value } of await this.context.store.range(this.keys.epochs())) {
      const secret = epochSecretFromBytes(value)
      if (secret !== undefined) this.epochs.add(secret)
    }
    for (const { key, value } of await this.context.store.range(this.keys.lentKeys())) {
      // Table and conversation come first, 17 bytes.
      const device = key.length > 33 ? key.slice(33) : undefined
      this.epochs.lend({ epoch: key.slice(17, 33), device, key: value })
    }
    await this.controls.open(this.context.store)
    await this.log.open()
    await this.parts.intake.resume()
    await this.history.dropForked()
    await this.parts.cuts.cut()
    await this.parts.cuts.clamp()
    await this.timeline.open()
    await this.hollow.load()
    await this.parts.folding.fold(await this.hollow.unsettled())
    await this.timeline.checkpoint()
    await this.parts.intake.settle()
    this.parts.own.opened()
    this.parts.forks.opened()
  }

  /** Reads the control entries: for whoever says something, or takes something in. Who only looks need not. */
  async whole(): Promise<void> {
    if (this.controls.isWhole) return
    await this.controls.whole()
    await this.parts.mutex.run(() => this.parts.intake.resume())
  }

  /** Ends the work under way and writes the folds down. */
  async close(): Promise<void> {
    this.parts.forks.close()
    this.log.stop()
    await this.parts.mutex.idle()
    await this.checkpoint()
    this.events.clear()
  }

  /** Writes the folds down when anything changed. */
  checkpoint(): Promise<void> {
    return this.parts.mutex.run(async () => {
      await this.parts.folding.checkpoint()
      await this.controls.keep(this.context.store)
    })
  }

  /** Runs while nothing is taken in or written. Waiting in `task` for a `commit` would never end. */
  whenStill<T>(task: () => Promise<T>): Promise<T> {
    return this.parts.mutex.run(task)
  }

  /** Looks at everything that is stored of it, and puts right what can be when told to. */
  async verify(options: VerifyOptions): Promise<ReplicaReport> {
    await this.whole()
    return (await import('../verify/index.ts')).verifyReplica(this.context, this.bytes, this.parts, options)
  }

  // --- how it stands

  /** Stores a change of the record. `change` gets the record as it is when its turn comes, and may leave it as it is. */
  setRecord(change: (record: ConversationRecord) => ConversationRecord): Promise<void> {
    return this.parts.mutex.run(async () => {
      const record = change(this.record)
      if (record === this.record) return
      await this.context.store.write([this.parts.record.row(record)], { durability: 'strict' })
      this.parts.record.value = record
      this.events.emit('state')
    })
  }

  /** Keeps the keys of an archive. Call it before the entries that they open come. */
  async lend(keys: readonly LentKey[]): Promise<void> {
    await this.context.store.write(
      keys.map(({ epoch, device, key }) => ({ type: 'put', key: this.keys.lentKey(epoch, device), value: key })),
    )
    for (const key of keys) this.epochs.lend(key)
  }

  /** Says how it becomes known what peers on a link hold of this device's own log, and whether it is: whoever knows the links. */
  askForOwnLog(whenKnown: () => Promise<void>, isKnownNow: () => boolean): void {
    this.parts.own.whenKnown = whenKnown
    this.parts.own.isKnownNow = isKnownNow
  }

  // --- what this device says

  /** Says something; resolves with the entry once it is durable and folded. Drafts that come together share a batch and a signature. */
  async commit(draft: () => Draft): Promise<LogEntry> {
    await this.whole()
    await this.parts.own.untilMayWrite()
    return this.parts.writes.commit(draft)
  }

  /** Opens an epoch when one is due, as is done before anything is said. */
  async openEpochIfDue(): Promise<void> {
    await this.parts.own.untilMayWrite()
    return this.parts.mutex.run(() => this.parts.writes.prepare())
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
    await this.whole()
    await this.parts.own.untilMayWrite()
    return this.parts.mutex.run(async () => {
      if (this.isFrozen) throw profileForked()
      await change(this.parts.membership)
    })
  }

  /** Writes the first entries of a new conversation. */
  found(genesis: Uint8Array, secret: EpochSecret, sealed: readonly ControlPayload[]): Promise<void> {
    return found(this.parts, genesis, secret, sealed)
  }

  /**
   * Makes this device, which was asked, one that takes part, together with the first entries that it writes: of a direct conversation
   * `entries` begins with its `direct`. @throws {ParleyError} NotAllowed while no key is here.
   */
  async answer(entries: readonly ControlPayload[]): Promise<void> {
    await this.whole()
    return answer(this.context.store, this.parts, entries)
  }

  /** The invites that a joiner may hold, open or not. */
  invites(): readonly Invite[] {
    return this.parts.admission.invites()
  }

  /**
   * Lets a joiner in, or says why not. The caller has verified the certificate and the proof. A device that is in already is welcome again; when it
   * asks once more, whoever let it in gave it keys that do not open, and it gets them from here.
   */
  async admitJoiner(ref: string, cert: DeviceCert, proof: Uint8Array, from = 0): Promise<'admitted' | RefusalCode> {
    await this.whole()
    await this.parts.own.untilMayWrite()
    return this.parts.mutex.run(async () => {
      const before = this.controls.membership.devices.get(cert.deviceId)
      if (before?.isActive !== true) return this.parts.admission.admit(ref, cert, proof, from)
      await this.parts.handout.returned(cert.deviceId, before.user)
      return 'admitted'
    })
  }

  /**
   * Epochs (16 bytes) whose keys this device should have had and has not, for a box was bad or missing: the current one, and those opened since it
   * came in. Newest first.
   */
  missingEpochs(): Uint8Array[] {
    return this.parts.handout.missing()
  }

  /** A device of a member lacks the keys of these epochs; it gets those that it may have, a few times. Resolves with those that are not here. */
  async handKeys(device: DeviceId, epochs: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    await this.whole()
    return this.isFrozen || this.role === undefined ? [] : this.parts.handout.give(device, epochs)
  }

  // --- what peers say

  /** Takes in control entries; returns how many were new. While joining, they may be the answer that makes this device a member. */
  async ingestControls(carriers: readonly ControlCarrier[]): Promise<number> {
    await this.whole()
    return this.parts.mutex.run(async () => {
      const sifted = await this.parts.check.sift(carriers)
      if (sifted.contradiction !== undefined) this.parts.ingest.passedOver.contradicted++
      this.#settleContradiction(sifted.contradiction)
      const accepted = await this.parts.intake.accept(sifted.carriers)
      if (accepted.length === 0) return 0
      await this.parts.forks.settle()
      this.events.emit('control', accepted)
      return accepted.length
    })
  }

  /**
   * Takes in an update from a peer. @throws {Reject} for what no honest peer sends, and UnknownChunk for what lies far ahead of the log.
   * Runs of which `take` says so are passed over: the peer holds another history of the log. What was not asked for, as `isAsked` has it, must keep
   * to the live rate.
   */
  async ingest(
    update: Uint8Array,
    from: object,
    { take = () => false, isAsked = () => true }: Partial<UpdateSource> = {},
  ): Promise<IngestResult> {
    await this.whole()
    return this.parts.mutex.run(async () => {
      const result = await this.parts.ingest.update(update, from, { take, isAsked })
      this.#settleContradiction(result.contradiction)
      return result
    })
  }

  /** A peer says which id (32 bytes) comes before the chunk that begins at `seq`, of which it was asked for the entries. */
  anchor(from: object, log: LogId, seq: number, id: Uint8Array): void {
    this.parts.ingest.anchor(from, log, seq, id)
  }

  /** A peer is gone: what it left unfinished is dropped. */
  forget(from: object): void {
    this.parts.ingest.forget(from)
  }

  /** How many entries were put off since the start. */
  get passedOver(): Readonly<PassedOver> & { readonly excess: number } {
    return { ...this.parts.ingest.passedOver, excess: this.controls.excess }
  }

  /** Says that these entries will come out of turn. */
  expect(log: LogId, from: number, to: number): void {
    this.parts.chunks.expect(log, from, to)
  }

  /** Whether that is our entry at that place. */
  holds(log: LogId, seq: number, bytes: Uint8Array): Promise<boolean> {
    return holdsEntry((b) => this.context.crypto.sha256(b), this.log, log, seq, bytes)
  }

  /**
   * Another history of a log, from `seq` on, where they part. When the device signed it, that is a proof, which is written and passed on
   * as any other entry; of this very device, nothing further is written. Returns whether it was one.
   * @throws {Reject} BadSignature and the like for what the device did not write.
   */
  async proveFork(log: LogId, seq: number, theirs: readonly Uint8Array[]): Promise<boolean> {
    await this.whole()
    if (this.log.deviceOf(log) !== this.context.me.deviceId) await this.parts.own.untilKnown()
    return this.parts.mutex.run(() => this.parts.proving.prove(log, seq, theirs))
  }

  // --- inside

  /** Proves the fork when there is one to prove. Not awaited: a proof waits for the mutex, and perhaps for what a link brings. */
  #settleContradiction(contradiction: Contradiction | undefined): void {
    if (contradiction?.isProof !== true) return
    const { device, seq, entry } = contradiction
    this.proveFork(device, seq, [entry]).catch((error: unknown) => {
      // It proves nothing after all, and was counted when it came.
      if (!(error instanceof Reject)) this.context.report(error, 'proof of a fork')
    })
  }
}
