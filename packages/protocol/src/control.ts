/**
 * What the body of a control entry says: who is a member, under which key, and how the conversation is named. CBOR arrays that begin
 * with a code. Codes 7 to 31 belong to operations on membership that later versions bring; this one refuses them.
 */
import { concatBytes, utf8 } from './bytes.ts'
import type { Hash } from './bytes.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import type { CborValue } from './cbor.ts'
import { ParleyError, Reject } from './errors.ts'
import { flatMapFromCbor, flatMapToCbor, isArray } from './flat-map.ts'
import type { FlatChange, FlatLimits } from './flat-map.ts'
import {
  MAX_AVATAR_BYTES,
  MAX_BOX_BYTES,
  MAX_CERT_BYTES,
  MAX_DEVICES,
  MAX_EPOCH_PARENTS,
  MAX_INVITE_USES,
  MAX_METADATA_VALUE_BYTES,
  MAX_HEADER_BYTES,
  MAX_NAME_BYTES,
  MAX_PAYLOAD_BYTES,
  MAX_PINNED_CONTROLS,
  MAX_PINS,
  MAX_PROOF_ENTRIES,
  MAX_SEQ,
  MAX_TIME_MS,
} from './limits.ts'

/** Roles as they are written, weakest first. */
export const ROLES = { reader: 0, writer: 1, moderator: 2, admin: 3, founder: 4 } as const
/** A role as it is written. */
export type RoleNumber = (typeof ROLES)[keyof typeof ROLES]
/** A role by name. */
export type RoleName = keyof typeof ROLES

/** The first entry of a conversation. */
export interface GenesisControl {
  readonly op: 'genesis'
  readonly founderCert: Uint8Array
  /** 32 random bytes. */
  readonly salt: Uint8Array
  /** Commitment (32 bytes) of the first epoch. */
  readonly epochCommitment: Uint8Array
}

/** A new epoch, its secret sealed to each device. */
export interface EpochControl {
  readonly op: 'epoch'
  /** One more than the highest of its parents; 0 for the first. */
  readonly gen: number
  /** Ids (16 bytes) of the epochs that it follows. */
  readonly parents: readonly Uint8Array[]
  /** 32 bytes. */
  readonly commitment: Uint8Array
  readonly boxes: readonly { readonly device: Uint8Array; readonly box: Uint8Array }[]
  /** Secrets of earlier epochs, wrapped under this one. */
  readonly back: readonly { readonly parent: Uint8Array; readonly wrapped: Uint8Array }[]
}

/** A key that admits people. */
export interface InviteControl {
  readonly op: 'invite'
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  readonly role: RoleNumber
  /** 1 to 1,000,000. */
  readonly maxUses: number
  /** Milliseconds since 1970. */
  readonly expiresMs: number
}

/** A device comes in by an invite. */
export interface AdmitControl {
  readonly op: 'admit'
  /** Id (36 bytes, the shape of a message id) of the entry that made the invite. */
  readonly invite: Uint8Array
  readonly cert: Uint8Array
  /** Signature by the invite key, 64 bytes. */
  readonly proof: Uint8Array
  readonly boxes: readonly { readonly epoch: Uint8Array; readonly box: Uint8Array }[]
}

/** Metadata of the conversation changes; null removes a key. Texts have at most 4,096 bytes, in scope `conversation` 32 KiB. */
export interface MetadataControl {
  readonly op: 'metadata'
  /** `application` is what `setMetadata` writes, `conversation` holds title and avatar. */
  readonly scope: 'application' | 'conversation'
  readonly values: FlatChange
}

/** How the author wants to be called. */
export interface ProfileControl {
  readonly op: 'profile'
  readonly name: string
  readonly avatar: string
}

/** One of two histories: its entries from the fork on, up to one that the device signed. */
export interface ForkSide {
  /** 1 to 256 headers with the SHA-256 of the body. */
  readonly entries: readonly { readonly headerBytes: Uint8Array; readonly bodyHash: Uint8Array }[]
  /** Signature (64 bytes) over the head that the last of them makes. */
  readonly signature: Uint8Array
}

/** A device said two things at one position. It proves itself; who writes it only says how far the branches count. */
export interface ForkControl {
  readonly op: 'fork'
  /** Device id, 16 bytes. */
  readonly device: Uint8Array
  /** Where the histories part. */
  readonly seq: number
  /** Id (32 bytes) of the last entry that they have in common, or what stands for it in an empty log. */
  readonly prevId: Uint8Array
  readonly sides: readonly [ForkSide, ForkSide]
  /** Logs (16 bytes, a branch by `branchLogId`) with the number of the entry after the last that counts. */
  readonly pins: readonly { readonly log: Uint8Array; readonly nextSeq: number }[]
  /** First 16 bytes of the ids of control entries from the fork on that count. */
  readonly controls: readonly Uint8Array[]
}

export type ControlPayload = GenesisControl | EpochControl | InviteControl | AdmitControl | MetadataControl | ProfileControl | ForkControl

const CODES = { genesis: 0, epoch: 1, invite: 2, admit: 3, metadata: 4, profile: 5, fork: 6 } as const
const SCOPES = ['application', 'conversation'] as const
const VERSION = 1
const SUITE = 1
const TYPE_GROUP = 0
const GENESIS_TAG = utf8('parley/1/genesis')

/** Whether the body of such an entry is in clear: a joiner has no key yet when reading it. */
export function isClearControl(op: ControlPayload['op']): boolean {
  return op === 'genesis' || op === 'epoch' || op === 'invite' || op === 'admit' || op === 'fork'
}

/** The id (32 bytes) of the conversation that a genesis payload founds. */
export function conversationIdOfGenesis(hash: Hash, payload: Uint8Array): Uint8Array {
  return hash(concatBytes(GENESIS_TAG, payload))
}

/** The bytes of a control payload. @throws {ParleyError} InvalidArgument for a field beyond its bounds, InvalidMetadata, TooLarge. */
export function encodeControl(payload: ControlPayload): Uint8Array {
  const bytes = encodeCbor([CODES[payload.op], ...fieldsOf(payload)])
  if (bytes.length > MAX_PAYLOAD_BYTES) throw new ParleyError('TooLarge', 'this change is too large for one entry')
  try {
    decodeControl(bytes)
  } catch (cause) {
    // One set of bounds: what nobody would accept is not written.
    if (cause instanceof Reject) throw new ParleyError('InvalidArgument', `this change cannot be written: ${cause.message}`, { cause })
    throw cause
  }
  return bytes
}

/** The payload in exactly these bytes; byte fields are views. @throws {Reject} BadShape (unknown codes too), NotCanonical, LimitExceeded. */
export function decodeControl(bytes: Uint8Array): ControlPayload {
  const value = decodeCbor(bytes, { maxBytes: MAX_PAYLOAD_BYTES })
  if (!isArray(value)) throw new Reject('BadShape', 'expected an array')
  const [code, ...fields] = value
  switch (code) {
    case CODES.genesis:
      return genesisOf(fields)
    case CODES.epoch:
      return epochOf(fields)
    case CODES.invite:
      return inviteOf(fields)
    case CODES.admit:
      return admitOf(fields)
    case CODES.metadata:
      return metadataOf(fields)
    case CODES.profile:
      return profileOf(fields)
    case CODES.fork:
      return forkOf(fields)
    default:
      throw new Reject('BadShape', 'unknown control operation')
  }
}

function fieldsOf(payload: ControlPayload): readonly CborValue[] {
  switch (payload.op) {
    case 'genesis':
      return [VERSION, SUITE, TYPE_GROUP, payload.founderCert, payload.salt, payload.epochCommitment, []]
    case 'epoch':
      return [
        payload.gen,
        payload.parents,
        payload.commitment,
        payload.boxes.map(({ device, box }) => [device, box]),
        payload.back.map(({ parent, wrapped }) => [parent, wrapped]),
      ]
    case 'invite':
      return [payload.publicKey, payload.role, payload.maxUses, payload.expiresMs]
    case 'admit':
      return [payload.invite, payload.cert, payload.proof, payload.boxes.map(({ epoch, box }) => [epoch, box])]
    case 'metadata':
      return [SCOPES.indexOf(payload.scope), flatMapToCbor(payload.values, limitsOf(payload.scope))]
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
  }
}

function genesisOf(fields: readonly CborValue[]): GenesisControl {
  const [version, suite, type, founderCert, salt, epochCommitment, policy] = exactly(fields, 7)
  if (version !== VERSION || suite !== SUITE || type !== TYPE_GROUP) throw new Reject('BadShape', 'conversation of an unknown version')
  if (!isArray(policy) || policy.length > 0) throw new Reject('BadShape', 'policies are reserved')
  return {
    op: 'genesis',
    founderCert: upTo(founderCert, MAX_CERT_BYTES),
    salt: fixed(salt, 32),
    epochCommitment: fixed(epochCommitment, 32),
  }
}

function epochOf(fields: readonly CborValue[]): EpochControl {
  const [gen, parents, commitment, boxes, back] = exactly(fields, 5)
  return {
    op: 'epoch',
    gen: uint(gen, 0, MAX_SEQ),
    parents: listOf(parents, MAX_EPOCH_PARENTS).map((parent) => fixed(parent, 16)),
    commitment: fixed(commitment, 32),
    boxes: pairsOf(boxes, MAX_DEVICES).map(([device, box]) => ({ device, box })),
    back: pairsOf(back, MAX_EPOCH_PARENTS).map(([parent, wrapped]) => ({ parent, wrapped })),
  }
}

function inviteOf(fields: readonly CborValue[]): InviteControl {
  const [publicKey, role, maxUses, expiresMs] = exactly(fields, 4)
  return {
    op: 'invite',
    publicKey: fixed(publicKey, 32),
    role: uint(role, ROLES.reader, ROLES.founder) as RoleNumber,
    maxUses: uint(maxUses, 1, MAX_INVITE_USES),
    expiresMs: uint(expiresMs, 0, MAX_TIME_MS),
  }
}

function admitOf(fields: readonly CborValue[]): AdmitControl {
  const [invite, cert, proof, boxes] = exactly(fields, 4)
  return {
    op: 'admit',
    invite: fixed(invite, 36),
    cert: upTo(cert, MAX_CERT_BYTES),
    proof: fixed(proof, 64),
    boxes: pairsOf(boxes, MAX_EPOCH_PARENTS).map(([epoch, box]) => ({ epoch, box })),
  }
}

function metadataOf(fields: readonly CborValue[]): MetadataControl {
  const [code, values] = exactly(fields, 2)
  const scope = SCOPES[uint(code, 0, SCOPES.length - 1)] as MetadataControl['scope']
  return { op: 'metadata', scope, values: flatMapFromCbor(values, limitsOf(scope)) }
}

function profileOf(fields: readonly CborValue[]): ProfileControl {
  const [name, avatar] = exactly(fields, 2)
  return { op: 'profile', name: text(name, MAX_NAME_BYTES), avatar: text(avatar, MAX_AVATAR_BYTES) }
}

function forkOf(fields: readonly CborValue[]): ForkControl {
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

function limitsOf(scope: MetadataControl['scope']): FlatLimits {
  return { allowNull: true, maxValueBytes: scope === 'application' ? MAX_METADATA_VALUE_BYTES : MAX_AVATAR_BYTES }
}

function exactly(fields: readonly CborValue[], count: number): readonly CborValue[] {
  if (fields.length !== count) throw new Reject('BadShape', 'control operation has another length than expected')
  return fields
}

function fixed(value: CborValue | undefined, length: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) throw new Reject('BadShape', `expected ${length} bytes`)
  return value
}

function upTo(value: CborValue | undefined, max: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length === 0) throw new Reject('BadShape', 'expected bytes')
  if (value.length > max) throw new Reject('LimitExceeded', `expected at most ${max} bytes`)
  return value
}

function text(value: CborValue | undefined, max: number): string {
  if (typeof value !== 'string') throw new Reject('BadShape', 'expected text')
  if (utf8(value).length > max) throw new Reject('LimitExceeded', `expected a text of at most ${max} bytes`)
  return value
}

function uint(value: CborValue | undefined, min: number, max: number): number {
  if (typeof value !== 'number' || value < min || value > max) throw new Reject('BadShape', `expected a number from ${min} to ${max}`)
  return value
}

function listOf(value: CborValue | undefined, max: number): readonly CborValue[] {
  if (!isArray(value)) throw new Reject('BadShape', 'expected a list')
  if (value.length > max) throw new Reject('LimitExceeded', `expected at most ${max} items`)
  return value
}

/** Pairs of an id of 16 bytes and a box. */
function pairsOf(value: CborValue | undefined, max: number): (readonly [Uint8Array, Uint8Array])[] {
  return listOf(value, max).map((pair) => {
    const [id, box] = exactly(listOf(pair, 2), 2)
    return [fixed(id, 16), upTo(box, MAX_BOX_BYTES)] as const
  })
}
