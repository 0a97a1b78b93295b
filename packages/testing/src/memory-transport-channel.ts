import { CHANNEL_HIGH_WATER_BYTES, MAX_FRAME_BYTES } from '@parley/core'
import type { Channel, Clock } from '@parley/core'
import { ParleyError } from '@parley/protocol'

/** What one end of a memory channel needs to know of the network around it. */
export interface MemoryChannelInit {
  transport: string
  remote: string
  binding: Uint8Array
  clock: Clock
  /** Milliseconds until the next frame arrives. */
  latency(): number
  /** Whether the next frame is lost, and the channel with it. */
  loses(): boolean
  /** This end was closed by its owner, not by a failure. */
  onPart(): void
  /** A frame was lost on the way. */
  onLost(): void
}

interface Parcel {
  due: number
  kind: 'frame' | 'lost' | 'close'
  frame: Uint8Array
  reason: string
}

const NOTHING = new Uint8Array(0)

/** One end. What it sends travels in its own queue until due, in order whatever the latency of single frames. */
export class MemoryChannel implements Channel {
  readonly #init: MemoryChannelInit
  #other: MemoryChannel | undefined
  #outgoing: Parcel[] = []
  #outgoingBytes = 0
  #cancelTimer: (() => void) | undefined
  #incoming: Uint8Array[] = []
  #frameListener: ((frame: Uint8Array) => void) | undefined
  #closeListener: ((reason: string) => void) | undefined
  #closedBecause: string | undefined
  #drainWaiters: (() => void)[] = []

  constructor(init: MemoryChannelInit) {
    this.#init = init
  }

  /** Makes two ends of each other. */
  static join(a: MemoryChannel, b: MemoryChannel): void {
    a.#other = b
    b.#other = a
  }

  get transport(): string {
    return this.#init.transport
  }

  get remote(): string {
    return this.#init.remote
  }

  get binding(): Uint8Array {
    return this.#init.binding.slice()
  }

  get bufferedBytes(): number {
    return this.#outgoingBytes
  }

  get closed(): boolean {
    return this.#closedBecause !== undefined
  }

  send(frame: Uint8Array): void {
    if (frame.length === 0) throw new ParleyError('InvalidArgument', 'a frame holds at least one byte')
    if (frame.length > MAX_FRAME_BYTES) throw new ParleyError('TooLarge', `a frame holds at most ${MAX_FRAME_BYTES} bytes, split it`)
    if (this.closed) return
    this.#post({ kind: this.#init.loses() ? 'lost' : 'frame', frame: frame.slice() })
  }

  drained(): Promise<void> {
    if (this.#isDrained()) return Promise.resolve()
    return new Promise((resolve) => this.#drainWaiters.push(resolve))
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#frameListener = listener
    const waiting = this.#incoming
    this.#incoming = []
    for (const frame of waiting) listener(frame)
    this.#tellClose()
  }

  onClose(listener: (reason: string) => void): void {
    this.#closeListener = listener
    this.#tellClose()
  }

  close(reason = 'closed here'): void {
    if (this.closed) return
    this.#post({ kind: 'close', reason })
    this.#end(reason)
    this.#init.onPart()
  }

  /** Ends this end as a failure would: nothing that is queued arrives. */
  fail(reason: string): void {
    this.#outgoing = []
    this.#outgoingBytes = 0
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#end(reason)
  }

  #post(parcel: Partial<Parcel> & Pick<Parcel, 'kind'>): void {
    const earliest = this.#outgoing.at(-1)?.due ?? 0
    const due = Math.max(earliest, this.#init.clock.now() + this.#init.latency())
    this.#outgoing.push({ frame: NOTHING, reason: '', ...parcel, due })
    this.#outgoingBytes += parcel.frame?.length ?? 0
    this.#schedule()
  }

  /** Nothing arrives behind a frame that was lost, not even when this end is closed and its last frames are on their way. */
  #lose(): void {
    this.#init.onLost()
    this.fail('a frame was lost')
    this.#other?.fail('a frame was lost')
  }

  #schedule(): void {
    const first = this.#outgoing[0]
    if (first === undefined || this.#cancelTimer !== undefined) return
    this.#cancelTimer = this.#init.clock.setTimeout(() => this.#deliver(), Math.max(0, first.due - this.#init.clock.now()))
  }

  /** Hands over everything that is due. A timer may fire a little early; the first parcel is then due all the same. */
  #deliver(): void {
    this.#cancelTimer = undefined
    const now = Math.max(this.#init.clock.now(), this.#outgoing[0]?.due ?? 0)
    for (let parcel = this.#outgoing[0]; parcel !== undefined && parcel.due <= now; parcel = this.#outgoing[0]) {
      this.#outgoing.shift()
      this.#outgoingBytes -= parcel.frame.length
      if (parcel.kind === 'lost') this.#lose()
      else if (parcel.kind === 'close') this.#other?.fail(parcel.reason)
      else this.#other?.receive(parcel.frame)
    }
    if (this.#isDrained()) this.#releaseWaiters()
    this.#schedule()
  }

  /** A frame of the other end has arrived. */
  receive(frame: Uint8Array): void {
    if (this.closed) return
    if (this.#frameListener === undefined) this.#incoming.push(frame)
    else this.#frameListener(frame)
  }

  #end(reason: string): void {
    if (this.closed) return
    this.#closedBecause = reason
    this.#releaseWaiters()
    this.#tellClose()
  }

  /** The close comes after the last frame, so it waits for a receiver when frames do. */
  #tellClose(): void {
    const listener = this.#closeListener
    if (listener === undefined || this.#closedBecause === undefined || this.#incoming.length > 0) return
    this.#closeListener = undefined
    listener(this.#closedBecause)
  }

  #isDrained(): boolean {
    return this.closed || this.#outgoingBytes < CHANNEL_HIGH_WATER_BYTES / 2
  }

  #releaseWaiters(): void {
    const waiters = this.#drainWaiters
    this.#drainWaiters = []
    for (const resolve of waiters) resolve()
  }
}
