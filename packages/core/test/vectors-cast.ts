/** The people of the handshake and signal vectors, as far as those two need an engine. */
import { deviceKeysOf, verifyDeviceCert, type CryptoProvider, type DeviceCert } from '@parley/crypto'
import { conversationIdOf, deviceIdBytes } from '@parley/protocol'
import { createMemoryStore, createManualClock, silentLogger } from '@parley/testing'
import type { Context } from '../src/context.ts'
import { WaitingBytes } from '../src/support/waiting-bytes.ts'
import { EpochKeys } from '../src/replica/epochs.ts'
import type { Replica } from '../src/replica/replica.ts'

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** A person as a vector describes one; `random` is what its chance will be, in order. */
export interface PersonVector {
  readonly signSecret: string
  readonly agreeSecret: string
  readonly cert: string
  readonly session: string
  readonly random: readonly string[]
}

/** Whoever runs out of recorded chance gets zeros: nothing is checked from there on. */
export async function contextOf(
  crypto: CryptoProvider,
  { signSecret, agreeSecret, cert, session, random }: PersonVector,
): Promise<Context> {
  const keys = deviceKeysOf(crypto, { signSecret: unhex(signSecret), agreeSecret: unhex(agreeSecret) })
  const { userId, deviceId } = await certOf(crypto, cert)
  const rest = [...random]
  const fail = (error: unknown): never => {
    throw error
  }
  return {
    store: createMemoryStore(),
    crypto,
    clock: createManualClock(),
    random: { bytes: (length) => unhex(rest.shift() ?? '00'.repeat(length)) },
    logger: silentLogger(),
    me: { userId, deviceId, deviceBytes: deviceIdBytes(deviceId), cert: unhex(cert), keys, session: unhex(session) },
    waiting: new WaitingBytes(),
    report: fail,
  }
}

export async function certOf(crypto: CryptoProvider, cert: string): Promise<DeviceCert> {
  const read = await verifyDeviceCert(crypto, unhex(cert))
  if (read === undefined) throw new Error('the recorded certificate does not hold')
  return read
}

/** What handshake and signals read of a replica: the keys, the invites and who is a member. */
export function replicaOf(vector: {
  readonly conversation: string
  readonly epoch: { readonly ctl: string; readonly msg: string }
  readonly state?: 'member' | 'joining'
  readonly seed?: Uint8Array
  readonly invites?: readonly { readonly publicKey: Uint8Array }[]
  readonly members?: readonly DeviceCert[]
}): Replica {
  const bytes = unhex(vector.conversation)
  const epochs = new EpochKeys(bytes)
  const { id } = epochs.add({ ctl: unhex(vector.epoch.ctl), msg: unhex(vector.epoch.msg) })
  epochs.choose(id, [id])
  const devices = new Map((vector.members ?? []).map((cert) => [cert.deviceId, { user: cert.userId, cert }]))
  const { state = 'member', seed, invites = [] } = vector
  return {
    id: conversationIdOf(bytes),
    bytes,
    epochs,
    record: { state, seed },
    invites: () => invites,
    controls: { membership: { devices } },
  } as unknown as Replica
}
