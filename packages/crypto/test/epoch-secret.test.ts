import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import {
  controlHalf,
  createEpochSecret,
  deriveKey,
  EPOCH_SECRET_BYTES,
  epochCommitment,
  epochIdOf,
  epochSecretBytes,
  epochSecretFromBytes,
  openBody,
  unwrapSecret,
  wrapSecret,
  type EpochSecret,
  type WrapPlace,
} from '../src/index.ts'
import { bytesOf, flipBit, randomFrom } from './bytes.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const conversation = bytesOf('conversation', 32)
const idOf = (secret: EpochSecret): Uint8Array => epochIdOf(conversation, epochCommitment(secret))

describe('epoch secrets', () => {
  const secret = createEpochSecret(randomFrom('alice'))

  test('have a half for messages that gives the half for control entries, and not the other way round', () => {
    expect([secret.ctl.length, secret.msg.length]).toEqual([32, 32])
    expect(secret.ctl).toEqual(deriveKey(secret.msg, 'epoch-ctl', new Uint8Array(0)))
    expect(controlHalf(secret)).toEqual({ ctl: secret.ctl })
  })

  test('survive their bytes, whole or as the control half', () => {
    for (const one of [secret, controlHalf(secret)]) {
      expect(epochSecretBytes(one)).toHaveLength(EPOCH_SECRET_BYTES)
      expect(epochSecretFromBytes(epochSecretBytes(one))).toEqual(one)
    }
  })

  test('other lengths and unknown forms are none', () => {
    for (const length of [0, 32, 34, 64, 65]) expect(epochSecretFromBytes(new Uint8Array(length))).toBeUndefined()
    for (const form of [2, 3, 255]) expect(epochSecretFromBytes(epochSecretBytes(secret).with(0, form))).toBeUndefined()
  })

  test('halves that do not belong together are not written', () => {
    expect(() => epochSecretBytes({ ctl: flipBit(secret.ctl, 0), msg: secret.msg })).toThrow('belong together')
  })

  test('the secret read from a box does not share memory with it', () => {
    for (const one of [secret, controlHalf(secret)]) {
      const box = epochSecretBytes(one)
      const read = epochSecretFromBytes(box)
      box.fill(0)
      expect(read).toEqual(one)
    }
  })

  test('commitment and id are the hashes of the format, and the control half is enough to check them', () => {
    const commitment = epochCommitment(secret)
    expect(commitment).toEqual(sha256(Uint8Array.of(...text('parley/1/commit'), ...secret.ctl)))
    expect(epochCommitment(controlHalf(secret))).toEqual(commitment)
    expect(epochIdOf(conversation, commitment)).toEqual(
      sha256(Uint8Array.of(...text('parley/1/epoch'), ...conversation, ...commitment)).slice(0, 16),
    )
  })

  test('any other half for messages, and another conversation, has another commitment and id', () => {
    const commitment = epochCommitment(secret)
    const other = epochSecretFromBytes(flipBit(epochSecretBytes(secret), 9)) as EpochSecret
    expect(epochCommitment(other)).not.toEqual(commitment)
    expect(epochIdOf(bytesOf('a', 32), commitment)).not.toEqual(epochIdOf(bytesOf('b', 32), commitment))
  })
})

describe('wrapping the secrets of earlier epochs', () => {
  const [old, middle, current] = ['old', 'middle', 'current'].map((name) => createEpochSecret(randomFrom(name))) as [
    Required<EpochSecret>,
    Required<EpochSecret>,
    Required<EpochSecret>,
  ]
  const place = (epoch: EpochSecret, parent: EpochSecret): WrapPlace => ({ conversation, epoch: idOf(epoch), parent: idOf(parent) })
  const full = { history: 'full', random: randomFrom('nonces') } as const
  const joined = { history: 'joined', random: randomFrom('nonces') } as const

  test('comes back whole under readable history, and as the control half otherwise', () => {
    const wrapped = wrapSecret(current, place(current, middle), middle, full)
    expect([wrapped.ctl.length, wrapped.msg?.length]).toEqual([72, 72])
    expect(unwrapSecret(current, place(current, middle), wrapped)).toEqual(middle)
    const half = wrapSecret(current, place(current, middle), middle, joined)
    expect(half.msg).toBeUndefined()
    expect(unwrapSecret(current, place(current, middle), half)).toEqual(controlHalf(middle))
  })

  test('who came in with a control half finds every earlier control half, and no message behind it', () => {
    const newest = wrapSecret(current, place(current, middle), middle, joined)
    const older = wrapSecret(middle, place(middle, old), old, full)
    const found = unwrapSecret(current, place(current, middle), newest) as EpochSecret
    expect(found).toEqual(controlHalf(middle))
    expect(unwrapSecret(found, place(middle, old), older)).toEqual(controlHalf(old))
    // Not by any key that follows from what they hold.
    const { conversation: where, epoch, parent } = place(middle, old)
    const aad = Uint8Array.of(...where, ...epoch, ...parent)
    for (const purpose of ['wrap-msg', 'wrap-ctl'] as const) {
      expect(openBody(deriveKey(found.ctl, purpose, aad), older.msg as Uint8Array, aad)).toBeUndefined()
    }
  })

  test('whoever has only a half wraps only that half', () => {
    expect(wrapSecret(controlHalf(current), place(current, old), old, full).msg).toBeUndefined()
    expect(wrapSecret(current, place(current, old), controlHalf(old), full).msg).toBeUndefined()
  })

  test('is of no use in another conversation, for another epoch or another parent', () => {
    const right = place(current, old)
    const wrapped = wrapSecret(current, right, old, full)
    for (const change of [{ conversation: bytesOf('elsewhere', 32) }, { epoch: idOf(middle) }, { parent: idOf(middle) }]) {
      expect(unwrapSecret(current, { ...right, ...change }, wrapped)).toBeUndefined()
    }
    expect(unwrapSecret(middle, right, wrapped)).toBeUndefined()
  })

  test('a secret that is not the one of the parent’s id is refused', () => {
    const wrong = wrapSecret(current, place(current, old), middle, full)
    expect(unwrapSecret(current, place(current, old), wrong)).toBeUndefined()
  })

  test('a wrong or damaged half for messages leaves the control half', () => {
    const right = place(current, old)
    const { ctl } = wrapSecret(current, right, old, full)
    const { msg } = wrapSecret(current, right, middle, full)
    expect(unwrapSecret(current, right, { ctl, msg })).toEqual(controlHalf(old))
    expect(unwrapSecret(current, right, { ctl, msg: flipBit(msg as Uint8Array, 200) })).toEqual(controlHalf(old))
    expect(unwrapSecret(current, right, { ctl: flipBit(ctl, 300), msg })).toBeUndefined()
    for (const length of [0, 24, 39, 40, 41]) expect(unwrapSecret(current, right, { ctl: ctl.subarray(0, length), msg })).toBeUndefined()
  })
})
