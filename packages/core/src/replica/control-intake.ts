/** Control entries on their way in, alone or within a log, and the conclusions from them: keys, standing of this device, whose entries count. */
import { MAX_FUTURE_SKEW_MS, type ControlCarrier } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { StoreOperation } from '../store.ts'
import type { Emitter } from '../support/emitter.ts'
import type { ControlEntry } from './control-entry.ts'
import type { ControlLog } from './control-log.ts'
import type { EpochBoxes } from './epoch-boxes.ts'
import type { EpochKeys } from './epochs.ts'
import type { ReplicaEvents } from './events.ts'
import type { Folding } from './folding.ts'
import type { LogCuts } from './log-cuts.ts'
import type { ConversationLog } from './log.ts'
import type { ConversationRecord, StoredRecord } from './record.ts'

const NOTHING = { rows: [], undo: () => undefined }

export class ControlIntake {
  readonly #context: Context
  readonly #controls: ControlLog
  readonly #epochs: EpochKeys
  readonly #log: ConversationLog
  readonly #boxes: EpochBoxes
  readonly #record: StoredRecord
  readonly #folding: Folding
  readonly #cuts: LogCuts
  readonly #events: Emitter<ReplicaEvents>
  /** Epochs (16 bytes) whose secrets have come and were not looked at by the folds. */
  readonly #newKeys: Uint8Array[] = []

  constructor(options: {
    context: Context
    controls: ControlLog
    epochs: EpochKeys
    log: ConversationLog
    boxes: EpochBoxes
    record: StoredRecord
    folding: Folding
    cuts: LogCuts
    events: Emitter<ReplicaEvents>
  }) {
    this.#context = options.context
    this.#controls = options.controls
    this.#epochs = options.epochs
    this.#log = options.log
    this.#boxes = options.boxes
    this.#record = options.record
    this.#folding = options.folding
    this.#cuts = options.cuts
    this.#events = options.events
  }

  /** Takes in control entries that came alone. Returns those that are new. */
  async accept(carriers: readonly ControlCarrier[]): Promise<readonly ControlEntry[]> {
    const { accepted, operations } = await this.#controls.accept(carriers, this.latestMs)
    if (accepted.length > 0) {
      await this.store(operations, accepted, 'strict')
      await this.settle()
    }
    return accepted
  }

  /**
   * Writes what peers brought, with the keys and the standing that follow from the control entries in it. When the write fails these are not
   * here: memory never runs ahead of the store. `settle` follows once the log has them.
   */
  async store(operations: readonly StoreOperation[], controls: readonly ControlEntry[], durability: 'strict' | 'relaxed'): Promise<void> {
    const { rows: keys, undo } = controls.length > 0 ? await this.#boxes.unlock() : NOTHING
    const record = this.#recordNow()
    const isChanged = record !== this.#record.value
    try {
      await this.#context.store.write([...operations, ...keys, ...(isChanged ? [this.#record.row(record)] : [])], { durability })
    } catch (error) {
      undo()
      await this.#controls.drop(controls)
      throw error
    }
    if (keys.length > 0) await this.#controls.refold()
    this.#record.value = record
    if (keys.length > 0) this.#newKeys.push(...keys.map(({ key }) => key.slice(-16)))
    if (isChanged) this.#events.emit('state')
  }

  /** Brings the folds in line with whose entries count, for those that are here, and the standing of this device with the membership. */
  async settle(): Promise<void> {
    await this.#cuts.clamp()
    await this.#folding.recount()
    const fresh = this.#newKeys.splice(0)
    await this.#folding.keysCame(fresh.some((epoch) => this.#log.entriesUnder(epoch) > 0))
    const record = this.#recordNow()
    if (record === this.#record.value) return
    await this.#context.store.write([this.#record.row(record)], { durability: 'strict' })
    this.#record.value = record
    this.#events.emit('state')
  }

  /** What was left undone when the process ended: keys, and the standing. */
  async resume(): Promise<void> {
    const { rows } = await this.#boxes.unlock()
    if (rows.length > 0) {
      await this.#context.store.write(rows)
      await this.#controls.refold()
    }
  }

  /** The latest clock that is believed. */
  get latestMs(): number {
    return this.#context.clock.now() + MAX_FUTURE_SKEW_MS
  }

  /** The record as membership now has it: let in, gone, or out again when somebody else turned out to have used the invite before. */
  #recordNow(): ConversationRecord {
    const { value: record } = this.#record
    const { devices, former, members } = this.#controls.membership
    const { me } = this.#context
    const isMember = devices.get(me.deviceId)?.isActive === true
    if (record.state === 'request' || record.state === 'archive') return record
    if (isMember) {
      if (record.state === 'member' || this.#epochs.all().length === 0) return record
      return { ...record, state: 'member', seed: undefined, refusal: undefined }
    }
    if (record.state !== 'member') return record
    const how = former.get(me.userId)?.how
    if (how === 'left') return { ...record, state: 'left' }
    if (how === 'removed' || (members.has(me.userId) && devices.has(me.deviceId))) return { ...record, state: 'removed' }
    return { ...record, state: 'refused', refusal: 'InviteUsedUp' }
  }
}
