/**
 * What the proofs of forks say: which branches the log of a device has, and how far each counts. Pure: the same proofs give the same answer
 * in every order of arrival. Branches are logs of their own; the common part stays the log of the device.
 */
import {
  branchLogId,
  deviceIdOf,
  equalBytes,
  MAX_BRANCHES,
  toBase32,
  type BranchRef,
  type DeviceId,
  type ForkControl,
  type Hash,
  type Hlc,
} from '@parley/protocol'

/** Names a log: the device itself, or 16 bytes that stand for a branch. */
export type LogId = DeviceId

/** A valid proof. */
export interface ProvenFork {
  /** The device that wrote it. */
  readonly poster: DeviceId
  readonly fork: ForkControl
  /** The clock of the entry that brought it. */
  readonly hlc: Hlc
  /** Ids (16 bytes) of the two branches. */
  readonly branches: readonly [Uint8Array, Uint8Array]
}

/** A branch of a device's log. */
export interface BranchLog {
  readonly log: LogId
  readonly logBytes: Uint8Array
  readonly device: DeviceId
  readonly branch: BranchRef
  /** Id (32 bytes) of the entry before its first one. */
  readonly prevId: Uint8Array
}

export class Forks {
  /** Rises with every proof. */
  readonly size: number
  readonly #hash: Hash
  readonly #branches = new Map<LogId, BranchLog>()
  readonly #proofs = new Map<DeviceId, ProvenFork[]>()
  readonly #limits = new Map<LogId, number>()
  readonly #controls = new Map<DeviceId, Set<string>>()
  readonly #pinned = new Set<string>()

  /** `proofs` in the order of every fold, (clock, id). */
  constructor(hash: Hash, proofs: readonly ProvenFork[]) {
    this.#hash = hash
    this.size = proofs.length
    for (const proof of proofs) {
      const { fork, poster } = proof
      const device = deviceIdOf(fork.device)
      this.#proofs.set(device, [...(this.#proofs.get(device) ?? []), proof])
      for (const branch of proof.branches) this.#add(device, fork, branch)
      // The device itself has no say in what counts of it.
      if (poster === device) continue
      for (const { log, nextSeq } of fork.pins) {
        const id = deviceIdOf(log)
        // One a member and branch: else the holder of a stolen key and one helper could go on for ever.
        if (this.hasPinned(poster, id)) continue
        this.#pinned.add(`${poster}:${id}`)
        this.#limits.set(id, Math.max(nextSeq, this.#limits.get(id) ?? 0))
      }
      const controls = this.#controls.get(device) ?? new Set()
      this.#controls.set(device, controls)
      for (const id of fork.controls) controls.add(toBase32(id))
    }
  }

  isForked(device: DeviceId): boolean {
    return this.#proofs.has(device)
  }

  devices(): DeviceId[] {
    return [...this.#proofs.keys()]
  }

  /** The proofs of forks of that device, in order. */
  proofs(device: DeviceId): readonly ProvenFork[] {
    return this.#proofs.get(device) ?? []
  }

  branches(device: DeviceId): BranchLog[] {
    return [...this.#branches.values()].filter((branch) => branch.device === device)
  }

  branch(log: LogId): BranchLog | undefined {
    return this.#branches.get(log)
  }

  /** Whether that device has said how far a branch counts. */
  hasPinned(poster: DeviceId, log: LogId): boolean {
    return this.#pinned.has(`${poster}:${log}`)
  }

  /** Where the histories of the device part first. */
  firstSeq(device: DeviceId): number {
    return Math.min(...this.proofs(device).map(({ fork }) => fork.seq))
  }

  /** How many entries of a log count: of a branch those that a member saw, of the log itself those that all histories can share. */
  limit(log: LogId): number {
    if (this.#branches.has(log)) return this.#limits.get(log) ?? 0
    return this.isForked(log) ? Math.max(...this.proofs(log).map(({ fork }) => fork.seq)) : Number.POSITIVE_INFINITY
  }

  /** Whether a control entry has effect: it lies before the fork, or a member names it. */
  counts({ device, seq, id }: { device: DeviceId; seq: number; id: Uint8Array }): boolean {
    if (!this.isForked(device) || seq < this.firstSeq(device)) return true
    return this.#controls.get(device)?.has(toBase32(id.subarray(0, 16))) === true
  }

  #add(device: DeviceId, { device: bytes, seq, prevId }: ForkControl, id: Uint8Array): void {
    const logBytes = branchLogId(this.#hash, bytes, id)
    const log = deviceIdOf(logBytes)
    const known = this.branches(device)
    if (known.length >= MAX_BRANCHES || known.some((branch) => equalBytes(branch.branch.id, id))) return
    this.#branches.set(log, { log, logBytes, device, branch: { id, seq }, prevId })
  }
}

/** The log that a branch of a device is. Both are 16 bytes. */
export function branchLogOf(hash: Hash, device: Uint8Array, branch: Uint8Array): LogId {
  return deviceIdOf(branchLogId(hash, device, branch))
}
