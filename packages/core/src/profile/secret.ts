/** Secrets that an adapter needs again at every start, such as a transport's own key; kept beside the profile. */
import { concatBytes, utf8 } from '@parley/protocol'
import type { Store } from '../store.ts'
import type { Random } from '../transport.ts'

/** Table of the store; the name follows. */
const SECRET = 0x03
const SECRET_BYTES = 32

/** The 32 bytes kept under `name`, made and stored durably at first use. */
export async function storedSecret(store: Store, name: string, random: Random): Promise<Uint8Array> {
  const key = concatBytes(Uint8Array.of(SECRET), utf8(name))
  const known = await store.get(key)
  if (known?.length === SECRET_BYTES) return known
  const value = random.bytes(SECRET_BYTES)
  await store.write([{ type: 'put', key, value }], { durability: 'strict' })
  return value
}
