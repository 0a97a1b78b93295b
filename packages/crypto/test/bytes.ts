/**
 * What the tests of this package share: hex, repeatable bytes.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { sha256 } from '@noble/hashes/sha2.js'

export const hex = bytesToHex
export const unhex = hexToBytes

/** `length` bytes that look random and are the same in every run. */
export function bytesOf(seed: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0, block = 0; at < length; at += 32, block++) {
    bytes.set(sha256(new TextEncoder().encode(`${seed}/${block}`)).subarray(0, length - at), at)
  }
  return bytes
}

/** A repeatable source of bytes in the shape that the factories take. */
export function randomFrom(seed: string): (length: number) => Uint8Array {
  let calls = 0
  return (length) => bytesOf(`${seed}#${calls++}`, length)
}

/** The same bytes with one bit changed. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = bytes.slice()
  changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
  return changed
}
