import { MAX_FRAME_BYTES } from '@parley/core'
import { Reject } from '@parley/protocol'

/** A frame on a stream: its length as unsigned 16 bits, big-endian, then as many bytes. */
export const LENGTH_BYTES = 2

/** A copy of the frame with its length in front. The caller has checked that it has 1 to `MAX_FRAME_BYTES`. */
export function encodeFrame(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES + frame.length)
  bytes[0] = frame.length >> 8
  bytes[1] = frame.length & 0xff
  bytes.set(frame, LENGTH_BYTES)
  return bytes
}

/** Cuts the bytes of a stream into frames. Holds less than one frame between two calls. */
export class FrameReader {
  #rest: Uint8Array = new Uint8Array(0)

  /** Delivers the frames that are complete with these bytes, each a copy of its own. @throws {Reject} on a length of 0 or above `MAX_FRAME_BYTES`. */
  push(bytes: Uint8Array, deliver: (frame: Uint8Array) => void): void {
    const all = this.#rest.length === 0 ? bytes : joinBytes([this.#rest, bytes])
    let at = 0
    while (all.length - at >= LENGTH_BYTES) {
      const length = ((all[at] ?? 0) << 8) | (all[at + 1] ?? 0)
      if (length === 0) throw new Reject('BadShape', 'an empty frame')
      if (length > MAX_FRAME_BYTES) throw new Reject('LimitExceeded', `a frame of ${length} bytes`)
      const end = at + LENGTH_BYTES + length
      if (end > all.length) break
      deliver(copy(all, at + LENGTH_BYTES, end))
      at = end
    }
    this.#rest = copy(all, at, all.length)
  }
}

/** A part as an array of its own, lest a few bytes hold a large chunk in memory. Not `slice`: what a socket reads is a Buffer, whose `slice` is a view. */
function copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end))
}

/** One array of all the bytes. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
