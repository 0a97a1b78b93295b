/**
 * The hybrid logical clock: wall time that never goes back, with a counter for what happens within one millisecond.
 */
import { ParleyError, Reject } from './errors.ts'
import { MAX_TIME_MS } from './limits.ts'

/** A reading of the clock. */
export interface Hlc {
  /** Milliseconds since 1970, 48 bits. */
  readonly ms: number
  /** Order within the millisecond, 16 bits. */
  readonly ctr: number
}

/** Before every other reading: the clock of an empty log. */
export const HLC_ZERO: Hlc = Object.freeze({ ms: 0, ctr: 0 })

/** The largest counter. */
export const MAX_HLC_CTR = 0xffff

/** Bytes of a reading. */
export const HLC_BYTES = 8

/** Negative when `a` is earlier, zero when equal, positive when later. */
export function compareHlc(a: Hlc, b: Hlc): number {
  return a.ms - b.ms || a.ctr - b.ctr
}

/**
 * The next reading after `last`, strictly greater, at `nowMs` when that is later. A full counter moves the millisecond.
 * @throws {ParleyError} InvalidArgument when `nowMs` is no time of 48 bits, or no later reading exists.
 */
export function nextHlc(last: Hlc, nowMs: number): Hlc {
  const now = Math.floor(nowMs)
  if (!(now >= 0 && now <= MAX_TIME_MS)) throw new ParleyError('InvalidArgument', 'the clock of this device is out of range')
  if (now > last.ms) return { ms: now, ctr: 0 }
  if (last.ctr < MAX_HLC_CTR) return { ms: last.ms, ctr: last.ctr + 1 }
  if (last.ms >= MAX_TIME_MS) throw new ParleyError('InvalidArgument', 'the clock has reached its end')
  return { ms: last.ms + 1, ctr: 0 }
}

/** Eight bytes that order bytewise as the readings do: u48 big-endian, u16 big-endian. */
export function hlcBytes(hlc: Hlc): Uint8Array {
  const high = Math.floor(hlc.ms / 0x1_0000_0000)
  const low = hlc.ms >>> 0
  return Uint8Array.of(high >>> 8, high, low >>> 24, low >>> 16, low >>> 8, low, hlc.ctr >>> 8, hlc.ctr)
}

/** The reading in exactly eight bytes. @throws {Reject} BadShape for another length. */
export function hlcFromBytes(bytes: Uint8Array): Hlc {
  if (bytes.length !== HLC_BYTES) throw new Reject('BadShape', 'a clock reading has 8 bytes')
  const view = new DataView(bytes.buffer, bytes.byteOffset, HLC_BYTES)
  return { ms: view.getUint16(0) * 0x1_0000_0000 + view.getUint32(2), ctr: view.getUint16(6) }
}
