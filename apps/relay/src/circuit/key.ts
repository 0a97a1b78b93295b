import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { open, readFile, stat } from 'node:fs/promises'

/** An RSA key of 8,192 bits has 4.7 KB; ours has 68 bytes. */
const MAX_KEY_FILE_BYTES = 8_192

/** Only the owner may read and write. */
const OWNER_ONLY = 0o600

/** Any right of the group or of others. */
const OTHERS = 0o077

/**
 * The identity of the circuit relay: read from the file (libp2p's protobuf of a private key), or made and written there (mode 0600) when
 * there is none. Clients know the relay by it, so it must outlive a restart.
 * @throws Error when the file is no such key, or when others than its owner may read it
 */
export async function loadKey(path: string): Promise<PrivateKey> {
  const fresh = privateKeyToProtobuf(await generateKeyPair('Ed25519'))
  if (await createFile(path, fresh)) return privateKeyFromProtobuf(fresh)
  const { mode, size } = await stat(path)
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0)
    throw new Error(`${path} can be read by others; chmod 600 it or make a new one.`)
  if (size > MAX_KEY_FILE_BYTES) throw new Error(`${path} is no libp2p private key: it is too large.`)
  try {
    return privateKeyFromProtobuf(await readFile(path))
  } catch (error) {
    throw new Error(`${path} is no libp2p private key.`, { cause: error })
  }
}

/** False when the file exists. */
async function createFile(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    const file = await open(path, 'wx', OWNER_ONLY)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
