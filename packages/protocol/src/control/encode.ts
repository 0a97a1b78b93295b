/** The fields of control payloads as CBOR values. Bounds are those of the decoder, which checks what comes out of here. */
import type { CborValue } from '../cbor.ts'
import { flatMapToCbor, type FlatLimits } from '../flat-map.ts'
import { MAX_AVATAR_BYTES, MAX_METADATA_VALUE_BYTES } from '../limits.ts'
import {
  CONTROL_SUITE,
  CONTROL_VERSION,
  HISTORY_POLICIES,
  METADATA_SCOPES,
  TYPE_GROUP,
  type ControlPayload,
  type DeviceBox,
  type EpochBox,
  type HeadPin,
  type MetadataControl,
} from './types.ts'

/** What follows the code in the array of a payload. */
export function fieldsOf(payload: ControlPayload): readonly CborValue[] {
  switch (payload.op) {
    case 'genesis':
      return [
        CONTROL_VERSION,
        CONTROL_SUITE,
        TYPE_GROUP,
        payload.founderCert,
        payload.salt,
        payload.epochCommitment,
        [HISTORY_POLICIES.indexOf(payload.history)],
      ]
    case 'epoch':
      return [
        payload.gen,
        payload.parents,
        payload.commitment,
        deviceBoxes(payload.boxes),
        payload.back.map(({ parent, ctl, msg }) => [parent, ctl, msg ?? null]),
        payload.after,
      ]
    case 'invite':
      return [payload.publicKey, payload.role, payload.maxUses, payload.expiresMs, payload.after]
    case 'admit':
      return [payload.invite, payload.cert, payload.proof, epochBoxes(payload.boxes), payload.from, payload.after]
    case 'metadata':
      return [METADATA_SCOPES.indexOf(payload.scope), flatMapToCbor(payload.values, flatLimitsOf(payload.scope))]
    case 'profile':
      return [payload.name, payload.avatar]
    case 'fork':
      return [
        payload.device,
        payload.seq,
        payload.prevId,
        payload.sides.map(({ entries, signature }) => [entries.flatMap(({ headerBytes, bodyHash }) => [headerBytes, bodyHash]), signature]),
        payload.pins.map(({ log, nextSeq }) => [log, nextSeq]),
        payload.controls,
      ]
    case 'grant':
      return [payload.user, payload.role, payload.certs, payload.pins.map(pinFields), payload.after]
    case 'remove':
      return [payload.user, payload.pins.map(pinFields), payload.after]
    case 'leave':
      return [payload.pins.map(pinFields), payload.after]
    case 'policy':
      return [HISTORY_POLICIES.indexOf(payload.history), payload.after]
    case 'revoke':
      return [payload.invite, payload.after]
    case 'device-add':
      return [payload.cert, epochBoxes(payload.boxes), payload.after]
    case 'device-remove':
      return [pinFields(payload.pin), payload.after]
    case 'reseal':
      return [payload.epoch, deviceBoxes(payload.boxes)]
    case 'hide':
    case 'pin':
      return [payload.target, payload.on, payload.after]
    case 'direct':
      return [payload.peer, payload.cert, payload.epochCommitment, deviceBoxes(payload.boxes)]
  }
}

/** What metadata of this scope may hold. */
export function flatLimitsOf(scope: MetadataControl['scope']): FlatLimits {
  return { allowNull: true, maxValueBytes: scope === 'application' ? MAX_METADATA_VALUE_BYTES : MAX_AVATAR_BYTES }
}

function deviceBoxes(boxes: readonly DeviceBox[]): CborValue {
  return boxes.map(({ device, box }) => [device, box])
}

function epochBoxes(boxes: readonly EpochBox[]): CborValue {
  return boxes.map(({ epoch, box }) => [epoch, box])
}

function pinFields({ log, nextSeq, head }: HeadPin): CborValue {
  return [log, nextSeq, head]
}
