/**
 * Signatures on which engines are known to differ, each with the one verdict of Parley. Built from scalars, so that a reader sees what is
 * wrong with each ("Taming the many EdDSAs", Chalkias, Garillot, Nikolaenko 2020, section 4).
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import type { EdwardsPoint } from '@noble/curves/abstract/edwards.js'
import { sha512 } from '@noble/hashes/sha2.js'
import type { SignatureJob } from '../src/index.ts'
import { bytesOf } from './bytes.ts'

const { Point } = ed25519
const { BASE, ZERO, Fn } = Point
const L = Fn.ORDER
const P = Point.Fp.ORDER

/** A generator of the eight points of small order. */
export const T8 = Point.fromBytes(encodeY(0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n, false))

/** The honest key of these vectors. */
const a = 0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefn % L
const A = BASE.multiply(a)
/** An honest nonce. */
const r = 0x0fedcba987654321n
const R = BASE.multiply(r)

export interface StrictVector extends SignatureJob {
  name: string
  /** The verdict of every provider. */
  valid: boolean
  /** Whether the public key alone may be admitted. */
  keyAcceptable: boolean
}

export function strictVectors(): StrictVector[] {
  const key = A.toBytes()
  const vectors: StrictVector[] = []
  const add = (name: string, job: SignatureJob, { valid = false, keyAcceptable = false } = {}): void => {
    vectors.push({ name, ...job, valid, keyAcceptable })
  }
  const onHonestKey = { keyAcceptable: true }

  add('honest', sign(key, R.toBytes(), r), { valid: true, keyAcceptable: true })

  // Small-order keys: S = 0 signs every message whose k has the right remainder.
  add('identity as key, S = 0, R = identity', { publicKey: ZERO.toBytes(), message: bytesOf('m', 9), signature: join(ZERO.toBytes(), 0n) })
  add(
    'identity as key, honest-looking R',
    sign(ZERO.toBytes(), R.toBytes(), r, () => true, 0n),
  )
  for (let order = 1; order < 8; order++) {
    const small = times(T8, order).toBytes()
    add(
      `small-order key ${order}, S = 0, R = identity`,
      sign(small, ZERO.toBytes(), 0n, (k) => k % 8n === 0n, 0n),
    )
    add(
      `small-order key ${order}, S = 0, R of small order`,
      sign(small, times(T8, 8 - order).toBytes(), 0n, (k) => k % 8n === 1n, 0n),
    )
    add(
      `small-order key ${order}, honest-looking R`,
      sign(small, R.toBytes(), r, (k) => k % 8n === 0n, 0n),
    )
  }

  // A key with torsion: half of the engines accept, depending on k and on the cofactor.
  const mixed = A.add(T8).toBytes()
  add(
    'torsioned key, k divisible by 8',
    sign(mixed, R.toBytes(), r, (k) => k % 8n === 0n),
  )
  add(
    'torsioned key, k not divisible by 8',
    sign(mixed, R.toBytes(), r, (k) => k % 8n !== 0n),
  )
  add(
    'torsioned key, R takes the torsion away',
    sign(mixed, R.add(times(T8, 7)).toBytes(), r, (k) => k % 8n === 1n),
  )

  // R with torsion on an honest key: only the equation with cofactor holds.
  for (let i = 1; i < 8; i++) add(`R + ${i} T8 on an honest key`, sign(key, R.add(times(T8, i)).toBytes(), r), onHonestKey)

  // R of small order on an honest key: the equation without cofactor holds for the identity.
  add('R = identity on an honest key', sign(key, ZERO.toBytes(), 0n), onHonestKey)
  for (let i = 1; i < 8; i++) add(`R = ${i} T8 on an honest key`, sign(key, times(T8, i).toBytes(), 0n), onHonestKey)

  // Other spellings of the same numbers.
  const honest = sign(key, R.toBytes(), r)
  const s = littleEndian(honest.signature.subarray(32))
  for (const factor of [1n, 2n, 8n]) add(`S + ${factor} L`, { ...honest, signature: join(R.toBytes(), s + factor * L) }, onHonestKey)
  add(
    'S = L on the identity R',
    sign(key, ZERO.toBytes(), 0n, () => true, 0n, L),
    onHonestKey,
  )
  add('R = identity written as p + 1', sign(key, encodeY(P + 1n, false), 0n), onHonestKey)
  add('R = identity with the sign bit', sign(key, encodeY(1n, true), 0n), onHonestKey)
  add('R = identity written as p + 1 with the sign bit', sign(key, encodeY(P + 1n, true), 0n), onHonestKey)
  add('R not on the curve', sign(key, encodeY(2n, false), 0n), onHonestKey)
  for (const [name, y, sign1] of [
    ['p + 1', P + 1n, false],
    ['p + 1 with the sign bit', P + 1n, true],
    ['1 with the sign bit', 1n, true],
    ['p', P, false],
    ['p with the sign bit', P, true],
    ['p - 1 with the sign bit', P - 1n, true],
  ] as const) {
    add(
      `small-order key written as ${name}`,
      sign(encodeY(y, sign1), ZERO.toBytes(), 0n, (k) => k % 8n === 0n, 0n),
    )
  }
  for (let y = 3n; y < 19n; y++) add(`key written as p + ${y}`, sign(encodeY(P + y, false), R.toBytes(), r))
  add('key not on the curve', sign(encodeY(2n, false), R.toBytes(), r))

  // Wrong lengths and plain changes.
  add('empty signature', { ...honest, signature: new Uint8Array(0) }, onHonestKey)
  add('signature of 63 bytes', { ...honest, signature: honest.signature.subarray(0, 63) }, onHonestKey)
  add('signature of 65 bytes', { ...honest, signature: Uint8Array.of(...honest.signature, 0) }, onHonestKey)
  add('empty key', { ...honest, publicKey: new Uint8Array(0) })
  add('key of 33 bytes', { ...honest, publicKey: Uint8Array.of(...key, 0) })
  add('another message', { ...honest, message: bytesOf('other', 20) }, onHonestKey)
  add('another key', { ...honest, publicKey: BASE.multiply(7n).toBytes() }, onHonestKey)
  add('-A', { ...honest, publicKey: A.negate().toBytes() }, onHonestKey)
  return vectors
}

/** S = nonce + k·secret (+ extra) over the first message whose challenge k passes `wanted`. */
function sign(
  publicKey: Uint8Array,
  encodedR: Uint8Array,
  nonce: bigint,
  wanted: (k: bigint) => boolean = () => true,
  secret: bigint = a,
  extra = 0n,
): SignatureJob {
  for (let i = 0; ; i++) {
    const message = bytesOf(`message ${i}`, 20)
    const k = littleEndian(sha512(Uint8Array.of(...encodedR, ...publicKey, ...message))) % L
    if (wanted(k)) return { publicKey, message, signature: join(encodedR, ((nonce + k * secret) % L) + extra) }
  }
}

function times(point: EdwardsPoint, count: number): EdwardsPoint {
  let sum = ZERO
  for (let i = 0; i < count; i++) sum = sum.add(point)
  return sum
}

function join(encodedR: Uint8Array, s: bigint): Uint8Array {
  const signature = new Uint8Array(64)
  signature.set(encodedR)
  for (let i = 32, rest = s; i < 64; i++, rest >>= 8n) signature[i] = Number(rest & 255n)
  return signature
}

function encodeY(y: bigint, sign: boolean): Uint8Array {
  const bytes = new Uint8Array(32)
  for (let i = 0, rest = y | (sign ? 1n << 255n : 0n); i < 32; i++, rest >>= 8n) bytes[i] = Number(rest & 255n)
  return bytes
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n)
}
