/** What waits in memory over all peers and conversations, in bytes: each has its own bound, and all together have one. */
import { MAX_WAITING_BYTES } from '@parley/protocol'

export class WaitingBytes {
  #bytes = 0

  /** Bytes that wait now. */
  get bytes(): number {
    return this.#bytes
  }

  /** Room for that much more, or false. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > MAX_WAITING_BYTES) return false
    this.#bytes += bytes
    return true
  }

  /** What waited has come in or was dropped. */
  give(bytes: number): void {
    this.#bytes -= bytes
  }
}
