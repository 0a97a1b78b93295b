/**
 * What a peer's disk holds of one conversation, read from its rows by a code of its own: the simulator does not ask the engine what the
 * engine has stored. The layout is that of the core's keyspace; a change there has to be followed here.
 */
import type { StoreOperation, StoreRow } from '@parley/core'
import { decodeChainState, decodeEntry, deviceIdOf, readU32be, toBase32, type DeviceId } from '@parley/protocol'

const TABLES = { conversation: 0x02, head: 0x10, entry: 0x11, control: 0x12, epoch: 0x13 } as const
/** Table byte and the first 16 bytes of the conversation id. */
const SCOPE_BYTES = 17
const DEVICE_BYTES = 16

/** All rows that `parseRow` can say something about. */
export const ALL_ROWS = { gte: Uint8Array.of(TABLES.conversation), lt: Uint8Array.of(TABLES.epoch + 1) }

/** A row of one of the tables that hold truth. `number` is a sequence number, or the running number of a control entry. */
export type TruthRow =
  | { table: 'conversation'; conversation: Uint8Array }
  | { table: 'head'; device: Uint8Array }
  | { table: 'entry' | 'control'; device: Uint8Array; number: number }
  | { table: 'epoch'; epoch: Uint8Array }

/** What the row under `key` is about; undefined for tables of no interest here. */
export function parseRow(key: Uint8Array): TruthRow | undefined {
  const rest = key.subarray(SCOPE_BYTES)
  const device = rest.subarray(0, DEVICE_BYTES)
  switch (key[0]) {
    case TABLES.conversation:
      return { table: 'conversation', conversation: key.subarray(1) }
    case TABLES.head:
      return { table: 'head', device }
    case TABLES.entry:
      return { table: 'entry', device, number: readU32be(rest.subarray(DEVICE_BYTES)) }
    case TABLES.control:
      return { table: 'control', device, number: readU32be(rest.subarray(DEVICE_BYTES)) }
    case TABLES.epoch:
      return { table: 'epoch', epoch: rest }
    default:
      return undefined
  }
}

/** The log of one device as it lies on one disk. */
export interface HeldLog {
  /** Entries below this number are there, says the head row. */
  nextSeq: number
  /** Id of the last of them. */
  headId: string
  /** By sequence number: whether the body is there. */
  readonly bodies: Map<number, boolean>
  /** Control entries, which can be there before the log reaches them. */
  controls: number
}

/** What one peer's disk holds; follows its writes. */
export class HeldRows {
  readonly logs = new Map<DeviceId, HeldLog>()

  /** Follows one operation; says what row it was about. */
  apply(operation: StoreOperation): TruthRow | undefined {
    const row = parseRow(operation.key)
    if (row === undefined || row.table === 'conversation' || row.table === 'epoch') return row
    const log = this.#log(deviceIdOf(row.device))
    if (operation.type === 'delete') {
      if (row.table === 'entry') log.bodies.delete(row.number)
      return row
    }
    if (row.table === 'head') {
      const state = decodeChainState(operation.value)
      log.nextSeq = state.nextSeq
      log.headId = toBase32(state.prevId)
    } else if (row.table === 'control') {
      log.controls = Math.max(log.controls, row.number)
    } else {
      log.bodies.set(row.number, decodeEntry(operation.value).body !== undefined)
    }
    return row
  }

  /** What lies on a disk after all. */
  static of(rows: readonly StoreRow[]): HeldRows {
    const held = new HeldRows()
    for (const { key, value } of rows) held.apply({ type: 'put', key, value })
    return held
  }

  /** Equal for two peers that hold the same entries. Bodies purged ahead of the deletion that is yet to come make a difference. */
  vector(purgedAhead: readonly string[]): string {
    const logs = [...this.logs].filter(([, log]) => log.nextSeq > 0 || log.controls > 0).sort(([a], [b]) => (a < b ? -1 : 1))
    return JSON.stringify([logs.map(([device, log]) => [device, log.nextSeq, log.headId, log.controls]), purgedAhead])
  }

  #log(device: DeviceId): HeldLog {
    let log = this.logs.get(device)
    if (log === undefined) this.logs.set(device, (log = { nextSeq: 0, headId: '', bodies: new Map(), controls: 0 }))
    return log
  }
}
