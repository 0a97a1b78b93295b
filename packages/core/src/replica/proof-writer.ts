/** Writing proofs of forks into the own log. */
import { encodeControl, EntryKind, isParleyError, MAX_PINNED_CONTROLS, type DeviceId, type ForkSide } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { ControlLog } from './control-log.ts'
import { composeProof } from './fork-proof.ts'
import type { ConversationLog } from './log.ts'
import type { OwnWrites } from './own-writes.ts'

/** Control entries named in a proof that has little room. */
const FEW_CONTROLS = 64

export class ProofWriter {
  readonly #context: Context
  readonly #log: ConversationLog
  readonly #controls: ControlLog
  readonly #writes: OwnWrites

  constructor(options: { context: Context; log: ConversationLog; controls: ControlLog; writes: OwnWrites }) {
    this.#context = options.context
    this.#log = options.log
    this.#controls = options.controls
    this.#writes = options.writes
  }

  /** Says that these histories exist, and what counts of them. Returns whether that found room in an entry. */
  async append(
    device: DeviceId,
    seq: number,
    prevId: Uint8Array,
    sides: readonly [ForkSide, ForkSide],
    also: Parameters<typeof composeProof>[2],
  ): Promise<boolean> {
    const sources = { log: this.#log, controls: this.#controls }
    const fork = { device, seq, prevId, sides }
    // What finds no room in this one is said in the next.
    for (const maxControls of [MAX_PINNED_CONTROLS, FEW_CONTROLS]) {
      try {
        const payload = encodeControl(composeProof(sources, fork, { ...also, maxControls }))
        await this.#writes.append([{ kind: EntryKind.control, payload, epoch: undefined }], [])
        return true
      } catch (error) {
        if (!isParleyError(error, 'TooLarge')) throw error
      }
    }
    // Headers full of other devices' heads, up to the next signature: such a fork stays unproved, and each peer keeps the history it has.
    this.#context.logger.warn('a fork whose proof is too large', { device })
    return false
  }
}
