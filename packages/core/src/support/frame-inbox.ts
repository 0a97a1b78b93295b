import { CHANNEL_HIGH_WATER_BYTES } from '../transport.ts'

/** What may wait for a receiver that was not set yet. The core sets it at once; this bounds what a peer can make us hold meanwhile. */
const MAX_WAITING_BYTES = CHANNEL_HIGH_WATER_BYTES * 4

/** The receiving half of a channel: keeps frames until somebody listens, and tells the close once, after the last frame. */
export class FrameInbox {
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #frameListener: ((frame: Uint8Array) => void) | undefined
  #closeListener: ((reason: string) => void) | undefined
  #closedBecause: string | undefined

  get closed(): boolean {
    return this.#closedBecause !== undefined
  }

  /** Takes a frame in; false when nobody listens and no more can be kept. Frames after the close are dropped. */
  push(frame: Uint8Array): boolean {
    if (this.closed) return true
    if (this.#frameListener !== undefined) {
      this.#frameListener(frame)
      return true
    }
    this.#waitingBytes += frame.length
    if (this.#waitingBytes > MAX_WAITING_BYTES) return false
    this.#waiting.push(frame)
    return true
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#frameListener = listener
    const waiting = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    for (const frame of waiting) listener(frame)
    this.#tellClose()
  }

  onClose(listener: (reason: string) => void): void {
    this.#closeListener = listener
    this.#tellClose()
  }

  /** Closes for good; the first reason counts. */
  close(reason: string): void {
    if (this.closed) return
    this.#closedBecause = reason
    this.#tellClose()
  }

  /** The close comes after the last frame, so it waits for a receiver when frames do. */
  #tellClose(): void {
    const listener = this.#closeListener
    if (listener === undefined || this.#closedBecause === undefined || this.#waiting.length > 0) return
    this.#closeListener = undefined
    listener(this.#closedBecause)
  }
}
