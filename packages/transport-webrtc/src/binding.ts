/**
 * The name of a WebRTC connection that nobody in the middle can choose: who relays the offer and the answer cannot make both ends see the
 * same two certificates without being one of the ends (RFC 8827 section 5.6).
 */

/** Length of a SHA-256 fingerprint. */
const FINGERPRINT_BYTES = 32

const FINGERPRINT_LINE = /^a=fingerprint:(\S+)\s+(\S+)\s*$/gim

/**
 * Both DTLS fingerprints, 32 bytes each, the smaller one first. Undefined when a description does not name exactly one certificate by its
 * SHA-256: with a choice of certificates the two ends could disagree about which was used.
 */
export function bindingOf(localSdp: string, remoteSdp: string): Uint8Array | undefined {
  const local = fingerprintOf(localSdp)
  const remote = fingerprintOf(remoteSdp)
  if (local === undefined || remote === undefined) return undefined
  const [first, second] = compare(local, remote) <= 0 ? [local, remote] : [remote, local]
  const binding = new Uint8Array(FINGERPRINT_BYTES * 2)
  binding.set(first)
  binding.set(second, FINGERPRINT_BYTES)
  return binding
}

/** SHA-256 of the certificate that a description names; undefined when it does not name exactly one. */
export function fingerprintOf(sdp: string): Uint8Array | undefined {
  const named = new Set([...sdp.matchAll(FINGERPRINT_LINE)].map(([, hash, digest]) => `${hash} ${digest}`.toLowerCase()))
  const [only] = named
  if (only === undefined || named.size !== 1) return undefined
  const [hash, digest] = only.split(' ')
  if (hash !== 'sha-256' || digest === undefined || !/^([0-9a-f]{2}:){31}[0-9a-f]{2}$/.test(digest)) return undefined
  return Uint8Array.from(digest.split(':'), (pair) => Number.parseInt(pair, 16))
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < FINGERPRINT_BYTES; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
