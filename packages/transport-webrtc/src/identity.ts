/**
 * Who a transport is to others between a start and a stop: one certificate for all of its connections, and its fingerprint for a name. So nobody can
 * take another's name: whoever offers or answers under it has to finish a DTLS handshake with the key of that certificate.
 */
import { ParleyError } from '@parley/protocol'
import { fingerprintOf } from './binding.ts'

/** What browsers allow at most; with an expired certificate a page that was open for so long could meet nobody. */
const CERTIFICATE_LIFE_MS = 365 * 86_400_000

/** `ECDSA` on P-256 is what every browser makes quickest. TypeScript's `AlgorithmIdentifier` does not know `expires`. */
const CERTIFICATE = { name: 'ECDSA', namedCurve: 'P-256', expires: CERTIFICATE_LIFE_MS } as const

export interface Identity {
  readonly certificate: RTCCertificate
  /** SHA-256 of the certificate, 64 hexadecimal digits. */
  readonly name: string
}

/** Makes a new one. @throws {Unreachable} when the browser cannot. */
export async function createIdentity(): Promise<Identity> {
  const certificate = await RTCPeerConnection.generateCertificate(CERTIFICATE)
  // Not every browser has `RTCCertificate.getFingerprints`; each writes it into an offer.
  const pc = new RTCPeerConnection({ certificates: [certificate] })
  try {
    pc.createDataChannel('')
    const { sdp } = await pc.createOffer()
    const name = nameIn(sdp ?? '')
    if (name === undefined) throw new ParleyError('Unreachable', 'this browser makes no certificate that has a SHA-256 fingerprint')
    return { certificate, name }
  } finally {
    pc.close()
  }
}

/** The name of whoever made this description; undefined when it does not name exactly one certificate. */
export function nameIn(sdp: string): string | undefined {
  const fingerprint = fingerprintOf(sdp)
  return fingerprint && Array.from(fingerprint, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Whether a text can be a name at all. */
export function isName(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}
