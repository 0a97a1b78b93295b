/**
 * What two devices say to each other on a link while one of them is not yet anybody to the other: a new device and the one that adds it, or
 * somebody with a recovery phrase and those who know its device. Sealed under what both hold and under the link, one step after the other.
 */
import type { ControlCarrier } from '@parley/protocol'
import type { Replica } from '../replica/replica.ts'
import type { DeviceProof } from './handshake.ts'

/** One end of such a talk. */
export interface DeviceLine {
  readonly proof: DeviceProof
  /** Hash of the handshake, 32 bytes. */
  readonly transcript: Uint8Array
  readonly side: 0 | 1
  /** False when the link is closed. */
  readonly isOpen: boolean
  send(fields: readonly Uint8Array[]): Promise<void>
  /** Sends everything that says who is in a conversation. */
  tell(replica: Replica): void
  /** Control entries of that conversation (32 bytes) will come on this line. */
  expect(conversation: Uint8Array): void
  /** Takes long messages from now on. */
  trust(): void
  close(reason: string): void
}

/** Whoever takes part in such talks. */
export interface DeviceDoor {
  /** What can be proved: link codes and recovery devices. `link` and `recovery` are proved only in answer. */
  proofs(): readonly DeviceProof[]
  /** The other end has proved the same. */
  met(line: DeviceLine): Promise<void>
  /** One step. @throws {Reject} */
  hear(line: DeviceLine, fields: readonly Uint8Array[]): Promise<void>
  /** Control entries of a conversation that the other end is telling of. */
  controls(line: DeviceLine, entries: readonly ControlCarrier[]): void
  closed(line: DeviceLine): void
}
