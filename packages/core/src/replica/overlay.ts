/** What later operations did to one message. Rebuilt from the logs at will. */
import { compareBytes, decodeCbor, encodeCbor, Reject, type CborValue } from '@parley/protocol'

/** Edits kept of one message; the bodies of older ones are purged (SECURITY-DESIGN 5.8). */
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
  /** Message (36 bytes) that it was posted as an answer to: once the body is purged, nothing else says so. */
  readonly answers: Uint8Array | undefined
}

export const NO_OVERLAY: Overlay = Object.freeze({ deleted: false, edits: [], answers: undefined })
/** The message is gone. */
export const DELETED: Overlay = Object.freeze({ deleted: true, edits: [], answers: undefined })

/** Takes in an edit. `dropped` is the one that no longer counts among the newest `MAX_EDITS`. */
export function withEdit(overlay: Overlay, edit: EditRef): { overlay: Overlay; dropped: EditRef | undefined } {
  if (overlay.edits.some((e) => compareBytes(e.order, edit.order) === 0)) return { overlay, dropped: undefined }
  const edits = [...overlay.edits, edit].sort((a, b) => compareBytes(a.order, b.order))
  const dropped = edits.length > MAX_EDITS ? edits.shift() : undefined
  return { overlay: { ...overlay, edits }, dropped }
}

export function encodeOverlay(overlay: Overlay): Uint8Array {
  return encodeCbor([overlay.deleted, overlay.edits.map((e) => [e.order, e.log, e.seq]), overlay.answers ?? null])
}

/** @throws {Reject} BadShape when the row is damaged. */
export function decodeOverlay(bytes: Uint8Array): Overlay {
  const value = decodeCbor(bytes)
  if (!Array.isArray(value) || typeof value[0] !== 'boolean' || !Array.isArray(value[1])) throw new Reject('BadShape', 'overlay row')
  const edits = (value[1] as CborValue[]).map((item): EditRef => {
    const [order, log, seq] = item as [Uint8Array, Uint8Array, number]
    return { order, log, seq }
  })
  const answers: unknown = value[2]
  return { deleted: value[0], edits, answers: answers instanceof Uint8Array ? answers : undefined }
}
