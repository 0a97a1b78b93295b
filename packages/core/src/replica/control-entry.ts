/** A control entry once its signature has been verified: what it says, and what the folds ask of it. */
import type { DeviceCert } from '@parley/crypto'
import { compareBytes, compareHlc, type ControlCarrier, type ControlPayload, type Dep, type DeviceId, type Hlc } from '@parley/protocol'

export interface ControlEntry {
  readonly id: Uint8Array
  readonly device: DeviceId
  readonly deviceBytes: Uint8Array
  readonly seq: number
  /** Running number among the device's control entries, from 1. */
  readonly number: number
  readonly hlc: Hlc
  readonly prevId: Uint8Array
  readonly bytes: Uint8Array
  /** Heads of other devices that the author had newly seen. */
  readonly deps: readonly Dep[]
  /** Undefined while sealed, and for an entry that says nothing readable. */
  readonly payload: ControlPayload | undefined
  /** Sealed under an epoch that this device does not hold (yet). */
  readonly sealed: boolean
  /** The valid ones of the certificates that it brings. */
  readonly certs: readonly DeviceCert[]
  /** A certificate in it was issued by a device of which none is known (yet): it may turn out valid. */
  readonly lacksIssuer: boolean
}

/** The order of every fold: (hlc, entry id). */
export function compareEntries(a: { hlc: Hlc; id: Uint8Array }, b: { hlc: Hlc; id: Uint8Array }): number {
  return compareHlc(a.hlc, b.hlc) || compareBytes(a.id, b.id)
}

/** The entry as it travels alone. */
export function controlCarrier(e: ControlEntry): ControlCarrier {
  return { device: e.deviceBytes, seq: e.seq, prevId: e.prevId, entry: e.bytes }
}
