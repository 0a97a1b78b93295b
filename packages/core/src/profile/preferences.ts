/** What the user chose for the whole profile: one row of the store. */
import { decodeCbor, encodeCbor, ParleyError } from '@parley/protocol'
import type { Preferences } from '../api.ts'
import { preferencesKey } from '../replica/keyspace.ts'
import type { Store } from '../store.ts'

const DEFAULTS: Preferences = Object.freeze({ sendSeen: true })

export class StoredPreferences {
  readonly #store: Store
  #value: Preferences = DEFAULTS

  constructor(store: Store) {
    this.#store = store
  }

  get value(): Preferences {
    return this.#value
  }

  async load(): Promise<void> {
    const row = await this.#store.get(preferencesKey())
    const value = row === undefined ? undefined : decodeCbor(row)
    if (Array.isArray(value) && typeof value[0] === 'boolean') this.#value = Object.freeze({ sendSeen: value[0] })
  }

  /** Takes effect once it is stored. @throws {InvalidArgument} */
  async set(change: Partial<Preferences>): Promise<void> {
    const { sendSeen } = { ...this.#value, ...change }
    if (typeof sendSeen !== 'boolean') throw new ParleyError('InvalidArgument', 'sendSeen is true or false')
    await this.#store.write([{ type: 'put', key: preferencesKey(), value: encodeCbor([sendSeen]) }])
    this.#value = Object.freeze({ sendSeen })
  }
}
