/** What is known of the logs that a peer holds. */
import type { DeviceId } from '@parley/protocol'
import type { LogId } from '../replica/forks.ts'
import type { Shared } from './session-line.ts'

export class PeerLogs {
  readonly #shared: Shared
  readonly #peer: DeviceId
  /** How many entries of each device the peer has, or will have when what is under way arrives. */
  readonly theirs = new Map<LogId, number>()
  /** Where the logs begin of which the peer does not have the beginning. */
  readonly begins = new Map<LogId, number>()
  /** What our last have-vector told the peer: up to there it asks by itself, from there on we push. */
  readonly told = new Map<LogId, number>()
  /** Logs of which this peer holds another history than we do, until it is proved. */
  readonly strayed = new Set<LogId>()
  /** Whether heads have been compared once. */
  isCompared = false

  constructor(shared: Shared, peer: DeviceId) {
    this.#shared = shared
    this.#peer = peer
  }

  /** The peer says so, and that it is all: it has the entries `from` to before `nextSeq`. */
  note(device: DeviceId, nextSeq: number, from = 0): void {
    // A member can claim anything of devices that nobody knows; there is no end of them.
    if (this.#shared.replica.ownerOf(device) === undefined) return
    this.theirs.set(device, nextSeq)
    if (from === 0) this.begins.delete(device)
    else this.begins.set(device, from)
    if (device === this.#shared.context.me.deviceId) this.#shared.onStored(this.#peer, nextSeq, from)
  }

  /** Whether the peer has the entries of a log from that number on. */
  has(log: LogId, seq: number): boolean {
    return (this.theirs.get(log) ?? 0) > seq && (this.begins.get(log) ?? 0) <= seq
  }

  /** The peer has stored so much, from `from` on. It had not heard yet of what is under way to it. */
  acknowledge(log: LogId, nextSeq: number, from = 0): void {
    if (this.#shared.replica.ownerOf(log) === undefined) return
    this.raise(log, nextSeq)
    if (from === 0) this.begins.delete(log)
    else this.begins.set(log, from)
    if (log === this.#shared.context.me.deviceId) this.#shared.onStored(this.#peer, nextSeq, from)
  }

  /** The peer has entries of a log at least up to, not including, this number. */
  raise(log: LogId, nextSeq: number): void {
    this.theirs.set(log, Math.max(this.theirs.get(log) ?? 0, nextSeq))
  }
}
