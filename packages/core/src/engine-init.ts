/** What an engine is opened with. */
import type { CryptoProvider } from '@parley/crypto'
import type { AttachmentsInit } from './attachments/attachments.ts'
import type { ViewCache } from './conversation/parts.ts'
import type { Replicate } from './api.ts'
import type { KeyVault } from './profile/key-vault.ts'
import type { Store } from './store.ts'
import type { Clock, Logger, Random, Transport } from './transport.ts'

export interface EngineInit {
  /** Owned by the engine from here on, which closes it. */
  store: Store
  transports: readonly Transport[]
  crypto: CryptoProvider
  /** Where the device's private keys are kept; in `store` unless told. */
  vault?: KeyVault
  clock: Clock
  random: Random
  logger: Logger
  /** The user's name, when the profile is new. */
  name?: string
  viewCache?: ViewCache
  /** How much of the past is kept here; `all` unless told. */
  replicate?: Replicate
  /** A link code: the profile, which must be new, becomes a device of that user. `onShortCode` hears the code that both devices show. */
  link?: string
  onShortCode?: (code: string) => void
  /** What the new device calls itself. */
  deviceName?: string
  /** A recovery phrase: the profile, which must be new or made by it, becomes a device of that user and looks for their conversations. */
  recover?: readonly string[] | string
  /** Calls `link` and `recover` off. */
  signal?: AbortSignal
  /** Where attached files are kept, and what makes them; without it files can be neither sent nor read. */
  attachments?: AttachmentsInit
  /** Asks the platform to keep what is in the store, where it might not. Default: it does. */
  persist?(): Promise<boolean>
}
