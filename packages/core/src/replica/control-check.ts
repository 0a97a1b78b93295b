/**
 * Control entries come on two roads: alone, so that a joiner knows the members first, and within the log of their device. A device can say one thing
 * on the one and another on the other. The log has the last word, since everybody gets the same one: what contradicts it is taken out again, and
 * where the two follow the same entry they prove a fork.
 */
import type { CryptoProvider } from '@parley/crypto'
import { decodeEntry, deviceIdOf, equalBytes, Reject, signedHead, type ControlCarrier, type DeviceId } from '@parley/protocol'
import type { StoreOperation } from '../store.ts'
import { controlCarrier } from './control-entry.ts'
import type { ControlLog } from './control-log.ts'
import type { Keyspace } from './keyspace.ts'
import type { LogEntry } from './log-entry.ts'
import type { ConversationLog } from './log.ts'

/** A signed control entry that the log of its device does not have at that place. */
export interface Contradiction {
  readonly device: DeviceId
  readonly seq: number
  readonly entry: Uint8Array
  /** It follows the same entry as the one in the log: both together prove a fork. */
  readonly isProof: boolean
}

export class ControlCheck {
  readonly #conversation: Uint8Array
  readonly #crypto: CryptoProvider
  readonly #log: ConversationLog
  readonly #controls: ControlLog
  readonly #keys: Keyspace

  constructor(options: { conversation: Uint8Array; crypto: CryptoProvider; log: ConversationLog; controls: ControlLog; keys: Keyspace }) {
    this.#conversation = options.conversation
    this.#crypto = options.crypto
    this.#log = options.log
    this.#controls = options.controls
    this.#keys = options.keys
  }

  /**
   * Compares what came alone with entries of a log that have just been verified. From the first control entry on that is another one in the log, those
   * of that device are taken out; the ones that are good come again. Returns the rows to be deleted with the entries' own.
   */
  async againstLog(
    entries: readonly LogEntry[],
  ): Promise<{ operations: readonly StoreOperation[]; contradiction: Contradiction | undefined }> {
    const [first] = entries
    const last = entries.at(-1)
    if (first === undefined || last === undefined || first.log !== first.device || this.#controls.forks.isForked(first.device)) return FINE
    const { device } = first
    const [latest] = this.#controls.carriers(device, this.#controls.count(device))
    if (latest === undefined || latest.seq < first.seq) return FINE
    const wrong = this.#controls
      .carriers(device)
      .find((carrier) => carrier.seq >= first.seq && carrier.seq <= last.seq && !this.#isAt(carrier, entries[carrier.seq - first.seq]!.id))
    if (wrong === undefined) return FINE
    const doomed = this.#controls.entries().filter((entry) => entry.device === device && controlCarrier(entry).seq >= wrong.seq)
    await this.#controls.drop(doomed)
    return {
      operations: [
        ...doomed.map(({ deviceBytes, number }): StoreOperation => ({ type: 'delete', key: this.#keys.control(deviceBytes, number) })),
        this.#controls.voidRow(),
      ],
      contradiction: {
        device,
        seq: wrong.seq,
        entry: wrong.entry,
        isProof: equalBytes(entries[wrong.seq - first.seq]!.prevId, wrong.prevId),
      },
    }
  }

  /**
   * Compares what comes alone with the log that is here: up to the first contradiction, what may be taken in.
   * @throws {Reject} BadSignature for a contradiction that the device did not sign.
   */
  async sift(
    carriers: readonly ControlCarrier[],
  ): Promise<{ carriers: readonly ControlCarrier[]; contradiction: Contradiction | undefined }> {
    for (const [i, carrier] of carriers.entries()) {
      const device = deviceIdOf(carrier.device)
      if (carrier.seq >= this.#log.nextSeq(device) || this.#controls.forks.isForked(device)) continue
      // What is known is looked at no further: there is no end to what can be sent again.
      if (decodeEntry(carrier.entry).header.controls <= this.#controls.count(device)) continue
      const id = await this.#log.idAt(device, carrier.seq)
      if (id === undefined || this.#isAt(carrier, id)) continue
      await this.#assertSigned(carrier, device)
      const before = await this.#log.stateAt(device, carrier.seq)
      const isProof = before !== undefined && equalBytes(before.prevId, carrier.prevId)
      return { carriers: carriers.slice(0, i), contradiction: { device, seq: carrier.seq, entry: carrier.entry, isProof } }
    }
    return { carriers, contradiction: undefined }
  }

  async #assertSigned(carrier: ControlCarrier, device: DeviceId): Promise<void> {
    const parts = decodeEntry(carrier.entry)
    const publicKey = this.#controls.certOf(device)?.signKey
    const id = this.#log.idOf(carrier.device, carrier.seq, carrier.prevId, parts)
    const message = signedHead(this.#conversation, carrier.device, carrier.seq, id)
    const { signature } = parts
    if (publicKey === undefined || signature === undefined || !(await this.#crypto.verify({ publicKey, message, signature })))
      throw new Reject('BadSignature', 'control entry')
  }

  #isAt(carrier: ControlCarrier, id: Uint8Array): boolean {
    return equalBytes(this.#log.idOf(carrier.device, carrier.seq, carrier.prevId, decodeEntry(carrier.entry)), id)
  }
}

const FINE = Object.freeze({ operations: [], contradiction: undefined })
