import { ParleyError } from '@parley/protocol'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createRecoveryPhrase,
  deriveKey,
  issueDeviceCert,
  nobleProvider,
  recoverDevice,
  RECOVERY_WORDS,
  recoveryKeysOf,
  recoverySecretsOf,
  verifyCertChain,
} from '../src/index.ts'
import { bytesOf, randomFrom, unhex } from './bytes.ts'
import { CREATED_MS, keysOf, rootOf } from './family.ts'

const provider = nobleProvider()
const phraseOf = (name: string): string[] => createRecoveryPhrase(randomFrom(name))
const invalid = (message: RegExp): unknown =>
  expect.objectContaining({ code: 'PhraseInvalid', message: expect.stringMatching(message) as string })

describe('recovery phrases', () => {
  test('are BIP 39: the words of its vectors', () => {
    expect(createRecoveryPhrase(() => new Uint8Array(32)).join(' ')).toBe(`${'abandon '.repeat(23)}art`)
    expect(createRecoveryPhrase(() => new Uint8Array(32).fill(0xff)).join(' ')).toBe(`${'zoo '.repeat(23)}vote`)
    expect(createRecoveryPhrase(() => unhex('f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f')).join(' ')).toBe(
      'void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol group space point ten exist slush involve unfold',
    )
  })

  test('give the keys that follow from their entropy', () => {
    const entropy = bytesOf('entropy', 32)
    const phrase = createRecoveryPhrase(() => entropy)
    expect(phrase).toHaveLength(RECOVERY_WORDS)
    const { signSecret, agreeSecret } = recoverySecretsOf(phrase)
    expect(signSecret).toEqual(deriveKey(entropy, 'recovery-sign', new Uint8Array(0)))
    expect(agreeSecret).toEqual(deriveKey(entropy, 'recovery-agree', new Uint8Array(0)))
    expect(recoveryKeysOf(provider, phrase).signing.publicKey).toEqual(provider.signingKey(signSecret).publicKey)
  })

  test('case and spacing do not matter, word by word or as one text', () => {
    const phrase = phraseOf('alice')
    const secrets = recoverySecretsOf(phrase)
    const typed = phrase.map((word, i) => (i % 2 === 0 ? word.toUpperCase() : ` ${word}`)).join(' \n\t')
    for (const form of [phrase.join(' '), `  ${typed}\n`, phrase.join('\u00a0'), phrase.map((word) => `${word} `)]) {
      expect(recoverySecretsOf(form)).toEqual(secrets)
    }
  })

  test('what is none is said in plain words, and never quoted', () => {
    const phrase = phraseOf('alice')
    const cases: [phrase: string[] | string, message: RegExp][] = [
      ['', /24 words; there are 0/],
      [phrase.slice(1), /24 words; there are 23/],
      [[...phrase, 'zoo'], /24 words; there are 25/],
      [phrase.with(6, 'parley'), /^Word 7 is not/],
      [phrase.with(0, 'abandn'), /^Word 1 is not/],
      ['constructor '.repeat(24), /^Word 1 is not/],
      [phrase.toReversed(), /do not belong together/],
      ['x'.repeat(2_000), /24 words/],
    ]
    for (const [wrong, message] of cases) {
      expect(() => recoverySecretsOf(wrong)).toThrow(invalid(message))
      try {
        recoverySecretsOf(wrong)
      } catch (error) {
        const said = `${String(error)} ${JSON.stringify(error)} ${String((error as Error).cause)}`
        for (const word of phrase) if (word.length > 5) expect(said).not.toContain(word)
      }
    }
  })

  test('a wrong word passes as often as a checksum of 8 bits lets it', () => {
    const phrase = phraseOf('bob')
    const passing = wordlist.filter((word) => {
      try {
        return recoverySecretsOf(phrase.with(3, word)) !== undefined
      } catch (error) {
        expect(error).toMatchObject({ code: 'PhraseInvalid' })
        return false
      }
    })
    expect(passing).toContain(phrase[3])
    expect(passing.length).toBeLessThan(24)
  })

  test('any text either is a phrase or is refused with the one code', () => {
    const word = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...wordlist) }, { weight: 1, arbitrary: fc.string() })
    fc.assert(
      fc.property(fc.oneof(fc.array(word, { maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 300 })), (text) => {
        try {
          expect(recoverySecretsOf(text).signSecret).toHaveLength(32)
        } catch (error) {
          expect(error).toBeInstanceOf(ParleyError)
          expect((error as ParleyError).code).toBe('PhraseInvalid')
        }
      }),
      { numRuns: 300, seed: 20_260_101 },
    )
  })

  test('each phrase has keys of its own', () => {
    const keys = Array.from({ length: 20 }, (_, i) => recoverySecretsOf(phraseOf(`person ${i}`)))
    expect(new Set(keys.flatMap((pair) => [pair.signSecret, pair.agreeSecret]).map((key) => sha256(key).join())).size).toBe(40)
  })
})

describe('recovering with a phrase', () => {
  test('adds a device when all others are lost', async () => {
    const alice = await rootOf(provider, 'alice')
    const phrase = phraseOf('alice')
    const recovery = await issueDeviceCert(provider, alice, recoveryKeysOf(provider, phrase), { createdMs: CREATED_MS, isRecovery: true })
    const found = keysOf(provider, 'a new phone')
    const chain = await recoverDevice(provider, phrase.join(' '), [...alice.chain, recovery], found, { createdMs: CREATED_MS + 9 })
    const certs = await verifyCertChain(provider, chain)
    expect(certs?.map(({ isRecovery }) => isRecovery)).toEqual([false, true, false])
    expect(certs?.[2]).toMatchObject({ userId: alice.cert.userId, signKey: found.signing.publicKey, issuer: certs?.[1]?.deviceId })
  })

  test('another phrase, another user, or a chain without the recovery device is refused', async () => {
    const [alice, bob] = [await rootOf(provider, 'alice'), await rootOf(provider, 'bob')]
    const phrase = phraseOf('alice')
    const recovery = await issueDeviceCert(provider, alice, recoveryKeysOf(provider, phrase), { createdMs: CREATED_MS, isRecovery: true })
    const keys = keysOf(provider, 'a new phone')
    const attempt = (words: string[], chain: readonly Uint8Array[]): Promise<unknown> =>
      recoverDevice(provider, words, chain, keys, { createdMs: CREATED_MS })
    for (const chain of [[], alice.chain, bob.chain, [...bob.chain, recovery], [recovery]])
      await expect(attempt(phrase, chain)).rejects.toThrow(invalid(/belongs to somebody else/))
    await expect(attempt(phraseOf('mallory'), [...alice.chain, recovery])).rejects.toThrow(invalid(/belongs to somebody else/))
  })
})
