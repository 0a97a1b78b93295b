import type { CryptoProvider, SignatureJob } from '@parley/crypto'
import { equalBytes, toBase32 } from '@parley/protocol'

/**
 * The provider of a simulation: the given one, with every verdict in the same turn (a thread pool would bring its own order of events) and
 * remembered, since the same signature is checked by every peer; those made here are known to hold.
 */
export function simulationCrypto(provider: CryptoProvider): CryptoProvider {
  const agreed = new Map<string, Promise<Uint8Array | undefined>>()
  const known = new Map<number, { job: SignatureJob; verdict: Promise<boolean> }>()
  const remember = ({ message, publicKey, signature }: SignatureJob, verdict: Promise<boolean>): void => {
    known.set(firstBits(signature), {
      job: { message: message.slice(), publicKey: publicKey.slice(), signature: signature.slice() },
      verdict,
    })
  }
  const verify = (job: SignatureJob): Promise<boolean> => {
    const key = firstBits(job.signature)
    const before = known.get(key)
    if (before !== undefined && isSame(before.job, job)) return before.verdict
    const verdict = provider.verify(job)
    remember(job, verdict)
    return verdict
  }
  return {
    name: provider.name,
    sha256: (bytes) => provider.sha256(bytes),
    sha256Into: (bytes, target, offset) => provider.sha256Into(bytes, target, offset),
    verify,
    verifyMany: (jobs) => Promise.all(jobs.map(verify)),
    signingKey(seed) {
      const key = provider.signingKey(seed)
      const { publicKey } = key
      return {
        publicKey,
        async sign(message) {
          const signature = await key.sign(message)
          // What was signed here holds; every other job is checked.
          remember({ publicKey, message, signature }, Promise.resolve(true))
          return signature
        },
      }
    },
    agreementKey(secret) {
      const key = provider.agreementKey(secret)
      const { publicKey } = key
      return {
        publicKey,
        agree(theirs) {
          // Both ends come to the same, so it is computed for the first of them.
          const [a, b] = [toBase32(publicKey), toBase32(theirs)]
          const pair = a < b ? a + b : b + a
          let shared = agreed.get(pair)
          if (shared === undefined) agreed.set(pair, (shared = key.agree(theirs)))
          return shared
        },
      }
    },
    encapsulate: (secret, publicKey) => provider.encapsulate(secret, publicKey),
  }
}

/** Enough of a signature to find it; all of it is compared. */
function firstBits(signature: Uint8Array): number {
  let bits = 0
  for (let i = 0; i < 6; i++) bits = bits * 256 + (signature[i] ?? 0)
  return bits
}

function isSame(a: SignatureJob, b: SignatureJob): boolean {
  return equalBytes(a.signature, b.signature) && equalBytes(a.message, b.message) && equalBytes(a.publicKey, b.publicKey)
}
