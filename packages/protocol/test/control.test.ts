import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CONTROL_CODES } from '../src/control/types.ts'
import {
  MAX_CERT_BYTES,
  MAX_SEQ,
  ROLES,
  concatBytes,
  conversationIdOfDirect,
  conversationIdOfGenesis,
  decodeControl,
  encodeCbor,
  encodeControl,
  isClearControl,
  u32be,
  utf8,
} from '../src/index.ts'
import type { CborValue, ControlPayload } from '../src/index.ts'
import { cases, hash } from './support/fixtures.ts'
import { arbitraryControl } from './support/structures.ts'

const b8 = new Uint8Array(8).fill(7)
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
  const genesis = encodeControl({ op: 'genesis', founderCert: cert, salt: b32, epochCommitment: b32, history: 'joined' })
  expect(genesis).toEqual(encodeCbor([0, 1, 1, 0, cert, b32, b32, [1]]))
  expect(conversationIdOfGenesis(hash, genesis)).toEqual(hash(concatBytes(utf8('parley/1/genesis'), genesis)))
  expect(
    encodeControl({
      op: 'epoch',
      gen: 1,
      parents: [b16],
      commitment: b32,
      boxes: [{ device: b16, box }],
      back: [
        { parent: b16, ctl: box, msg: box },
        { parent: b16, ctl: box, msg: undefined },
      ],
      after: [b16],
    }),
  ).toEqual(
    encodeCbor([
      1,
      1,
      [b16],
      b32,
      [[b16, box]],
      [
        [b16, box, box],
        [b16, box, null],
      ],
      [b16],
    ]),
  )
  expect(encodeControl({ op: 'invite', publicKey: b32, role: ROLES.writer, maxUses: 1, expiresMs: 9, after: [b16] })).toEqual(
    encodeCbor([2, b32, 1, 1, 9, [b16]]),
  )
  const invite = new Uint8Array(36)
  const proof = new Uint8Array(64)
  expect(encodeControl({ op: 'admit', invite, cert, proof, boxes: [{ epoch: b16, box }], from: 7, after: [] })).toEqual(
    encodeCbor([3, invite, cert, proof, [[b16, box]], 7, []]),
  )
  expect(encodeControl({ op: 'metadata', scope: 'conversation', values: { title: 'T', avatar: null } })).toEqual(
    encodeCbor([4, 1, ['avatar', null, 'title', 'T']]),
  )
  expect(encodeControl({ op: 'profile', name: 'alice', avatar: '' })).toEqual(encodeCbor([5, 'alice', '']))
  const pin = { log: b16, nextSeq: 9, head: b8 }
  const pinned: CborValue = [b16, 9, b8]
  expect(encodeControl({ op: 'grant', user: b32, role: ROLES.admin, certs: [cert], pins: [pin], after: [b16] })).toEqual(
    encodeCbor([7, b32, 3, [cert], [pinned], [b16]]),
  )
  expect(encodeControl({ op: 'remove', user: b32, pins: [pin], after: [] })).toEqual(encodeCbor([8, b32, [pinned], []]))
  expect(encodeControl({ op: 'leave', pins: [], after: [] })).toEqual(encodeCbor([9, [], []]))
  expect(encodeControl({ op: 'policy', history: 'full', after: [] })).toEqual(encodeCbor([10, 0, []]))
  expect(encodeControl({ op: 'revoke', invite, after: [] })).toEqual(encodeCbor([11, invite, []]))
  expect(encodeControl({ op: 'device-add', cert, boxes: [{ epoch: b16, box }], after: [] })).toEqual(
    encodeCbor([12, cert, [[b16, box]], []]),
  )
  expect(encodeControl({ op: 'device-remove', pin, after: [] })).toEqual(encodeCbor([13, pinned, []]))
  expect(encodeControl({ op: 'reseal', epoch: b16, boxes: [{ device: b16, box }] })).toEqual(encodeCbor([14, b16, [[b16, box]]]))
  expect(encodeControl({ op: 'hide', target: invite, on: true, after: [] })).toEqual(encodeCbor([15, invite, true, []]))
  expect(encodeControl({ op: 'pin', target: invite, on: false, after: [b16] })).toEqual(encodeCbor([16, invite, false, [b16]]))
  expect(encodeControl({ op: 'direct', peer: b32, cert, epochCommitment: b32, boxes: [{ device: b16, box }] })).toEqual(
    encodeCbor([17, b32, cert, b32, [[b16, box]]]),
  )
})

test('what a joiner must read before having a key is in clear', () => {
  const ops = Object.keys(CONTROL_CODES) as ControlPayload['op'][]
  expect(ops.filter((op) => !isClearControl(op))).toEqual(['metadata', 'profile', 'hide', 'pin'])
})

test('the id of a direct conversation is the same for both, and one of its own for one alone', () => {
  const [alice, bob] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
  const id = hash(concatBytes(utf8('parley/1/direct'), alice, bob))
  expect(conversationIdOfDirect(hash, alice, bob)).toEqual(id)
  expect(conversationIdOfDirect(hash, bob, alice)).toEqual(id)
  expect(conversationIdOfDirect(hash, bob, bob)).toEqual(hash(concatBytes(utf8('parley/1/direct'), bob, bob)))
})

test('an epoch with everything that it may hold is written for 500 devices with boxes of 81 bytes, for 400 with boxes of 112', () => {
  const ids = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => concatBytes(new Uint8Array(12), u32be(i)))
  const wrapped = new Uint8Array(72)
  const epoch = (devices: number, boxBytes: number): ControlPayload => ({
    op: 'epoch',
    gen: MAX_SEQ,
    parents: ids(16),
    commitment: b32,
    boxes: ids(devices).map((device) => ({ device, box: new Uint8Array(boxBytes) })),
    back: ids(16).map((parent) => ({ parent, ctl: wrapped, msg: wrapped })),
    after: ids(32),
  })
  for (const payload of [epoch(500, 81), epoch(400, 112)]) expect(decodeControl(encodeControl(payload))).toEqual(payload)
  // The rest of a larger epoch goes into a reseal behind it.
  const reseal: ControlPayload = { op: 'reseal', epoch: b16, boxes: ids(400).map((device) => ({ device, box: new Uint8Array(112) })) }
  expect(decodeControl(encodeControl(reseal))).toEqual(reseal)
})

test('every other operation at its largest fits one entry', () => {
  const ids = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => concatBytes(new Uint8Array(12), u32be(i)))
  const after = ids(32)
  const pins = ids(32).map((log) => ({ log, nextSeq: MAX_SEQ, head: b8 }))
  const bigCert = new Uint8Array(MAX_CERT_BYTES)
  const epochBoxes = ids(256).map((epoch) => ({ epoch, box: new Uint8Array(112) }))
  const large: ControlPayload[] = [
    { op: 'grant', user: b32, role: ROLES.admin, certs: Array.from({ length: 16 }, () => bigCert), pins, after },
    { op: 'remove', user: b32, pins, after },
    { op: 'device-add', cert: bigCert, boxes: epochBoxes, after },
    { op: 'admit', invite: new Uint8Array(36), cert: bigCert, proof: new Uint8Array(64), boxes: epochBoxes, from: MAX_SEQ, after },
  ]
  for (const payload of large) expect(decodeControl(encodeControl(payload))).toEqual(payload)
})

test.each<[string, CborValue, string]>([
  ['no array', 0, 'BadShape'],
  ['no code', [], 'BadShape'],
  ['a reserved code', [18], 'BadShape'],
  ['a code that is no number', ['genesis'], 'BadShape'],
  ['a genesis of version 2', [0, 2, 1, 0, cert, b32, b32, [0]], 'BadShape'],
  ['a genesis of suite 2', [0, 1, 2, 0, cert, b32, b32, [0]], 'BadShape'],
  ['a genesis of a direct conversation', [0, 1, 1, 1, cert, b32, b32, [0]], 'BadShape'],
  ['a genesis without a policy', [0, 1, 1, 0, cert, b32, b32, []], 'BadShape'],
  ['a genesis with two policies', [0, 1, 1, 0, cert, b32, b32, [0, 0]], 'LimitExceeded'],
  ['a genesis with an unknown policy', [0, 1, 1, 0, cert, b32, b32, [2]], 'BadShape'],
  ['a genesis without certificate', [0, 1, 1, 0, new Uint8Array(0), b32, b32, [0]], 'BadShape'],
  ['a certificate of 2,305 bytes', [0, 1, 1, 0, new Uint8Array(2_305), b32, b32, [0]], 'LimitExceeded'],
  ['a short salt', [0, 1, 1, 0, cert, b16, b32, [0]], 'BadShape'],
  ['17 parents', [1, 0, Array.from({ length: 17 }, () => b16), b32, [], [], []], 'LimitExceeded'],
  ['501 boxes', [1, 0, [], b32, Array.from({ length: 501 }, () => [b16, b16]), [], []], 'LimitExceeded'],
  ['a box of 257 bytes', [1, 0, [], b32, [[b16, new Uint8Array(257)]], [], []], 'LimitExceeded'],
  ['a box without device', [1, 0, [], b32, [[box]], [], []], 'BadShape'],
  ['a negative generation', [1, -1, [], b32, [], [], []], 'BadShape'],
  ['a link back without control secret', [1, 0, [], b32, [], [[b16, null, box]], []], 'BadShape'],
  ['an epoch without a past', [1, 0, [], b32, [], []], 'BadShape'],
  ['a past of 33', [9, [], Array.from({ length: 33 }, (_, i) => new Uint8Array(16).fill(i))], 'LimitExceeded'],
  ['a past out of order', [9, [], [b16, new Uint8Array(16)]], 'NotCanonical'],
  ['a past that names one twice', [9, [], [b16, b16]], 'NotCanonical'],
  ['a past of 15 bytes', [9, [], [new Uint8Array(15)]], 'BadShape'],
  ['an invite for admins', [2, b32, 3, 1, 9, []], 'BadShape'],
  ['an invite for nobody', [2, b32, 1, 0, 9, []], 'BadShape'],
  ['an expiry of 49 bits', [2, b32, 1, 1, 2 ** 48, []], 'BadShape'],
  ['an invite reference of 32 bytes', [3, b32, cert, new Uint8Array(64), [], 0, []], 'BadShape'],
  ['a first entry before the first', [3, new Uint8Array(36), cert, new Uint8Array(64), [], -1, []], 'BadShape'],
  ['a grant of founder', [7, b32, 4, [], [], []], 'BadShape'],
  ['a grant with 17 certificates', [7, b32, 1, Array.from({ length: 17 }, () => cert), [], []], 'LimitExceeded'],
  ['33 pins', [8, b32, Array.from({ length: 33 }, (_, i) => [new Uint8Array(16).fill(i), 0, b8]), []], 'LimitExceeded'],
  [
    'pins out of order',
    [
      8,
      b32,
      [
        [b16, 0, b8],
        [b16, 1, b8],
      ],
      [],
    ],
    'NotCanonical',
  ],
  ['a pin without head', [8, b32, [[b16, 0]], []], 'BadShape'],
  ['a pin beyond 32 bits', [13, [b16, 2 ** 32, b8], []], 'BadShape'],
  ['a user of 16 bytes', [8, b16, [], []], 'BadShape'],
  ['an unknown policy', [10, 2, []], 'BadShape'],
  ['a message id of 32 bytes', [15, b32, true, []], 'BadShape'],
  ['a mark that is a number', [16, new Uint8Array(36), 1, []], 'BadShape'],
  ['a reseal with a past', [14, b16, [], []], 'BadShape'],
  ['a direct with a past', [17, b32, cert, b32, [], []], 'BadShape'],
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
    [{ op: 'invite', publicKey: b16, role: 1, maxUses: 1, expiresMs: 0, after: [] }, 'InvalidArgument'],
    [{ op: 'invite', publicKey: b32, role: 1, maxUses: 1, expiresMs: 0.5, after: [] }, 'InvalidArgument'],
    [{ op: 'metadata', scope: 'application', values: { a: Number.NaN } }, 'InvalidMetadata'],
    [{ op: 'metadata', scope: 'application', values: { a: 'x'.repeat(4_097) } }, 'InvalidMetadata'],
    [
      {
        op: 'epoch',
        gen: 0,
        parents: [],
        commitment: b32,
        boxes: Array.from({ length: 490 }, () => ({ device: b16, box })),
        back: [],
        after: [],
      },
      'TooLarge',
    ],
  ]
  for (const [payload, code] of bad) expect(() => encodeControl(payload)).toThrow(expect.objectContaining({ name: 'ParleyError', code }))
})
