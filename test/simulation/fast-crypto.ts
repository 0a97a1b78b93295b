/**
 * The same bytes sooner: what core and simulator take from `@parley/crypto` in pure JavaScript, computed by OpenSSL, or remembered, since all
 * peers of a simulation live in one process and open the same boxes with the same keys. Every result is what the original gives;
 * `simulation.test.ts` runs one both ways. To be used with `vi.mock('@parley/crypto', …)`.
 */
import { hash } from 'node:crypto'
import { concatBytes, equalBytes } from '@parley/protocol'
import type * as Crypto from '@parley/crypto'

/** Results kept of one kind; a simulation makes some ten thousand. */
const MAX_KEPT = 20_000

const HASH_BLOCK_BYTES = 64
const INNER_PAD = 0x36
const OUTER_PAD = 0x5c

/** The module with its slow functions replaced. */
export function withFastCrypto(original: typeof Crypto): typeof Crypto {
  const open = remembered()
  const derive = new Map<Crypto.KeyPurpose, ReturnType<typeof remembered>>()
  const invites = new Map<string, Crypto.SigningKey>()
  return {
    ...original,
    hmacSha256,
    sealBody(key, nonce, aad, plaintext) {
      const sealed = original.sealBody(key, nonce, aad, plaintext)
      // Whoever opens it gets what went in.
      open([key, sealed, aad], () => plaintext.slice())
      return sealed
    },
    openBody: (key, sealed, aad) => open([key, sealed, aad], () => original.openBody(key, sealed, aad)),
    deriveKey(secret, purpose, context) {
      let keys = derive.get(purpose)
      if (keys === undefined) derive.set(purpose, (keys = remembered()))
      return keys([secret, context], () => original.deriveKey(secret, purpose, context))!
    },
    inviteKey(seed) {
      const name = String.fromCharCode(...seed)
      let key = invites.get(name)
      if (key === undefined) invites.set(name, (key = original.inviteKey(seed)))
      return key
    },
  }
}

/** RFC 2104 on two calls of OpenSSL, which cost less than the key object that its own HMAC wants. */
function hmacSha256(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const inner = new Uint8Array(HASH_BLOCK_BYTES).fill(INNER_PAD)
  const outer = new Uint8Array(HASH_BLOCK_BYTES).fill(OUTER_PAD)
  const short = key.length > HASH_BLOCK_BYTES ? sha256(key) : key
  for (const [i, byte] of short.entries()) {
    inner[i] = byte ^ INNER_PAD
    outer[i] = byte ^ OUTER_PAD
  }
  return sha256(concatBytes(outer, sha256(concatBytes(inner, bytes))))
}

const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(hash('sha256', bytes, 'buffer'))

/** Remembers results by all bytes of the arguments; gives copies, as the caller may write on what it gets. */
function remembered(): (args: readonly Uint8Array[], compute: () => Uint8Array | undefined) => Uint8Array | undefined {
  const known = new Map<number, { args: readonly Uint8Array[]; result: Uint8Array | undefined }>()
  return (args, compute) => {
    const key = args.reduce(mixed, 0)
    const before = known.get(key)
    if (before !== undefined && before.args.every((arg, i) => equalBytes(arg, args[i]!))) return before.result?.slice()
    const result = compute()
    if (known.size >= MAX_KEPT) known.clear()
    known.set(key, { args: args.map((arg) => arg.slice()), result })
    return result?.slice()
  }
}

/** Keys, tags and ids are random bytes: four of the first and four of the last tell most of them apart, and the rest is compared. */
function mixed(before: number, bytes: Uint8Array): number {
  let sum = before ^ bytes.length
  for (let i = 0; i < 4; i++) sum = Math.imul(sum, 31) + (bytes[i] ?? 0) + 257 * (bytes.at(-1 - i) ?? 0)
  return sum | 0
}
