import type { CryptoProvider, SignatureJob } from '@parley/crypto'

/**
 * The provider of a simulation: the given one, with every verdict in the same turn (a thread pool would bring its own order of events) and
 * remembered, since the same signature is checked by every peer.
 */
export function simulationCrypto(provider: CryptoProvider): CryptoProvider {
  const verdicts = new Map<string, Promise<boolean>>()
  const verify = (job: SignatureJob): Promise<boolean> => {
    const key = [job.publicKey, job.signature, job.message].map((bytes) => String.fromCharCode(...bytes)).join('|')
    let verdict = verdicts.get(key)
    if (verdict === undefined) verdicts.set(key, (verdict = provider.verify(job)))
    return verdict
  }
  return {
    name: provider.name,
    sha256: (bytes) => provider.sha256(bytes),
    sign: (secretKey, message) => provider.sign(secretKey, message),
    publicKey: (secretKey) => provider.publicKey(secretKey),
    verify,
    verifyMany: (jobs) => Promise.all(jobs.map(verify)),
  }
}
