import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import {
  Reject,
  admit,
  chunkClient,
  concatBytes,
  deviceIdOf,
  equalBytes,
  fromBase32,
  isParleyError,
  project,
  rootName,
  utf8,
  varUint,
} from '../src/index.ts'
import type { AdmitContext, EntryRun } from '../src/index.ts'
import { alice, arbitraryLogs, bob, cases, conversation, hash, logOf, mutated, unpacked } from './support/fixtures.ts'
import { pushWithYjs } from './support/yjs.ts'

const client = chunkClient(hash, conversation, alice, 0)
const otherClient = chunkClient(hash, conversation, bob, 0)
const root = rootName(deviceIdOf(alice), 0)
const known = new Map(
  [alice, bob].flatMap((device) => [0, 1, 2].map((chunk) => [chunkClient(hash, conversation, device, chunk), { device, chunk }])),
)
const context: AdmitContext = { hash, conversation, chunkOf: (client) => known.get(client) }
const one = Uint8Array.of(7)

function refusal(update: Uint8Array, overrides: Partial<AdmitContext> = {}): string {
  try {
    admit(update, { ...context, ...overrides })
  } catch (error) {
    if (error instanceof Reject) return error.code
    throw error
  }
  return 'admitted'
}

/** The one update that Yjs emits for a change, made under `clientId`, to a document that holds `base`. */
function yjsUpdate(clientId: number, change: (doc: Y.Doc) => void, base?: Uint8Array): Uint8Array {
  const doc = new Y.Doc({ gc: true })
  if (base !== undefined) Y.applyUpdate(doc, base)
  doc.clientID = clientId
  const before = Y.encodeStateVector(doc)
  doc.transact(() => change(doc))
  return Y.encodeStateAsUpdate(doc, before)
}

const parts = (...items: readonly (number | Uint8Array)[]): Uint8Array =>
  concatBytes(...items.map((item) => (typeof item === 'number' ? varUint(item) : item)))
const text = (value: string): Uint8Array => parts(value.length, utf8(value))
/** Info byte of an item after another. */
const NEXT = Uint8Array.of(0x83)
const first = parts(3, 1, text(root), 1, one)
const second = parts(NEXT, client, 0, 1, one)

describe('the attacks measured in the design', () => {
  const honest = project(hash, conversation, [{ device: alice, seq: 0, entries: logOf(alice, 3).entries }])

  test('E1 a forged client: somebody else writes as the victim', () => {
    const asText = yjsUpdate(client, (doc) => doc.getText(root).insert(0, 'forged'))
    expect(asText.length).toBeGreaterThan(30)
    expect(refusal(asText)).toBe('BadShape')
    // A client of the default 32 bits is that of no chunk.
    expect(refusal(yjsUpdate(42, (doc) => doc.getArray(root).push([one])))).toBe('BadShape')
    const anywhere = { chunkOf: () => ({ device: alice, chunk: 0 }) }
    expect(refusal(parts(1, 1, 42, 1, NEXT, 42, 0, 1, one, 0), anywhere)).toBe('BadShape')
    // The victim's root under the attacker's client, and the attacker's root under the victim's.
    expect(refusal(yjsUpdate(otherClient, (doc) => doc.getArray(root).push([one])))).toBe('BadShape')
    expect(refusal(yjsUpdate(client, (doc) => doc.getArray(rootName(deviceIdOf(bob), 0)).push([one])))).toBe('BadShape')
    // Another conversation's client.
    expect(refusal(honest, { conversation: hash(conversation) })).toBe('BadShape')
    // At the victim's next clock, by a client that nobody knows.
    const late = yjsUpdate(client, (doc) => doc.getArray(root).push([one]), honest)
    expect(refusal(late, { chunkOf: () => undefined })).toBe('UnknownChunk')
    // In the right shape at the right place it is a run like any other, and the chain and its signature decide.
    expect(unpacked(admit(late, context))).toEqual([{ device: alice, seq: 3, entries: [one] }])
  })

  test('E2 a delete set', () => {
    expect(refusal(fromHex('0001010100ffffffff07'))).toBe('DeleteSet')
    expect(refusal(yjsUpdate(client, (doc) => doc.getArray(root).delete(0, 1), honest))).toBe('DeleteSet')
    expect(refusal(parts(1, 1, client, 0, first, 1, client, 1, 0, 1))).toBe('DeleteSet')
  })

  test('E3 garbage-collected, skipped and deleted items that claim clocks', () => {
    expect(refusal(parts(1, 1, client, 0, 0, 2 ** 40, 0))).toBe('BadShape')
    expect(refusal(parts(1, 1, client, 0, 10, 2 ** 40, 0))).toBe('BadShape')
    expect(refusal(parts(1, 1, client, 0, 1, 1, text(root), 200, 0))).toBe('BadShape')
    expect(refusal(parts(1, 1, client, 1, 0, 2 ** 40, 0))).toBe('BadShape')
    expect(refusal(parts(1, 1, client, 1, 10, 2 ** 40, 0))).toBe('BadShape')
  })

  test('E5 new root types', () => {
    for (const name of [
      'messages',
      '',
      'l:',
      `l:${deviceIdOf(alice)}`,
      `${root}x`,
      `x${root}`,
      `l:${deviceIdOf(alice)}:aa:0`,
      `l:${deviceIdOf(alice)}::00`,
    ]) {
      expect(refusal(yjsUpdate(client, (doc) => doc.getArray(name).push([one])))).toBe('BadShape')
    }
    expect(refusal(yjsUpdate(client, (doc) => doc.getArray(`l:${deviceIdOf(alice)}::99999999`).push([one])))).toBe('BadShape')
    expect(refusal(yjsUpdate(client, (doc) => doc.getArray(`l:${'b'.repeat(26)}::0`).push([one])))).toBe('BadShape')
    const many = yjsUpdate(client, (doc) => {
      for (let i = 0; i < 1_000; i++) doc.getArray(`root ${i}`).push([one])
    })
    expect(refusal(many)).toBe('BadShape')
  })

  test('E7 a claimed number of items, or clients, without the bytes for it', () => {
    expect(refusal(parts(1, 2 ** 24, 0, 0))).toBe('LimitExceeded')
    expect(refusal(parts(1, 2 ** 32, 0, 0))).toBe('LimitExceeded')
    expect(refusal(parts(2 ** 24, 0, 0))).toBe('LimitExceeded')
    expect(refusal(parts(2 ** 53 - 1))).toBe('LimitExceeded')
    expect(refusal(parts(1, 200, client, 0, first, 0))).toBe('LimitExceeded')
  })

  test('E8 bytes of update format V2', () => {
    const { doc } = pushWithYjs(alice, [logOf(alice, 5).entries])
    expect(refusal(Y.encodeStateAsUpdateV2(doc))).toBe('BadShape')
    expect(refusal(Y.encodeStateAsUpdateV2(new Y.Doc()))).toBe('BadShape')
    // The bomb is one: Yjs makes of its 20 bytes as many items as it claims.
    expect(Y.decodeUpdateV2(runLengthBomb(1_000)).structs).toHaveLength(1_000)
    expect(refusal(runLengthBomb(4_000_000))).toBe('BadShape')
  })

  test('E9 nested values and types', () => {
    const nested = (depth: number): Uint8Array =>
      concatBytes(...Array.from({ length: depth }, () => Uint8Array.of(117, 1)), Uint8Array.of(126))
    expect(refusal(parts(1, 1, client, 0, 8, 1, text(root), 1, nested(5_000), 0))).toBe('BadShape')
    expect(refusal(parts(1, 1, client, 1, Uint8Array.of(0x88), client, 0, 1, nested(5_000), 0))).toBe('BadShape')
    expect(refusal(yjsUpdate(client, (doc) => doc.getArray(root).push([new Y.Array()])))).toBe('BadShape')
  })
})

describe('one shape and no other', () => {
  test('what project writes is admitted', () => {
    expect(unpacked(admit(parts(1, 2, client, 0, first, second, 0), context))).toEqual([{ device: alice, seq: 0, entries: [one, one] }])
    expect(unpacked(admit(parts(0, 0), context))).toEqual([])
  })

  test('entries are views on the update', () => {
    const update = parts(1, 1, client, 0, first, 0)
    expect(admit(update, context)[0]?.entries.at(0)?.buffer).toBe(update.buffer)
  })

  test('runs come ascending by device and number, chunks that follow each other joined', () => {
    fc.assert(
      fc.property(arbitraryLogs(), (logs) => {
        const sorted = logs.toSorted((a, b) => (deviceHex(a) < deviceHex(b) ? -1 : 1))
        expect(unpacked(admit(project(hash, conversation, logs), context))).toEqual(sorted)
      }),
      cases(60),
    )
  })

  test.each<[string, (doc: Y.Doc) => void]>([
    ['text', (doc) => doc.getText(root).insert(0, 'x')],
    ['formatted text', (doc) => doc.getText(root).insert(0, 'x', { bold: true })],
    ['any values', (doc) => doc.getArray(root).push([1, 'x', { a: 1 }])],
    ['a nested map', (doc) => doc.getArray(root).push([new Y.Map()])],
    ['a subdocument', (doc) => doc.getArray(root).push([new Y.Doc()])],
    ['an embed', (doc) => doc.getText(root).insertEmbed(0, { image: 'x' })],
    ['a map key', (doc) => doc.getMap(root).set('key', one)],
    ['an XML element', (doc) => doc.getXmlFragment(root).insert(0, [new Y.XmlText('x')])],
  ])('Yjs content: %s is refused', (_name, change) => {
    expect(refusal(yjsUpdate(client, change))).toBe('BadShape')
  })

  test('an entry put before or between others is refused', () => {
    const base = project(hash, conversation, [{ device: alice, seq: 0, entries: [one, one] }])
    expect(refusal(yjsUpdate(client, (doc) => doc.getArray(root).insert(0, [one]), base))).toBe('BadShape')
    expect(refusal(yjsUpdate(client, (doc) => doc.getArray(root).insert(1, [one]), base))).toBe('BadShape')
    expect(refusal(yjsUpdate(otherClient, (doc) => doc.getArray(root).push([one]), base))).toBe('BadShape')
  })

  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'BadShape'],
    ['no delete set', parts(1, 1, client, 0, first), 'BadShape'],
    ['a byte too many', parts(1, 1, client, 0, first, 0, 0), 'BadShape'],
    ['a client twice', parts(2, 1, client, 0, first, 1, client, 1, second, 0), 'NotCanonical'],
    ['a client without items', parts(1, 0, client, 0, 0), 'NotCanonical'],
    ['a padded count', concatBytes(Uint8Array.of(0x81, 0), parts(1, client, 0, first, 0)), 'NotCanonical'],
    ['a padded delete set', concatBytes(parts(1, 1, client, 0, first), Uint8Array.of(0x80, 0)), 'NotCanonical'],
    ['items beyond the chunk', parts(1, 2, client, 255, NEXT, client, 254, 1, one, NEXT, client, 255, 1, one, 0), 'BadShape'],
    ['a start beyond the chunk', parts(1, 1, client, 256, NEXT, client, 255, 1, one, 0), 'BadShape'],
    ['an origin two before', parts(1, 1, client, 2, NEXT, client, 0, 1, one, 0), 'BadShape'],
    ['an origin of another client', parts(1, 1, client, 1, NEXT, otherClient, 0, 1, one, 0), 'BadShape'],
    ['a second root item', parts(1, 2, client, 0, first, first, 0), 'BadShape'],
    ['a root where an origin must be', parts(1, 1, client, 1, first, 0), 'BadShape'],
    ['a right origin', parts(1, 1, client, 1, Uint8Array.of(0xc3), client, 0, client, 0, 1, one, 0), 'BadShape'],
    ['a key of a parent', parts(1, 1, client, 1, Uint8Array.of(0xa3), client, 0, 1, one, 0), 'BadShape'],
    ['a parent that is an item', parts(1, 1, client, 0, 3, 0, client, 0, 1, one, 0), 'BadShape'],
    ['an entry that is cut off', parts(1, 1, client, 0, 3, 1, text(root), 9, one, 0), 'BadShape'],
    ['an entry of 64 KiB and a byte', parts(1, 1, client, 0, 3, 1, text(root), 65_537, new Uint8Array(65_537), 0), 'LimitExceeded'],
    ['a long root', parts(1, 1, client, 0, 3, 1, text('l'.repeat(100)), 1, one, 0), 'BadShape'],
  ])('bytes: %s', (_name, update, code) => {
    expect(refusal(update)).toBe(code)
  })

  test('clients in ascending order are refused', () => {
    const blocks = [alice, bob].map((device) => {
      const id = chunkClient(hash, conversation, device, 0)
      return { id, bytes: parts(1, id, 0, 3, 1, text(rootName(deviceIdOf(device), 0)), 1, one) }
    })
    const ascending = blocks.sort((a, b) => a.id - b.id).map(({ bytes }) => bytes)
    expect(refusal(parts(2, ...ascending, 0))).toBe('NotCanonical')
    expect(refusal(parts(2, ...ascending.toReversed(), 0))).toBe('admitted')
  })

  test('the length is bounded: 1 MiB live, more when asked for', () => {
    const entries = Array.from({ length: 17 }, () => new Uint8Array(65_000))
    const update = project(hash, conversation, [{ device: alice, seq: 0, entries }])
    expect(refusal(update)).toBe('LimitExceeded')
    expect(refusal(update, { limits: { maxBytes: 4_194_304 } })).toBe('admitted')
  })
})

describe('hostile bytes', () => {
  const valid = fc
    .tuple(arbitraryLogs(), fc.nat())
    .map(([logs, from]) => logs.map(({ device, entries }) => startingAt({ device, seq: 0, entries }, from)))
    .map((runs) => project(hash, conversation, runs))
  const structured = fc
    .array(
      fc.oneof(
        fc.constantFrom(0, 1, 2, 3, 8, 10, 255, 256, client, otherClient, 2 ** 24, 2 ** 52).map(varUint),
        fc.constantFrom(text(root), first, second, one, NEXT, Uint8Array.of(0xc3), Uint8Array.of(0xa3), text('')),
      ),
      { maxLength: 12 },
    )
    .map((items) => concatBytes(...items))

  test('an update is refused, or it is the projection of its runs', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), mutated(valid), structured), (update) => {
        let runs: EntryRun[]
        try {
          runs = admit(update, context)
        } catch (error) {
          if (error instanceof Reject) return
          throw error
        }
        if (!equalBytes(project(hash, conversation, runs), update)) throw new Error('admitted what it would project differently')
      }),
      cases(8_000),
    )
  })

  const names = fc
    .tuple(fc.string({ unit: fc.constantFrom('a', 'b', 'z', '2', '7'), minLength: 26, maxLength: 26 }), fc.nat({ max: 99_999_999 }))
    .map(([device, chunk]) => `l:${device}::${chunk}`)

  test('no root name makes anything else than a rejection', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 38 }), names), (name) => {
        const update = parts(1, 1, client, 0, 3, 1, utf8(name).length, utf8(name), 1, one, 0)
        expect(['BadShape', 'admitted']).toContain(refusal(update))
      }),
      cases(300),
    )
    expect(
      isParleyError(
        errorOf(() => fromBase32('b'.repeat(26))),
        'InvalidArgument',
      ),
    ).toBe(true)
  })
})

/** An update of format V2 that claims `count` garbage-collected items in run-length columns. */
function runLengthBomb(count: number): Uint8Array {
  const column = (...bytes: readonly (number | Uint8Array)[]): Uint8Array => {
    const content = parts(...bytes)
    return parts(content.length, content)
  }
  const none = column()
  // Columns: key clocks, clients, left and right clocks, infos, strings, parent infos, type refs, lengths (-1, then how often).
  const columns = [none, column(1), none, none, column(0), column(0), none, none, column(0x41, count - 2)]
  return parts(0, ...columns, 1, count, 0, 0)
}

function startingAt(run: EntryRun, from: number): EntryRun {
  const seq = from % run.entries.length
  return { device: run.device, seq, entries: run.entries.slice(seq) }
}

function deviceHex({ device }: EntryRun): string {
  return [...device].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

function errorOf(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}
