/** What the parts of the engine share: the environment, and who this device is. */
import type { CryptoProvider, DeviceKeys } from '@parley/crypto'
import type { DeviceId, UserId } from '@parley/protocol'
import type { Preferences, Replicate } from './api.ts'
import type { Store } from './store.ts'
import type { WaitingBytes } from './support/waiting-bytes.ts'
import type { Clock, Logger, Random } from './transport.ts'

export interface Identity {
  readonly userId: UserId
  readonly deviceId: DeviceId
  readonly deviceBytes: Uint8Array
  readonly cert: Uint8Array
  readonly keys: DeviceKeys
  /** 8 random bytes, new with every start: tells a restarted peer from a second link. */
  readonly session: Uint8Array
}

export interface Context {
  readonly store: Store
  readonly crypto: CryptoProvider
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly me: Identity
  /** How much of the past is kept here; `all` unless told. */
  readonly replicate?: Replicate
  /** What peers made wait in memory, over all conversations. */
  readonly waiting: WaitingBytes
  /** What the user chose; the defaults where there is none. */
  readonly preferences?: { readonly value: Preferences }
  /** Hears of failures that no caller waits for. */
  report(error: unknown, where: string): void
}
