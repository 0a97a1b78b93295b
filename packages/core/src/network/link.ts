/**
 * A link: messages over the frames of a channel. Long messages are cut, lanes keep a live message from waiting behind history, and what
 * comes in is handed on one message at a time. Who is at the other end is the handshake's business.
 */
import { decodeLinkMessage, encodeLinkMessage, MAX_LINK_MESSAGE_BYTES, Reject, type LinkMessage } from '@parley/protocol'
import { CHANNEL_HIGH_WATER_BYTES, MAX_FRAME_BYTES, type Channel } from '../transport.ts'

/** In the order of priority. Messages of one lane keep their order; a higher lane overtakes a lower one. */
export const LANES = ['control', 'live', 'presence', 'history', 'blobs'] as const
export type Lane = (typeof LANES)[number]

/** Bytes waiting on one lane; beyond it the sender must stop (history asks in windows, live entries are re-sent by the next comparison of heads). */
export const MAX_LANE_BYTES = 16_777_216
/** The same for parts of files: the next one is read from the disk while the last one leaves. */
export const MAX_BLOB_LANE_BYTES = 262_144
/** Parts of files are handed to the channel up to here only, so that what is live does not find it full. */
const BLOB_HIGH_WATER_BYTES = CHANNEL_HIGH_WATER_BYTES / 2
/** Messages received and not yet handled, in bytes: a peer that sends faster than we can check is cut off. */
export const MAX_INBOX_BYTES = 33_554_432
/** What a message counts beside its bytes, for both bounds: a flood of the smallest ones costs memory and time by their number. */
export const MESSAGE_OVERHEAD_BYTES = 512
/** Longest message of a peer that has proved nothing: a full list of proofs has 18 kB. So 64 strangers cannot fill the memory. */
export const MAX_STRANGER_MESSAGE_BYTES = 65_536
/** An honest sender fills every frame but the last, so more frames than this carry nothing. */
const MAX_MESSAGE_FRAMES = Math.ceil(MAX_LINK_MESSAGE_BYTES / (MAX_FRAME_BYTES - 1))
/** First byte of a frame: the lane, and this bit on the last frame of a message. */
const LAST = 0x80

export interface LinkCounters {
  bytesIn: number
  bytesOut: number
}

export class Link {
  readonly channel: Channel
  readonly counters: LinkCounters = { bytesIn: 0, bytesOut: 0 }
  readonly #queues: Uint8Array[][] = LANES.map(() => [])
  readonly #queued: number[] = LANES.map(() => 0)
  /** Bytes of the first message of each queue that are sent already. */
  readonly #sent: number[] = LANES.map(() => 0)
  readonly #parts: { frames: Uint8Array[]; bytes: number }[] = LANES.map(() => ({ frames: [], bytes: 0 }))
  /** Those who wait for room. */
  #waiting: (() => void)[] = []
  #liveMessages = 0
  /** Waits for the channel to take more. */
  #isDraining = false
  #inbox: Promise<void> = Promise.resolve()
  #inboxBytes = 0
  #maxMessageBytes = MAX_STRANGER_MESSAGE_BYTES
  /** Closed by this end: what still comes is not looked at. */
  #isOver = false
  readonly #handle: (message: LinkMessage, bytes: number) => Promise<void>
  readonly #onReject: (reject: Reject) => void
  readonly #onFault: (error: unknown) => void

  /** `handle` gets one message after the other; a Reject that it throws goes to `onReject`, anything else to `onFault`. */
  constructor(
    channel: Channel,
    options: {
      handle(message: LinkMessage, bytes: number): Promise<void>
      onReject(reject: Reject): void
      onFault(error: unknown): void
      onClose(reason: string): void
    },
  ) {
    this.channel = channel
    this.#handle = options.handle
    this.#onReject = options.onReject
    this.#onFault = options.onFault
    // What came before the close is heard first: a goodbye, or the last message before it.
    channel.onClose((reason) => {
      this.#wakeWaiting()
      void this.#inbox.then(() => options.onClose(reason))
    })
    channel.onFrame((frame) => this.#receive(frame))
  }

  /** Messages of the live lane so far, both ways: that it moves tells of somebody who talks. */
  get liveMessages(): number {
    return this.#liveMessages
  }

  get queuedBytes(): number {
    const messages = this.#queues.reduce((count, queue) => count + queue.length, 0)
    return this.#queued.reduce((a, b) => a + b, 0) - messages * MESSAGE_OVERHEAD_BYTES + this.channel.bufferedBytes
  }

  /** The peer has proved something, or we have asked it: from here on messages may be as long as the protocol allows. */
  trust(): void {
    this.#maxMessageBytes = MAX_LINK_MESSAGE_BYTES
  }

  /** Whether the lane takes more without growing beyond its bound. */
  hasRoom(lane: Lane): boolean {
    return this.#queued[LANES.indexOf(lane)]! < (lane === 'blobs' ? MAX_BLOB_LANE_BYTES : MAX_LANE_BYTES)
  }

  /** Resolves once the lane takes more, or the channel is closed. */
  async whenRoom(lane: Lane): Promise<void> {
    while (!this.channel.closed && !this.hasRoom(lane)) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Queues a message. Returns false, and drops it, when the lane is full or the channel closed. */
  send(lane: Lane, message: LinkMessage): boolean {
    if (this.channel.closed || !this.hasRoom(lane)) return false
    const bytes = encodeLinkMessage(message)
    const index = LANES.indexOf(lane)
    this.#queues[index]!.push(bytes)
    this.#queued[index]! += bytes.length + MESSAGE_OVERHEAD_BYTES
    if (lane === 'live') this.#liveMessages++
    this.#pump()
    return true
  }

  close(reason: string): void {
    this.#isOver = true
    this.channel.close(reason)
  }

  #pump(): void {
    while (!this.channel.closed) {
      const lane = this.#queues.findIndex((queue) => queue.length > 0)
      if (lane < 0) return
      if (this.channel.bufferedBytes < (LANES[lane] === 'blobs' ? BLOB_HIGH_WATER_BYTES : CHANNEL_HIGH_WATER_BYTES)) {
        this.#sendFrame(lane)
        continue
      }
      if (this.#isDraining) return
      this.#isDraining = true
      this.channel.drained().then(
        () => {
          this.#isDraining = false
          this.#pump()
        },
        (error: unknown) => this.#onFault(error),
      )
      return
    }
  }

  #sendFrame(lane: number): void {
    const message = this.#queues[lane]![0]!
    const from = this.#sent[lane]!
    const to = Math.min(message.length, from + MAX_FRAME_BYTES - 1)
    const frame = new Uint8Array(1 + to - from)
    frame[0] = lane | (to === message.length ? LAST : 0)
    frame.set(message.subarray(from, to), 1)
    if (to === message.length) {
      this.#queues[lane]!.shift()
      this.#queued[lane]! -= message.length + MESSAGE_OVERHEAD_BYTES
      this.#sent[lane] = 0
      this.#wakeWaiting()
    } else {
      this.#sent[lane] = to
    }
    this.counters.bytesOut += frame.length
    this.channel.send(frame)
  }

  #wakeWaiting(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  #receive(frame: Uint8Array): void {
    if (this.#isOver) return
    this.counters.bytesIn += frame.length
    const lane = (frame[0] ?? 0xff) & ~LAST
    const parts = this.#parts[lane]
    if (parts === undefined) return this.#refuse(new Reject('BadShape', 'unknown lane'))
    parts.frames.push(frame.subarray(1))
    parts.bytes += frame.length - 1
    if (parts.bytes > this.#maxMessageBytes || parts.frames.length > MAX_MESSAGE_FRAMES)
      return this.#refuse(new Reject('LimitExceeded', 'link message too large'))
    if ((frame[0]! & LAST) === 0) return
    this.#parts[lane] = { frames: [], bytes: 0 }
    if (LANES[lane] === 'live') this.#liveMessages++
    this.#deliver(join(parts.frames, parts.bytes))
  }

  #deliver(bytes: Uint8Array): void {
    this.#inboxBytes += bytes.length + MESSAGE_OVERHEAD_BYTES
    if (this.#inboxBytes > MAX_INBOX_BYTES) return this.#refuse(new Reject('RateLimited', 'more than can be checked'))
    this.#inbox = this.#inbox.then(async () => {
      this.#inboxBytes -= bytes.length + MESSAGE_OVERHEAD_BYTES
      if (this.#isOver) return
      try {
        await this.#handle(decodeLinkMessage(bytes), bytes.length)
      } catch (error) {
        if (error instanceof Reject) this.#onReject(error)
        else this.#onFault(error)
      }
    })
  }

  /** What cannot be read at all ends the link: the two ends no longer agree on where a message begins. */
  #refuse(reject: Reject): void {
    this.#onReject(reject)
    this.close(reject.message)
  }
}

function join(frames: readonly Uint8Array[], bytes: number): Uint8Array {
  if (frames.length === 1) return frames[0]!
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const frame of frames) {
    whole.set(frame, at)
    at += frame.length
  }
  return whole
}
