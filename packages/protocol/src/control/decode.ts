/** Control payloads from CBOR fields, one reader for each operation. */
import { Reject } from '../errors.ts'
import { flatMapFromCbor, isArray } from '../flat-map.ts'
import {
  MAX_ADMIT_BOXES,
  MAX_AVATAR_BYTES,
  MAX_BOX_BYTES,
  MAX_CERT_BYTES,
  MAX_DEVICES,
  MAX_DEVICES_PER_USER,
  MAX_EPOCH_PARENTS,
  MAX_HEADER_BYTES,
  MAX_INVITE_USES,
  MAX_NAME_BYTES,
  MAX_PINNED_CONTROLS,
  MAX_PINS,
  MAX_PROOF_ENTRIES,
  MAX_SEQ,
  MAX_TIME_MS,
} from '../limits.ts'
import type { CborValue } from '../cbor.ts'
import { flatLimitsOf } from './encode.ts'
import {
  afterOf,
  deviceBoxesOf,
  epochBoxesOf,
  exactly,
  fixed,
  flag,
  historyOf,
  listOf,
  pinOf,
  pinsOf,
  text,
  uint,
  upTo,
  type Fields,
} from './fields.ts'
import {
  CONTROL_CODES,
  CONTROL_SUITE,
  CONTROL_VERSION,
  METADATA_SCOPES,
  ROLES,
  TYPE_GROUP,
  type AdmitControl,
  type ControlPayload,
  type EpochControl,
  type ForkControl,
  type ForkSide,
  type GenesisControl,
  type GrantControl,
  type InviteControl,
  type MetadataControl,
  type RoleNumber,
} from './types.ts'

const READERS: Record<number, (fields: Fields) => ControlPayload> = {
  [CONTROL_CODES.genesis]: genesisOf,
  [CONTROL_CODES.epoch]: epochOf,
  [CONTROL_CODES.invite]: inviteOf,
  [CONTROL_CODES.admit]: admitOf,
  [CONTROL_CODES.metadata]: metadataOf,
  [CONTROL_CODES.profile]: (fields) => {
    const [name, avatar] = exactly(fields, 2)
    return { op: 'profile', name: text(name, MAX_NAME_BYTES), avatar: text(avatar, MAX_AVATAR_BYTES) }
  },
  [CONTROL_CODES.fork]: forkOf,
  [CONTROL_CODES.grant]: grantOf,
  [CONTROL_CODES.remove]: (fields) => {
    const [user, pins, after] = exactly(fields, 3)
    return { op: 'remove', user: fixed(user, 32), pins: pinsOf(pins), after: afterOf(after) }
  },
  [CONTROL_CODES.leave]: (fields) => {
    const [pins, after] = exactly(fields, 2)
    return { op: 'leave', pins: pinsOf(pins), after: afterOf(after) }
  },
  [CONTROL_CODES.policy]: (fields) => {
    const [history, after] = exactly(fields, 2)
    return { op: 'policy', history: historyOf(history), after: afterOf(after) }
  },
  [CONTROL_CODES.revoke]: (fields) => {
    const [invite, after] = exactly(fields, 2)
    return { op: 'revoke', invite: fixed(invite, 36), after: afterOf(after) }
  },
  [CONTROL_CODES['device-add']]: (fields) => {
    const [cert, boxes, after] = exactly(fields, 3)
    return { op: 'device-add', cert: upTo(cert, MAX_CERT_BYTES), boxes: epochBoxesOf(boxes, MAX_ADMIT_BOXES), after: afterOf(after) }
  },
  [CONTROL_CODES['device-remove']]: (fields) => {
    const [pin, after] = exactly(fields, 2)
    return { op: 'device-remove', pin: pinOf(pin), after: afterOf(after) }
  },
  [CONTROL_CODES.reseal]: (fields) => {
    const [epoch, boxes] = exactly(fields, 2)
    return { op: 'reseal', epoch: fixed(epoch, 16), boxes: deviceBoxesOf(boxes, MAX_DEVICES) }
  },
  [CONTROL_CODES.hide]: (fields) => ({ op: 'hide', ...markOf(fields) }),
  [CONTROL_CODES.pin]: (fields) => ({ op: 'pin', ...markOf(fields) }),
  [CONTROL_CODES.direct]: (fields) => {
    const [peer, cert, epochCommitment, boxes] = exactly(fields, 4)
    return {
      op: 'direct',
      peer: fixed(peer, 32),
      cert: upTo(cert, MAX_CERT_BYTES),
      epochCommitment: fixed(epochCommitment, 32),
      boxes: deviceBoxesOf(boxes, MAX_DEVICES),
    }
  },
}

/** The payload in a decoded array. @throws {Reject} BadShape, NotCanonical, LimitExceeded. */
export function payloadOf(value: CborValue): ControlPayload {
  if (!isArray(value)) throw new Reject('BadShape', 'expected an array')
  const [code, ...fields] = value
  const read = typeof code === 'number' ? READERS[code] : undefined
  if (read === undefined) throw new Reject('BadShape', 'unknown control operation')
  return read(fields)
}

function genesisOf(fields: Fields): GenesisControl {
  const [version, suite, type, founderCert, salt, epochCommitment, policy] = exactly(fields, 7)
  if (version !== CONTROL_VERSION || suite !== CONTROL_SUITE || type !== TYPE_GROUP)
    throw new Reject('BadShape', 'conversation of an unknown version')
  const [history] = exactly(listOf(policy, 1), 1)
  return {
    op: 'genesis',
    founderCert: upTo(founderCert, MAX_CERT_BYTES),
    salt: fixed(salt, 32),
    epochCommitment: fixed(epochCommitment, 32),
    history: historyOf(history),
  }
}

function epochOf(fields: Fields): EpochControl {
  const [gen, parents, commitment, boxes, back, after] = exactly(fields, 6)
  return {
    op: 'epoch',
    gen: uint(gen, 0, MAX_SEQ),
    parents: listOf(parents, MAX_EPOCH_PARENTS).map((parent) => fixed(parent, 16)),
    commitment: fixed(commitment, 32),
    boxes: deviceBoxesOf(boxes, MAX_DEVICES),
    back: listOf(back, MAX_EPOCH_PARENTS).map((link) => {
      const [parent, ctl, msg] = exactly(listOf(link, 3), 3)
      return { parent: fixed(parent, 16), ctl: upTo(ctl, MAX_BOX_BYTES), msg: msg === null ? undefined : upTo(msg, MAX_BOX_BYTES) }
    }),
    after: afterOf(after),
  }
}

function inviteOf(fields: Fields): InviteControl {
  const [publicKey, role, maxUses, expiresMs, after] = exactly(fields, 5)
  return {
    op: 'invite',
    publicKey: fixed(publicKey, 32),
    role: uint(role, ROLES.reader, ROLES.moderator) as RoleNumber,
    maxUses: uint(maxUses, 1, MAX_INVITE_USES),
    expiresMs: uint(expiresMs, 0, MAX_TIME_MS),
    after: afterOf(after),
  }
}

function admitOf(fields: Fields): AdmitControl {
  const [invite, cert, proof, boxes, from, after] = exactly(fields, 6)
  return {
    op: 'admit',
    invite: fixed(invite, 36),
    cert: upTo(cert, MAX_CERT_BYTES),
    proof: fixed(proof, 64),
    boxes: epochBoxesOf(boxes, MAX_ADMIT_BOXES),
    from: uint(from, 0, MAX_SEQ),
    after: afterOf(after),
  }
}

function metadataOf(fields: Fields): MetadataControl {
  const [code, values] = exactly(fields, 2)
  const scope = METADATA_SCOPES[uint(code, 0, METADATA_SCOPES.length - 1)] as MetadataControl['scope']
  return { op: 'metadata', scope, values: flatMapFromCbor(values, flatLimitsOf(scope)) }
}

function forkOf(fields: Fields): ForkControl {
  const [device, seq, prevId, sides, pins, controls] = exactly(fields, 6)
  const [left, right] = exactly(listOf(sides, 2), 2)
  return {
    op: 'fork',
    device: fixed(device, 16),
    seq: uint(seq, 0, MAX_SEQ - MAX_PROOF_ENTRIES),
    prevId: fixed(prevId, 32),
    sides: [sideOf(left), sideOf(right)],
    pins: listOf(pins, MAX_PINS).map((pin) => {
      const [log, nextSeq] = exactly(listOf(pin, 2), 2)
      return { log: fixed(log, 16), nextSeq: uint(nextSeq, 0, MAX_SEQ) }
    }),
    controls: listOf(controls, MAX_PINNED_CONTROLS).map((id) => fixed(id, 16)),
  }
}

function sideOf(value: CborValue | undefined): ForkSide {
  const [list, signature] = exactly(listOf(value, 2), 2)
  const items = listOf(list, 2 * MAX_PROOF_ENTRIES)
  if (items.length === 0 || items.length % 2 !== 0) throw new Reject('BadShape', 'expected headers and hashes')
  const entries: { headerBytes: Uint8Array; bodyHash: Uint8Array }[] = []
  for (let i = 0; i < items.length; i += 2)
    entries.push({ headerBytes: upTo(items[i], MAX_HEADER_BYTES), bodyHash: fixed(items[i + 1], 32) })
  return { entries, signature: fixed(signature, 64) }
}

function grantOf(fields: Fields): GrantControl {
  const [user, role, certs, pins, after] = exactly(fields, 5)
  return {
    op: 'grant',
    user: fixed(user, 32),
    role: uint(role, ROLES.reader, ROLES.admin) as RoleNumber,
    certs: listOf(certs, MAX_DEVICES_PER_USER).map((cert) => upTo(cert, MAX_CERT_BYTES)),
    pins: pinsOf(pins),
    after: afterOf(after),
  }
}

function markOf(fields: Fields): { target: Uint8Array; on: boolean; after: readonly Uint8Array[] } {
  const [target, on, after] = exactly(fields, 3)
  return { target: fixed(target, 36), on: flag(on), after: afterOf(after) }
}
