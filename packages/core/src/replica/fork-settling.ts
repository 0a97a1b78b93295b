/** Drawing the conclusions from proofs of forks: logs are cut, the folds made anew, and what was accepted here is said to count. */
import { equalBytes, MAX_PROOF_ENTRIES, type ControlCarrier, type DeviceId } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Emitter } from '../support/emitter.ts'
import type { Mutex } from '../support/mutex.ts'
import type { ChunkLookup } from './chunk-lookup.ts'
import type { ControlLog } from './control-log.ts'
import type { ReplicaEvents } from './events.ts'
import { holdsMore, sideOf } from './fork-proof.ts'
import type { HollowEntries } from './hollow.ts'
import type { LogCuts } from './log-cuts.ts'
import { entriesOf } from './log-entries.ts'
import { carrierOf, isControl } from './log-entry.ts'
import type { ConversationLog } from './log.ts'
import type { ProofWriter } from './proof-writer.ts'
import type { StoredRecord } from './record.ts'
import { changesBetween, shownBy } from './shown.ts'
import type { Timeline } from './timeline.ts'

export class ForkSettling {
  readonly #conversation: Uint8Array
  readonly #context: Context
  readonly #mutex: Mutex
  readonly #log: ConversationLog
  readonly #controls: ControlLog
  readonly #cuts: LogCuts
  readonly #chunks: ChunkLookup
  readonly #hollow: HollowEntries
  readonly #timeline: Timeline
  readonly #record: StoredRecord
  readonly #proofs: ProofWriter
  readonly #events: Emitter<ReplicaEvents>
  readonly #untilOwnLogKnown: () => Promise<void>
  readonly #isOwnLogKnown: () => boolean
  readonly #dropLate: () => Promise<boolean>
  readonly #takeControls: (carriers: readonly ControlCarrier[]) => Promise<void>
  /** Forks as they were when logs were last cut. */
  #settledForks = 0
  /** Another history of this very device was found: somebody copied the profile, or restored it. */
  #isSelfForked = false
  #isClosed = false

  /** `dropLate` forgets logs that forked and begin late here; `takeControls` takes in control entries that count now. */
  constructor(options: {
    conversation: Uint8Array
    context: Context
    mutex: Mutex
    log: ConversationLog
    controls: ControlLog
    cuts: LogCuts
    chunks: ChunkLookup
    hollow: HollowEntries
    timeline: Timeline
    record: StoredRecord
    proofs: ProofWriter
    events: Emitter<ReplicaEvents>
    untilOwnLogKnown: () => Promise<void>
    isOwnLogKnown: () => boolean
    dropLate: () => Promise<boolean>
    takeControls: (carriers: readonly ControlCarrier[]) => Promise<void>
  }) {
    this.#conversation = options.conversation
    this.#context = options.context
    this.#mutex = options.mutex
    this.#log = options.log
    this.#controls = options.controls
    this.#cuts = options.cuts
    this.#chunks = options.chunks
    this.#hollow = options.hollow
    this.#timeline = options.timeline
    this.#record = options.record
    this.#proofs = options.proofs
    this.#events = options.events
    this.#untilOwnLogKnown = options.untilOwnLogKnown
    this.#isOwnLogKnown = options.isOwnLogKnown
    this.#dropLate = options.dropLate
    this.#takeControls = options.takeControls
  }

  /** Everything has been read from the store, cut and folded. */
  opened(): void {
    const { forks } = this.#controls
    const sources = { log: this.#log, controls: this.#controls }
    // Otherwise the next look at forks says what still counts.
    if (!forks.devices().some((device) => holdsMore(sources, forks, device, this.#context.me.deviceId))) this.#settledForks = forks.size
  }

  /** Nothing more is written. */
  close(): void {
    this.#isClosed = true
  }

  /** Whether another history of this device exists: what it would still say counts nowhere. */
  get isFrozen(): boolean {
    return this.#isSelfForked || this.#controls.forks.isForked(this.#context.me.deviceId)
  }

  /** Another history of this very device is proved; it is frozen. */
  freeze(): void {
    this.#isSelfForked = true
    this.#events.emit('state')
  }

  /** Draws the conclusions from proofs of forks that came, and says what else counts: what was accepted here before must not be lost. */
  async settle(): Promise<void> {
    const { forks } = this.#controls
    if (forks.size === 0) return
    const isNews = forks.size !== this.#settledForks
    const isDropped = await this.#dropLate()
    const change = await this.#cuts.cut()
    if (!isNews && !isDropped && change === undefined) return
    if (!isNews && !isDropped && change === 'added') return this.#events.emit('forks')
    this.#settledForks = forks.size
    await this.#readBranches()
    // Proofs were among what counts now.
    if (this.#controls.forks.size !== this.#settledForks) return this.settle()
    this.#chunks.clear()
    await this.#hollow.load()
    // Said before anything is folded anew, so that nothing vanishes until it is said. What that proof brings about settles this one, too.
    if (this.#isOwnLogKnown() && (await this.#extendAllPins())) return
    const before = await shownBy(this.#timeline)
    await this.#timeline.rebuild()
    for (const device of forks.devices()) this.#extendPinsSoon(device)
    this.#events.emit('timeline', [])
    const changes = changesBetween(before, await shownBy(this.#timeline))
    if (changes.length > 0) this.#events.emit('timeline', changes)
    this.#events.emit('forks')
    if (this.isFrozen) this.#events.emit('state')
  }

  /** Returns whether there was anything to say. */
  async #extendAllPins(): Promise<boolean> {
    const { size } = this.#controls.forks
    for (const device of this.#controls.forks.devices()) await this.#extendPins(device)
    return this.#controls.forks.size > size
  }

  /** Offers the control entries of branches anew: they may have come, with their log, before a proof that names them. */
  async #readBranches(): Promise<void> {
    const { crypto } = this.#context
    const source = { conversation: this.#conversation, hash: (bytes: Uint8Array) => crypto.sha256(bytes), log: this.#log }
    const carriers: ControlCarrier[] = []
    for (const log of this.#controls.forks.devices().flatMap((device) => this.#log.logsOf(device)))
      if (this.#log.hasBranch(log))
        for await (const batch of entriesOf(source, log, this.#log.startOf(log), this.#log.nextSeq(log)))
          carriers.push(...batch.filter(isControl).map(carrierOf))
    if (carriers.length > 0) await this.#takeControls(carriers)
  }

  /** Not before this device's own log is known, for which others must be heard. */
  #extendPinsSoon(device: DeviceId): void {
    this.#untilOwnLogKnown()
      .then(() => this.#mutex.run(async () => (this.#isClosed ? undefined : this.#extendPins(device))))
      .catch((error: unknown) => this.#context.report(error, 'pins of a forked log'))
  }

  async #extendPins(device: DeviceId): Promise<void> {
    const { forks, membership } = this.#controls
    const { me, crypto } = this.#context
    const hash = (bytes: Uint8Array): Uint8Array => crypto.sha256(bytes)
    if (this.isFrozen || this.#record.value.state !== 'member' || !membership.devices.has(me.deviceId)) return
    if (!holdsMore({ log: this.#log, controls: this.#controls }, forks, device, me.deviceId)) return
    const [known] = forks.proofs(device)
    if (known === undefined) return
    // A third history, which only we hold so far: shown against one that is known already.
    const unknown = this.#log.logsOf(device).find((log) => this.#log.hasBranch(log) && forks.branch(log) === undefined)
    const start = unknown === undefined ? undefined : this.#log.startState(unknown)
    const other = start === undefined ? undefined : forks.proofs(device).find(({ fork }) => equalBytes(fork.prevId, start.prevId))
    const ours = unknown === undefined ? [] : await this.#log.read(unknown, start!.nextSeq, start!.nextSeq + MAX_PROOF_ENTRIES)
    const side = sideOf(hash, ours)
    const { fork } = other ?? known
    await this.#proofs.append(device, fork.seq, fork.prevId, side === undefined ? fork.sides : [fork.sides[0], side], {})
  }
}
