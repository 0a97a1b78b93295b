import type { CryptoProvider, SignatureJob } from '@parley/crypto'
import { equalBytes } from '@parley/protocol'

/**
 * The provider of a simulation: the given one, with every verdict in the same turn (a thread pool would bring its own order of events) and
 * remembered, since the same signature is checked by every peer.
 */
export function simulationCrypto(provider: CryptoProvider): CryptoProvider {
  const known = new Map<string, { job: SignatureJob; verdict: Promise<boolean> }>()
  const verify = (job: SignatureJob): Promise<boolean> => {
    const key = String.fromCharCode(...job.signature)
    const before = known.get(key)
    if (before !== undefined && equalBytes(before.job.message, job.message) && equalBytes(before.job.publicKey, job.publicKey))
      return before.verdict
    const verdict = provider.verify(job)
    known.set(key, { job: { ...job, message: job.message.slice(), publicKey: job.publicKey.slice() }, verdict })
    return verdict
  }
  return {
    name: provider.name,
    sha256: (bytes) => provider.sha256(bytes),
    verify,
    verifyMany: (jobs) => Promise.all(jobs.map(verify)),
    signingKey: (seed) => provider.signingKey(seed),
    agreementKey: (secret) => provider.agreementKey(secret),
  }
}
