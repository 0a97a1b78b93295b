/** What later operations did to one message. Rebuilt from the logs at will. */
import { compareBytes, decodeCbor, encodeCbor, Reject, type CborValue } from '@parley/protocol'

/** Edits kept of one message; older ones stay in the log but are not looked at (SECURITY-DESIGN 5.8). */
export const MAX_EDITS = 64

export interface EditRef {
  /** hlc (8 B) | first 16 bytes of the entry id: the order of edits. */
  readonly order: Uint8Array
  /** The log that it lies in, 16 bytes. */
  readonly log: Uint8Array
  readonly seq: number
}

export interface Overlay {
  readonly deleted: boolean
  /** Ascending by order; the last one shows. */
  readonly edits: readonly EditRef[]
}

export const NO_OVERLAY: Overlay = Object.freeze({ deleted: false, edits: [] })

export function withEdit(overlay: Overlay, edit: EditRef): Overlay {
  if (overlay.edits.some((e) => compareBytes(e.order, edit.order) === 0)) return overlay
  const edits = [...overlay.edits, edit].sort((a, b) => compareBytes(a.order, b.order)).slice(-MAX_EDITS)
  return { ...overlay, edits }
}

export function encodeOverlay(overlay: Overlay): Uint8Array {
  return encodeCbor([overlay.deleted, overlay.edits.map((e) => [e.order, e.log, e.seq])])
}

/** @throws {Reject} BadShape when the row is damaged. */
export function decodeOverlay(bytes: Uint8Array): Overlay {
  const value = decodeCbor(bytes)
  if (!Array.isArray(value) || typeof value[0] !== 'boolean' || !Array.isArray(value[1])) throw new Reject('BadShape', 'overlay row')
  const edits = (value[1] as CborValue[]).map((item): EditRef => {
    const [order, log, seq] = item as [Uint8Array, Uint8Array, number]
    return { order, log, seq }
  })
  return { deleted: value[0], edits }
}
