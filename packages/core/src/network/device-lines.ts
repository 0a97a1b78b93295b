/** The device lines of one link: which proof leads to which, and what comes on them. */
import { Reject, toBase32, type ControlCarrier } from '@parley/protocol'
import type { Replica } from '../replica/replica.ts'
import { controlBatches } from './answers.ts'
import type { DeviceDoor, DeviceLine } from './device-line.ts'
import type { DeviceProof, Handshake } from './handshake.ts'
import type { Link } from './link.ts'

/** Lines of one link: a link code, and the recovery devices of a person. */
const MAX_LINES = 8
/** Bytes of control entries in one message: who is nobody yet reads no longer ones. */
const BATCH_BYTES = 32_768

export class DeviceLines {
  readonly #door: DeviceDoor
  readonly #handshake: Handshake
  readonly #link: Link
  readonly #handleOf: (conversation: Uint8Array) => Uint8Array
  /** By what this end proved. */
  readonly #lines = new Map<string, DeviceLine>()
  /** The line on which the control entries of a conversation come, by its handle. */
  readonly #tellings = new Map<string, DeviceLine>()

  /** `handleOf` names a conversation (32 bytes) on this link. */
  constructor(options: { door: DeviceDoor; handshake: Handshake; link: Link; handleOf: (conversation: Uint8Array) => Uint8Array }) {
    this.#door = options.door
    this.#handshake = options.handshake
    this.#link = options.link
    this.#handleOf = options.handleOf
  }

  /** The other end has proved the same, by `tag`. */
  async met(proof: DeviceProof, tag: Uint8Array): Promise<void> {
    const name = nameOf(proof)
    const transcript = this.#handshake.transcript
    if (this.#lines.has(name) || this.#lines.size >= MAX_LINES || transcript === undefined) return
    const link = this.#link
    const line: DeviceLine = {
      proof,
      transcript,
      side: this.#handshake.side,
      get isOpen() {
        return !link.channel.closed
      },
      send: async (fields) => void link.send('control', { type: 'join', tag: theirs, sealed: await this.#handshake.say(proof, fields) }),
      tell: (replica) => this.#tell(replica),
      expect: (conversation) => void this.#tellings.set(toBase32(this.#handleOf(conversation)), line),
      trust: () => link.trust(),
      close: (reason) => link.close(reason),
    }
    const theirs = tag.slice()
    this.#lines.set(name, line)
    await this.#door.met(line)
  }

  /** What the other end says on the line of that proof. @throws {Reject} */
  async hear(proof: DeviceProof, sealed: Uint8Array): Promise<void> {
    const line = this.#lines.get(nameOf(proof))
    if (line === undefined) throw new Reject('BadProof', 'a step without a proof')
    await this.#door.hear(line, await this.#handshake.hear(line.proof, sealed))
  }

  /** Control entries of a conversation that is told of on one of the lines; false when it is on none. */
  onControls(handle: Uint8Array, entries: readonly ControlCarrier[]): boolean {
    const line = this.#tellings.get(toBase32(handle))
    if (line !== undefined) this.#door.controls(line, entries)
    return line !== undefined
  }

  /** The link is closed. */
  close(): void {
    for (const line of this.#lines.values()) this.#door.closed(line)
    this.#lines.clear()
    this.#tellings.clear()
  }

  #tell(replica: Replica): void {
    const handle = this.#handleOf(replica.bytes)
    for (const entries of controlBatches(replica.controls.carriers(), BATCH_BYTES))
      this.#link.send('control', { type: 'controls', handle, entries })
  }
}

const nameOf = ({ kind, key }: DeviceProof): string => `${kind} ${toBase32(key)}`
