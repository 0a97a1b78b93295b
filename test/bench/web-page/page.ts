/** Writes a long history into the profile that the demo opens; served under the demo's own origin, for profiles belong to origins. */
import { webCryptoProvider } from '@parley/crypto'
import { indexedDbKeyVault, openIndexedDbStore } from '@parley/store-indexeddb'
import { writeHistory } from '../scale-authors.ts'

/** As `createParley` names them for the profile of a tab that names none. */
const STORE = 'parley:me'
const KEYS = 'parley-keys:me'

async function makeHistory(total: number): Promise<void> {
  const crypto = await webCryptoProvider()
  const random = { bytes: (length: number) => globalThis.crypto.getRandomValues(new Uint8Array(length)) }
  const vault = indexedDbKeyVault({ name: KEYS, crypto, random })
  await writeHistory({ crypto, vault, openStore: () => openIndexedDbStore({ name: STORE }) }, total)
}

export type MakeHistory = typeof makeHistory

Object.assign(globalThis, { makeHistory })
