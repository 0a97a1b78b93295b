/**
 * The profile of this device: its certificate and how its user wants to be called, one row of the store. Its keys lie in a vault, which may
 * be another database, and either of the two can be lost alone.
 *
 * The first start writes the row without a certificate, then the keys, then the certificate into the row. So every later start can tell a
 * profile that was never finished, which is finished then, from one that lost its row or its keys, which is refused.
 */
import { createDeviceCert, verifyDeviceCert, type CryptoProvider, type DeviceKeys } from '@parley/crypto'
import { deviceIdBytes, encodeCbor, equalBytes, ParleyError } from '@parley/protocol'
import type { Identity } from '../context.ts'
import { decodeProfileRow, unusableProfile, type KeyVault } from './key-vault.ts'
import { profileKey } from '../replica/keyspace.ts'
import type { Store } from '../store.ts'
import type { Clock, Random } from '../transport.ts'

export interface StoredProfile {
  /** Empty until the keys are durable. */
  readonly cert: Uint8Array
  readonly name: string
  readonly avatar: string
}

interface Environment {
  readonly store: Store
  readonly vault: KeyVault
  readonly crypto: CryptoProvider
  readonly clock: Clock
  readonly random: Random
}

/** Reads the profile, or makes one at first use. @throws {StorageUnavailable} when a part of it is damaged or gone. */
export async function loadProfile(
  environment: Environment,
  name: string | undefined,
): Promise<{ profile: StoredProfile; identity: Identity }> {
  const { store, vault, crypto, random } = environment
  const row = await store.get(profileKey())
  const stored = row === undefined ? undefined : decodeProfile(row)
  const kept = await vault.load()
  if (stored === undefined && kept !== undefined) throw unusableProfile('its data was deleted and only its keys are left')
  const { profile, keys } =
    stored === undefined || stored.cert.length === 0
      ? await createProfile(environment, { name: name ?? stored?.name ?? '', avatar: '' })
      : { profile: stored, keys: kept }
  if (keys === undefined) throw unusableProfile('its keys were deleted, by the browser or by hand')
  const cert = await verifyDeviceCert(crypto, profile.cert)
  if (cert === undefined) throw unusableProfile('its certificate is damaged')
  if (!equalBytes(cert.signKey, keys.signing.publicKey) || !equalBytes(cert.agreeKey, keys.agreement.publicKey)) {
    throw unusableProfile('its keys belong to another profile')
  }
  const { userId, deviceId } = cert
  return {
    profile,
    identity: { userId, deviceId, deviceBytes: deviceIdBytes(deviceId), cert: profile.cert, keys, session: random.bytes(8) },
  }
}

/** Stores a changed profile. */
export async function saveProfile(store: Store, { cert, name, avatar }: StoredProfile): Promise<void> {
  await store.write([{ type: 'put', key: profileKey(), value: encodeCbor([cert, name, avatar]) }], { durability: 'strict' })
}

/** The certificate of the profile; undefined when there is none, empty while it is nobody yet. */
export async function loadCert(store: Store): Promise<Uint8Array | undefined> {
  const row = await store.get(profileKey())
  return row === undefined ? undefined : decodeProfile(row).cert
}

/** Makes the keys of a profile whose certificate comes from elsewhere. @throws {ParleyError} NotAllowed when it is somebody already. */
export async function beginProfile(
  { store, vault }: Pick<Environment, 'store' | 'vault'>,
  user = { name: '', avatar: '' },
): Promise<DeviceKeys> {
  const row = await store.get(profileKey())
  if (row !== undefined && decodeProfile(row).cert.length > 0)
    throw new ParleyError('NotAllowed', 'this profile belongs to somebody already; begin a new one')
  await saveProfile(store, { ...user, cert: new Uint8Array(0) })
  return vault.create()
}

async function createProfile(
  environment: Environment,
  user: { name: string; avatar: string },
): Promise<{ profile: StoredProfile; keys: DeviceKeys }> {
  const { store, crypto, clock, random } = environment
  const keys = await beginProfile(environment, user)
  const profile = { ...user, cert: await createDeviceCert(crypto, keys, { createdMs: clock.now(), salt16: random.bytes(16) }) }
  await saveProfile(store, profile)
  return { profile, keys }
}

function decodeProfile(row: Uint8Array): StoredProfile {
  const [cert, name, avatar] = decodeProfileRow(row)
  if (!(cert instanceof Uint8Array) || typeof name !== 'string' || typeof avatar !== 'string') throw unusableProfile('its data is damaged')
  return { cert: cert.slice(), name, avatar }
}
