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
export { createContactCard, readContactCard, type VerifiedCard } from './contact-card.ts'
export {
  bundleCerts,
  certChainOf,
  certsIn,
  claimedIssuer,
  completeDeviceCert,
  createDeviceCert,
  deviceIdFrom,
  deviceKeysOf,
  endorseDevice,
  verifyCertChain,
  trustedDeviceCert,
  verifyDeviceCert,
  type CertLookup,
  type DeviceCert,
  type DeviceOffer,
  type Issuer,
} from './device.ts'
export { createDeviceSecrets, type AgreementKey, type DeviceKeys, type DeviceSecrets, type SigningKey } from './device-keys.ts'
export {
  deriveFileKey,
  FILE_KEY_BYTES,
  FILE_TAG_BYTES,
  SHA256_BYTES,
  type FileCrypto,
  type FileHasher,
  type FileKey,
} from './file-cipher.ts'
export { webFileCrypto } from './file-cipher.web.ts'
export { hpkeOpen, hpkeSeal, hpkeSealMany, type HpkeOptions, type HpkeRecipient, type HpkeSealOptions } from './hpke.ts'
export { inviteKey, joinProof, verifyJoinProof } from './invite.ts'
export {
  controlHalf,
  createEpochSecret,
  EPOCH_SECRET_BYTES,
  epochCommitment,
  epochIdOf,
  epochSecretBytes,
  epochSecretFromBytes,
  unwrapSecret,
  wrapSecret,
  type EpochSecret,
  type FullEpochSecret,
  type WrapPlace,
  type WrappedSecret,
} from './epoch-secret.ts'
export { deriveKey, equalSecret, hmacSha256, type KeyPurpose } from './keys.ts'
export { deviceLinkKeys, inboxKeys, recoveryMeetingKeys, type MeetingKeys } from './meeting-keys.ts'
export { nobleProvider, type CryptoProvider, type Encapsulation, type SignatureJob } from './provider.ts'
export { webCryptoProvider } from './provider.web.ts'
export { createRecoveryPhrase, issueDeviceCert, recoverDevice, RECOVERY_WORDS, recoveryKeysOf, recoverySecretsOf } from './recovery.ts'
export { releaseBytes } from './release-bytes.ts'
export {
  signRun,
  verifyRun,
  type RunAuthor,
  type UnsignedEntry,
  type VerifiedEntry,
  type VerifiedRun,
  type VerifyRunOptions,
} from './run.ts'
export { isSameSafetyNumber, safetyNumber, type SafetyParty } from './safety-number.ts'
export { NONCE_BYTES, openBody, peekBody, sealBody, TAG_BYTES } from './seal.ts'
export { SHORT_CODE_DIGITS, ShortCodeExchange } from './short-code.ts'
export { isAcceptablePublicKey } from './strict-ed25519.ts'
export { deviceKeysOfWeb, generateWebKeys, type WebKeys } from './web-keys.ts'
export { isAcceptableAgreeKey, x25519PublicKey, x25519Shared } from './x25519.ts'
export { yieldToEventLoop } from './yield.ts'
