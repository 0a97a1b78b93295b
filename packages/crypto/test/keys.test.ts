import { createHmac, hkdfSync } from 'node:crypto'
import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import {
  createEpochSecret,
  deriveKey,
  epochCommitment,
  epochIdOf,
  epochSecretBytes,
  epochSecretFromBytes,
  equalSecret,
  hmacSha256,
  type KeyPurpose,
} from '../src/index.ts'
import { bytesOf, flipBit, hex, randomFrom } from './bytes.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const PURPOSES: readonly KeyPurpose[] = [
  'msg',
  'ctl',
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

describe('epoch secrets', () => {
  const secret = createEpochSecret(randomFrom('alice'))

  test('have two independent halves that survive their bytes', () => {
    expect([secret.ctl.length, secret.msg.length]).toEqual([32, 32])
    expect(secret.ctl).not.toEqual(secret.msg)
    expect(epochSecretFromBytes(epochSecretBytes(secret))).toEqual(secret)
    for (const length of [0, 32, 63, 65]) expect(epochSecretFromBytes(new Uint8Array(length))).toBeUndefined()
  })

  test('the secret read from a box does not share memory with it', () => {
    const box = epochSecretBytes(secret)
    const read = epochSecretFromBytes(box)
    box.fill(0)
    expect(read).toEqual(secret)
  })

  test('commitment and id are the hashes of the format', () => {
    const commitment = epochCommitment(secret)
    expect(commitment).toEqual(sha256(Uint8Array.of(...text('parley/1/commit'), ...secret.ctl, ...secret.msg)))
    const conversation = bytesOf('conversation', 32)
    expect(epochIdOf(conversation, commitment)).toEqual(
      sha256(Uint8Array.of(...text('parley/1/epoch'), ...conversation, ...commitment)).slice(0, 16),
    )
  })

  test('another half, or another conversation, has another commitment and id', () => {
    const commitment = epochCommitment(secret)
    expect(epochCommitment({ ...secret, msg: flipBit(secret.msg, 0) })).not.toEqual(commitment)
    expect(epochCommitment({ ctl: secret.msg, msg: secret.ctl })).not.toEqual(commitment)
    expect(epochIdOf(bytesOf('a', 32), commitment)).not.toEqual(epochIdOf(bytesOf('b', 32), commitment))
  })
})
