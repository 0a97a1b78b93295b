/**
 * Parley in browsers: a profile is an IndexedDB database, and another one for its keys, which no script can export; peers meet over WebRTC through a rendezvous,
 * desktop peers are dialled over WebSockets or a relay, and other profiles of the same browser are met over BroadcastChannel.
 *
 * @example
 * ```ts
 * const parley = await createParley({ name: 'Alice', rendezvous: ['wss://rendezvous.example.org'] })
 * ```
 */
import { createEngine, type AttachmentsInit, type Parley, type Transport, type ViewCache } from '@parley/core'
import { webCryptoProvider, webFileCrypto } from '@parley/crypto'
import {
  deleteIndexedDbKeyVault,
  deleteIndexedDbStore,
  deleteOpfsBlobStore,
  indexedDbKeyVault,
  openIndexedDbStore,
  openOpfsBlobStore,
} from '@parley/store-indexeddb'
import { isParleyError } from '@parley/protocol'
import { tabsTransport } from '@parley/transport-tabs'
import { clearDocument, IndexeddbPersistence, storeState } from 'y-indexeddb'
import { silentLogger, systemClock, systemRandom } from './environment.ts'
import { becoming, type ParleyInit } from './init.ts'
import { pictureOf } from './picture.browser.ts'
import { canShareTabs, openInTabs } from './tabs/index.ts'

export type {
  ArchiveSource,
  Attachment,
  BlobStore,
  Clock,
  Contact,
  Conversation,
  ConversationEvents,
  ConversationState,
  Damage,
  DamageCode,
  Device,
  DeviceLinkOffer,
  Draft,
  ExportOptions,
  FetchOptions,
  FileInput,
  FormerMember,
  Highlight,
  ImportOptions,
  Inspection,
  InviteInfo,
  InviteInit,
  LinkInspection,
  ListAttachmentsOptions,
  Logger,
  Member,
  MemberStatus,
  Mention,
  Message,
  MessagePage,
  MessageReceipt,
  MessageState,
  MessageVersion,
  Metadata,
  MetadataChange,
  Parley,
  ParleyEvents,
  Preferences,
  Replicate,
  Random,
  Reaction,
  Role,
  SearchOptions,
  SearchResult,
  SearchResults,
  SendMessageInit,
  Store,
  StorageEstimate,
  StorageUse,
  SyncState,
  Timeline,
  TimelineAnchor,
  TimelineOptions,
  TimelineSnapshot,
  Transport,
  UpdateMessageInit,
  User,
  VerifyOptions,
  VerifyReport,
} from '@parley/core'
export { isParleyError, ParleyError } from '@parley/protocol'
export type { ConversationId, DeviceId, ErrorCode, MessageId, UserId } from '@parley/protocol'
export type { ParleyInit, RTCIceServerInit } from './init.ts'
export { tabStatus } from './tabs/index.ts'
export type { TabStatus } from './tabs/status.ts'

/** How long the first tab waits for the browser to give it the database of one that has just died. One that takes over waits until it is closed itself. */
const DATABASE_WAIT_MS = 5_000

const databaseOf = (profile: string): string => `parley:${profile}`
/** Encoded as the channels of tabs begin with it. */
const tabsOf = (profile: string): string => `parley-profile:${encodeURIComponent(profile)}`
const keysOf = (profile: string): string => `parley-keys:${profile}`
/** Encoded, so that no profile's name can be the beginning of another's. */
const viewOf = (profile: string, conversation: string): string => `parley-view:${encodeURIComponent(profile)}:${conversation}`

/**
 * Opens a profile, making it at first use, and goes online. The tabs of one profile share one engine, which the first of them hosts and another
 * one takes over when it goes; in each the client has the whole API. `listen` has no effect in browsers.
 *
 * A `store` of the application's own is not shared.
 * With `link` or `recover` a new profile becomes a device of somebody first.
 * @throws {LinkCodeInvalid, LinkExpired, LinkUsed, LinkRejected, PhraseInvalid, Unreachable, NotAllowed, Aborted} for these two; {ProfileLocked} when the tab that hosts the engine does not answer, {StorageUnavailable} when the browser gives no storage or a part
 * of the profile is gone.
 */
export async function createParley(init: ParleyInit): Promise<Parley> {
  const { profile = 'default', logger = silentLogger } = init
  if (init.store !== undefined || !canShareTabs()) return openEngine(init)
  const open = (leaving?: AbortSignal): Promise<Parley> => openEngine(init, leaving ?? AbortSignal.timeout(DATABASE_WAIT_MS))
  return openInTabs({ scope: tabsOf(profile), logger, open })
}

/** The engine in this tab. @throws {ProfileLocked} when another one has the database open, still when `wait` fires. */
async function openEngine(init: ParleyInit, wait?: AbortSignal): Promise<Parley> {
  const { profile = 'default', logger = silentLogger } = init
  const crypto = await webCryptoProvider()
  const store = init.store ?? (await openIndexedDbStore({ name: databaseOf(profile), ...(wait === undefined ? {} : { wait }) }))
  const attachments = await attachmentsOf(init).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  try {
    return await createEngine({
      store,
      transports: init.offline === true ? [] : (init.transports ?? (await defaultTransports(init))),
      crypto,
      clock: systemClock,
      random: systemRandom,
      logger,
      viewCache: viewCache(profile),
      persist: () => navigator.storage.persist(),
      ...(attachments === undefined ? {} : { attachments }),
      // A store of the application's own keeps the keys too, so that the two cannot come apart.
      ...(init.store === undefined ? { vault: indexedDbKeyVault({ name: keysOf(profile), crypto, random: systemRandom }) } : {}),
      ...(init.name === undefined ? {} : { name: init.name }),
      ...becoming(init),
      ...(init.replicate === undefined ? {} : { replicate: init.replicate }),
    })
  } catch (error) {
    await attachments?.blobs.close()
    await store.close()
    throw error
  }
}

/** A browser without a private file system has everything but files. */
async function attachmentsOf(init: ParleyInit): Promise<AttachmentsInit | undefined> {
  const { profile = 'default', store, logger = silentLogger, autoFetchBytes } = init
  const options = autoFetchBytes === undefined ? {} : { autoFetchBytes }
  const made = (blobs: AttachmentsInit['blobs']): AttachmentsInit => ({ blobs, crypto: webFileCrypto(), picture: pictureOf, ...options })
  if (init.blobs !== undefined) return made(init.blobs)
  if (store !== undefined) return undefined
  try {
    return made(await openOpfsBlobStore({ name: databaseOf(profile) }))
  } catch (error) {
    if (!isParleyError(error, 'StorageUnavailable')) throw error
    logger.warn('files can be neither sent nor read here', { code: error.code })
    return undefined
  }
}

/** Deletes a profile of this browser: keys, conversations, everything. @throws {ProfileLocked} while a tab has it open; nothing is deleted then. */
export async function deleteProfile(profile: string): Promise<void> {
  await deleteIndexedDbStore(databaseOf(profile))
  await deleteIndexedDbKeyVault(keysOf(profile))
  await deleteOpfsBlobStore(databaseOf(profile))
  for (const { name } of await indexedDB.databases()) if (name?.startsWith(viewOf(profile, ''))) await clearDocument(name)
}

/** Only the tab that hosts the engine loads what leads to other people, and none does while it is offline on purpose. */
async function defaultTransports(init: ParleyInit): Promise<Transport[]> {
  const { rendezvous = [], relays = [], peers = [], iceServers = [], webRtc = true, logger = silentLogger } = init
  // Without BroadcastChannel there are no other tabs to be met.
  const tabs = typeof BroadcastChannel === 'undefined' ? [] : [tabsTransport()]
  const load = <Part>(what: string, part: Promise<Part>): Promise<Part | undefined> =>
    part.catch((error: unknown) => {
      logger.error('a part of the page could not be loaded: until the page is loaded anew nobody is reached by it', { what, error })
      return undefined
    })
  const [webrtc, libp2p] = await Promise.all([
    rendezvous.length === 0 ? undefined : load('webrtc', import('@parley/transport-webrtc')),
    load('libp2p', import('@parley/transport-libp2p')),
  ])
  return [
    ...tabs,
    ...(webrtc === undefined ? [] : [webrtc.webrtcTransport({ rendezvous, iceServers: [...iceServers] })]),
    // Also without any of these: an invite link may name a desktop peer. libp2p itself is loaded when there is somebody to dial.
    ...(libp2p === undefined ? [] : [libp2p.libp2pTransport({ rendezvous, relays, peers, webRtc, iceServers })]),
  ]
}

/** y-indexeddb keeps the view document, so that the last known messages can be painted before the engine is up. It is never the truth. */
function viewCache(profile: string): ViewCache {
  return {
    open(conversation, doc) {
      const persistence = new IndexeddbPersistence(viewOf(profile, conversation), doc)
      return {
        loaded: persistence.whenSynced.then(() => undefined),
        // It keeps every update until there are hundreds: what was deleted would lie there as it was said.
        purge: async () => {
          await storeState(persistence)
        },
        close: () => persistence.destroy(),
      }
    },
  }
}
