/**
 * Keys, signatures, sealing and key schedule of Parley, behind `CryptoProvider`.
 *
 * ```ts
 * const provider = nobleProvider() // or await webCryptoProvider(), or nodeProvider() from '@parley/crypto/node'
 * const keys = deviceKeysOf(provider, createDeviceSecrets((length) => crypto.getRandomValues(new Uint8Array(length))))
 * const bytes = await createDeviceCert(provider, keys, { createdMs: Date.now(), salt16: crypto.getRandomValues(new Uint8Array(16)) })
 * const cert = await verifyDeviceCert(provider, bytes) // { userId, deviceId, signKey, agreeKey, ... }
 * ```
 *
 * Functions that meet bytes of other people return `false` or `undefined`, or throw `Reject`; no message holds a key or a plaintext.
 */
export { createDeviceCert, deviceIdFrom, deviceKeysOf, verifyDeviceCert, type DeviceCert } from './device.ts'
export { createDeviceSecrets, type AgreementKey, type DeviceKeys, type DeviceSecrets, type SigningKey } from './device-keys.ts'
export { hpkeOpen, hpkeSeal, type HpkeOptions, type HpkeSealOptions } from './hpke.ts'
export { inviteKey, joinProof, verifyJoinProof } from './invite.ts'
export {
  createEpochSecret,
  deriveKey,
  epochCommitment,
  epochIdOf,
  epochSecretBytes,
  epochSecretFromBytes,
  equalSecret,
  hmacSha256,
  type EpochSecret,
  type KeyPurpose,
} from './keys.ts'
export { nobleProvider, type CryptoProvider, type SignatureJob } from './provider.ts'
export { webCryptoProvider } from './provider.web.ts'
export {
  signRun,
  verifyRun,
  type RunAuthor,
  type UnsignedEntry,
  type VerifiedEntry,
  type VerifiedRun,
  type VerifyRunOptions,
} from './run.ts'
export { NONCE_BYTES, openBody, sealBody, TAG_BYTES } from './seal.ts'
export { isAcceptablePublicKey } from './strict-ed25519.ts'
export { deviceKeysOfWeb, generateWebKeys, type WebKeys } from './web-keys.ts'
export { isAcceptableAgreeKey, x25519PublicKey, x25519Shared } from './x25519.ts'
export { yieldToEventLoop } from './yield.ts'
