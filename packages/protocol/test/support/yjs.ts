/**
 * Real Yjs documents, as a stock tool would build them from our updates.
 */
import * as Y from 'yjs'
import { CHUNK_ENTRIES, chunkClient, deviceIdOf, rootName } from '../../src/index.ts'
import { conversation, hash } from './fixtures.ts'

/** A document that holds these updates, applied in this order. */
export function docOf(...updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc({ gc: true })
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

/** The entries of a device's log in a document, in order. */
export function entriesIn(doc: Y.Doc, device: Uint8Array, count: number): Uint8Array[] {
  const entries: Uint8Array[] = []
  for (let chunk = 0; chunk * CHUNK_ENTRIES < count; chunk++) {
    entries.push(...doc.getArray<Uint8Array>(rootName(deviceIdOf(device), chunk)).toArray())
  }
  return entries
}

/** Pushes entries with Yjs itself, under the chunks' clients; returns the updates that Yjs emitted, one for each transaction. */
export function pushWithYjs(device: Uint8Array, transactions: readonly (readonly Uint8Array[])[]): { doc: Y.Doc; updates: Uint8Array[] } {
  const doc = new Y.Doc({ gc: true })
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  let seq = 0
  for (const entries of transactions) {
    doc.transact(() => {
      for (const entry of entries) {
        const chunk = Math.floor(seq++ / CHUNK_ENTRIES)
        doc.clientID = chunkClient(hash, conversation, device, chunk)
        doc.getArray<Uint8Array>(rootName(deviceIdOf(device), chunk)).push([entry])
      }
    })
  }
  return { doc, updates }
}
