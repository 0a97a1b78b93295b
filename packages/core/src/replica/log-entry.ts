/** What goes through a log: drafts of this device on their way in, verified entries on their way to the folds. */
import { deviceIdBytes, EntryKind, type ChainState, type ControlCarrier, type DeviceId, type EntryParts, type Hlc } from '@parley/protocol'
import type { StoreOperation } from '../store.ts'
import type { Epoch } from './epochs.ts'
import type { LogId } from './forks.ts'

/** A verified entry on its way from the log to the folds. */
export interface LogEntry {
  /** The log that it lies in: that of the device, or a branch of it. */
  readonly log: LogId
  readonly device: DeviceId
  readonly seq: number
  readonly id: Uint8Array
  readonly prevId: Uint8Array
  readonly hlc: Hlc
  readonly parts: EntryParts
  readonly bytes: Uint8Array
  /** What the body says, where that is known without opening it: this device has just said it. */
  readonly clear?: Uint8Array
}

/** What this device wants to say, before it has a place in the log. `epoch` undefined: the body stays in clear. */
export interface Draft {
  readonly kind: (typeof EntryKind)[keyof typeof EntryKind]
  readonly payload: Uint8Array
  readonly epoch: Epoch | undefined
  /** Rows to write in one batch with the entry. */
  readonly alongside?: (entry: LogEntry) => readonly StoreOperation[]
}

/** The heads of the logs at some moment. */
export interface DeviceHead {
  readonly log: LogId
  readonly logBytes: Uint8Array
  /** Whose log it is. */
  readonly device: DeviceId
  readonly state: ChainState
}

/** The result of taking in entries. `held` is about those whose clock is too far ahead; `unsigned` counts those that no signature covers yet. */
export interface Ingested {
  readonly entries: readonly LogEntry[]
  readonly operations: readonly StoreOperation[]
  readonly head: ChainState
  readonly held:
    | { readonly entries: number; /** When the first of them may come in, in milliseconds since 1970. */ readonly untilMs: number }
    | undefined
  readonly unsigned: number
}

/** The control entry as it travels alone. */
export function carrierOf(entry: LogEntry): ControlCarrier {
  return { device: deviceIdBytes(entry.device), seq: entry.seq, prevId: entry.prevId, entry: entry.bytes }
}

export const isControl = (entry: LogEntry): boolean => entry.parts.header.kind === EntryKind.control
