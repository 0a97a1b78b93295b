/** The profile of this device: its keys, its certificate and how its user wants to be called. One row of the store. */
import { createDeviceCert, createDeviceKeys, verifyDeviceCert, type CryptoProvider } from '@parley/crypto'
import { decodeCbor, deviceIdBytes, encodeCbor, ParleyError } from '@parley/protocol'
import type { Identity } from './context.ts'
import { profileKey } from './keyspace.ts'
import type { Store } from './store.ts'
import type { Clock, Random } from './transport.ts'

export interface StoredProfile {
  readonly signSecret: Uint8Array
  readonly agreeSecret: Uint8Array
  readonly cert: Uint8Array
  readonly name: string
  readonly avatar: string
}

/** Reads the profile, or makes one at first use. @throws {StorageUnavailable} when the row is damaged. */
export async function loadProfile(
  { store, crypto, clock, random }: { store: Store; crypto: CryptoProvider; clock: Clock; random: Random },
  name: string | undefined,
): Promise<{ profile: StoredProfile; identity: Identity }> {
  const row = await store.get(profileKey())
  const profile = row === undefined ? await createProfile({ store, crypto, clock, random }, name ?? '') : decodeProfile(row)
  const cert = await verifyDeviceCert(crypto, profile.cert)
  if (cert === undefined) throw new ParleyError('StorageUnavailable', 'the stored profile is damaged; restore it from a copy or delete it')
  const { userId, deviceId } = cert
  const { signSecret, agreeSecret } = profile
  return { profile, identity: { userId, deviceId, deviceBytes: deviceIdBytes(deviceId), cert: profile.cert, signSecret, agreeSecret, session: random.bytes(8) } }
}

/** Stores a changed profile. */
export async function saveProfile(store: Store, { signSecret, agreeSecret, cert, name, avatar }: StoredProfile): Promise<void> {
  await store.write([{ type: 'put', key: profileKey(), value: encodeCbor([signSecret, agreeSecret, cert, name, avatar]) }], { durability: 'strict' })
}

async function createProfile({ store, crypto, clock, random }: { store: Store; crypto: CryptoProvider; clock: Clock; random: Random }, name: string): Promise<StoredProfile> {
  const keys = createDeviceKeys((n) => random.bytes(n))
  const cert = await createDeviceCert(crypto, keys, { createdMs: clock.now(), salt16: random.bytes(16) })
  const profile: StoredProfile = { ...keys, cert, name, avatar: '' }
  await saveProfile(store, profile)
  return profile
}

function decodeProfile(row: Uint8Array): StoredProfile {
  const [signSecret, agreeSecret, cert, name, avatar] = decodeCbor(row) as [Uint8Array, Uint8Array, Uint8Array, string, string]
  return { signSecret: signSecret.slice(), agreeSecret: agreeSecret.slice(), cert: cert.slice(), name, avatar }
}
