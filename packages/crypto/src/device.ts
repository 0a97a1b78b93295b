/**
 * Devices: their keys, their ids and the certificate that ties both to a user.
 *
 * certificate = canonical CBOR [1, userId32, edPk32, xPk32, createdMs, caps 0, proof, selfSig64]
 * proof of a user's first device = [0, salt16], and userId = SHA-256("parley/1/user" | edPk | salt). [1, ...] is reserved for devices
 * that another device of the user adds, and refused for now.
 * selfSig = Ed25519("parley/1/cert" | CBOR of the array without selfSig): the device holds the key that it names.
 */
import {
  concatBytes,
  decodeCbor,
  deviceIdOf,
  encodeCbor,
  equalBytes,
  MAX_CERT_BYTES,
  Reject,
  userIdOf,
  utf8,
  type CborValue,
  type DeviceId,
  type Hash,
  type UserId,
} from '@parley/protocol'
import type { DeviceKeys, DeviceSecrets } from './device-keys.ts'
import type { CryptoProvider } from './provider.ts'
import { isAcceptablePublicKey } from './strict-ed25519.ts'
import { isAcceptableAgreeKey } from './x25519.ts'

/** Version of the certificate. */
const CERT_VERSION = 1
/** Proof of a user's first device. */
const PROOF_FIRST_DEVICE = 0
/** Times are 48-bit milliseconds everywhere (year 10889). */
const MAX_CREATED_MS = 2 ** 48 - 1

/** What a valid certificate says. `bytes` is the certificate itself; keys are copies. */
export interface DeviceCert {
  bytes: Uint8Array
  userId: UserId
  deviceId: DeviceId
  /** Ed25519 public key, 32 bytes, acceptable under the strict rules. */
  signKey: Uint8Array
  /** X25519 public key, 32 bytes, canonical and not of small order. */
  agreeKey: Uint8Array
  /** Milliseconds since 1970 by the device's own clock; never grants anything. */
  createdMs: number
}

/** Keys that act with these secrets, which are copied. @throws {Error} when one is not 32 bytes. */
export function deviceKeysOf(provider: CryptoProvider, { signSecret, agreeSecret }: DeviceSecrets): DeviceKeys {
  return { signing: provider.signingKey(signSecret), agreement: provider.agreementKey(agreeSecret) }
}

/** The 16 bytes of a device id: the first of SHA-256("parley/1/dev" | Ed25519 public key). */
export function deviceIdFrom(hash: Hash, signKey: Uint8Array): Uint8Array {
  return hash(concatBytes(utf8('parley/1/dev'), signKey)).slice(0, 16)
}

/** The certificate of a user's first device. `salt16`: 16 random bytes, kept only in the certificate. */
export async function createDeviceCert(
  provider: CryptoProvider,
  keys: DeviceKeys,
  { createdMs, salt16 }: { createdMs: number; salt16: Uint8Array },
): Promise<Uint8Array> {
  const signKey = keys.signing.publicKey
  const fields: CborValue[] = [
    CERT_VERSION,
    firstUserId(provider, signKey, salt16),
    signKey,
    keys.agreement.publicKey,
    createdMs,
    0,
    [PROOF_FIRST_DEVICE, salt16],
  ]
  const selfSig = await keys.signing.sign(certMessage(fields))
  return encodeCbor([...fields, selfSig])
}

/** The certificate in `bytes`, or undefined when anything about it is wrong: shape, keys, user id, signature, a single extra byte. */
export async function verifyDeviceCert(provider: CryptoProvider, bytes: Uint8Array): Promise<DeviceCert | undefined> {
  const fields = parseCert(bytes)
  if (fields === undefined) return undefined
  const { user, signKey, agreeKey, createdMs, salt, selfSig, signed } = fields
  if (!isAcceptablePublicKey(signKey) || !isAcceptableAgreeKey(agreeKey)) return undefined
  if (!equalBytes(user, firstUserId(provider, signKey, salt))) return undefined
  if (!(await provider.verify({ publicKey: signKey, message: certMessage(signed), signature: selfSig }))) return undefined
  return {
    bytes: bytes.slice(),
    userId: userIdOf(user),
    deviceId: deviceIdOf(deviceIdFrom((input) => provider.sha256(input), signKey)),
    signKey: signKey.slice(),
    agreeKey: agreeKey.slice(),
    createdMs,
  }
}

function parseCert(bytes: Uint8Array) {
  const value = decodeOrUndefined(bytes)
  if (!Array.isArray(value) || value.length !== 8) return undefined
  const [version, user, signKey, agreeKey, createdMs, caps, proof, selfSig] = value
  if (version !== CERT_VERSION || caps !== 0) return undefined
  if (typeof createdMs !== 'number' || createdMs < 0 || createdMs > MAX_CREATED_MS) return undefined
  if (!isBytes(user, 32) || !isBytes(signKey, 32) || !isBytes(agreeKey, 32) || !isBytes(selfSig, 64)) return undefined
  if (!Array.isArray(proof) || proof.length !== 2 || proof[0] !== PROOF_FIRST_DEVICE) return undefined
  const salt: unknown = proof[1]
  if (!isBytes(salt, 16)) return undefined
  return { user, signKey, agreeKey, createdMs, salt, selfSig, signed: value.slice(0, 7) }
}

function decodeOrUndefined(bytes: Uint8Array): CborValue | undefined {
  if (bytes.length > MAX_CERT_BYTES) return undefined
  try {
    return decodeCbor(bytes)
  } catch (error) {
    if (error instanceof Reject) return undefined
    throw error
  }
}

function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length
}

function firstUserId(provider: CryptoProvider, signKey: Uint8Array, salt: Uint8Array): Uint8Array {
  return provider.sha256(concatBytes(utf8('parley/1/user'), signKey, salt))
}

function certMessage(fields: readonly CborValue[]): Uint8Array {
  return concatBytes(utf8('parley/1/cert'), encodeCbor([...fields]))
}
