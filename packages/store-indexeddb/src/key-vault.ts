/**
 * Where a browser keeps the private keys of a device: in an IndexedDB database of their own, as the browser's own key objects, which no
 * script can export.
 */
import { unusableProfile, type KeyVault, type Random } from '@parley/core'
import {
  createDeviceSecrets,
  deviceKeysOf,
  deviceKeysOfWeb,
  generateWebKeys,
  type CryptoProvider,
  type DeviceKeys,
  type DeviceSecrets,
  type WebKeys,
} from '@parley/crypto'
import { deleteDB, openDB, type IDBPDatabase } from 'idb'
import { toStoreError } from './errors.ts'

/** Version of the layout of the database: one object store with one record. */
const DATABASE_VERSION = 1
const KEYS = 'keys'
const DEVICE = 'device'

/** What the record holds: key objects, or bytes where the browser has no key objects of these kinds. */
type KeyRecord = { readonly web: WebKeys } | { readonly secrets: DeviceSecrets }

/** Which database a vault is, and what its keys work with. */
export interface IndexedDbKeyVaultInit {
  /** The name of the database, unique to the profile within the origin, and not that of its store. */
  name: string
  crypto: CryptoProvider
  /** For the bytes of keys in browsers without Ed25519 or X25519. */
  random: Random
}

/**
 * The vault. Its database is open only during a call, and has no lock of its own: whoever uses it holds the store of the profile.
 * @throws {StorageUnavailable} from either method when the browser refuses, {StorageFull} from `create`.
 */
export function indexedDbKeyVault({ name, crypto, random }: IndexedDbKeyVaultInit): KeyVault {
  return {
    async load() {
      const record: unknown = await withDatabase(name, (database) => database.get(KEYS, DEVICE))
      if (record === undefined) return undefined
      if (!isKeyRecord(record)) throw unusableProfile('its keys are damaged')
      return keysOf(crypto, record)
    },
    async create() {
      const web = await generateWebKeys()
      const record: KeyRecord = web === undefined ? { secrets: createDeviceSecrets((length) => random.bytes(length)) } : { web }
      await withDatabase(name, async (database) => {
        const transaction = database.transaction(KEYS, 'readwrite', { durability: 'strict' })
        await Promise.all([transaction.store.put(record, DEVICE), transaction.done])
      })
      return keysOf(crypto, record)
    },
  }
}

/** Deletes the database of that name with the keys in it; does nothing when there is none. @throws {StorageUnavailable} when the browser refuses. */
export async function deleteIndexedDbKeyVault(name: string): Promise<void> {
  try {
    await deleteDB(name)
  } catch (error) {
    throw toStoreError(error, name)
  }
}

function keysOf(crypto: CryptoProvider, record: KeyRecord): DeviceKeys | Promise<DeviceKeys> {
  return 'web' in record ? deviceKeysOfWeb(record.web) : deviceKeysOf(crypto, record.secrets)
}

async function withDatabase<T>(name: string, work: (database: IDBPDatabase) => Promise<T>): Promise<T> {
  try {
    const database = await openDB(name, DATABASE_VERSION, { upgrade: (created) => void created.createObjectStore(KEYS) })
    try {
      return await work(database)
    } finally {
      database.close()
    }
  } catch (error) {
    throw toStoreError(error, name)
  }
}

function isKeyRecord(record: unknown): record is KeyRecord {
  const { web, secrets } = record as { web?: Partial<WebKeys>; secrets?: Partial<DeviceSecrets> }
  if (web !== undefined) return isKeyPair(web.signing) && isKeyPair(web.agreement)
  return isSecret(secrets?.signSecret) && isSecret(secrets?.agreeSecret)
}

const isKeyPair = (pair: CryptoKeyPair | undefined): boolean => pair?.privateKey instanceof CryptoKey && pair.publicKey instanceof CryptoKey

const isSecret = (bytes: Uint8Array | undefined): boolean => bytes instanceof Uint8Array && bytes.length === 32
