/** The part of the client about what this device keeps for itself: its room, and what the user chose. */
import { parseConversationId, type ConversationId } from '@parley/protocol'
import type { Preferences, StorageEstimate, VerifyOptions, VerifyReport } from '../api.ts'
import type { Attachments } from '../attachments/attachments.ts'
import { PeopleClient } from '../contacts/people-client.ts'
import { checkObject, checkText } from '../conversation/arguments.ts'
import type { OpenConversations } from '../conversation/open-conversations.ts'
import type { Store } from '../store.ts'
import type { StoredPreferences } from './preferences.ts'

export abstract class StorageClient extends PeopleClient {
  protected abstract readonly store: Store
  protected abstract readonly attachments: Attachments | undefined
  protected abstract readonly storedPreferences: StoredPreferences
  protected abstract readonly openConversations: OpenConversations
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

  async verify(conversation?: ConversationId, options: VerifyOptions = {}): Promise<VerifyReport> {
    this.assertOpen()
    const { repair = false, signal } = checkObject(options, 'options')
    const known = this.openConversations
    const only = conversation === undefined ? undefined : known.known(parseConversationId(checkText(conversation, 'conversation id')))
    const { verifyProfile } = await import('../verify/index.ts')
    const place = { store: this.store, attachments: this.attachments, conversations: [...known] }
    return verifyProfile(place, only, { repair, ...(signal === undefined ? {} : { signal }) })
  }

  async persist(): Promise<boolean> {
    this.assertOpen()
    return this.requestPersistence()
  }
}
