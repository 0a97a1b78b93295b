/** The hostile Yjs and awareness bytes of the attacks E1 to E11, written by hand or by Yjs itself, whatever client id they need. */
import { concatBytes, utf8, varUint } from '@parley/protocol'
import * as Y from 'yjs'

/** Numbers as Yjs writes them, and bytes as they are. */
export const parts = (...items: readonly (number | Uint8Array)[]): Uint8Array =>
  concatBytes(...items.map((item) => (typeof item === 'number' ? varUint(item) : item)))
/** A text as Yjs writes it. */
export const text = (value: string): Uint8Array => parts(utf8(value).length, utf8(value))
/** An info byte. */
const info = (byte: number): Uint8Array => Uint8Array.of(byte)

// The low bits of an info byte, as Yjs numbers its contents.
const GC = info(0)
const STRING = info(4)
const ANY = info(8)
/** Of lib0's `any`: an array, and null. */
const ANY_ARRAY = info(117)
const ANY_NULL = info(126)

/** E2: deletes 2^31 - 1 clocks of a client. */
export const deleteEverything = (client: number): Uint8Array => parts(0, deleteSet(client))
const deleteSet = (client: number): Uint8Array => parts(1, client, 1, 0, 2 ** 31 - 1)

/** E2 behind items that are as they should be. */
export const withDeleteSet = (update: Uint8Array, client: number): Uint8Array => parts(update.subarray(0, -1), deleteSet(client))

/** E3: one struct that claims clocks 0 to 2^40. */
export const claimClocks = (client: number): Uint8Array => parts(1, 1, client, 0, GC, 2 ** 40, 0)

/** E5: every item names a root type of its own. */
export function manyRoots(client: number, count: number): Uint8Array {
  const items = Array.from({ length: count }, (_, i) => parts(STRING, 1, text(`r${i}`), text('x')))
  return parts(1, count, client, 0, ...items, 0)
}

/** E6: one text of many whose predecessor never comes; each of these updates has about 111 bytes. */
export function lackingPredecessor(client: number, number: number): Uint8Array {
  const clock = 200 * number
  return parts(1, 1, client, clock + 1, info(0x84), client, clock, text('x'.repeat(94)), 0)
}

/** E7: a count of items for which there are no bytes. */
export const claimItems = (client: number, count: number): Uint8Array => parts(1, count, client, 0)

/** E8: in the V2 format, `count` items in 25 bytes; run lengths say the rest. */
export function runLengthBomb(count: number): Uint8Array {
  const column = (bytes: Uint8Array): Uint8Array => parts(bytes.length, bytes)
  const none = column(new Uint8Array(0))
  const lengths = column(parts(Uint8Array.of(0x41), count - 2))
  return parts(0, none, column(Uint8Array.of(1)), none, none, column(GC), column(Uint8Array.of(0)), none, none, lengths, 1, count, 0, 0)
}

/** E9: arrays in arrays. */
export function nestedArrays(client: number, depth: number): Uint8Array {
  const nest = Array.from({ length: depth }, () => parts(ANY_ARRAY, 1))
  return parts(1, 1, client, 0, ANY, 1, text('messages'), 1, ...nest, ANY_NULL, 0)
}

/** What Yjs itself writes for a change of a document that holds `base`, by that client. */
export function yjsUpdate(client: number, change: (doc: Y.Doc) => void, base?: Uint8Array): Uint8Array {
  const doc = docOf(...(base === undefined ? [] : [base]))
  doc.clientID = client
  const before = Y.encodeStateVector(doc)
  doc.transact(() => change(doc))
  return Y.encodeStateAsUpdate(doc, before)
}

/** A plain document that took in these updates, as a stock provider has it. */
export function docOf(...updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

/** An awareness update of y-protocols. */
export function awarenessUpdate(...states: readonly { client: number; clock: number; json: string }[]): Uint8Array {
  return parts(states.length, ...states.map(({ client, clock, json }) => parts(client, clock, text(json))))
}
