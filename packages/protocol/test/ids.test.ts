import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  conversationIdBytes,
  conversationIdOf,
  deviceIdBytes,
  deviceIdOf,
  messageIdBytes,
  messageIdFromBytes,
  messageIdOf,
  messageIdParts,
  parseConversationId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
  userIdBytes,
  userIdOf,
} from '../src/index.ts'
import { alice, cases, conversation } from './support/fixtures.ts'

test('ids come back from their text, and each parser takes only its own length', () => {
  const b16 = fc.uint8Array({ minLength: 16, maxLength: 16 })
  const b32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(b16, b32, (device, id) => {
      expect(conversationIdBytes(parseConversationId(conversationIdOf(id)))).toEqual(id)
      expect(userIdBytes(parseUserId(userIdOf(id)))).toEqual(id)
      expect(deviceIdBytes(parseDeviceId(deviceIdOf(device)))).toEqual(device)
      expect(() => parseDeviceId(userIdOf(id))).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
      expect(() => parseUserId(deviceIdOf(device))).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    }),
    cases(100),
  )
})

test('a message id says where the entry lies', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.uint8Array({ minLength: 32, maxLength: 32 }), (seq, entry) => {
      const id = messageIdOf(alice, seq, entry)
      expect(id).toHaveLength(58)
      expect(messageIdParts(parseMessageId(id))).toEqual({ device: alice, seq, entry16: entry.slice(0, 16) })
      expect(messageIdFromBytes(messageIdBytes(id))).toBe(id)
    }),
    cases(200),
  )
})

test('what is no id is refused with InvalidArgument', () => {
  const device = deviceIdOf(alice)
  const invalid = expect.objectContaining({ code: 'InvalidArgument' })
  for (const text of ['', device.toUpperCase(), ` ${device}`, `${device.slice(0, -1)}1`, device.slice(1), `${device.slice(0, -1)}b`]) {
    expect(() => parseDeviceId(text)).toThrow(invalid)
  }
  expect(() => deviceIdOf(conversation)).toThrow(invalid)
  expect(() => conversationIdOf(alice)).toThrow(invalid)
  expect(() => messageIdFromBytes(conversation)).toThrow(invalid)
  expect(() => messageIdOf(alice, 2 ** 32, conversation)).toThrow(invalid)
  expect(() => messageIdOf(alice, -1, conversation)).toThrow(invalid)
  expect(() => messageIdOf(conversation, 1, conversation)).toThrow(invalid)
})
