/** What peers compare: the have-vector, and the sum of it. */
import {
  compareBytes,
  compareHlc,
  deviceIdBytes,
  deviceIdOf,
  encodeCbor,
  type DeviceId,
  type Hash,
  type HaveHead,
  type Hlc,
} from '@parley/protocol'
import type { ControlLog } from './control-log.ts'
import type { LogId } from './forks.ts'
import type { LogCuts } from './log-cuts.ts'
import type { ConversationLog } from './log.ts'

export class Heads {
  readonly #hash: Hash
  readonly #log: ConversationLog
  readonly #controls: ControlLog
  readonly #cuts: LogCuts

  constructor(options: { hash: Hash; log: ConversationLog; controls: ControlLog; cuts: LogCuts }) {
    this.#hash = options.hash
    this.#log = options.log
    this.#controls = options.controls
    this.#cuts = options.cuts
  }

  /** What is here: the have-vector, ascending by device. */
  have(): HaveHead[] {
    const heads = new Map<DeviceId, HaveHead>()
    for (const device of this.#controls.devices()) {
      const controls = this.#controls.shown(device)
      // Who never was in, and of whom nothing is kept: others may not even have heard of it.
      if (controls === 0 && !this.#controls.membership.devices.has(device)) continue
      heads.set(device, { device: deviceIdBytes(device), nextSeq: 0, head: new Uint8Array(8), controls })
    }
    for (const { log, logBytes, device, state } of this.#log.heads()) {
      // Whoever was let in by nobody who may: what it said in the logs is not told of, its control entries are, for others may name them.
      if (!this.#controls.membership.devices.has(device)) continue
      const shown = this.#cuts.shown(log, state)
      if (shown === undefined) continue
      heads.set(log, {
        device: logBytes,
        nextSeq: shown.nextSeq,
        head: shown.nextSeq === 0 ? new Uint8Array(8) : shown.head.slice(0, 8),
        // Control entries of a branch come with it.
        controls: log === device ? this.#controls.shown(device) : 0,
        ...this.#fromOf(log),
      })
    }
    return [...heads.values()].sort((a, b) => compareBytes(a.device, b.device))
  }

  /** Nothing is claimed that is not here. */
  #fromOf(log: LogId): { from?: number } {
    const start = this.#log.starts.of(log)
    return start === undefined ? {} : { from: start.nextSeq }
  }

  /** The same, the log with the newest entry first: who asks for them in this order has the newest page after a few of them. */
  newestFirst(): HaveHead[] {
    const clock = ({ device }: HaveHead): Hlc => this.#log.state(deviceIdOf(device)).hlc
    return this.have().sort((a, b) => compareHlc(clock(b), clock(a)))
  }

  /** 16 bytes that are equal when two peers hold the same. */
  sum(): Uint8Array {
    return this.#hash(
      encodeCbor(this.have().map((h) => [h.device, h.nextSeq, h.head, h.controls, ...(h.from === undefined ? [] : [h.from])])),
    ).slice(0, 16)
  }
}
