/**
 * Devices: their keys, their ids and the certificates that tie both to a user.
 *
 * certificate = canonical CBOR [1, userId32, edPk32, xPk32, createdMs, caps, proof, selfSig64]
 * proof of a user's first device (the root) = [0, salt16], and userId = SHA-256("parley/1/user" | edPk | salt).
 * proof of a further device = [1, issuer device id 16, issuerSig64], where the issuer is another device of the same user and
 *   issuerSig = Ed25519(issuer, "parley/1/device" | CBOR [1, userId, edPk, xPk, createdMs, caps, issuer]).
 * selfSig = Ed25519("parley/1/cert" | CBOR of the array without selfSig): the device holds the key that it names.
 *
 * Where a certificate of a further device has to stand for itself, it comes with those that prove it, as CBOR [certificate bstr, ...], the root
 * first, itself last, at most 8: a bundle. It is read wherever a certificate is.
 *
 * A certificate says that a device was added, not that it still counts: removals are in the conversations.
 */
import {
  concatBytes,
  decodeCbor,
  deviceIdBytes,
  deviceIdOf,
  encodeCbor,
  equalBytes,
  MAX_CERT_BYTES,
  MAX_CERT_CHAIN,
  MAX_TIME_MS,
  ParleyError,
  Reject,
  userIdBytes,
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
const PROOF_ROOT = 0
/** Proof of a device that another device of the user added. */
const PROOF_ADDED = 1
/** The one capability: the keys come from a recovery phrase and are offline but when they add or remove a device. */
const CAP_RECOVERY = 1

/** What a valid certificate says. `bytes` is the certificate, or the bundle, as it came; keys are copies. */
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
  /** Whether its keys come from a recovery phrase: it writes no messages, and is no device that a person holds. */
  isRecovery: boolean
  /** The device that added this one; undefined for the user's first. */
  issuer: DeviceId | undefined
}

/** The verified certificate of a device, when it is known. */
export type CertLookup = (device: DeviceId) => DeviceCert | undefined

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
  const user = rootUserId(provider, signKey, salt16)
  return selfSigned(keys, [CERT_VERSION, user, signKey, keys.agreement.publicKey, createdMs, 0, [PROOF_ROOT, salt16]])
}

/** What a new device asks another device of its user to sign. Public keys of 32 bytes; `createdMs` by the new device's clock. */
export interface DeviceOffer {
  readonly signKey: Uint8Array
  readonly agreeKey: Uint8Array
  readonly createdMs: number
  readonly isRecovery: boolean
}

/** A device that may add others: its keys and its own verified certificate. */
export interface Issuer {
  readonly keys: DeviceKeys
  readonly cert: DeviceCert
}

/**
 * The certificate that `issuer` makes for the device of `offer`, without that device's own signature: canonical CBOR [1, userId, edPk, xPk,
 * createdMs, caps, [1, issuer, issuerSig]]. Undefined when the offer is not fit for a certificate, which only a hostile device makes.
 */
export async function endorseDevice(provider: CryptoProvider, issuer: Issuer, offer: DeviceOffer): Promise<Uint8Array | undefined> {
  const { signKey, agreeKey, createdMs, isRecovery } = offer
  if (!isTime(createdMs) || !isAcceptablePublicKey(signKey) || !isAcceptableAgreeKey(agreeKey)) return undefined
  if (equalBytes(signKey, issuer.keys.signing.publicKey)) return undefined
  const user = userIdBytes(issuer.cert.userId)
  const by = deviceIdBytes(issuer.cert.deviceId)
  const fields = [CERT_VERSION, user, signKey, agreeKey, createdMs, isRecovery ? CAP_RECOVERY : 0]
  return encodeCbor([...fields, [PROOF_ADDED, by, await issuer.keys.signing.sign(issuerMessage(fields, by))]])
}

/**
 * The certificate of this device: its own signature under what `issuer` endorsed. Undefined when the endorsement is for other keys or does
 * not hold.
 */
export async function completeDeviceCert(
  provider: CryptoProvider,
  keys: DeviceKeys,
  endorsement: Uint8Array,
  issuer: DeviceCert,
): Promise<Uint8Array | undefined> {
  const fields = decodeOrUndefined(endorsement)
  if (!Array.isArray(fields) || fields.length !== 7) return undefined
  const [, , signKey, agreeKey] = fields as CborValue[]
  if (!(signKey instanceof Uint8Array) || !equalBytes(signKey, keys.signing.publicKey)) return undefined
  if (!(agreeKey instanceof Uint8Array) || !equalBytes(agreeKey, keys.agreement.publicKey)) return undefined
  const bytes = await selfSigned(keys, fields as CborValue[])
  const cert = await verifyOne(provider, bytes, (device) => (device === issuer.deviceId ? issuer : undefined))
  return cert?.issuer === undefined ? undefined : bytes
}

/**
 * The certificate in `bytes`, or undefined when anything about it is wrong: shape, keys, user id, signatures, a single extra byte. That of a
 * further device is valid only in a bundle that proves it, or when `issuerOf` knows the device that added it, as one of the same user.
 */
export async function verifyDeviceCert(
  provider: CryptoProvider,
  bytes: Uint8Array,
  issuerOf?: CertLookup,
): Promise<DeviceCert | undefined> {
  const bundle = certsInBundle(bytes)
  if (bundle === undefined) return verifyOne(provider, bytes, issuerOf)
  const cert = (await verifyCertChain(provider, bundle))?.at(-1)
  // A device is in one place of a chain, so the last one is the only one that is meant.
  return cert && { ...cert, bytes: bytes.slice() }
}

async function verifyOne(provider: CryptoProvider, bytes: Uint8Array, issuerOf?: CertLookup): Promise<DeviceCert | undefined> {
  const fields = parseCert(bytes)
  if (fields === undefined) return undefined
  const { user, signKey, agreeKey, createdMs, caps, proof, selfSig, signed } = fields
  if (!isAcceptablePublicKey(signKey) || !isAcceptableAgreeKey(agreeKey)) return undefined
  const userId = userIdOf(user)
  const deviceId = deviceIdOf(deviceIdFrom((input) => provider.sha256(input), signKey))
  const issuer = proof.kind === PROOF_ADDED ? deviceIdOf(proof.issuer) : undefined
  if (proof.kind === PROOF_ROOT) {
    if (caps !== 0 || !equalBytes(user, rootUserId(provider, signKey, proof.salt))) return undefined
  } else {
    const known = issuer === deviceId ? undefined : issuerOf?.(deviceIdOf(proof.issuer))
    if (known === undefined || known.userId !== userId || known.deviceId !== issuer) return undefined
    const message = issuerMessage(signed.slice(0, 6), proof.issuer)
    if (!(await provider.verify({ publicKey: known.signKey, message, signature: proof.issuerSig }))) return undefined
  }
  if (!(await provider.verify({ publicKey: signKey, message: selfMessage(signed), signature: selfSig }))) return undefined
  const isRecovery = caps === CAP_RECOVERY
  return { bytes: bytes.slice(), userId, deviceId, signKey: signKey.slice(), agreeKey: agreeKey.slice(), createdMs, isRecovery, issuer }
}

/**
 * What a certificate says that was found valid before and kept where nobody else writes: only its shape is looked at, for checking its keys and
 * signatures again takes milliseconds.
 */
export function trustedDeviceCert(hash: Hash, bytes: Uint8Array): DeviceCert | undefined {
  const fields = parseCert(certsIn(bytes).at(-1) ?? bytes)
  if (fields === undefined) return undefined
  const { user, signKey, agreeKey, createdMs, caps, proof } = fields
  return {
    bytes: bytes.slice(),
    userId: userIdOf(user),
    deviceId: deviceIdOf(deviceIdFrom(hash, signKey)),
    signKey: signKey.slice(),
    agreeKey: agreeKey.slice(),
    createdMs,
    isRecovery: caps === CAP_RECOVERY,
    issuer: proof.kind === PROOF_ADDED ? deviceIdOf(proof.issuer) : undefined,
  }
}

/**
 * The certificates of one user that prove each other: the root first, each further one after the one that issued it, no device twice, at most
 * 8. Undefined when anything about any of them is wrong. For places where nothing of the user is known; the last one is the device meant.
 */
export async function verifyCertChain(provider: CryptoProvider, chain: readonly Uint8Array[]): Promise<DeviceCert[] | undefined> {
  if (chain.length === 0 || chain.length > MAX_CERT_CHAIN) return undefined
  const known = new Map<DeviceId, DeviceCert>()
  for (const bytes of chain) {
    const cert = await verifyOne(provider, bytes, (device) => known.get(device))
    if (cert === undefined || known.has(cert.deviceId)) return undefined
    if ((cert.issuer === undefined) !== (known.size === 0)) return undefined
    known.set(cert.deviceId, cert)
  }
  return [...known.values()]
}

/** The chain of a verified certificate, root first, itself last; undefined when an issuer is not known or the chain is longer than 8. */
export function certChainOf(cert: DeviceCert, certOf: CertLookup): Uint8Array[] | undefined {
  const chain = certsIn(cert.bytes)
  let first: DeviceCert | undefined = cert
  // A bundle goes up to the root already.
  while (first.issuer !== undefined && certsIn(first.bytes).length === 1) {
    first = certOf(first.issuer)
    if (first === undefined || chain.length >= MAX_CERT_CHAIN) return undefined
    chain.unshift(...certsIn(first.bytes))
  }
  return chain.length > MAX_CERT_CHAIN ? undefined : chain
}

/** One certificate that stands for itself, of a chain with the root first: the root as it is, anything else as a bundle. @throws {ParleyError} InvalidArgument for an empty chain, or one longer than 8. */
export function bundleCerts(chain: readonly Uint8Array[]): Uint8Array {
  const [root] = chain
  if (root === undefined || chain.length > MAX_CERT_CHAIN)
    throw new ParleyError('InvalidArgument', `a device is proved by 1 to ${MAX_CERT_CHAIN} certificates`)
  return chain.length === 1 ? root : encodeCbor([...chain])
}

/** The certificates of a bundle, nothing verified; those of a single one are itself. */
export function certsIn(bytes: Uint8Array): Uint8Array[] {
  return certsInBundle(bytes) ?? [bytes]
}

function certsInBundle(bytes: Uint8Array): Uint8Array[] | undefined {
  const value = decodeOrUndefined(bytes)
  if (!Array.isArray(value) || value.length < 2 || value.length > MAX_CERT_CHAIN) return undefined
  const certs = value as CborValue[]
  return certs.every((cert) => cert instanceof Uint8Array) ? certs.map((cert) => cert.slice()) : undefined
}

/** The device that a certificate says it was added by, nothing verified: whose certificate to fetch first. Undefined for a root, and for what is none. */
export function claimedIssuer(bytes: Uint8Array): DeviceId | undefined {
  const certs = certsIn(bytes)
  // A bundle proves itself, whoever is known.
  const proof = certs.length === 1 ? parseCert(bytes)?.proof : undefined
  return proof?.kind === PROOF_ADDED ? deviceIdOf(proof.issuer) : undefined
}

type Proof =
  | { readonly kind: typeof PROOF_ROOT; readonly salt: Uint8Array }
  | { readonly kind: typeof PROOF_ADDED; readonly issuer: Uint8Array; readonly issuerSig: Uint8Array }

function parseCert(bytes: Uint8Array) {
  const value = decodeOrUndefined(bytes)
  if (!Array.isArray(value) || value.length !== 8) return undefined
  const [version, user, signKey, agreeKey, createdMs, caps, proofValue, selfSig] = value as CborValue[]
  if (version !== CERT_VERSION || !isTime(createdMs) || (caps !== 0 && caps !== CAP_RECOVERY)) return undefined
  if (!isBytes(user, 32) || !isBytes(signKey, 32) || !isBytes(agreeKey, 32) || !isBytes(selfSig, 64)) return undefined
  const proof = parseProof(proofValue)
  return proof && { user, signKey, agreeKey, createdMs, caps, proof, selfSig, signed: (value as CborValue[]).slice(0, 7) }
}

function parseProof(value: CborValue | undefined): Proof | undefined {
  if (!Array.isArray(value)) return undefined
  const [kind, first, second] = value as CborValue[]
  if (kind === PROOF_ROOT && value.length === 2 && isBytes(first, 16)) return { kind, salt: first }
  if (kind === PROOF_ADDED && value.length === 3 && isBytes(first, 16) && isBytes(second, 64))
    return { kind, issuer: first, issuerSig: second }
  return undefined
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

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_TIME_MS
}

function rootUserId(provider: CryptoProvider, signKey: Uint8Array, salt: Uint8Array): Uint8Array {
  return provider.sha256(concatBytes(utf8('parley/1/user'), signKey, salt))
}

async function selfSigned(keys: DeviceKeys, fields: readonly CborValue[]): Promise<Uint8Array> {
  return encodeCbor([...fields, await keys.signing.sign(selfMessage(fields))])
}

function selfMessage(fields: readonly CborValue[]): Uint8Array {
  return concatBytes(utf8('parley/1/cert'), encodeCbor([...fields]))
}

/** `fields`: version, user, both keys, time and capabilities. */
function issuerMessage(fields: readonly CborValue[], issuer: Uint8Array): Uint8Array {
  return concatBytes(utf8('parley/1/device'), encodeCbor([...fields, issuer]))
}
