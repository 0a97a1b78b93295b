/**
 * What opening reads instead of all control entries: the folds over them, as they were when these entries were the last that came. The row is deleted in
 * the batch that writes a control entry, so one that is there covers all. It is never the truth, and can be made again from the entries at any time.
 */
import { trustedDeviceCert, type DeviceCert } from '@parley/crypto'
import {
  compareBytes,
  decodeCbor,
  deviceIdBytes,
  deviceIdOf,
  encodeCbor,
  fromBase32,
  messageIdBytes,
  messageIdFromBytes,
  ROLES,
  toBase32,
  userIdBytes,
  userIdOf,
  type CborValue,
  type DeviceId,
  type Hash,
  type HistoryPolicy,
  type Hlc,
  type MessageId,
} from '@parley/protocol'
import type { Role } from '../api.ts'
import { membershipOf, ROLE_NAMES, type Membership, type MembershipParts, type Verdict } from '../membership/index.ts'
import type { ContentFold, MetadataValue } from './control-content.ts'

/** Rises when the row keeps something else, or any fold over control entries comes to another result: rows of before are passed over. */
const SNAPSHOT_FORMAT = 2
/** With fewer entries a snapshot saves nothing: reading one takes as long as folding these. */
export const MIN_SNAPSHOT_ENTRIES = 64
/** Of a row of ours: 500 devices with certificates of 2 KiB, and what 65,536 control entries can leave behind. */
const LIMITS = { maxBytes: 33_554_432, maxDepth: 6, maxItems: 4_000_000 }

/** How much a device said about the conversation. */
export interface SeenControls {
  /** Running number of the last entry. */
  readonly count: number
  /** Running number of the last one that others are told of. */
  readonly shown: number
  /** Number after that of the last entry in the log. */
  readonly nextSeq: number
}

export interface ControlSnapshot {
  readonly membership: Membership
  /** Every device of which a certificate or an entry is here. */
  readonly seen: ReadonlyMap<DeviceId, SeenControls>
  readonly certs: readonly DeviceCert[]
  readonly content: ContentFold
  readonly latestMs: number
  readonly isDirect: boolean
  /** Epochs (16 bytes) that seal entries which could not be read: with one of their keys the snapshot says too little. */
  readonly unread: readonly Uint8Array[]
}

export function encodeSnapshot({ membership, seen, certs, content, latestMs, isDirect, unread }: ControlSnapshot): Uint8Array {
  const { members, former, devices, invites, policy, epochs, currentEpoch, hidden, pinned, frontier, verdicts } = membership
  return encodeCbor([
    SNAPSHOT_FORMAT,
    [...members.values()].map((m) => [
      userIdBytes(m.user),
      ROLES[m.role],
      m.devices.map(deviceIdBytes),
      hlcFields(m.since),
      m.addedBy === undefined ? null : userIdBytes(m.addedBy),
    ]),
    [...former.values()].map((f) => [userIdBytes(f.user), userIdBytes(f.by), f.how === 'left', hlcFields(f.at)]),
    [...devices].map(([device, d]) => [
      deviceIdBytes(device),
      userIdBytes(d.user),
      d.cert.bytes,
      d.isActive,
      d.spans.map(({ from, to, role }) => [from, Number.isFinite(to) ? to : null, ROLES[role]]),
    ]),
    [...invites.values()].map((i) => [
      messageIdBytes(i.ref),
      i.publicKey,
      ROLES[i.role],
      i.maxUses,
      i.used,
      i.expiresMs,
      i.isRevoked,
      userIdBytes(i.by),
    ]),
    policy.history,
    [...epochs.values()].sort((a, b) => compareBytes(a.id, b.id)).map((e) => [e.id, e.gen, e.commitment, [...e.parents], e.isUsable]),
    currentEpoch ?? null,
    [...hidden].sort().map(messageIdBytes),
    [...pinned].sort().map(messageIdBytes),
    [...frontier],
    [...verdicts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([op, verdict]) => [fromBase32(op), verdict]),
    [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([device, s]) => [deviceIdBytes(device), s.count, s.shown, s.nextSeq]),
    certs.map((cert) => cert.bytes).sort(compareBytes),
    fieldsOf(content.application),
    fieldsOf(content.conversation),
    [...content.profiles].map(([user, { name, avatar }]) => [userIdBytes(user), name, avatar]),
    latestMs,
    isDirect,
    [...unread],
  ] as CborValue)
}

/** Undefined when the row is of another format. What we wrote ourselves is taken as it is. */
export function decodeSnapshot(row: Uint8Array, hash: Hash): ControlSnapshot | undefined {
  const fields = decodeCbor(row, LIMITS) as CborValue[]
  if (fields[0] !== SNAPSHOT_FORMAT) return undefined
  const [, members, former, devices, invites, history, epochs, current, hidden, pinned, frontier, verdicts] = fields as Fields
  const [seen, certs, application, conversation, profiles, latestMs, isDirect, unread] = fields.slice(12) as Rest
  const certOf = (bytes: Uint8Array): DeviceCert => {
    const cert = trustedDeviceCert(hash, bytes)
    if (cert === undefined) throw new Error('a certificate in the snapshot cannot be read')
    return cert
  }
  const parts: MembershipParts = {
    members: new Map(
      members.map(([user, role, own, since, addedBy]) => [
        userIdOf(user),
        {
          user: userIdOf(user),
          role: ROLE_NAMES[role] as Role,
          devices: own.map(deviceIdOf),
          since: hlcOf(since),
          addedBy: addedBy === null ? undefined : userIdOf(addedBy),
        },
      ]),
    ),
    former: new Map(
      former.map(([user, by, hasLeft, at]) => [
        userIdOf(user),
        { user: userIdOf(user), by: userIdOf(by), how: hasLeft ? 'left' : 'removed', at: hlcOf(at) },
      ]),
    ),
    devices: new Map(
      devices.map(([device, user, cert, isActive, spans]) => [
        deviceIdOf(device),
        {
          user: userIdOf(user),
          cert: certOf(cert),
          isActive,
          spans: spans.map(([from, to, role]) => ({ from, to: to ?? Number.POSITIVE_INFINITY, role: ROLE_NAMES[role] as Role })),
        },
      ]),
    ),
    invites: new Map(
      invites.map(([refBytes, publicKey, role, maxUses, used, expiresMs, isRevoked, by]) => {
        const ref = messageIdFromBytes(refBytes)
        return [ref, { ref, publicKey, role: ROLE_NAMES[role] as Role, maxUses, used, expiresMs, isRevoked, by: userIdOf(by) }]
      }),
    ),
    policy: { history },
    epochs: new Map(epochs.map(([id, gen, commitment, parents, isUsable]) => [toBase32(id), { id, gen, commitment, parents, isUsable }])),
    currentEpoch: current ?? undefined,
    hidden: new Set<MessageId>(hidden.map(messageIdFromBytes)),
    pinned: new Set<MessageId>(pinned.map(messageIdFromBytes)),
    frontier,
    verdicts: new Map(verdicts.map(([op, verdict]) => [toBase32(op), verdict])),
    mayAdmit: () => {
      throw new Error('nobody is let in before the control entries are read')
    },
  }
  return {
    membership: membershipOf(parts),
    seen: new Map(seen.map(([device, count, shown, nextSeq]) => [deviceIdOf(device), { count, shown, nextSeq }])),
    certs: certs.map(certOf),
    content: {
      application: metadataOf(application),
      conversation: metadataOf(conversation),
      profiles: new Map(profiles.map(([user, name, avatar]) => [userIdOf(user), Object.freeze({ name, avatar })])),
    },
    latestMs,
    isDirect,
    unread,
  }
}

type HlcFields = [ms: number, ctr: number]
type Metadata = [key: string, value: string | number | boolean | Uint8Array][]

/** The first twelve fields of a row. */
type Fields = [
  format: number,
  members: [user: Uint8Array, role: number, devices: Uint8Array[], since: HlcFields, addedBy: Uint8Array | null][],
  former: [user: Uint8Array, by: Uint8Array, hasLeft: boolean, at: HlcFields][],
  devices: [
    device: Uint8Array,
    user: Uint8Array,
    cert: Uint8Array,
    isActive: boolean,
    spans: [from: number, to: number | null, role: number][],
  ][],
  invites: [
    ref: Uint8Array,
    publicKey: Uint8Array,
    role: number,
    maxUses: number,
    used: number,
    expiresMs: number,
    isRevoked: boolean,
    by: Uint8Array,
  ][],
  history: HistoryPolicy,
  epochs: [id: Uint8Array, gen: number, commitment: Uint8Array, parents: Uint8Array[], isUsable: boolean][],
  current: Uint8Array | null,
  hidden: Uint8Array[],
  pinned: Uint8Array[],
  frontier: Uint8Array[],
  verdicts: [op: Uint8Array, verdict: Verdict][],
]

/** Those behind them. */
type Rest = [
  seen: [device: Uint8Array, count: number, shown: number, nextSeq: number][],
  certs: Uint8Array[],
  application: Metadata,
  conversation: Metadata,
  profiles: [user: Uint8Array, name: string, avatar: string][],
  latestMs: number,
  isDirect: boolean,
  unread: Uint8Array[],
]

const hlcFields = ({ ms, ctr }: Hlc): HlcFields => [ms, ctr]
const hlcOf = ([ms, ctr]: HlcFields): Hlc => ({ ms, ctr })

/** Numbers that CBOR as we use it has no place for are kept as doubles, 8 bytes. */
function fieldsOf(metadata: ReadonlyMap<string, MetadataValue>): Metadata {
  return [...metadata].map(([key, value]) => [key, typeof value === 'number' && !isPlain(value) ? doubleBytes(value) : value])
}

function metadataOf(fields: Metadata): Map<string, MetadataValue> {
  return new Map(fields.map(([key, value]) => [key, value instanceof Uint8Array ? doubleOf(value) : value]))
}

const isPlain = (value: number): boolean => Number.isSafeInteger(value) && !Object.is(value, -0)

function doubleBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value)
  return bytes
}

const doubleOf = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0)
