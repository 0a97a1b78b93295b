import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NONCE_BYTES, openBody, peekBody, sealBody, TAG_BYTES } from '../src/index.ts'
import { bytesOf, flipBit, hex, unhex } from './bytes.ts'

const key = bytesOf('key', 32)
const nonce = bytesOf('nonce', 24)
const aad = bytesOf('aad', 90)
const plaintext = new TextEncoder().encode('see you at the station at nine')

describe('sealBody and openBody', () => {
  test('the vector of draft-irtf-cfrg-xchacha-03, appendix A.3.1', () => {
    const sealed = sealBody(
      unhex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'),
      unhex('404142434445464748494a4b4c4d4e4f5051525354555657'),
      unhex('50515253c0c1c2c3c4c5c6c7'),
      new TextEncoder().encode(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
      ),
    )
    expect(hex(sealed.subarray(24, 40))).toBe('bd6d179d3e83d43b9576579493c0e939')
    expect(hex(sealed.subarray(-16))).toBe('c0875924c1c7987947deafd8780acf49')
  })

  test('any plaintext comes back, with nonce and tag as the only overhead', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.uint8Array({ maxLength: 200 }), (text, context) => {
        const sealed = sealBody(key, nonce, context, text)
        expect(sealed.length).toBe(NONCE_BYTES + text.length + TAG_BYTES)
        expect(sealed.subarray(0, NONCE_BYTES)).toEqual(nonce)
        expect(openBody(key, sealed, context)).toEqual(text)
        expect(peekBody(key, sealed)).toBe(text[0])
      }),
      { numRuns: 100, seed: 1 },
    )
  })

  test('a changed bit anywhere does not open', () => {
    const sealed = sealBody(key, nonce, aad, plaintext)
    for (let bit = 0; bit < sealed.length * 8; bit++) expect(openBody(key, flipBit(sealed, bit), aad)).toBeUndefined()
  })

  test('another key, another aad, a cut or a longer body do not open', () => {
    const sealed = sealBody(key, nonce, aad, plaintext)
    expect(openBody(flipBit(key, 0), sealed, aad)).toBeUndefined()
    expect(openBody(key, sealed, flipBit(aad, 3))).toBeUndefined()
    expect(openBody(key, sealed, new Uint8Array(0))).toBeUndefined()
    expect(openBody(key, Uint8Array.of(...sealed, 0), aad)).toBeUndefined()
    for (let length = 0; length < sealed.length; length++) expect(openBody(key, sealed.subarray(0, length), aad)).toBeUndefined()
  })

  test('agrees with the cipher that it names', () => {
    const sealed = sealBody(key, nonce, aad, plaintext)
    expect(xchacha20poly1305(key, nonce, aad).decrypt(sealed.subarray(24))).toEqual(plaintext)
  })

  test('a key of a wrong length is an error of the caller, and is not quoted', () => {
    const short = key.subarray(0, 31)
    for (const call of [() => sealBody(short, nonce, aad, plaintext), () => openBody(short, sealBody(key, nonce, aad, plaintext), aad)]) {
      expect(call).toThrow()
      try {
        call()
      } catch (error) {
        expect(String(error)).not.toContain(hex(short).slice(0, 8))
        expect(String(error)).not.toContain('station')
      }
    }
  })
})
