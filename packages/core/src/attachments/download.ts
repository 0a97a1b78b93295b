/**
 * Fetching one blob from the members who hold it: several at once, each chunk from one of them, each checked before it is kept. Whoever wants
 * to read it shares the fetch. It goes on while somebody does, whatever links come and go, and begins where the store left off.
 */
import { ParleyError, Reject, type ConversationId } from '@parley/protocol'
import { FILE_CHUNK_BYTES } from '../blob-store.ts'
import type { Clock } from '../transport.ts'
import { checkFits, type AttachmentFiles } from './attachment-files.ts'
import type { BlobPeer } from './blob-port.ts'
import { Changes } from './changes.ts'
import { ChunkSet } from './chunk-set.ts'
import { attachmentUnavailable } from './open-file.ts'
import { throwIfAborted, type FileReference } from './seal-file.ts'
import type { SealedFile } from './sealed-file.ts'

/** A part that was asked for and has not come is asked of another holder after so long; a slow one may still bring it. */
export const PART_WAIT_MS = 20_000
/** A member who has not said what it holds counts as holding nothing after so long, for those who do not want to wait. */
export const ANSWER_WAIT_MS = 5_000
/** Parts that a holder said it has and did not give, after which it is not asked any more. */
const MAX_MISSES = 8

export interface DownloadInit {
  readonly reference: FileReference
  readonly files: AttachmentFiles
  readonly clock: Clock
  /** What is held, from the one who keeps it; `adopt` gives it a manifest that fits. */
  find(): Promise<SealedFile | undefined>
  adopt(manifest: Uint8Array): Promise<SealedFile>
  /** More is held. */
  onMore(isComplete: boolean): void
  /** Nobody wants it any more, or it is complete. */
  onIdle(): void
}

interface Holder {
  /** As it said; undefined before it said anything. */
  bits: Uint8Array | undefined
  /** The same, once the manifest tells how many chunks there are. */
  chunks: ChunkSet | undefined
  readonly asked: Set<number>
  misses: number
  isLate: boolean
}

export class Download {
  /** The conversations whose members are asked. */
  readonly conversations = new Set<ConversationId>()
  readonly #init: DownloadInit
  readonly #holders = new Map<BlobPeer, Holder>()
  /** Who is not asked again for this blob. */
  readonly #dropped = new WeakSet<BlobPeer>()
  readonly #changes = new Changes()
  /** Chunks under way, by who brings them; those that are late may be asked of another. */
  readonly #under = new Map<number, BlobPeer>()
  /** Chunks that somebody waits for, before all others. */
  readonly #urgent = new Map<number, number>()
  readonly #timers = new Set<() => void>()
  #file: SealedFile | undefined
  #opening: Promise<void> | undefined
  #manifestFrom: BlobPeer | undefined
  #users = 0
  #next = 0
  #failure: Error | undefined
  #isOpened = false
  #isOver = false

  constructor(init: DownloadInit) {
    this.#init = init
  }

  /** Bytes of the file that are here. */
  get received(): number {
    const { size } = this.#init.reference
    if (this.#file === undefined) return 0
    return this.#file.isComplete ? size : Math.min(size, this.#file.held.size * FILE_CHUNK_BYTES)
  }

  /** Members online who hold some of it, as they say. */
  get holders(): number {
    return [...this.#holders.values()].filter((holder) => holder.bits !== undefined && holder.bits.length > 0).length
  }

  get isComplete(): boolean {
    return this.#file?.isComplete === true
  }

  /** Somebody wants it, until the function that this returns is called. */
  use(): () => void {
    this.#users++
    this.#open()
    let isUsed = true
    return () => {
      if (!isUsed) return
      isUsed = false
      if (--this.#users === 0) this.#end()
    }
  }

  /**
   * A chunk, checked, as soon as it is here. The bytes belong to the caller.
   * @throws {ParleyError} Aborted; AttachmentUnavailable for a broken or deleted one, or without `wait` when nobody online has it; StorageFull.
   */
  async chunk(index: number, { signal, wait = true }: { signal?: AbortSignal; wait?: boolean } = {}): Promise<Uint8Array> {
    this.#urgent.set(index, (this.#urgent.get(index) ?? 0) + 1)
    try {
      for (;;) {
        await this.#step(signal, wait, async () => this.#file?.held.has(index) === true)
        const bytes = await this.#file?.chunk(index)
        if (bytes !== undefined) return bytes
        // Damaged on the disk: it counts as missing now.
        this.#next = 0
        this.#pump()
      }
    } finally {
      const left = this.#urgent.get(index)! - 1
      if (left === 0) this.#urgent.delete(index)
      else this.#urgent.set(index, left)
    }
  }

  /** Resolves once all of it is here. `onChange` is called when more is, or other members hold it. @throws as `chunk`. */
  async complete({ signal, wait = true, onChange }: { signal?: AbortSignal; wait?: boolean; onChange?: () => void } = {}): Promise<void> {
    await this.#step(signal, wait, async () => this.isComplete, onChange)
  }

  join(peer: BlobPeer): void {
    if (this.#isOver || this.#dropped.has(peer) || this.#holders.has(peer)) return
    this.#holders.set(peer, { bits: undefined, chunks: undefined, asked: new Set(), misses: 0, isLate: false })
    peer.ask(this.#init.reference.blobId)
    this.#later(ANSWER_WAIT_MS, () => {
      const holder = this.#holders.get(peer)
      if (holder !== undefined) holder.bits ??= new Uint8Array(0)
      this.#changes.tell()
    })
  }

  leave(peer: BlobPeer): void {
    const holder = this.#holders.get(peer)
    if (holder === undefined) return
    this.#holders.delete(peer)
    for (const index of holder.asked) if (this.#under.get(index) === peer) this.#under.delete(index)
    if (this.#manifestFrom === peer) this.#manifestFrom = undefined
    this.#next = 0
    this.#pump()
    this.#changes.tell()
  }

  /** @throws {Reject} BadShape, NotCanonical: the peer is not asked any more. */
  onHave(peer: BlobPeer, bits: Uint8Array): void {
    const holder = this.#holders.get(peer)
    if (holder === undefined) return
    holder.bits = bits
    holder.chunks = undefined
    if (this.#file !== undefined && !this.#readBits(peer, holder)) throw new Reject('BadShape', 'a set of chunks that is none')
    this.#pump()
    this.#changes.tell()
  }

  /** @throws {Reject} for another manifest: the peer is not asked any more. */
  async onManifest(peer: BlobPeer, bytes: Uint8Array): Promise<void> {
    if (this.#file !== undefined || this.#isOver) return
    if (bytes.length === 0) {
      if (this.#manifestFrom === peer) this.#manifestFrom = undefined
      return this.#missed(peer)
    }
    try {
      const file = await this.#init.adopt(bytes)
      checkFits(file, this.#init.reference.size)
      this.#file ??= file
      this.#init.onMore(file.isComplete)
      this.#begin()
    } catch (error) {
      if (!(error instanceof Reject)) return this.fail(error)
      this.#drop(peer)
      throw error
    }
  }

  /** @throws {Reject} BadProof for wrong bytes: the peer is not asked any more. */
  async onChunk(peer: BlobPeer, index: number, bytes: Uint8Array): Promise<void> {
    const holder = this.#holders.get(peer)
    holder?.asked.delete(index)
    const file = this.#file
    if (file === undefined || this.#isOver) return
    if (bytes.length === 0) {
      holder?.chunks?.delete(index)
      if (this.#under.get(index) === peer) this.#under.delete(index)
      return this.#missed(peer)
    }
    if (holder !== undefined) holder.isLate = false
    try {
      if (!(await file.add(index, bytes))) {
        if (this.#under.get(index) === peer) this.#under.delete(index)
        this.#drop(peer)
        throw new Reject('BadProof', 'a part of a file with another hash')
      }
    } catch (error) {
      if (error instanceof Reject) throw error
      return this.fail(error)
    }
    this.#under.delete(index)
    this.#init.onMore(file.isComplete)
    this.#changes.tell()
  }

  /** Everybody who waits hears of it. */
  fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error))
    this.#changes.tell()
    this.#end()
  }

  /** Asks whoever has room for what is missing. */
  pump(): void {
    this.#pump()
  }

  #open(): void {
    this.#opening ??= this.#init
      .find()
      .then((file) => {
        if (file !== undefined) checkFits(file, this.#init.reference.size)
        this.#file ??= file
        this.#begin()
      })
      .catch((error: unknown) => this.fail(error))
  }

  #begin(): void {
    this.#isOpened = true
    for (const [peer, holder] of this.#holders)
      if (holder.bits !== undefined && this.#file !== undefined && !this.#readBits(peer, holder))
        peer.strike(new Reject('BadShape', 'a set of chunks that is none'))
    this.#pump()
    this.#changes.tell()
  }

  /** False, and the peer is not asked any more, when it is no set of chunks of this blob. */
  #readBits(peer: BlobPeer, holder: Holder): boolean {
    const count = this.#file!.chunkCount
    try {
      holder.chunks = holder.bits!.length === 0 ? new ChunkSet(count) : ChunkSet.fromBytes(holder.bits!, count)
      return true
    } catch (error) {
      if (!(error instanceof Reject)) throw error
      this.#drop(peer)
      return false
    }
  }

  #pump(): void {
    if (this.#isOver || this.#opening === undefined || this.#users === 0 || this.isComplete) return
    if (this.#file === undefined) return this.#askManifest()
    // One each in turn, so that all who hold it carry their part.
    for (let isBusy = true; isBusy;) {
      isBusy = false
      for (const [peer, holder] of this.#holders) {
        if (holder.chunks === undefined || peer.room <= 0) continue
        const index = this.#pick(holder.chunks)
        if (index === undefined) continue
        holder.asked.add(index)
        this.#under.set(index, peer)
        if (peer.wantChunk(this.#init.reference.blobId, index)) {
          isBusy = true
          this.#later(PART_WAIT_MS, () => this.#expire(index, peer))
          continue
        }
        // Asked before and never answered, or the link is full: another holder may bring it.
        holder.asked.delete(index)
        holder.chunks.delete(index)
        if (this.#under.get(index) === peer) this.#under.delete(index)
        this.#next = 0
      }
    }
  }

  #askManifest(): void {
    if (this.#manifestFrom !== undefined) return
    for (const [peer, holder] of this.#holders) {
      if (holder.bits === undefined || holder.bits.length === 0 || holder.isLate) continue
      if (!peer.wantManifest(this.#init.reference.blobId)) continue
      this.#manifestFrom = peer
      this.#later(PART_WAIT_MS, () => {
        if (this.#manifestFrom !== peer) return
        this.#manifestFrom = undefined
        holder.isLate = true
        this.#pump()
      })
      return
    }
  }

  /** What somebody waits for, or the first that is missing. */
  #pick(chunks: ChunkSet): number | undefined {
    const held = this.#file!.held
    const isWanted = (index: number): boolean => chunks.has(index) && !held.has(index) && !this.#under.has(index)
    for (const index of this.#urgent.keys()) if (isWanted(index)) return index
    while (this.#next < held.count && (held.has(this.#next) || this.#under.has(this.#next))) this.#next++
    for (let index = this.#next; index < held.count; index++) if (isWanted(index)) return index
    return undefined
  }

  #expire(index: number, peer: BlobPeer): void {
    if (this.#under.get(index) !== peer || this.#file?.held.has(index) === true) return
    this.#under.delete(index)
    this.#next = Math.min(this.#next, index)
    const holder = this.#holders.get(peer)
    // It does not count as a place for this chunk any more, else it would be asked again.
    holder?.chunks?.delete(index)
    if (holder !== undefined) holder.isLate = true
    this.#pump()
  }

  /** A holder that does not give what it said it has. */
  #missed(peer: BlobPeer): void {
    const holder = this.#holders.get(peer)
    if (holder !== undefined && ++holder.misses >= MAX_MISSES) this.#drop(peer)
    else if (holder !== undefined && this.#file === undefined) holder.bits = new Uint8Array(0)
    this.#next = 0
    this.#pump()
    this.#changes.tell()
  }

  #drop(peer: BlobPeer): void {
    this.#dropped.add(peer)
    this.#next = 0
    this.leave(peer)
  }

  /** Waits until `isDone`. */
  async #step(signal: AbortSignal | undefined, wait: boolean, isDone: () => Promise<boolean>, onChange?: () => void): Promise<void> {
    for (;;) {
      throwIfAborted(signal)
      if (this.#failure !== undefined) throw this.#failure
      onChange?.()
      if (await isDone()) return
      if (!wait && this.#isOpened && this.#isHopeless) throw attachmentUnavailable('No member who is online has this file now.')
      await this.#changes.next(signal)
    }
  }

  /** Whether nobody online has what is missing, as far as they say. */
  get #isHopeless(): boolean {
    const holders = [...this.#holders.values()]
    if (this.#under.size > 0 || holders.some(({ bits }) => bits === undefined)) return false
    if (this.#file === undefined) return holders.every(({ bits }) => bits!.length === 0)
    return !this.#file.held.missing().some((index) => holders.some(({ chunks }) => chunks?.has(index) === true))
  }

  #later(ms: number, callback: () => void): void {
    const cancel = this.#init.clock.setTimeout(() => {
      this.#timers.delete(cancel)
      if (!this.#isOver) callback()
    }, ms)
    this.#timers.add(cancel)
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
    this.#init.onIdle()
  }
}

/** What readers of a deleted file hear. */
export function attachmentDeleted(): ParleyError {
  return attachmentUnavailable('This file was deleted.')
}
