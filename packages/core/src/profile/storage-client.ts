/** The part of the client about what this device keeps for itself: its room, and what the user chose. */
import type { Preferences, StorageEstimate } from '../api.ts'
import type { Attachments } from '../attachments/attachments.ts'
import { PeopleClient } from '../contacts/people-client.ts'
import type { Store } from '../store.ts'
import type { StoredPreferences } from './preferences.ts'

export abstract class StorageClient extends PeopleClient {
  protected abstract readonly store: Store
  protected abstract readonly attachments: Attachments | undefined
  protected abstract readonly storedPreferences: StoredPreferences
  /** Asks the system to keep what is stored; resolves whether it does. */
  protected abstract readonly requestPersistence: () => Promise<boolean>

  get preferences(): Preferences {
    return this.storedPreferences.value
  }

  async setPreferences(change: Partial<Preferences>): Promise<void> {
    this.assertOpen()
    await this.storedPreferences.set(change)
  }

  async storageEstimate(): Promise<StorageEstimate> {
    this.assertOpen()
    const [store, files] = await Promise.all([this.store.estimate(), this.attachments?.init.blobs.estimate()])
    return Object.freeze({ store: Object.freeze(store), files: files && Object.freeze(files) })
  }

  async persist(): Promise<boolean> {
    this.assertOpen()
    return this.requestPersistence()
  }
}
