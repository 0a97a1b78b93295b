import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  ROLES,
  concatBytes,
  conversationIdOfGenesis,
  decodeControl,
  encodeCbor,
  encodeControl,
  isClearControl,
  utf8,
} from '../src/index.ts'
import type { CborValue, ControlPayload } from '../src/index.ts'
import { cases, hash } from './support/fixtures.ts'
import { arbitraryControl } from './support/structures.ts'

const b16 = new Uint8Array(16).fill(1)
const b32 = new Uint8Array(32).fill(2)
const box = new Uint8Array(112).fill(3)
const cert = new Uint8Array(260).fill(4)

test('every control payload comes back', () => {
  fc.assert(
    fc.property(arbitraryControl(), (payload) => {
      expect(decodeControl(encodeControl(payload))).toEqual(payload)
    }),
    cases(400),
  )
})

test('payloads are written as the format says', () => {
  const genesis = encodeControl({ op: 'genesis', founderCert: cert, salt: b32, epochCommitment: b32 })
  expect(genesis).toEqual(encodeCbor([0, 1, 1, 0, cert, b32, b32, []]))
  expect(conversationIdOfGenesis(hash, genesis)).toEqual(hash(concatBytes(utf8('parley/1/genesis'), genesis)))
  expect(
    encodeControl({
      op: 'epoch',
      gen: 1,
      parents: [b16],
      commitment: b32,
      boxes: [{ device: b16, box }],
      back: [{ parent: b16, wrapped: box }],
    }),
  ).toEqual(encodeCbor([1, 1, [b16], b32, [[b16, box]], [[b16, box]]]))
  expect(encodeControl({ op: 'invite', publicKey: b32, role: ROLES.writer, maxUses: 1, expiresMs: 9 })).toEqual(
    encodeCbor([2, b32, 1, 1, 9]),
  )
  const invite = new Uint8Array(36)
  const proof = new Uint8Array(64)
  expect(encodeControl({ op: 'admit', invite, cert, proof, boxes: [{ epoch: b16, box }] })).toEqual(
    encodeCbor([3, invite, cert, proof, [[b16, box]]]),
  )
  expect(encodeControl({ op: 'metadata', scope: 'conversation', values: { title: 'T', avatar: null } })).toEqual(
    encodeCbor([4, 1, ['avatar', null, 'title', 'T']]),
  )
  expect(encodeControl({ op: 'profile', name: 'alice', avatar: '' })).toEqual(encodeCbor([5, 'alice', '']))
})

test('what a joiner must read before having a key is in clear', () => {
  const clear = (['genesis', 'epoch', 'invite', 'admit', 'metadata', 'profile', 'fork'] as const).filter(isClearControl)
  expect(clear).toEqual(['genesis', 'epoch', 'invite', 'admit', 'fork'])
})

test.each<[string, CborValue, string]>([
  ['no array', 0, 'BadShape'],
  ['no code', [], 'BadShape'],
  ['a reserved code', [7], 'BadShape'],
  ['a genesis of version 2', [0, 2, 1, 0, cert, b32, b32, []], 'BadShape'],
  ['a genesis of suite 2', [0, 1, 2, 0, cert, b32, b32, []], 'BadShape'],
  ['a genesis of a direct conversation', [0, 1, 1, 1, cert, b32, b32, []], 'BadShape'],
  ['a genesis with a policy', [0, 1, 1, 0, cert, b32, b32, [1]], 'BadShape'],
  ['a genesis without certificate', [0, 1, 1, 0, new Uint8Array(0), b32, b32, []], 'BadShape'],
  ['a certificate of 1,025 bytes', [0, 1, 1, 0, new Uint8Array(1_025), b32, b32, []], 'LimitExceeded'],
  ['a short salt', [0, 1, 1, 0, cert, b16, b32, []], 'BadShape'],
  ['17 parents', [1, 0, Array.from({ length: 17 }, () => b16), b32, [], []], 'LimitExceeded'],
  ['501 boxes', [1, 0, [], b32, Array.from({ length: 501 }, () => [b16, b16]), []], 'LimitExceeded'],
  ['a box of 257 bytes', [1, 0, [], b32, [[b16, new Uint8Array(257)]], []], 'LimitExceeded'],
  ['a box without device', [1, 0, [], b32, [[box]], []], 'BadShape'],
  ['a negative generation', [1, -1, [], b32, [], []], 'BadShape'],
  ['an unknown role', [2, b32, 5, 1, 9], 'BadShape'],
  ['an invite for nobody', [2, b32, 1, 0, 9], 'BadShape'],
  ['an expiry of 49 bits', [2, b32, 1, 1, 2 ** 48], 'BadShape'],
  ['an invite reference of 32 bytes', [3, b32, cert, new Uint8Array(64), []], 'BadShape'],
  ['an unknown scope', [4, 2, []], 'BadShape'],
  ['keys out of order', [4, 0, ['b', 1, 'a', 1]], 'NotCanonical'],
  ['an application value of 4,097 bytes', [4, 0, ['a', 'x'.repeat(4_097)]], 'LimitExceeded'],
  ['a name of 257 bytes', [5, 'x'.repeat(257), ''], 'LimitExceeded'],
  ['an avatar of 32,769 bytes', [5, '', 'x'.repeat(32_769)], 'LimitExceeded'],
  ['a profile with a third field', [5, '', '', 0], 'BadShape'],
])('refuses %s', (_name, value, code) => {
  expect(() => decodeControl(encodeCbor(value))).toThrow(expect.objectContaining({ name: 'Reject', code }))
})

test('what nobody would accept is not written', () => {
  const bad: [ControlPayload, string][] = [
    [{ op: 'profile', name: 'x'.repeat(257), avatar: '' }, 'InvalidArgument'],
    [{ op: 'invite', publicKey: b16, role: 1, maxUses: 1, expiresMs: 0 }, 'InvalidArgument'],
    [{ op: 'invite', publicKey: b32, role: 1, maxUses: 1, expiresMs: 0.5 }, 'InvalidArgument'],
    [{ op: 'metadata', scope: 'application', values: { a: Number.NaN } }, 'InvalidMetadata'],
    [{ op: 'metadata', scope: 'application', values: { a: 'x'.repeat(4_097) } }, 'InvalidMetadata'],
    [
      { op: 'epoch', gen: 0, parents: [], commitment: b32, boxes: Array.from({ length: 490 }, () => ({ device: b16, box })), back: [] },
      'TooLarge',
    ],
  ]
  for (const [payload, code] of bad) expect(() => encodeControl(payload)).toThrow(expect.objectContaining({ name: 'ParleyError', code }))
})
