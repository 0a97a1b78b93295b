import { FrameInbox, CHANNEL_HIGH_WATER_BYTES, MAX_FRAME_BYTES } from '@parley/core'
import type { Channel } from '@parley/core'
import { ParleyError } from '@parley/protocol'

/** A message that is text is not a frame but the goodbye of `close`; the reason follows. */
const GOODBYE = 'bye '

/** Reasons are for people; longer ones are cut before sending and on arrival. */
const MAX_REASON_CHARACTERS = 120

/** How a channel came to its end: on purpose on either side, by a failure, because the peer broke the rules, or for another one to the same peer. */
export type Ending = 'parted' | 'lost' | 'misbehaved' | 'replaced'

export interface RtcChannelInit {
  /** Open, negotiated, ordered, reliable; ours alone. */
  dataChannel: RTCDataChannel
  remote: string
  /** Called once, when no more is sent or received. With `parted`, what is queued may still be on its way. */
  onEnd(ending: Ending, reason: string): void
}

/**
 * Frames over one RTCDataChannel: a binary message each. Made as soon as that opens, so that no frame is missed, and named with `bind`
 * before anybody else sees it.
 */
export class RtcChannel implements Channel {
  readonly transport = 'webrtc'
  readonly remote: string
  readonly #dataChannel: RTCDataChannel
  #binding: Uint8Array = new Uint8Array(0)
  readonly #inbox = new FrameInbox()
  readonly #onEnd: RtcChannelInit['onEnd']
  #drainWaiters: (() => void)[] = []

  constructor(init: RtcChannelInit) {
    this.remote = init.remote
    this.#onEnd = init.onEnd
    this.#dataChannel = init.dataChannel
    this.#dataChannel.binaryType = 'arraybuffer'
    this.#dataChannel.bufferedAmountLowThreshold = CHANNEL_HIGH_WATER_BYTES / 2 - 1
    this.#dataChannel.onbufferedamountlow = () => this.#releaseWaiters()
    this.#dataChannel.onmessage = (event) => this.#receive(event.data)
    this.#dataChannel.onclose = () => this.end('lost', 'the connection was lost')
  }

  get binding(): Uint8Array {
    return this.#binding.slice()
  }

  bind(binding: Uint8Array): void {
    this.#binding = binding
  }

  get bufferedBytes(): number {
    return this.closed ? 0 : this.#dataChannel.bufferedAmount
  }

  get closed(): boolean {
    return this.#inbox.closed
  }

  send(frame: Uint8Array): void {
    if (frame.length === 0) throw new ParleyError('InvalidArgument', 'a frame holds at least one byte')
    if (frame.length > MAX_FRAME_BYTES) throw new ParleyError('TooLarge', `a frame holds at most ${MAX_FRAME_BYTES} bytes, split it`)
    this.#transmit(frame as Uint8Array<ArrayBuffer>)
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
    this.#transmit(GOODBYE + reason.slice(0, MAX_REASON_CHARACTERS))
    this.end('parted', reason)
  }

  /** Ends this side. The first ending counts. */
  end(ending: Ending, reason: string): void {
    if (this.closed) return
    this.#inbox.close(reason)
    this.#releaseWaiters()
    this.#onEnd(ending, reason)
  }

  #transmit(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.closed) return
    try {
      if (typeof data === 'string') this.#dataChannel.send(data)
      else this.#dataChannel.send(data)
    } catch (error) {
      // The browser refuses when the connection is going down, or when a caller ignored `bufferedBytes` for megabytes: reliable no more.
      this.end('lost', `the browser refused to send: ${error instanceof Error ? error.name : 'unknown'}`)
    }
  }

  #receive(data: unknown): void {
    if (typeof data === 'string' && data.startsWith(GOODBYE)) {
      this.end('parted', data.slice(GOODBYE.length, GOODBYE.length + MAX_REASON_CHARACTERS))
    } else if (!(isArrayBuffer(data) && data.byteLength > 0 && data.byteLength <= MAX_FRAME_BYTES)) {
      this.end('misbehaved', 'the peer sent what is no frame')
    } else if (!this.#inbox.push(new Uint8Array(data))) {
      this.end('misbehaved', 'nobody listened')
    }
  }

  #releaseWaiters(): void {
    const waiters = this.#drainWaiters
    this.#drainWaiters = []
    for (const resolve of waiters) resolve()
  }
}

function isArrayBuffer(data: unknown): data is ArrayBuffer {
  return data instanceof ArrayBuffer
}
