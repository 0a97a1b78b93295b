/** The row of a control entry: the entry with what verifies it alone, and what was found out about it once, so that opening need not again. */
import { decodeCbor, decodeEntry, encodeCbor, Reject, type CborValue, type ControlCarrier, type EntryParts } from '@parley/protocol'
import type { Store } from '../store.ts'
import type { Keyspace } from './keyspace.ts'

export interface ControlRow {
  readonly seq: number
  readonly prevId: Uint8Array
  readonly bytes: Uint8Array
  /** All certificates in it are valid. */
  readonly areCertsValid: boolean
  /** The key of the invite under which the proof in an admission holds; undefined when that is not known. */
  readonly provenKey: Uint8Array | undefined
}

export function encodeControlRow({ seq, prevId, bytes, areCertsValid, provenKey }: ControlRow): Uint8Array {
  return encodeCbor([seq, prevId, bytes, areCertsValid ? 1 : 0, provenKey ?? null])
}

/** @throws {Reject} BadShape for a row that is damaged or of another format. */
export function decodeControlRow(value: Uint8Array): ControlRow {
  const fields = decodeCbor(value)
  if (!Array.isArray(fields)) throw new Reject('BadShape', 'stored control entry')
  const [seq, prevId, bytes, certs, provenKey] = fields as [number, Uint8Array, Uint8Array, CborValue, Uint8Array | null]
  return { seq, prevId, bytes, areCertsValid: certs === 1, provenKey: provenKey ?? undefined }
}

/** A control entry as it is in the store. */
export type StoredControl = ControlRow & ControlCarrier & { readonly parts: EntryParts }

/** All of them by clock, so that a certificate comes after that of its issuer. */
export async function readControlRows(store: Store, keys: Keyspace): Promise<StoredControl[]> {
  const rows = [...(await store.range(keys.controls())), ...(await store.range(keys.branchControls()))]
  const stored = rows.map(({ key, value }) => {
    const row = decodeControlRow(value)
    // Table and conversation come first, 17 bytes.
    return { ...row, device: key.subarray(17, 33), entry: row.bytes, parts: decodeEntry(row.bytes) }
  })
  return stored.sort((a, b) => a.parts.header.time - b.parts.header.time || a.parts.header.ctr - b.parts.header.ctr)
}
