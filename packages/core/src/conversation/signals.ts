/**
 * Presence packets and seen slots: small signed statements of one device that travel beside the log. Both are sealed under the presence key
 * of an epoch and signed by the device, so nobody can speak for another (SECURITY-DESIGN 5.10).
 *
 * packet = CBOR [epoch16, device16, session8, counter, ms, sealed, signature64]; slot = CBOR [epoch16, device16, version, sealed, signature64].
 * The signature covers everything before it, behind a tag and the conversation id.
 */
import { openBody, sealBody } from '@parley/crypto'
import { concatBytes, decodeCbor, deviceIdOf, encodeCbor, Reject, utf8, type CborValue, type DeviceId } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Replica } from '../replica/replica.ts'

const PRESENCE_TAG = utf8('parley/1/presence')
const SEEN_TAG = utf8('parley/1/seen')

export interface PresencePacket {
  readonly device: DeviceId
  /** 8 bytes as text: one run of the peer's engine. */
  readonly session: string
  /** Rises with every packet of a session. */
  readonly counter: number
  /** The sender's clock. */
  readonly ms: number
  readonly online: boolean
  readonly typing: boolean
}

export interface SeenSlot {
  readonly device: DeviceId
  readonly version: number
  /** Timeline key (44 bytes) of the last message seen. */
  readonly key: Uint8Array
}

export async function makePresence(
  context: Context,
  replica: Replica,
  state: { counter: number; ms: number; online: boolean; typing: boolean },
): Promise<Uint8Array> {
  const { me } = context
  const plain = encodeCbor([state.online, state.typing])
  return make(context, replica, PRESENCE_TAG, (epoch) => [epoch, me.deviceBytes, me.session, state.counter, state.ms], plain)
}

/** Whose signal it says it is; nothing of it has been verified. @throws {Reject} BadShape, NotCanonical. */
export function signalDevice(bytes: Uint8Array): DeviceId {
  const value = decodeCbor(bytes)
  const device = Array.isArray(value) ? (value[1] as CborValue) : undefined
  if (!isBytes(device, 16)) throw new Reject('BadShape', 'signal')
  return deviceIdOf(device)
}

/** @throws {Reject} BadShape, BadSignature, BadCipher, UnknownDevice, NotCanonical. */
export async function readPresence(context: Context, replica: Replica, bytes: Uint8Array): Promise<PresencePacket> {
  const { fields, plain } = await read(context, replica, PRESENCE_TAG, bytes, 7)
  const [, device, session, counter, ms] = fields
  if (!(session instanceof Uint8Array) || session.length !== 8) throw new Reject('BadShape', 'presence session')
  if (typeof counter !== 'number' || typeof ms !== 'number' || counter < 0 || ms < 0) throw new Reject('BadShape', 'presence counter')
  const state = decodeCbor(plain)
  if (!Array.isArray(state) || typeof state[0] !== 'boolean' || typeof state[1] !== 'boolean')
    throw new Reject('BadShape', 'presence state')
  return {
    device: deviceIdOf(device as Uint8Array),
    session: String.fromCharCode(...session),
    counter,
    ms,
    online: state[0],
    typing: state[1],
  }
}

export async function makeSlot(context: Context, replica: Replica, slot: { version: number; key: Uint8Array }): Promise<Uint8Array> {
  return make(context, replica, SEEN_TAG, (epoch) => [epoch, context.me.deviceBytes, slot.version], slot.key)
}

/** @throws {Reject} as `readPresence`. */
export async function readSlot(context: Context, replica: Replica, bytes: Uint8Array): Promise<SeenSlot> {
  const { fields, plain } = await read(context, replica, SEEN_TAG, bytes, 5)
  const [, device, version] = fields
  if (typeof version !== 'number' || version < 0 || plain.length !== 44) throw new Reject('BadShape', 'seen slot')
  return { device: deviceIdOf(device as Uint8Array), version, key: plain }
}

async function make(
  { me, random }: Context,
  replica: Replica,
  tag: Uint8Array,
  head: (epoch: Uint8Array) => CborValue[],
  plain: Uint8Array,
): Promise<Uint8Array> {
  const epoch = replica.epochs.current
  if (epoch === undefined) throw new Reject('NotAMember', 'no epoch key yet')
  const fields = head(epoch.id)
  const sealed = sealBody(epoch.presenceKey, random.bytes(24), aad(tag, replica.bytes, fields), plain)
  const signature = await me.keys.signing.sign(concatBytes(aad(tag, replica.bytes, fields), sealed))
  return encodeCbor([...fields, sealed, signature])
}

async function read(
  { crypto }: Context,
  replica: Replica,
  tag: Uint8Array,
  bytes: Uint8Array,
  items: number,
): Promise<{ fields: readonly CborValue[]; plain: Uint8Array }> {
  const value = decodeCbor(bytes)
  if (!Array.isArray(value) || value.length !== items) throw new Reject('BadShape', 'signal')
  const fields = value.slice(0, -2) as CborValue[]
  const [epochId, device] = fields
  const [sealed, signature] = value.slice(-2) as CborValue[]
  if (!isBytes(epochId, 16) || !isBytes(device, 16) || !(sealed instanceof Uint8Array) || !isBytes(signature, 64))
    throw new Reject('BadShape', 'signal')
  const author = replica.controls.membership.devices.get(deviceIdOf(device))
  const epoch = replica.epochs.get(epochId)
  if (author === undefined || epoch === undefined) throw new Reject('UnknownDevice', 'signal of an unknown device or epoch')
  const message = concatBytes(aad(tag, replica.bytes, fields), sealed)
  if (!(await crypto.verify({ publicKey: author.cert.signKey, message, signature }))) throw new Reject('BadSignature', 'signal')
  const plain = openBody(epoch.presenceKey, sealed, aad(tag, replica.bytes, fields))
  if (plain === undefined) throw new Reject('BadCipher', 'signal')
  return { fields, plain }
}

const aad = (tag: Uint8Array, conversation: Uint8Array, fields: CborValue[]): Uint8Array =>
  concatBytes(tag, conversation, encodeCbor(fields))

function isBytes(value: CborValue | undefined, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length
}
