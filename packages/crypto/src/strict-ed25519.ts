/**
 * Ed25519 verification with exactly one verdict.
 *
 * RFC 8032 leaves room: engines differ on small-order keys, on torsion in A or R and on non-canonical points ("Taming the many EdDSAs",
 * Chalkias, Garillot, Nikolaenko 2020). A member who found such a signature could show one conversation to half of a group and another
 * to the rest. So the rules are closed here:
 *
 * 1. A is canonically encoded, not of small order and free of torsion: `isAcceptablePublicKey`.
 * 2. S < L.
 * 3. R is canonically encoded and not of small order.
 * 4. R = S·B − k·A without cofactor, compared as bytes. With 1 the right side lies in the prime-order group and its encoding is canonical,
 *    so a torsioned or non-canonical R is refused by the comparison itself. Engines that decode R instead get no chance to read a
 *    non-canonical one: `isAcceptableSignature` comes first.
 */
import { interleavedMSMUnsafe } from '@noble/curves/abstract/curve.js'
import type { EdwardsPoint } from '@noble/curves/abstract/edwards.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { equalBytes } from '@parley/protocol'
import type { SignatureJob } from './provider.ts'

const { Point } = ed25519
const { BASE, Fn } = Point

/** Order of the prime-order subgroup (RFC 8032, section 5.1). */
const L = Fn.ORDER

/**
 * Public keys kept with their verdict and tables, about 16 KB each. Covers every device of a full conversation (500) and its invites; with
 * fewer, live traffic of a large group repeats the 2 ms of preparing a key, with more, only memory grows.
 */
const MAX_CACHED_KEYS = 600

/**
 * Scalars are cut into this many parts of 64 bits, each with its own multiple of the point. All parts share one chain of 64 doublings in
 * place of 253: measured 2.1 times as fast as one double multiplication, for 1.3 ms once per key. Eight parts gain a tenth and cost twice.
 */
const PARTS = 4
const PART_BITS = 64n
const PART_MASK = (1n << PART_BITS) - 1n
/** Width of the windows over each part: tables of 8 odd multiples. Wider ones gain less than they cost to build. */
const WINDOW_BITS = 5

/** S·B − k·A for public scalars below L. Not constant-time: verification only. */
type KeyTables = (s: bigint, k: bigint) => EdwardsPoint

const cachedKeys = new Map<string, KeyTables | undefined>()

/**
 * Whether `publicKey` may be admitted as an Ed25519 key: 32 bytes, canonical, on the curve, not of small order, free of torsion. Verdicts
 * are cached.
 */
export function isAcceptablePublicKey(publicKey: Uint8Array): boolean {
  return keyTables(publicKey) !== undefined
}

/** Rules 2 and 3 as far as bytes alone tell: 64 bytes, S < L, R below p and not an encoding of a small-order point. */
export function isAcceptableSignature(signature: Uint8Array): boolean {
  if (signature.length !== 64 || littleEndian(signature.subarray(32)) >= L) return false
  const r = signature.subarray(0, 32)
  return yOf(r) < Point.Fp.ORDER && !isSmallOrderEncoding(r)
}

/** The whole check in pure JavaScript. Never throws on hostile bytes. */
export function strictVerify({ publicKey, message, signature }: SignatureJob): boolean {
  if (!isAcceptableSignature(signature)) return false
  const tables = keyTables(publicKey)
  if (tables === undefined) return false
  const r = signature.subarray(0, 32)
  const s = littleEndian(signature.subarray(32))
  const k = Fn.create(littleEndian(sha512.create().update(r).update(publicKey).update(message).digest()))
  return equalBytes(tables(s, k).toBytes(), r)
}

/** The tables of an acceptable key, or undefined. The cache drops what was not used for longest. */
function keyTables(publicKey: Uint8Array): KeyTables | undefined {
  if (publicKey.length !== 32) return undefined
  const id = String.fromCharCode(...publicKey)
  const known = cachedKeys.has(id)
  const tables = known ? cachedKeys.get(id) : prepareKey(publicKey)
  if (known) cachedKeys.delete(id)
  else if (cachedKeys.size >= MAX_CACHED_KEYS) cachedKeys.delete(cachedKeys.keys().next().value as string)
  cachedKeys.set(id, tables)
  return tables
}

function prepareKey(publicKey: Uint8Array): KeyTables | undefined {
  if (isSmallOrderEncoding(publicKey)) return undefined
  const point = decodePoint(publicKey)
  if (point === undefined) return undefined
  baseParts ??= multiples(BASE)
  const sum = interleavedMSMUnsafe(Point, [...baseParts, ...multiples(point.negate())], WINDOW_BITS)
  const tables: KeyTables = (s, k) => sum([...split(s), ...split(k)])
  // L·A is the identity exactly when A has no torsion. `split` takes L itself, which no scalar may be.
  return tables(0n, L).is0() ? tables : undefined
}

function decodePoint(publicKey: Uint8Array): EdwardsPoint | undefined {
  try {
    return Point.fromBytes(publicKey, false)
  } catch (error) {
    // The library reports "not a point" only by throwing; what it says about the bytes is of no use to anybody.
    if (error instanceof Error) return undefined
    throw error
  }
}

/** P, 2^64·P, 2^128·P, 2^192·P. */
function multiples(point: EdwardsPoint): EdwardsPoint[] {
  const found = [point]
  let next = point
  while (found.length < PARTS) {
    for (let i = 0n; i < PART_BITS; i++) next = next.double()
    found.push(next)
  }
  return found
}

/** Those of B, made when first needed, so that importing costs nothing. */
let baseParts: EdwardsPoint[] | undefined

/** A scalar below 2^256 as four parts, lowest first. */
function split(scalar: bigint): bigint[] {
  return Array.from({ length: PARTS }, (_, i) => (scalar >> (BigInt(i) * PART_BITS)) & PART_MASK)
}

/** y coordinates of the eight points of small order (a y and its sign bit make a point), and the spellings of them at and above p. */
const SMALL_ORDER_Y: readonly bigint[] = (() => {
  const p = Point.Fp.ORDER
  const y8 = BigInt('0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7')
  return [0n, 1n, p - 1n, p, p + 1n, y8, p - y8]
})()

function isSmallOrderEncoding(encoded: Uint8Array): boolean {
  return SMALL_ORDER_Y.includes(yOf(encoded))
}

/** The y coordinate as written: everything but the sign bit of x. */
function yOf(encoded: Uint8Array): bigint {
  return littleEndian(encoded) & ((1n << 255n) - 1n)
}

function littleEndian(bytes: Uint8Array): bigint {
  let hex = '0x'
  for (let i = bytes.length - 1; i >= 0; i--) hex += HEX_BYTES[bytes[i] as number]
  return BigInt(hex)
}

const HEX_BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
