/**
 * The recovery phrase: 24 words of BIP 39 (English) that say 32 random bytes, from which the keys of the user's recovery device follow. No
 * stretching: 256 bits cannot be guessed.
 *
 * The phrase is the keys; that they count is said by the recovery device's certificate, which another device issued while it was at hand. It is
 * public, and every conversation of the user holds it. Phrase and certificates add a new device when all others are lost.
 */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { equalBytes, ParleyError } from '@parley/protocol'
import { completeDeviceCert, deviceKeysOf, endorseDevice, verifyCertChain, type DeviceCert, type Issuer } from './device.ts'
import type { DeviceKeys, DeviceSecrets } from './device-keys.ts'
import { deriveKey } from './keys.ts'
import type { CryptoProvider } from './provider.ts'

/** Words of a recovery phrase. */
export const RECOVERY_WORDS = 24
/** 256 bits and a checksum of 8 make 24 words of 11. */
const ENTROPY_BYTES = 32
/** Characters of a phrase that are looked at: 24 words of at most 8 letters take 215, the rest is room for odd spacing. */
const MAX_PHRASE_CHARACTERS = 1_000
const EMPTY = new Uint8Array(0)
const WORDS: ReadonlySet<string> = new Set(wordlist)

/** A fresh phrase, 24 words in order. `random` gives that many cryptographically random bytes. */
export function createRecoveryPhrase(random: (length: number) => Uint8Array): string[] {
  return entropyToMnemonic(random(ENTROPY_BYTES), wordlist).split(' ')
}

/**
 * The secrets of the recovery device of a phrase. Case and spacing do not matter.
 * @throws {ParleyError} PhraseInvalid, in words for the person who typed it: how many words are missing, which one is not in the list, or that
 * they do not belong together. The words are never quoted.
 */
export function recoverySecretsOf(phrase: string | readonly string[]): DeviceSecrets {
  const entropy = entropyOf(wordsOf(phrase))
  const secrets = { signSecret: deriveKey(entropy, 'recovery-sign', EMPTY), agreeSecret: deriveKey(entropy, 'recovery-agree', EMPTY) }
  entropy.fill(0)
  return secrets
}

/** The keys of the recovery device of a phrase. @throws {ParleyError} PhraseInvalid, as `recoverySecretsOf`. */
export function recoveryKeysOf(provider: CryptoProvider, phrase: string | readonly string[]): DeviceKeys {
  return deviceKeysOf(provider, recoverySecretsOf(phrase))
}

/**
 * The certificate of a device whose keys are in the same hands as the issuer's: a recovery device when the phrase is made, or a new device
 * when the phrase is used. A device elsewhere is added by `endorseDevice` and `completeDeviceCert`.
 * @throws {ParleyError} InvalidArgument when both are the same device, or the time is none.
 */
export async function issueDeviceCert(
  provider: CryptoProvider,
  issuer: Issuer,
  keys: DeviceKeys,
  { createdMs, isRecovery = false }: { createdMs: number; isRecovery?: boolean },
): Promise<Uint8Array> {
  const offer = { signKey: keys.signing.publicKey, agreeKey: keys.agreement.publicKey, createdMs, isRecovery }
  const endorsement = await endorseDevice(provider, issuer, offer)
  const cert = endorsement && (await completeDeviceCert(provider, keys, endorsement, issuer.cert))
  if (cert === undefined) throw new ParleyError('InvalidArgument', 'a certificate needs another device of the user and a time')
  return cert
}

/**
 * The chain of a new device, added by nothing but a phrase. `chain`: the certificates from the user's root to the recovery device of this
 * phrase, as any conversation, own device or contact has them.
 * @throws {ParleyError} PhraseInvalid when the phrase is none, or none of this user: the chain does not end with its device.
 */
export async function recoverDevice(
  provider: CryptoProvider,
  phrase: string | readonly string[],
  chain: readonly Uint8Array[],
  keys: DeviceKeys,
  { createdMs }: { createdMs: number },
): Promise<Uint8Array[]> {
  const recovery = recoveryKeysOf(provider, phrase)
  const cert: DeviceCert | undefined = (await verifyCertChain(provider, chain))?.at(-1)
  if (cert === undefined || !equalBytes(cert.signKey, recovery.signing.publicKey)) {
    throw new ParleyError('PhraseInvalid', 'This recovery phrase belongs to somebody else, or was replaced by a newer one.')
  }
  return [...chain, await issueDeviceCert(provider, { keys: recovery, cert }, keys, { createdMs })]
}

function wordsOf(phrase: string | readonly string[]): string[] {
  const text = typeof phrase === 'string' ? phrase : phrase.join(' ')
  if (text.length > MAX_PHRASE_CHARACTERS)
    throw new ParleyError('PhraseInvalid', `A recovery phrase has ${RECOVERY_WORDS} words, and no more.`)
  return text
    .normalize('NFKD')
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== '')
}

function entropyOf(words: readonly string[]): Uint8Array {
  const unknown = words.findIndex((word) => !WORDS.has(word))
  if (unknown >= 0)
    throw new ParleyError('PhraseInvalid', `Word ${unknown + 1} is not one that recovery phrases are made of. Check its spelling.`)
  if (words.length !== RECOVERY_WORDS) {
    throw new ParleyError('PhraseInvalid', `A recovery phrase has ${RECOVERY_WORDS} words; there are ${words.length}.`)
  }
  try {
    return mnemonicToEntropy(words.join(' '), wordlist)
  } catch (error) {
    // The library reports a wrong checksum only by throwing, and its error is left out: it could quote words.
    if (error instanceof Error)
      throw new ParleyError('PhraseInvalid', 'These words do not belong together. Check each of them, and their order.')
    throw error
  }
}
