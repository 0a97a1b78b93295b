/**
 * Parley in browsers: a profile is an IndexedDB database, and another one for its keys, which no script can export; peers meet over WebRTC through a rendezvous, and over BroadcastChannel with other
 * profiles of the same browser.
 *
 * @example
 * ```ts
 * const parley = await createParley({ name: 'Alice', rendezvous: ['wss://rendezvous.example.org'] })
 * ```
 */
import { createEngine, type Parley, type Transport, type ViewCache } from '@parley/core'
import { webCryptoProvider } from '@parley/crypto'
import { deleteIndexedDbKeyVault, deleteIndexedDbStore, indexedDbKeyVault, openIndexedDbStore } from '@parley/store-indexeddb'
import { tabsTransport } from '@parley/transport-tabs'
import { webrtcTransport } from '@parley/transport-webrtc'
import { clearDocument, IndexeddbPersistence } from 'y-indexeddb'
import { silentLogger, systemClock, systemRandom } from './environment.ts'
import type { ParleyInit } from './init.ts'

export type {
  Clock,
  Conversation,
  ConversationEvents,
  ConversationState,
  Inspection,
  InviteInit,
  LinkInspection,
  Logger,
  Member,
  MemberStatus,
  Message,
  MessagePage,
  MessageState,
  Metadata,
  MetadataChange,
  Parley,
  ParleyEvents,
  Random,
  Role,
  SendMessageInit,
  Store,
  SyncState,
  Transport,
  UpdateMessageInit,
  User,
} from '@parley/core'
export { isParleyError, ParleyError } from '@parley/protocol'
export type { ConversationId, DeviceId, ErrorCode, MessageId, UserId } from '@parley/protocol'
export type { ParleyInit } from './init.ts'

const databaseOf = (profile: string): string => `parley:${profile}`
const keysOf = (profile: string): string => `parley-keys:${profile}`
/** Encoded, so that no profile's name can be the beginning of another's. */
const viewOf = (profile: string, conversation: string): string => `parley-view:${encodeURIComponent(profile)}:${conversation}`

/**
 * Opens a profile, making it at first use, and goes online. `listen` and `peers` have no effect in browsers.
 * @throws {ProfileLocked} when another tab has it open, {StorageUnavailable} when the browser gives no storage or a part of the profile is gone.
 */
export async function createParley(init: ParleyInit): Promise<Parley> {
  const { profile = 'default', logger = silentLogger } = init
  const crypto = await webCryptoProvider()
  const store = init.store ?? (await openIndexedDbStore({ name: databaseOf(profile) }))
  try {
    return await createEngine({
      store,
      transports: init.offline === true ? [] : (init.transports ?? defaultTransports(init)),
      crypto,
      clock: systemClock,
      random: systemRandom,
      logger,
      viewCache: viewCache(profile),
      // A store of the application's own keeps the keys too, so that the two cannot come apart.
      ...(init.store === undefined ? { vault: indexedDbKeyVault({ name: keysOf(profile), crypto, random: systemRandom }) } : {}),
      ...(init.name === undefined ? {} : { name: init.name }),
    })
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Deletes a profile of this browser: keys, conversations, everything. @throws {ProfileLocked} while a tab has it open; nothing is deleted then. */
export async function deleteProfile(profile: string): Promise<void> {
  await deleteIndexedDbStore(databaseOf(profile))
  await deleteIndexedDbKeyVault(keysOf(profile))
  for (const { name } of await indexedDB.databases()) if (name?.startsWith(viewOf(profile, ''))) await clearDocument(name)
}

function defaultTransports(init: ParleyInit): Transport[] {
  const rendezvous = [...(init.rendezvous ?? [])]
  const tabs = tabsTransport()
  if (rendezvous.length === 0) return [tabs]
  return [tabs, webrtcTransport({ rendezvous, ...(init.iceServers === undefined ? {} : { iceServers: [...init.iceServers] }) })]
}

/** y-indexeddb keeps the view document, so that the last known messages can be painted before the engine is up. It is never the truth. */
function viewCache(profile: string): ViewCache {
  return {
    open(conversation, doc) {
      const persistence = new IndexeddbPersistence(viewOf(profile, conversation), doc)
      return { loaded: persistence.whenSynced.then(() => undefined), close: () => persistence.destroy() }
    },
  }
}
