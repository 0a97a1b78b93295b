/**
 * Parley in browsers: a profile is an IndexedDB database; peers meet over WebRTC through a rendezvous, and over BroadcastChannel with other
 * profiles of the same browser.
 *
 * @example
 * ```ts
 * const parley = await createParley({ name: 'Alice', rendezvous: ['wss://rendezvous.example.org'] })
 * ```
 */
import { createEngine, type Parley, type Transport, type ViewCache } from '@parley/core'
import { nobleProvider } from '@parley/crypto'
import { deleteIndexedDbStore, openIndexedDbStore } from '@parley/store-indexeddb'
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
const viewOf = (profile: string, conversation: string): string => `parley-view:${profile}:${conversation}`

/**
 * Opens a profile, making it at first use, and goes online. `listen` and `peers` have no effect in browsers.
 * @throws {ProfileLocked} when another tab has it open, {StorageUnavailable} when the browser gives no storage.
 */
export async function createParley(init: ParleyInit): Promise<Parley> {
  const { profile = 'default', logger = silentLogger } = init
  const store = init.store ?? (await openIndexedDbStore({ name: databaseOf(profile) }))
  try {
    return await createEngine({
      store,
      transports: init.offline === true ? [] : (init.transports ?? defaultTransports(init)),
      crypto: nobleProvider(),
      clock: systemClock,
      random: systemRandom,
      logger,
      viewCache: viewCache(profile),
      ...(init.name === undefined ? {} : { name: init.name }),
    })
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Deletes a profile of this browser that no tab has open: keys, conversations, everything. */
export async function deleteProfile(profile: string): Promise<void> {
  for (const { name } of await indexedDB.databases()) if (name?.startsWith(viewOf(profile, ''))) await clearDocument(name)
  await deleteIndexedDbStore(databaseOf(profile))
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
