import type { Stream } from '@libp2p/interface'
import { CHANNEL_HIGH_WATER_BYTES } from '@parley/core'
import { joinBytes } from './frames.ts'

/** Bytes given to the stream at once. One noise message carries up to 65,519 bytes, so small frames share one and its cost. */
const BATCH_BYTES = 65_519

/** What waits for a stream: small frames of one turn go out as one write, and nothing is pushed on a stream that asked to wait. */
export class SendQueue {
  readonly #stream: Stream
  readonly #onError: (error: unknown) => void
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #scheduled = false
  #waiting: (() => void)[] = []

  /** `onError` is told when the stream refuses bytes; it should close the channel. */
  constructor(stream: Stream, onError: (error: unknown) => void) {
    this.#stream = stream
    this.#onError = onError
    // The stream's own listener comes first and empties its buffer in a microtask; ours follows it.
    stream.addEventListener('drain', () => this.#schedule())
    stream.addEventListener('idle', () => this.#schedule())
  }

  /** Bytes here and in the buffer of the stream, which holds what the receiver's window has no room for. */
  get bytes(): number {
    return this.#pendingBytes + this.#stream.writeBufferLength
  }

  push(bytes: Uint8Array): void {
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    this.#schedule()
  }

  /** Resolves once less than half of the high-water mark waits, or after `release`. */
  drained(): Promise<void> {
    if (this.bytes < CHANNEL_HIGH_WATER_BYTES / 2) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Hands everything to the stream, whether it asked to wait or not; for the end. */
  flush(): void {
    if (this.#pending.length > 0) this.#write(this.#pending.splice(0))
  }

  /** Forgets what waits and lets every `drained()` go. */
  release(): void {
    this.#pending = []
    this.#pendingBytes = 0
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    while (this.#pending.length > 0 && !this.#stream.writableNeedsDrain) {
      let count = 0
      let size = 0
      while (count < this.#pending.length) {
        const next = this.#pending[count]?.length ?? 0
        if (count > 0 && size + next > BATCH_BYTES) break
        size += next
        count += 1
      }
      if (!this.#write(this.#pending.splice(0, count))) return
    }
    if (this.bytes < CHANNEL_HIGH_WATER_BYTES / 2) for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #write(parts: Uint8Array[]): boolean {
    const bytes = joinBytes(parts)
    this.#pendingBytes -= bytes.length
    try {
      this.#stream.send(bytes)
      return true
    } catch (error) {
      this.#onError(error)
      return false
    }
  }
}
