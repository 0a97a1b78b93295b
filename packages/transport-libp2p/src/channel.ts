import type { Connection, Stream } from '@libp2p/interface'
import { MAX_FRAME_BYTES, type Channel, type Clock } from '@parley/core'
import { ParleyError, Reject } from '@parley/protocol'
import { encodeFrame, FrameReader } from './frames.ts'
import { SendQueue } from './send-queue.ts'

/** What may come before anybody listens. The core listens at once, so this only bounds what a stranger can make a careless user hold. */
const MAX_UNHEARD_BYTES = 1_048_576

/** How long the other end gets to take what is queued and to close its side. A second round trip on a bad link; a stop is not much longer. */
export const CLOSE_GRACE_MS = 2_000

/** What a channel needs beside its stream. */
export interface ChannelInit {
  stream: Stream
  connection: Connection
  binding: Uint8Array
  /** Whether a relay is on the way. */
  isRelayed: boolean
  clock: Clock
  /** Called once, when the channel is closed, whoever closed it. */
  onClosed(): void
}

/** One libp2p stream, alone on its connection, as a channel: closing the one closes the other. */
export class StreamChannel implements Channel {
  readonly transport = 'libp2p'
  readonly remote: string
  readonly binding: Uint8Array
  readonly isRelayed: boolean
  /** Settles when the connection is gone as well, at most about `CLOSE_GRACE_MS` after the close. */
  readonly ended: Promise<void>
  readonly #init: ChannelInit
  readonly #reader = new FrameReader()
  readonly #queue: SendQueue
  readonly #endedNow: () => void
  #onFrame: ((frame: Uint8Array) => void) | undefined
  #unheard: Uint8Array[] = []
  #unheardBytes = 0
  #closeReason: string | undefined
  #closeListeners: ((reason: string) => void)[] = []

  constructor(init: ChannelInit) {
    const ended = Promise.withResolvers<void>()
    this.#init = init
    this.#endedNow = ended.resolve
    this.ended = ended.promise
    this.binding = init.binding
    this.isRelayed = init.isRelayed
    this.remote = init.connection.remoteAddr.toString()
    this.#queue = new SendQueue(init.stream, (error) => this.#abort(`sending failed: ${describe(error)}`))
    this.#listen(init.stream)
  }

  get bufferedBytes(): number {
    return this.closed ? 0 : this.#queue.bytes
  }

  get closed(): boolean {
    return this.#closeReason !== undefined
  }

  send(frame: Uint8Array): void {
    if (frame.length === 0) throw new ParleyError('InvalidArgument', 'A frame has at least 1 byte.')
    if (frame.length > MAX_FRAME_BYTES)
      throw new ParleyError('TooLarge', `A frame has at most ${MAX_FRAME_BYTES} bytes, this has ${frame.length}.`)
    if (!this.closed) this.#queue.push(encodeFrame(frame))
  }

  drained(): Promise<void> {
    return this.closed ? Promise.resolve() : this.#queue.drained()
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#onFrame = listener
    this.#unheardBytes = 0
    for (const frame of this.#unheard.splice(0)) listener(frame)
  }

  onClose(listener: (reason: string) => void): void {
    if (this.#closeReason === undefined) this.#closeListeners.push(listener)
    else listener(this.#closeReason)
  }

  close(reason = 'closed at this end'): void {
    if (this.closed) return
    this.#queue.flush()
    this.#finish(reason)
    void this.#end(true)
  }

  #listen(stream: Stream): void {
    stream.addEventListener('message', (event) => this.#onBytes(event.data.subarray()))
    stream.addEventListener('close', (event) =>
      this.#onRemoteEnd(event.error === undefined ? 'the connection ended' : describe(event.error)),
    )
    // A frame that carries both data and the end announces the end first; the data is there by the next microtask.
    stream.addEventListener('remoteCloseWrite', () => queueMicrotask(() => this.#onRemoteEnd('closed at the other end')))
    // Both may have happened before we listened; what was read until then comes in a microtask of its own, before this one.
    queueMicrotask(() => {
      if (stream.status !== 'open' || stream.remoteWriteStatus === 'closed') this.#onRemoteEnd('closed at the other end')
    })
  }

  #onBytes(bytes: Uint8Array): void {
    if (this.closed) return
    try {
      this.#reader.push(bytes, (frame) => this.#deliver(frame))
    } catch (error) {
      if (!(error instanceof Reject)) throw error
      this.#abort(`the other end sent ${error.message}`)
    }
  }

  #deliver(frame: Uint8Array): void {
    // The listener may have closed the channel in the middle of what came at once.
    if (this.closed) return
    if (this.#onFrame !== undefined) {
      this.#onFrame(frame)
      return
    }
    this.#unheard.push(frame)
    this.#unheardBytes += frame.length
    if (this.#unheardBytes > MAX_UNHEARD_BYTES) this.#abort('nobody listened')
  }

  #onRemoteEnd(reason: string): void {
    if (this.closed) return
    this.#finish(reason)
    void this.#end(false)
  }

  #abort(reason: string): void {
    if (this.closed) return
    this.#finish(reason)
    this.#init.connection.abort(new Error(reason))
    this.#endedNow()
  }

  #finish(reason: string): void {
    this.#closeReason = reason
    this.#queue.release()
    this.#init.onClosed()
    for (const listener of this.#closeListeners.splice(0)) listener(reason)
  }

  /**
   * Ends the stream, then the connection. Who closes waits for the other end to do so too: a TCP socket that is closed while bytes still
   * come in is reset, and a reset can overtake the last frames that we sent.
   */
  async #end(waitForPeer: boolean): Promise<void> {
    const { stream, connection, clock } = this.#init
    const grace = new AbortController()
    const cancel = clock.setTimeout(() => grace.abort(), CLOSE_GRACE_MS)
    try {
      const peerClosed = streamClosed(stream, grace.signal)
      await stream.close({ signal: grace.signal })
      if (waitForPeer) await peerClosed
      await connection.close({ signal: grace.signal })
    } catch (error) {
      // Too slow, or gone already: nothing is left to be polite about.
      connection.abort(error instanceof Error ? error : new Error('close failed'))
    } finally {
      cancel()
      this.#endedNow()
    }
  }
}

/** Resolves when both ends of the stream are closed, or at the signal. */
function streamClosed(stream: Stream, signal: AbortSignal): Promise<void> {
  if (stream.status === 'closed' || stream.status === 'aborted' || stream.status === 'reset') return Promise.resolve()
  return new Promise((resolve) => {
    stream.addEventListener('close', () => resolve(), { once: true })
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** The message of an error, for people. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
