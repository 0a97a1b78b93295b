/**
 * A knock: what somebody says who holds the contact card of the person at the other end. Who they are, proved for this very link, which
 * conversation they would tell of, and where they can be found. The control entries of that conversation follow it.
 *
 * fields = [CBOR [certificate, ...] root first, conversation 32, CBOR [hint, ...], signature 64], the signature over
 * "parley/1/knock" | transcript | side | conversation, by the device of the last certificate.
 */
import { verifyCertChain, type CryptoProvider, type DeviceCert } from '@parley/crypto'
import { concatBytes, decodeCbor, encodeCbor, MAX_CERT_CHAIN, MAX_INVITE_HINT_BYTES, Reject, utf8, type CborValue } from '@parley/protocol'

/** Hints in one knock: with them it stays below the bound of a sealed handshake message. */
export const MAX_KNOCK_HINTS = 2

export interface Knock {
  /** The device that knocks. */
  readonly cert: DeviceCert
  /** The conversation that it would tell of, 32 bytes. */
  readonly conversation: Uint8Array
  /** Where the one who knocks says to be found. */
  readonly hints: readonly string[]
}

/** The first three fields of a knock. `chain`: own certificates, the root first, this device's last. */
export function knockFields(chain: readonly Uint8Array[], conversation: Uint8Array, hints: readonly string[]): Uint8Array[] {
  const short = hints.filter((hint) => hint !== '' && utf8(hint).length <= MAX_INVITE_HINT_BYTES)
  return [encodeCbor([...chain]), conversation, encodeCbor(short.slice(0, MAX_KNOCK_HINTS))]
}

/** What the knocking device signs. */
export function knockMessage(transcript: Uint8Array, side: number, conversation: Uint8Array): Uint8Array {
  return concatBytes(utf8('parley/1/knock'), transcript, Uint8Array.of(side), conversation)
}

/** Reads the first three fields and checks the certificates. @throws {Reject} BadShape, BadProof */
export async function readKnockFields(
  crypto: CryptoProvider,
  chainBytes: Uint8Array,
  conversation: Uint8Array,
  hintBytes: Uint8Array,
): Promise<Knock> {
  if (conversation.length !== 32) throw new Reject('BadShape', 'knock')
  const chain = list(chainBytes, MAX_CERT_CHAIN)
  const hints = list(hintBytes, MAX_KNOCK_HINTS)
  if (!chain.every(isBytes) || !hints.every(isHint)) throw new Reject('BadShape', 'knock')
  const certs = await verifyCertChain(crypto, chain)
  const cert = certs?.at(-1)
  if (cert === undefined || cert.isRecovery) throw new Reject('BadProof', 'certificate')
  return { cert, conversation: conversation.slice(), hints: [...hints] }
}

function list(bytes: Uint8Array, max: number): readonly CborValue[] {
  const value = decodeCbor(bytes, { maxDepth: 1, maxItems: max + 1 })
  if (!Array.isArray(value) || value.length > max) throw new Reject('BadShape', 'knock')
  return value as readonly CborValue[]
}

const isBytes = (value: CborValue): value is Uint8Array => value instanceof Uint8Array

const isHint = (value: CborValue): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_INVITE_HINT_BYTES && utf8(value).length <= MAX_INVITE_HINT_BYTES
