import { createHmac, hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { deriveKey, equalSecret, hmacSha256, type KeyPurpose } from '../src/index.ts'
import { bytesOf, flipBit, hex } from './bytes.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const PURPOSES: readonly KeyPurpose[] = [
  'msg',
  'ctl',
  'epoch-ctl',
  'wrap-ctl',
  'wrap-msg',
  'wire',
  'presence',
  'mailbox',
  'topic',
  'topic-secret',
  'blob',
  'invite',
  'invite-topic',
  'invite-topic-secret',
  'link',
  'inbox',
  'inbox-topic',
  'inbox-topic-secret',
  'device-link',
  'device-link-topic',
  'device-link-topic-secret',
  'recovery-sign',
  'recovery-agree',
]

describe('deriveKey', () => {
  const secret = bytesOf('secret', 32)

  test('is HKDF-SHA256 with an empty salt and the info of the format', () => {
    const context = bytesOf('context', 48)
    const expected = hkdfSync('sha256', secret, new Uint8Array(0), Buffer.concat([text('parley/1/wire\0'), context]), 32)
    expect(hex(deriveKey(secret, 'wire', context))).toBe(hex(new Uint8Array(expected)))
  })

  test('every purpose and every context has a key of its own', () => {
    const contexts = [new Uint8Array(0), text('-topic'), Uint8Array.of(0), bytesOf('context', 32)]
    const keys = PURPOSES.flatMap((purpose) => contexts.map((context) => hex(deriveKey(secret, purpose, context))))
    expect(new Set(keys).size).toBe(PURPOSES.length * contexts.length)
    expect(keys.every((key) => key.length === 64)).toBe(true)
  })
})

test('hmacSha256 is HMAC-SHA256', () => {
  const key = bytesOf('key', 80)
  expect(hex(hmacSha256(key, text('Count-0')))).toBe(createHmac('sha256', key).update('Count-0').digest('hex'))
})

test('equalSecret tells equal bytes from others', () => {
  const secret = bytesOf('secret', 32)
  expect(equalSecret(secret, secret.slice())).toBe(true)
  expect(equalSecret(new Uint8Array(0), new Uint8Array(0))).toBe(true)
  expect(equalSecret(secret, secret.subarray(1))).toBe(false)
  for (let bit = 0; bit < 256; bit++) expect(equalSecret(secret, flipBit(secret, bit))).toBe(false)
})
