/**
 * The wire document: a disposable Y.Doc for providers that know nothing of Parley, such as y-websocket. It holds the newest entries of every
 * log as `project` writes them. What a provider puts into it is read out and given on for verification, never trusted; a document that was
 * changed in any other way is poisoned: destroyed before the provider hears of the change, and built anew from the log.
 */
import {
  admit,
  CHUNK_ENTRIES,
  chunkClient,
  decodeEntry,
  deviceIdOf,
  equalBytes,
  MAX_RANGE_UPDATE_BYTES,
  MAX_WAITING_BYTES_PER_PEER,
  MAX_WAITING_ENTRIES_PER_PEER,
  project,
  Reject,
  rootName,
  type ChunkRef,
  type EntryParts,
  type EntryRun,
  type Hash,
} from '@parley/protocol'
import * as Y from 'yjs'
import { Emitter } from '../support/emitter.ts'
import type { Clock } from '../transport.ts'

/** Pause before the first rebuild, doubled at each poisoning after: a hostile room costs a rebuild now and then, not a busy loop. */
const FIRST_PAUSE_MS = 1_000
/** The longest pause: a room that has become honest again is joined within minutes. */
const MAX_PAUSE_MS = 300_000
/** A document that stayed clean as long as this begins again with the first pause. */
const CLEAN_MS = 600_000
/** How long entries may stand in the document unconfirmed while none is confirmed: unsigned ones hold the place of what others would bring. */
const UNVERIFIED_MS = 60_000
/** Chunks that are neither open nor the predecessor of an open one, before the document is built anew without them. */
const MAX_STALE_CHUNKS = 16
/** The same when a provider brings them. Peers rebuild at different times, so some come back; a whole history does not belong here. */
const MAX_FOREIGN_STALE_CHUNKS = 4 * MAX_STALE_CHUNKS

/** Why a document was given up. */
export type PoisonReason = 'deletions' | 'pending' | 'foreignRoot' | 'shape' | 'clientId' | 'content' | 'unverified' | 'tooMuch'

/** `stored`: all are in the log, now or before. `waiting`: something before them is missing. `refused`: the document is poisoned. */
export type WireVerdict = 'stored' | 'waiting' | 'refused'

export interface WireDocumentInit {
  readonly hash: Hash
  /** Conversation id, 32 bytes. */
  readonly conversation: Uint8Array
  readonly clock: Clock
  /** Of every log the open chunk and its predecessor, from the start of a chunk and without a gap. Asked at each rebuild. */
  readonly load: () => Promise<readonly EntryRun[]>
  /** Whether the conversation has this device (16 bytes): roots of others are foreign. */
  readonly isKnown: (device: Uint8Array) => boolean
  /** Entries that a provider brought and that nobody has checked. Tells what the log made of them; views on memory that is nobody else's. */
  readonly verify: (runs: readonly EntryRun[]) => Promise<WireVerdict>
  /** Hears what failed in a listener, in `load`, in `verify` or in Yjs. */
  readonly report: (error: unknown, event: string) => void
}

export interface WireDocumentEvents {
  /** A document to attach a provider to; the one before is destroyed. */
  opened: (doc: Y.Doc) => void
  /** The document was destroyed; the next one is opened after the pause. */
  poisoned: (reason: PoisonReason, pauseMs: number) => void
}

export interface WireDocument {
  /** Undefined while it is being built, and in the pause after a poisoning. */
  readonly doc: Y.Doc | undefined
  readonly events: Emitter<WireDocumentEvents>
  /** Entries that are in the log since: own ones, and those that a peer brought. */
  add(runs: readonly EntryRun[]): void
  inspect(): { readonly poisonings: number; readonly reasons: Readonly<Partial<Record<PoisonReason, number>>>; readonly unverified: number }
  /** Destroys the document for good. */
  close(): void
}

/** Builds a wire document; `opened` announces it. */
export function openWireDocument(init: WireDocumentInit): WireDocument {
  return new ProjectedDocument(init)
}

/** Marks transactions of our own. */
const OWN = Symbol('projection')

class ProjectedDocument implements WireDocument {
  readonly events: Emitter<WireDocumentEvents>
  readonly #init: WireDocumentInit
  doc: Y.Doc | undefined
  /** What may be in the document: the chunks behind its clients. */
  #chunks = new Map<number, ChunkRef>()
  #roots = new Set<string>()
  /** Of each device, the chunk that its log goes on in. */
  #open = new Map<string, number>()
  /** Sizes of entries that a provider brought and that the log has not confirmed, by place. */
  readonly #unverified = new Map<string, number>()
  /** Entries that came while the document was being built. */
  #late: EntryRun[] | undefined
  readonly #reasons: Partial<Record<PoisonReason, number>> = {}
  #poisonings = 0
  #pauseMs = FIRST_PAUSE_MS
  #openedMs = 0
  #cancelPause: (() => void) | undefined
  #cancelPatience: (() => void) | undefined
  #isClosed = false

  constructor(init: WireDocumentInit) {
    this.#init = init
    this.events = new Emitter(init.report)
    this.#build()
  }

  add(runs: readonly EntryRun[]): void {
    this.#late?.push(...runs)
    const { doc } = this
    if (doc === undefined) return
    this.#put(doc, runs)
    if (this.doc === doc && this.#staleChunks() > MAX_STALE_CHUNKS) {
      this.#discard()
      this.#build()
    }
  }

  inspect(): ReturnType<WireDocument['inspect']> {
    return { poisonings: this.#poisonings, reasons: { ...this.#reasons }, unverified: this.#unverified.size }
  }

  close(): void {
    this.#isClosed = true
    this.#cancelPause?.()
    this.#discard()
    this.events.clear()
  }

  #build(): void {
    this.#cancelPause = undefined
    const late: EntryRun[] = (this.#late = [])
    this.#init.load().then(
      (runs) => {
        if (this.#isClosed || this.#late !== late) return
        this.#late = undefined
        const doc = new Y.Doc({ gc: true })
        this.doc = doc
        this.#openedMs = this.#init.clock.now()
        this.#put(doc, runs)
        for (const run of late) this.#put(doc, [run])
        if (this.doc !== doc) return
        doc.on('afterTransaction', (transaction: Y.Transaction) => this.#inspectTransaction(doc, transaction))
        this.events.emit('opened', doc)
      },
      (error: unknown) => {
        if (this.#isClosed) return
        this.#init.report(error, 'load')
        this.#late = undefined
        this.#pause()
      },
    )
  }

  /** Writes entries of the log. What a provider wrote at their place before must be the same. */
  #put(doc: Y.Doc, runs: readonly EntryRun[]): void {
    if (this.doc !== doc) return
    for (const { device, seq, entries } of runs) {
      const last = Math.floor((seq + entries.length - 1) / CHUNK_ENTRIES)
      const id = deviceIdOf(device)
      for (let chunk = Math.floor(seq / CHUNK_ENTRIES); chunk <= last; chunk++) this.#expect(device, chunk)
      this.#open.set(id, Math.max(this.#open.get(id) ?? 0, last))
    }
    Y.applyUpdate(doc, project(this.#init.hash, this.#init.conversation, runs), OWN)
    for (const run of runs) {
      this.#settle(run)
      if (!holds(doc, run, this.#init.hash)) return this.#poison('content')
    }
  }

  /** Runs before any `update` listener of a provider, so that nothing bad is passed on. */
  #inspectTransaction(doc: Y.Doc, transaction: Y.Transaction): void {
    if (this.doc !== doc || transaction.origin === OWN) return
    if (transaction.deleteSet.clients.size > 0 || doc.store.pendingDs !== null) return this.#poison('deletions')
    if (doc.store.pendingStructs !== null) return this.#poison('pending')
    if (transaction.afterState.has(doc.clientID)) return this.#poison('clientId')
    let runs: EntryRun[] = []
    if (isChanged(transaction)) {
      try {
        runs = this.#read(Y.encodeStateAsUpdate(doc, Y.encodeStateVector(transaction.beforeState)))
      } catch (error) {
        // Yjs itself fails on a document that an update left half applied.
        if (!(error instanceof Reject)) this.#init.report(error, 'read')
        return this.#poison(error instanceof Reject && error.code === 'LimitExceeded' ? 'tooMuch' : 'shape')
      }
      if (!runs.every(({ device }) => this.#init.isKnown(device))) return this.#poison('foreignRoot')
      for (const run of runs) this.#noteUnverified(run)
    }
    for (const name of doc.share.keys()) if (!this.#roots.has(name)) return this.#poison('foreignRoot')
    if (this.#isTooMuch()) return this.#poison('tooMuch')
    if (runs.length > 0) void this.#verify(doc, runs)
  }

  #read(update: Uint8Array): EntryRun[] {
    const { hash, conversation } = this.#init
    const chunkOf = (client: number): ChunkRef | undefined => this.#chunks.get(client)
    return admit(update, { hash, conversation, chunkOf, limits: { maxBytes: MAX_RANGE_UPDATE_BYTES } })
  }

  async #verify(doc: Y.Doc, runs: readonly EntryRun[]): Promise<void> {
    try {
      const verdict = await this.#init.verify(runs)
      if (this.doc !== doc) return
      if (verdict === 'refused') this.#poison('unverified')
      else if (verdict === 'stored') for (const run of runs) this.#settle(run)
    } catch (error) {
      this.#init.report(error, 'verify')
      if (this.doc === doc) this.#poison('unverified')
    }
  }

  #noteUnverified({ device, seq, entries }: EntryRun): void {
    const id = deviceIdOf(device)
    let at = seq
    for (const entry of entries) {
      this.#expect(device, Math.floor(at / CHUNK_ENTRIES))
      this.#unverified.set(`${id}:${at++}`, entry.length)
    }
    if (this.#cancelPatience === undefined) this.#await()
  }

  #await(): void {
    this.#cancelPatience?.()
    this.#cancelPatience = undefined
    if (this.#unverified.size > 0) this.#cancelPatience = this.#init.clock.setTimeout(() => this.#poison('unverified'), UNVERIFIED_MS)
  }

  #settle({ device, seq, entries }: EntryRun): void {
    if (this.#unverified.size === 0) return
    const id = deviceIdOf(device)
    const before = this.#unverified.size
    for (let i = 0; i < entries.length; i++) this.#unverified.delete(`${id}:${seq + i}`)
    if (this.#unverified.size < before) this.#await()
  }

  #isTooMuch(): boolean {
    if (this.#unverified.size > MAX_WAITING_ENTRIES_PER_PEER || this.#staleChunks() > MAX_FOREIGN_STALE_CHUNKS) return true
    let bytes = 0
    for (const length of this.#unverified.values()) bytes += length
    return bytes > MAX_WAITING_BYTES_PER_PEER
  }

  #expect(device: Uint8Array, chunk: number): void {
    const name = rootName(deviceIdOf(device), chunk)
    if (this.#roots.has(name)) return
    this.#roots.add(name)
    this.#chunks.set(chunkClient(this.#init.hash, this.#init.conversation, device, chunk), { device: device.slice(), chunk })
  }

  #staleChunks(): number {
    let stale = 0
    for (const { device, chunk } of this.#chunks.values()) if (chunk + 1 < (this.#open.get(deviceIdOf(device)) ?? 0)) stale++
    return stale
  }

  #poison(reason: PoisonReason): void {
    this.#poisonings++
    this.#reasons[reason] = (this.#reasons[reason] ?? 0) + 1
    if (this.#init.clock.now() - this.#openedMs >= CLEAN_MS) this.#pauseMs = FIRST_PAUSE_MS
    this.#discard()
    const pauseMs = this.#pause()
    this.events.emit('poisoned', reason, pauseMs)
  }

  #pause(): number {
    const pauseMs = this.#pauseMs
    this.#pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)
    this.#cancelPause = this.#init.clock.setTimeout(() => this.#build(), pauseMs)
    return pauseMs
  }

  #discard(): void {
    const { doc } = this
    this.doc = undefined
    this.#late = undefined
    this.#chunks = new Map()
    this.#roots = new Set()
    this.#open = new Map()
    this.#unverified.clear()
    this.#await()
    // Takes all listeners away, those of providers too, before Yjs tells them of the update.
    doc?.destroy()
  }
}

function isChanged({ beforeState, afterState }: Y.Transaction): boolean {
  if (beforeState.size !== afterState.size) return true
  for (const [client, clock] of afterState) if (beforeState.get(client) !== clock) return true
  return false
}

/** Whether the document holds these entries at their places. */
function holds(doc: Y.Doc, { device, seq, entries }: EntryRun, hash: Hash): boolean {
  const id = deviceIdOf(device)
  let name = ''
  let items: unknown[] = []
  for (let i = 0; i < entries.length; i++) {
    const chunk = Math.floor((seq + i) / CHUNK_ENTRIES)
    if (name !== rootName(id, chunk)) {
      name = rootName(id, chunk)
      items = doc.getArray(name).toArray()
    }
    const item = items[(seq + i) % CHUNK_ENTRIES]
    if (!(item instanceof Uint8Array) || !isSameEntry(item, entries.at(i) as Uint8Array, hash)) return false
  }
  return true
}

/** Peers may hold one entry in several forms: without a signature that a later one covers, with the hash of its body in place of the body. */
function isSameEntry(a: Uint8Array, b: Uint8Array, hash: Hash): boolean {
  if (equalBytes(a, b)) return true
  try {
    const [one, other] = [decodeEntry(a), decodeEntry(b)]
    return equalBytes(one.headerBytes, other.headerBytes) && equalBytes(bodyHashOf(one, hash), bodyHashOf(other, hash))
  } catch (error) {
    if (error instanceof Reject) return false
    throw error
  }
}

const bodyHashOf = ({ body, purgedBodyHash }: EntryParts, hash: Hash): Uint8Array => (body === undefined ? purgedBodyHash! : hash(body))
