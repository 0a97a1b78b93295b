/**
 * Takes an archive apart where nothing of it counts yet: every entry goes through the same checks as if a peer had said it, every line has to say
 * what its signed bytes say, every piece of a file has to be the one that a message names. The first line that does not hold ends it.
 */
import {
  CHUNK_ENTRIES,
  deviceIdOf,
  parseConversationId,
  ParleyError,
  project,
  Reject,
  toBase32,
  type ControlCarrier,
  type ConversationId,
  type EntryRun,
  type UserId,
} from '@parley/protocol'
import type { FileKey } from '@parley/crypto'
import type { Attachments } from '../attachments/attachments.ts'
import type { AttachmentDescriptor } from '../attachments/descriptor.ts'
import { chunkCountOf, chunkLengthOf } from '../attachments/manifest.ts'
import type { SealedFile } from '../attachments/sealed-file.ts'
import type { Context } from '../context.ts'
import { controlBatches } from '../network/answers.ts'
import type { LentKey } from '../replica/epochs.ts'
import { branchLogOf, type LogId } from '../replica/forks.ts'
import { entriesOf } from '../replica/log-entries.ts'
import { Replica } from '../replica/replica.ts'
import { entryLine, fileLine } from './entry-line.ts'
import {
  ARCHIVE_FORMAT,
  ARCHIVE_VERSION,
  assertIs,
  bytesOf,
  controlLine,
  endLine,
  headerLine,
  idOf,
  invalid,
  keyLine,
  numberOf,
  partLine,
  personLine,
  textOf,
  type Line,
} from './lines.ts'

/** Bytes of entries in one update, below what is taken in at once. A chunk of the largest entries has eight of them. */
const UPDATE_BYTES = 2_097_152

export interface ArchivePlace {
  /** With a store of which nothing counts. */
  readonly context: Context
  /** Undefined: there is no place for files, and theirs are passed over. */
  readonly attachments: Attachments | undefined
}

/** Entries of one chunk that wait for the signature at its end. */
interface Batch {
  readonly log: LogId
  readonly device: Uint8Array
  readonly branch: EntryRun['branch']
  readonly from: number
  readonly lines: Line[]
  readonly entries: Uint8Array[]
}

interface OpenFile {
  readonly descriptor: AttachmentDescriptor
  /** Undefined where there is no place for it. */
  readonly held: { readonly file: SealedFile; readonly key: FileKey } | undefined
  readonly count: number
  pieces: number
}

export class ArchiveVerifier {
  readonly #place: ArchivePlace
  readonly #hash: (bytes: Uint8Array) => Uint8Array
  readonly keys: LentKey[] = []
  /** Files that were kept. */
  readonly kept: { readonly blobId: Uint8Array }[] = []
  readonly #controls: { readonly line: Line; readonly carrier: ControlCarrier }[] = []
  readonly #files = new Map<string, AttachmentDescriptor>()
  #replica: Replica | undefined
  #batch: Batch | undefined
  #file: OpenFile | undefined
  #isEnded = false

  constructor(place: ArchivePlace) {
    this.#place = place
    this.#hash = (bytes) => place.context.crypto.sha256(bytes)
  }

  /** What was verified so far. @throws {ParleyError} ArchiveInvalid when there was nothing. */
  get replica(): Replica {
    if (this.#replica === undefined) throw invalid('line 1', 'it is empty')
    return this.#replica
  }

  /** @throws {ParleyError} ArchiveInvalid */
  async take(line: Line): Promise<void> {
    if (this.#isEnded) throw invalid(line.number, 'it comes after the end')
    const type = textOf(line, 'type')
    if (this.#replica === undefined) return this.#begin(line, type)
    if (type !== 'control' && type !== 'key') await this.#takeControls()
    if (type !== 'entry' && type !== 'key') await this.#takeBatch()
    if (type !== 'part') this.#assertFileIsWhole(line.number)
    switch (type) {
      case 'key':
        return this.#takeKey(line)
      case 'control':
        return this.#takeControl(line)
      case 'person':
        return this.#takePerson(line)
      case 'entry':
        return this.#takeEntry(line)
      case 'file':
        return this.#takeFile(line)
      case 'part':
        return this.#takePart(line)
      case 'end':
        this.#isEnded = true
        return assertIs(line, endLine(line.number))
      default:
        throw invalid(line.number, 'it is of no known type')
    }
  }

  /** Ends the work on what was laid out. */
  async close(): Promise<void> {
    await this.#replica?.close()
  }

  /** @throws {ParleyError} ArchiveInvalid when the end is missing. */
  finish(): void {
    if (!this.#isEnded) throw invalid('at its end', 'the last line is missing')
  }

  async #begin(line: Line, type: string): Promise<void> {
    if (type !== ARCHIVE_FORMAT) throw invalid(line.number, 'it does not begin as an archive does')
    if (numberOf(line, 'version') !== ARCHIVE_VERSION) throw invalid(line.number, 'it was written by another version of Parley')
    const id = conversationOf(line)
    assertIs(line, headerLine(id))
    const since = this.#place.context.clock.now()
    const replica = new Replica(this.#place.context, id, { state: 'archive', seed: undefined, hints: [], refusal: undefined, since })
    await replica.load()
    this.#replica = replica
  }

  async #takeKey(line: Line): Promise<void> {
    const device = line.fields['device'] === undefined ? undefined : idOf(line, 'device', 16)
    const key: LentKey = { epoch: idOf(line, 'epoch', 16), device, key: bytesOf(line, 'key', 32) }
    assertIs(line, keyLine(key.epoch, device, key.key))
    this.keys.push(key)
    await this.replica.lend([key])
  }

  #takeControl(line: Line): void {
    const carrier = {
      device: idOf(line, 'device', 16),
      seq: numberOf(line, 'seq'),
      prevId: bytesOf(line, 'previous', 32),
      entry: bytesOf(line, 'bytes'),
    }
    assertIs(line, controlLine(carrier))
    this.#controls.push({ line, carrier })
  }

  /** All at once: one may be about what a later one brings. */
  async #takeControls(): Promise<void> {
    const { replica } = this
    const waiting = this.#controls.splice(0)
    const [first] = waiting
    const last = waiting.at(-1)
    if (first === undefined || last === undefined) return
    const where = `lines ${first.line.number} to ${last.line.number}`
    await this.#refusing(where, async () => {
      let isMore = true
      while (isMore) {
        isMore = false
        for (const batch of controlBatches(waiting.map(({ carrier }) => carrier)))
          isMore = (await replica.ingestControls(batch)) > 0 || isMore
      }
    })
    const known = new Set(replica.controls.carriers().map(nameOf))
    const missing = waiting.find(({ carrier }) => !known.has(nameOf(carrier)))
    if (missing !== undefined) throw invalid(missing.line.number, 'nobody who may has vouched for it')
  }

  #takePerson(line: Line): void {
    const id = textOf(line, 'id') as UserId
    assertIs(line, personLine(id, this.replica.controls.profile(id).name))
  }

  async #takeEntry(line: Line): Promise<void> {
    const device = idOf(line, 'device', 16)
    const seq = numberOf(line, 'seq')
    const branch = branchOf(line)
    const log = branch === undefined ? deviceIdOf(device) : branchLogOf(this.#hash, device, branch.id)
    const batch = this.#batch
    const isNext =
      batch !== undefined &&
      batch.log === log &&
      seq === batch.from + batch.entries.length &&
      Math.floor(seq / CHUNK_ENTRIES) === Math.floor(batch.from / CHUNK_ENTRIES)
    if (!isNext) await this.#takeBatch()
    this.#batch ??= { log, device, branch, from: seq, lines: [], entries: [] }
    this.#batch.lines.push(line)
    this.#batch.entries.push(bytesOf(line, 'bytes'))
  }

  async #takeBatch(): Promise<void> {
    const batch = this.#batch
    this.#batch = undefined
    if (batch === undefined) return
    const { replica } = this
    const { log, from, lines, entries } = batch
    const end = from + entries.length
    const where = `lines ${lines[0]!.number} to ${lines.at(-1)!.number}`
    if (replica.ownerOf(log) === undefined) throw invalid(where, 'they are of a device that nobody let in')
    if (replica.log.nextSeq(log) !== from) throw invalid(where, 'entries before them are missing')
    await this.#refusing(where, async () => {
      for (const update of this.#updatesOf(batch)) await replica.ingest(update, this)
    })
    replica.forget(this)
    if (replica.log.nextSeq(log) !== end) throw invalid(where, 'no signature covers them')
    for await (const stored of entriesOf({ conversation: replica.bytes, hash: this.#hash, log: replica.log }, log, from, end))
      for (const entry of stored) {
        const at = entry.seq - from
        const { text, files } = entryLine(replica, entry, entries[at]!)
        assertIs(lines[at]!, text)
        for (const file of files) if (!this.#files.has(toBase32(file.blobId))) this.#files.set(toBase32(file.blobId), file)
      }
  }

  *#updatesOf({ device, branch, from, entries }: Batch): Generator<Uint8Array> {
    const { bytes: conversation } = this.replica
    const updateOf = (first: number, end: number): Uint8Array =>
      project(this.#hash, conversation, [
        { device, ...(branch === undefined ? {} : { branch }), seq: from + first, entries: entries.slice(first, end) },
      ])
    let first = 0
    let bytes = 0
    for (const [i, entry] of entries.entries()) {
      if (bytes + entry.length > UPDATE_BYTES && i > first) {
        yield updateOf(first, i)
        first = i
        bytes = 0
      }
      bytes += entry.length
    }
    yield updateOf(first, entries.length)
  }

  async #takeFile(line: Line): Promise<void> {
    const descriptor = this.#files.get(textOf(line, 'id'))
    if (descriptor === undefined) throw invalid(line.number, 'no message has this file')
    const manifest = bytesOf(line, 'manifest')
    assertIs(line, fileLine(descriptor, manifest))
    const { attachments } = this.#place
    await this.#refusing(`line ${line.number}`, async () => {
      const file = await attachments?.keep(descriptor.blobId, manifest)
      if (file !== undefined) this.kept.push(descriptor)
      if (file !== undefined && file.manifest.size !== descriptor.size) throw new Reject('BadShape', 'message names another size')
      const key = await attachments?.init.crypto.fileKey(descriptor.key)
      const held = file === undefined || key === undefined ? undefined : { file, key }
      this.#file = { descriptor, held, count: chunkCountOf(descriptor.size), pieces: 0 }
    })
  }

  async #takePart(line: Line): Promise<void> {
    const file = this.#file
    if (file === undefined || file.pieces === file.count) throw invalid(line.number, 'it is part of no file')
    const index = file.pieces++
    const piece = bytesOf(line, 'bytes', chunkLengthOf(file.descriptor.size, index))
    assertIs(line, partLine(piece))
    if (file.held === undefined) return
    const sealed = await file.held.key.seal(index, file.count, piece)
    if (!(await file.held.file.add(index, sealed))) throw invalid(line.number, 'it is another piece than the message names')
  }

  #assertFileIsWhole(number: number): void {
    if (this.#file !== undefined && this.#file.pieces < this.#file.count) throw invalid(number, 'the file before it is not whole')
    this.#file = undefined
  }

  async #refusing(where: string, task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      if (error instanceof Reject || (error instanceof ParleyError && error.code === 'InvalidArgument'))
        throw invalid(where, error.message, error)
      throw error
    }
  }
}

const nameOf = ({ device, seq, entry }: ControlCarrier): string => `${toBase32(device)} ${seq} ${toBase32(entry)}`

function conversationOf(line: Line): ConversationId {
  try {
    return parseConversationId(textOf(line, 'conversation'))
  } catch (error) {
    throw invalid(line.number, 'it names no conversation', error)
  }
}

function branchOf(line: Line): EntryRun['branch'] {
  const fields = line.fields['branch']
  if (fields === undefined) return undefined
  if (typeof fields !== 'object' || fields === null) throw invalid(line.number, 'branch is no object')
  const inner: Line = { ...line, fields: fields as Readonly<Record<string, unknown>> }
  return { seq: numberOf(inner, 'from'), id: idOf(inner, 'id', 16) }
}
