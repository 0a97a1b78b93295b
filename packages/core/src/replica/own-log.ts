/**
 * Whether what this device said in a conversation before is here, and known to be all: it would say two things at one place otherwise. A profile that
 * was restored, or a conversation that had been forgotten, lacks some of it until a peer has given it back.
 */
import { ParleyError } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { ControlLog } from './control-log.ts'
import type { ConversationLog } from './log.ts'
import type { StoredRecord } from './record.ts'

export class OwnLog {
  readonly #context: Context
  readonly #controls: ControlLog
  readonly #log: ConversationLog
  readonly #record: StoredRecord
  /** Resolves once what peers on a link hold of it is known; set by whoever knows the links. */
  whenKnown: (() => Promise<void>) | undefined
  /** Whether it is known at this moment. */
  isKnownNow: (() => boolean) | undefined
  #wait: Promise<void> | undefined
  #isHere = false
  #isWaitOver = false
  #wasMember = false

  constructor(options: { context: Context; controls: ControlLog; log: ConversationLog; record: StoredRecord }) {
    this.#context = options.context
    this.#controls = options.controls
    this.#log = options.log
    this.#record = options.record
  }

  /** The conversation was read from the store: who was a member then may have been restored. */
  opened(): void {
    this.#wasMember = this.#record.value.state === 'member'
  }

  /** Whether what this device said here before is here. It is not after the conversation was forgotten, until the others have given it back. */
  get isHere(): boolean {
    if (this.#isHere) return true
    const { deviceId } = this.#context.me
    const from = this.#controls.membership.devices.get(deviceId)?.spans.at(-1)?.from ?? 0
    const floor = Math.max(from, this.#controls.nextSeq(deviceId))
    const isHere = this.#log.nextSeq(deviceId) >= floor
    // Before this device takes part, more of it may become known.
    this.#isHere = isHere && this.#record.value.state === 'member'
    return isHere
  }

  /** Whether nothing has to be waited for any more. */
  get isKnown(): boolean {
    return !this.#wasMember || this.#isWaitOver || (this.isKnownNow?.() ?? true)
  }

  /** A profile that was restored may lack what this device said since. Only the first entry after a start waits for what peers know of it. */
  async untilKnown(): Promise<void> {
    if (this.#wasMember || !this.isHere) await (this.#wait ??= this.whenKnown?.())
    this.#isWaitOver = true
  }

  /** Before this device says anything. @throws {ParleyError} NotAllowed while what it said before is not here. */
  async untilMayWrite(): Promise<void> {
    await this.untilKnown()
    if (!this.isHere)
      throw new ParleyError('NotAllowed', 'what you said here before is still to be fetched from the others; try again in a moment')
  }
}
