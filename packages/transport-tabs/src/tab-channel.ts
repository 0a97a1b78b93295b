import { FrameInbox, CHANNEL_HIGH_WATER_BYTES, MAX_FRAME_BYTES } from '@parley/core'
import type { Channel } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import type { PairMessage } from './messages.ts'

/** BroadcastChannel tells nobody how much is under way, so the receiver says what it got, after this many bytes. */
const ACKNOWLEDGE_BYTES = CHANNEL_HIGH_WATER_BYTES / 8

/** How a channel came to its end: on purpose on either side, because the tab is gone, or because the peer broke the rules. */
export type Ending = 'parted' | 'lost' | 'misbehaved'

export interface TabChannelInit {
  remote: string
  binding: Uint8Array
  post(message: PairMessage): void
  /** Called once, when no more is sent or received. */
  onEnd(ending: Ending): void
}

/** Frames between two tabs, over a BroadcastChannel that the two have for themselves. */
export class TabChannel implements Channel {
  readonly transport = 'tabs'
  readonly remote: string
  readonly #init: TabChannelInit
  readonly #inbox = new FrameInbox()
  #sentBytes = 0
  #acknowledgedBytes = 0
  #receivedBytes = 0
  #toldBytes = 0
  #drainWaiters: (() => void)[] = []

  constructor(init: TabChannelInit) {
    this.#init = init
    this.remote = init.remote
  }

  get binding(): Uint8Array {
    return this.#init.binding.slice()
  }

  get bufferedBytes(): number {
    return this.closed ? 0 : this.#sentBytes - this.#acknowledgedBytes
  }

  get closed(): boolean {
    return this.#inbox.closed
  }

  send(frame: Uint8Array): void {
    if (frame.length === 0) throw new ParleyError('InvalidArgument', 'a frame holds at least one byte')
    if (frame.length > MAX_FRAME_BYTES) throw new ParleyError('TooLarge', `a frame holds at most ${MAX_FRAME_BYTES} bytes, split it`)
    if (this.closed) return
    this.#sentBytes += frame.length
    // A copy of its own: cloning a view would carry the whole buffer behind it to the other tab.
    this.#init.post({ kind: 'frame', frame: frame.slice() })
  }

  drained(): Promise<void> {
    if (this.bufferedBytes < CHANNEL_HIGH_WATER_BYTES / 2) return Promise.resolve()
    return new Promise((resolve) => this.#drainWaiters.push(resolve))
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#inbox.onFrame(listener)
  }

  onClose(listener: (reason: string) => void): void {
    this.#inbox.onClose(listener)
  }

  close(reason = 'closed here'): void {
    if (this.closed) return
    this.#init.post({ kind: 'bye', reason })
    this.end('parted', reason)
  }

  /** Ends this side. The first ending counts. */
  end(ending: Ending, reason: string): void {
    if (this.closed) return
    this.#inbox.close(reason)
    this.#releaseWaiters()
    this.#init.onEnd(ending)
  }

  /** A message of the other tab. */
  receive(message: PairMessage): void {
    if (this.closed) return
    if (message.kind === 'frame') this.#receiveFrame(message.frame)
    else if (message.kind === 'got') this.#receiveAcknowledgement(message.bytes)
    else if (message.kind === 'bye') this.end('parted', message.reason)
  }

  #receiveFrame(frame: Uint8Array): void {
    if (frame.length === 0 || frame.length > MAX_FRAME_BYTES) return this.end('misbehaved', 'the peer sent what is no frame')
    this.#receivedBytes += frame.length
    if (!this.#inbox.push(frame)) return this.end('misbehaved', 'nobody listened')
    if (this.closed || this.#receivedBytes - this.#toldBytes < ACKNOWLEDGE_BYTES) return
    this.#toldBytes = this.#receivedBytes
    this.#init.post({ kind: 'got', bytes: this.#receivedBytes })
  }

  #receiveAcknowledgement(bytes: number): void {
    if (bytes < this.#acknowledgedBytes || bytes > this.#sentBytes) return this.end('misbehaved', 'the peer has got what was not sent')
    this.#acknowledgedBytes = bytes
    if (this.bufferedBytes < CHANNEL_HIGH_WATER_BYTES / 2) this.#releaseWaiters()
  }

  #releaseWaiters(): void {
    const waiters = this.#drainWaiters
    this.#drainWaiters = []
    for (const resolve of waiters) resolve()
  }
}
