/**
 * What a peer's disk holds of one conversation, read from its rows by a code of its own: the simulator does not ask the engine what the
 * engine has stored. The layout is that of the core's keyspace; a change there has to be followed here.
 */
import type { StoreOperation, StoreRow } from '@parley/core'
import { epochSecretFromBytes } from '@parley/crypto'
import {
  decodeCbor,
  decodeChainState,
  decodeEntry,
  deviceIdBytes,
  deviceIdOf,
  equalBytes,
  readU32be,
  toBase32,
  type DeviceId,
} from '@parley/protocol'
import type { Ledger, LedgerEntry } from './ledger.ts'

const TABLES = { conversation: 0x02, head: 0x10, entry: 0x11, control: 0x12, epoch: 0x13, branch: 0x18, branchControl: 0x19 } as const
/** In this order a batch is followed: an entry is known by the one before it, and that by the branch. */
const ORDER = [TABLES.conversation, TABLES.epoch, TABLES.branch, TABLES.entry, TABLES.head, TABLES.control, TABLES.branchControl]
/** Table byte and the first 16 bytes of the conversation id. */
const SCOPE_BYTES = 17
const LOG_BYTES = 16

/** Whether a row holds truth about the one conversation: the devices of a user have one more among themselves. */
export function isOfInterest({ conversationBytes: ours }: Ledger, { key }: { readonly key: Uint8Array }): boolean {
  if (!ORDER.includes(key[0] as (typeof ORDER)[number])) return false
  return ours === undefined || equalBytes(key.subarray(1, SCOPE_BYTES), ours.subarray(0, SCOPE_BYTES - 1))
}

/** A log as it lies on one disk: that of a device, or of a branch from where the device forked. */
export interface HeldLog {
  readonly device: DeviceId
  /** Number of the first entry, and the entry before it: where a branch begins. */
  readonly first: number
  readonly before: LedgerEntry | undefined
  /** Entries below this number are there, says the head row. */
  nextSeq: number
  /** Id of the last of them. */
  headId: string
  /** By sequence number. */
  readonly entries: Map<number, { entry: LedgerEntry; hasBody: boolean }>
}

/** What following a batch brought to light. */
export interface Followed {
  /** Whether it had to do with truth. */
  readonly isTruth: boolean
  /** Entries that are on this disk now and were not before. */
  readonly written: readonly LedgerEntry[]
  /** Ids in base32 of the epochs whose messages can be read from now on. */
  readonly epochs: readonly string[]
  /** What is wrong. */
  readonly problems: readonly string[]
}

/** What one peer's disk holds; follows its writes. */
export class HeldRows {
  /** By log: a device, or what stands for a branch. */
  readonly logs = new Map<DeviceId, HeldLog>()
  /** Entries in any log, and whether their body is there. */
  readonly entries = new Map<LedgerEntry, boolean>()
  /** Control entries, which can be there before the log reaches them. */
  readonly controls = new Set<LedgerEntry>()
  /** By epoch id in base32, whether its messages can be read; else only its control entries can. */
  readonly epochs = new Map<string, boolean>()
  /** Rises with every change. */
  version = 0
  readonly #ledger: Ledger

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** What lies on a disk after all. */
  static of(ledger: Ledger, rows: readonly StoreRow[]): { held: HeldRows; problems: readonly string[] } {
    const held = new HeldRows(ledger)
    const { problems } = held.follow(
      rows.filter((row) => isOfInterest(ledger, row)).map(({ key, value }) => ({ type: 'put', key, value })),
      undefined,
    )
    return { held, problems }
  }

  /** Follows one batch. `author` is the device whose disk it is: only there may an entry be new. */
  follow(operations: readonly StoreOperation[], author: DeviceId | undefined): Followed {
    const problems: string[] = []
    const written: LedgerEntry[] = []
    const before = new Map(this.epochs)
    const truth = operations.filter((operation) => isOfInterest(this.#ledger, operation))
    if (truth.length > 1) truth.sort((a, b) => ORDER.indexOf(a.key[0] as never) - ORDER.indexOf(b.key[0] as never) || byPlace(a, b))
    const gone: LedgerEntry[] = []
    const contradicted: LedgerEntry[] = []
    for (const operation of truth) {
      if (operation.type === 'delete') {
        const [log, seq] = [this.logs.get(logOf(operation.key)), numberOf(operation.key)]
        const row = operation.key[0] === TABLES.entry ? log?.entries.get(seq) : undefined
        if (row !== undefined) {
          log?.entries.delete(seq)
          gone.push(row.entry)
        } else if (operation.key[0] === TABLES.control) {
          const entries = [...this.controls].filter(({ device, state }) => device === logOf(operation.key) && state.controls === seq)
          for (const entry of entries) this.controls.delete(entry)
          contradicted.push(...entries)
        } else if (operation.key[0] !== TABLES.conversation) problems.push(`deletes a row of table ${operation.key[0]}`)
        continue
      }
      const problem = this.#put(operation.key, operation.value, author, written)
      if (problem !== undefined) problems.push(problem)
    }
    // Entries may move to a branch; none may vanish.
    for (const entry of gone) {
      const isElsewhere = [...this.logs.values()].some((log) => log.device === entry.device && log.entries.get(entry.seq)?.entry === entry)
      if (isElsewhere) continue
      this.entries.delete(entry)
      problems.push(`deletes entry ${entry.seq} of ${entry.device}`)
    }
    // Control entries that came alone may go where the log of their device turns out to have others.
    for (const { device } of contradicted) {
      const first = Math.min(...contradicted.filter((entry) => entry.device === device).map(({ seq }) => seq))
      const inLog = this.logs.get(device)?.entries.get(first)?.entry
      if (inLog === undefined || contradicted.includes(inLog)) problems.push(`deletes control entry ${first} of ${device}`)
    }
    if (truth.length > 0) this.version++
    const epochs = [...this.epochs].flatMap(([id, isWhole]) => (isWhole && before.get(id) !== true ? [id] : []))
    return { isTruth: truth.length > 0, written, epochs, problems }
  }

  /** Whether a control entry here proves that the device forked. */
  hasProof(device: DeviceId): boolean {
    for (const { said } of this.controls)
      if (said.what === 'control' && said.payload.op === 'fork' && deviceIdOf(said.payload.device) === device) return true
    return false
  }

  /** Whether entries of two histories of the device are here. */
  hasFork(device: DeviceId): boolean {
    for (const { device: author, next } of this.entries.keys())
      if (author === device && next.length > 1 && next.filter((entry) => this.entries.has(entry)).length > 1) return true
    return false
  }

  /** Whether what the entry says can be read with the keys that are here. */
  canRead({ epochName, said }: LedgerEntry): boolean {
    if (epochName === undefined) return true
    const isWhole = this.epochs.get(epochName)
    return said.what === 'control' ? isWhole !== undefined : isWhole === true
  }

  /** Equal for two peers that hold the same entries. `reach`: how many entries of a device can count; nobody needs to hold more. */
  vector(reach: (device: DeviceId) => number): string {
    const logs = [...this.logs].flatMap(([id, log]) => {
      const end = Math.min(log.nextSeq, reach(log.device))
      const head = end === log.nextSeq ? log.headId : toBase32(log.entries.get(end - 1)?.entry.id ?? new Uint8Array(0))
      return end > log.first ? [`${id} ${end} ${head}`] : []
    })
    const controls = [...this.controls].map(({ name }) => name).sort()
    return JSON.stringify([logs.sort(), controls.join(' ')])
  }

  #put(key: Uint8Array, value: Uint8Array, author: DeviceId | undefined, written: LedgerEntry[]): string | undefined {
    switch (key[0]) {
      case TABLES.conversation:
        this.#ledger.meetConversation(key.subarray(1))
        return undefined
      case TABLES.epoch:
        this.#ledger.meetEpoch(key.subarray(SCOPE_BYTES), value)
        this.epochs.set(toBase32(key.subarray(SCOPE_BYTES)), epochSecretFromBytes(value)?.msg !== undefined)
        return undefined
      case TABLES.branch:
        return this.#putBranch(logOf(key), value)
      case TABLES.entry:
        return this.#putEntry(key, value, author, written)
      case TABLES.head: {
        const log = this.#log(logOf(key))
        const state = decodeChainState(value)
        log.nextSeq = state.nextSeq
        log.headId = toBase32(state.prevId)
        return undefined
      }
      default:
        return this.#putControl(key, value, author)
    }
  }

  #putBranch(log: DeviceId, value: Uint8Array): string | undefined {
    const [device, , start] = decodeCbor(value) as [Uint8Array, Uint8Array, Uint8Array]
    const state = decodeChainState(start)
    const before = this.#ledger.find(deviceIdOf(device), state.prevId)
    if (state.nextSeq > 0 && before?.seq !== state.nextSeq - 1)
      return `has a branch at ${state.nextSeq} of ${deviceIdOf(device)} after nothing known`
    if (!this.logs.has(log))
      this.logs.set(log, {
        device: deviceIdOf(device),
        first: state.nextSeq,
        before,
        nextSeq: state.nextSeq,
        headId: '',
        entries: new Map(),
      })
    return undefined
  }

  #putEntry(key: Uint8Array, value: Uint8Array, author: DeviceId | undefined, written: LedgerEntry[]): string | undefined {
    const log = this.#log(logOf(key))
    const seq = numberOf(key)
    const before = seq === log.first ? log.before : log.entries.get(seq - 1)?.entry
    if (before === undefined && seq > 0) return `has entry ${seq} of ${log.device} without the one before`
    const parts = decodeEntry(value)
    const entry = this.#ledger.record({ device: deviceIdBytes(log.device), before, seq, parts }, log.device === author)
    if (typeof entry === 'string') return entry
    const hasBody = parts.body !== undefined
    log.entries.set(seq, { entry, hasBody })
    if (!this.entries.has(entry)) written.push(entry)
    this.entries.set(entry, hasBody)
    return undefined
  }

  #putControl(key: Uint8Array, value: Uint8Array, author: DeviceId | undefined): string | undefined {
    const device = logOf(key)
    const [seq, prevId, bytes] = decodeCbor(value) as [number, Uint8Array, Uint8Array]
    const before = seq === 0 ? undefined : this.#ledger.find(device, prevId)
    if (seq > 0 && before === undefined) return `has control entry ${seq} of ${device} without the one before`
    const entry = this.#ledger.record({ device: deviceIdBytes(device), before, seq, parts: decodeEntry(bytes) }, device === author)
    if (typeof entry === 'string') return entry
    if (seq > 0 && !equalBytes(before!.id, prevId)) return `has control entry ${seq} of ${device} in another place`
    this.controls.add(entry)
    return undefined
  }

  #log(id: DeviceId): HeldLog {
    let log = this.logs.get(id)
    if (log === undefined)
      this.logs.set(id, (log = { device: id, first: 0, before: undefined, nextSeq: 0, headId: '', entries: new Map() }))
    return log
  }
}

function logOf(key: Uint8Array): DeviceId {
  return deviceIdOf(key.subarray(SCOPE_BYTES, SCOPE_BYTES + LOG_BYTES))
}

function numberOf(key: Uint8Array): number {
  return readU32be(key.subarray(SCOPE_BYTES + LOG_BYTES))
}

/** Rows that go come before rows that are put; entries in their order. */
function byPlace(a: StoreOperation, b: StoreOperation): number {
  if (a.key[0] !== TABLES.entry) return 0
  return Number(a.type === 'put') - Number(b.type === 'put') || numberOf(a.key) - numberOf(b.key)
}
