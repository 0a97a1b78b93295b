/** The chunks behind the client ids in updates: a client id is a hash, so it is looked up among the chunks that can be meant. */
import { CHUNK_ENTRIES, chunkClient, deviceIdBytes, type ChunkRef, type Hash } from '@parley/protocol'
import type { ControlLog } from './control-log.ts'
import type { LogId } from './forks.ts'
import type { HollowEntries } from './hollow.ts'
import type { ConversationLog } from './log.ts'

/** Client ids remembered; then they are computed again. */
const MAX_KNOWN_CHUNKS = 8_192

/** Chunks that may be asked for out of turn at a time: a window, and some searches. */
const MAX_EXPECTED = 64

export class ChunkLookup {
  readonly #conversation: Uint8Array
  readonly #hash: Hash
  readonly #log: ConversationLog
  readonly #controls: ControlLog
  readonly #hollow: HollowEntries
  /** Chunks that an update may go on in, by client id, and the open chunk of each log that they were noted for. */
  readonly #chunks = new Map<number, ChunkRef>()
  readonly #openChunks = new Map<LogId, number>()
  /** Chunks that were asked for out of turn, to find where histories part. */
  readonly #expected = new Map<string, { log: LogId; chunk: number }>()

  constructor(options: { conversation: Uint8Array; hash: Hash; log: ConversationLog; controls: ControlLog; hollow: HollowEntries }) {
    this.#conversation = options.conversation
    this.#hash = options.hash
    this.#log = options.log
    this.#controls = options.controls
    this.#hollow = options.hollow
  }

  /** The chunk behind a client id, for updates that begin inside a chunk: only the chunk that a log goes on in, its neighbours, and those of missing bodies can be meant. */
  find(client: number): ChunkRef | undefined {
    const known = this.#chunks.get(client)
    if (known !== undefined) return known
    if (this.#chunks.size > MAX_KNOWN_CHUNKS) this.clear()
    // Only what has changed is hashed: a peer that makes up client ids must not cost work.
    for (const id of this.#controls.membership.devices.keys()) {
      for (const log of this.#log.logsOf(id)) {
        const open = Math.floor(this.#log.nextSeq(log) / CHUNK_ENTRIES)
        if (this.#openChunks.get(log) === open) continue
        this.#openChunks.set(log, open)
        for (const chunk of open === 0 ? [0, 1] : [open - 1, open, open + 1]) this.#noteChunk(log, chunk)
      }
    }
    for (const { log, from } of this.#hollow.wants()) this.#noteChunk(log, Math.floor(from / CHUNK_ENTRIES))
    for (const { log, chunk } of this.#expected.values()) this.#noteChunk(log, chunk)
    return this.#chunks.get(client)
  }

  /** Says that these entries will come out of turn. */
  expect(log: LogId, from: number, to: number): void {
    for (let chunk = Math.floor(from / CHUNK_ENTRIES); chunk * CHUNK_ENTRIES < to; chunk++)
      this.#expected.set(`${log}:${chunk}`, { log, chunk })
    for (const name of this.#expected.keys()) {
      if (this.#expected.size <= MAX_EXPECTED) break
      this.#expected.delete(name)
    }
  }

  /** Logs are named anew. */
  clear(): void {
    this.#chunks.clear()
    this.#openChunks.clear()
  }

  #noteChunk(log: LogId, chunk: number): void {
    const device = deviceIdBytes(this.#log.deviceOf(log))
    const branch = this.#log.branchOf(log)
    this.#chunks.set(chunkClient(this.#hash, this.#conversation, device, chunk, branch?.id), { device, branch, chunk })
  }
}
