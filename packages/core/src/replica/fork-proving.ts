/** Showing that a device wrote two histories: what a peer holds against what is here. */
import { verifyRun } from '@parley/crypto'
import { branchLogId, decodeEntry, deviceIdBytes, EntryKind, MAX_PROOF_ENTRIES } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { ControlLog } from './control-log.ts'
import { isSameEntry, sideOf } from './fork-proof.ts'
import type { ForkSettling } from './fork-settling.ts'
import { branchLogOf, type LogId } from './forks.ts'
import type { Ingest } from './ingest.ts'
import type { ConversationLog } from './log.ts'
import type { ProofWriter } from './proof-writer.ts'

export class ForkProving {
  readonly #conversation: Uint8Array
  readonly #context: Context
  readonly #log: ConversationLog
  readonly #controls: ControlLog
  readonly #forks: ForkSettling
  readonly #proofs: ProofWriter
  readonly #ingest: Ingest

  constructor(options: {
    conversation: Uint8Array
    context: Context
    log: ConversationLog
    controls: ControlLog
    forks: ForkSettling
    proofs: ProofWriter
    ingest: Ingest
  }) {
    this.#conversation = options.conversation
    this.#context = options.context
    this.#log = options.log
    this.#controls = options.controls
    this.#forks = options.forks
    this.#proofs = options.proofs
    this.#ingest = options.ingest
  }

  /**
   * Another history of a log, from `seq` on, where they part. When the device signed it, that is a proof, which is written and passed on
   * as any other entry; of this very device, nothing further is written. Returns whether it was one. The caller holds the mutex.
   * @throws {Reject} BadSignature and the like for what the device did not write.
   */
  async prove(log: LogId, seq: number, theirs: readonly Uint8Array[]): Promise<boolean> {
    const device = this.#log.deviceOf(log)
    const author = this.#controls.membership.devices.get(device)
    const at = await this.#log.stateAt(log, seq)
    if (author === undefined || at === undefined || this.#log.nextSeq(log) <= seq) return false
    const deviceBytes = deviceIdBytes(device)
    const { signKey } = author.cert
    const { crypto, me } = this.#context
    const run = await verifyRun(crypto, { conversation: this.#conversation, device: deviceBytes, signKey }, at, theirs, {
      signatures: 'required',
    })
    const hash = (bytes: Uint8Array): Uint8Array => crypto.sha256(bytes)
    const ours = await this.#log.read(log, seq, seq + MAX_PROOF_ENTRIES)
    const [first] = run.entries
    if (first === undefined || isSameEntry(hash, ours[0]!, first.bytes)) return false
    if (device === me.deviceId) {
      this.#forks.freeze()
      return true
    }
    const left = sideOf(hash, ours)
    const right = sideOf(hash, theirs)
    if (left === undefined || right === undefined) return false
    const branch = { id: first.id.slice(0, 16), seq }
    const controls = run.entries.filter((e) => e.parts.header.kind === EntryKind.control).map((e) => e.id.slice(0, 16))
    const ourId = this.#log.idOf(deviceBytes, seq, at.prevId, decodeEntry(ours[0]!))
    const pins = [
      { log: branchLogId(hash, deviceBytes, branch.id), nextSeq: run.state.nextSeq },
      { log: branchLogId(hash, deviceBytes, ourId.slice(0, 16)), nextSeq: this.#log.nextSeq(log) },
    ]
    if (this.#forks.isFrozen || !(await this.#proofs.append(device, seq, at.prevId, [left, right], { pins, controls }))) return false
    await this.#ingest.run(branchLogOf(hash, deviceBytes, branch.id), { device: deviceBytes, branch, seq, entries: theirs }, this)
    return true
  }
}
