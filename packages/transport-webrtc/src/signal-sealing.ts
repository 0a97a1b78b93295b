import * as buffer from 'lib0/buffer'
import * as encoding from 'lib0/encoding'

/** Nonce of AES-GCM. */
const NONCE_BYTES = 12

/** What we say in a room beside y-webrtc: that we are here, or to one peer that it is to make an offer. y-webrtc passes on whatever is a signal. */
export type Signal =
  | { type: 'announce'; from: string }
  | { type: 'signal'; from: string; to: string; token: number; signal: { type: 'ask' } }

/** Encrypts one message for the others of a room, in the format of y-webrtc, which does not offer its own function. Base64. */
export async function sealSignal(message: Signal, key: CryptoKey): Promise<string> {
  const plain = encoding.encode((encoder) => encoding.writeAny(encoder, message))
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
  const cipher = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, plain)
  const sealed = encoding.encode((encoder) => {
    encoding.writeVarString(encoder, 'AES-GCM')
    encoding.writeVarUint8Array(encoder, nonce)
    encoding.writeVarUint8Array(encoder, new Uint8Array(cipher))
  })
  return buffer.toBase64(sealed)
}
