import { isAcceptableAgreeKey, type AgreementKey, type CryptoProvider, type SignatureJob } from '@parley/crypto'
import { compareBytes, concatBytes, equalBytes, utf8 } from '@parley/protocol'

const SIGNATURE = utf8('simulated signature')
const AGREEMENT = utf8('simulated agreement')

/**
 * The provider of a simulation: the given one, with every verdict in the same turn (a thread pool would bring its own order of events) and
 * remembered, since the same signature is checked by every peer. Signatures and shared secrets are hashes: everybody lives in one process, which knows
 * what was signed, and nobody in it breaks crypto. Whatever was not signed here is checked as it is anywhere. All peers get the same one.
 */
export function simulationCrypto(provider: CryptoProvider): CryptoProvider {
  const known = new Map<number, { job: SignatureJob; verdict: Promise<boolean> }>()
  const hash = (...parts: Uint8Array[]): Uint8Array => provider.sha256(concatBytes(...parts))
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
  const agreementKey = (secret: Uint8Array): AgreementKey => {
    const publicKey = hash(AGREEMENT, secret)
    publicKey[31]! &= 0x7f
    return {
      publicKey,
      async agree(theirs) {
        if (!isAcceptableAgreeKey(theirs)) return undefined
        return compareBytes(publicKey, theirs) < 0 ? hash(AGREEMENT, publicKey, theirs) : hash(AGREEMENT, theirs, publicKey)
      },
    }
  }
  return {
    name: provider.name,
    sealBody: (key, nonce, aad, text) => provider.sealBody(key, nonce, aad, text),
    openBody: (key, sealed, aad) => provider.openBody(key, sealed, aad),
    sha256: (bytes) => provider.sha256(bytes),
    sha256Into: (bytes, target, offset) => provider.sha256Into(bytes, target, offset),
    verify,
    verifyMany: (jobs) => Promise.all(jobs.map(verify)),
    signingKey(seed) {
      const { publicKey } = provider.signingKey(seed)
      return {
        publicKey,
        async sign(message) {
          const half = hash(SIGNATURE, publicKey, message)
          const signature = concatBytes(half, hash(half))
          // The second half is a number below the order of the group.
          signature[63]! &= 0x0f
          remember({ publicKey, message, signature }, Promise.resolve(true))
          return signature
        },
      }
    },
    agreementKey,
    async encapsulate(secret, publicKey) {
      const key = agreementKey(secret)
      const shared = await key.agree(publicKey)
      return shared && { publicKey: key.publicKey, shared }
    },
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
