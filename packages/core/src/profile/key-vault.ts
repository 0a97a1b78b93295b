/** Where the private keys of this device live. */
import { createDeviceSecrets, deviceKeysOf, type CryptoProvider, type DeviceKeys, type DeviceSecrets } from '@parley/crypto'
import { decodeCbor, encodeCbor, ParleyError, Reject, type CborValue } from '@parley/protocol'
import { deviceKeysKey } from '../replica/keyspace.ts'
import type { Store } from '../store.ts'
import type { Random } from '../transport.ts'

/** Keeps the keys of one device. The engine never sees what is behind them, so a vault may keep them where no script can read them. */
export interface KeyVault {
  /** The keys, or undefined when there are none. @throws {StorageUnavailable} when they cannot be read or make no sense. */
  load(): Promise<DeviceKeys | undefined>
  /**
   * Makes keys, in place of any that are there, and resolves once they would outlive a crash. Asked only while no profile has been made.
   * @throws {StorageFull} {StorageUnavailable}
   */
  create(): Promise<DeviceKeys>
}

/** Keeps the bytes of the keys in the profile's own store, as safe as the store is: the default, and right where it is a file of the user's. */
export function storeKeyVault({ store, crypto, random }: { store: Store; crypto: CryptoProvider; random: Random }): KeyVault {
  return {
    async load() {
      const row = await store.get(deviceKeysKey())
      return row === undefined ? undefined : deviceKeysOf(crypto, decodeSecrets(row))
    },
    async create() {
      const secrets = createDeviceSecrets((length) => random.bytes(length))
      const value = encodeCbor([secrets.signSecret, secrets.agreeSecret])
      await store.write([{ type: 'put', key: deviceKeysKey(), value }], { durability: 'strict' })
      return deviceKeysOf(crypto, secrets)
    },
  }
}

function decodeSecrets(row: Uint8Array): DeviceSecrets {
  const [signSecret, agreeSecret] = decodeProfileRow(row)
  if (!isSecret(signSecret) || !isSecret(agreeSecret)) throw unusableProfile('its keys are damaged')
  return { signSecret, agreeSecret }
}

const isSecret = (value: CborValue | undefined): value is Uint8Array => value instanceof Uint8Array && value.length === 32

/** The fields of a row about the profile. @throws {StorageUnavailable} when it is damaged. */
export function decodeProfileRow(row: Uint8Array): readonly CborValue[] {
  try {
    const fields: CborValue = decodeCbor(row)
    if (Array.isArray(fields)) return fields as readonly CborValue[]
  } catch (error) {
    if (!(error instanceof Reject)) throw error
  }
  throw unusableProfile('its data is damaged')
}

/** The error for a profile that cannot be opened. Never mended by making a new identity: that would be somebody else to all its friends. */
export function unusableProfile(why: string): ParleyError {
  return new ParleyError(
    'StorageUnavailable',
    `This profile cannot be opened: ${why}. Restore it from a copy, or delete it and begin a new one.`,
  )
}
