/**
 * Parley on Node: a profile is a folder with a LevelDB store; peers meet over libp2p (TCP, noise, yamux).
 *
 * @example
 * ```ts
 * const parley = await createParley({ profile: './alice', name: 'Alice', listen: ['/ip4/0.0.0.0/tcp/0'] })
 * const group = await parley.createGroup({ title: 'Picnic' })
 * group.on('message', (message) => process.stdout.write(`${message.author.name}: ${message.text}\n`))
 * await group.sendMessage({ text: 'Saturday?' })
 * await parley.close()
 * ```
 */
import { createEngine, storedSecret, type AttachmentsInit, type Parley } from '@parley/core'
import { nodeFileCrypto, nodeProvider } from '@parley/crypto/node'
import { ParleyError } from '@parley/protocol'
import { fileSource, openFileBlobStore, openLevelStore } from '@parley/store-level'
import { libp2pTransport } from '@parley/transport-libp2p'
import { silentLogger, systemClock, systemRandom } from './environment.ts'
import { becoming, type ParleyInit } from './init.ts'
import type { TabStatus } from './tabs/status.ts'

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
export type { TabStatus } from './tabs/status.ts'

/**
 * Opens a profile, making it at first use, and goes online.
 * With `link` or `recover` a new profile becomes a device of somebody first.
 * @throws {LinkCodeInvalid, LinkExpired, LinkUsed, LinkRejected, PhraseInvalid, Unreachable, NotAllowed, Aborted} for these two; {ProfileLocked} when another process has it open, {StorageUnavailable}, {InvalidArgument} for an address that cannot be read.
 */
export async function createParley(init: ParleyInit): Promise<Parley> {
  const { logger = silentLogger } = init
  if (init.store === undefined && init.profile === undefined) throw new ParleyError('InvalidArgument', 'name the folder of the profile')
  const store = init.store ?? (await openLevelStore({ path: `${init.profile}/store` }))
  const attachments = await attachmentsOf(init).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  try {
    const transports =
      init.offline === true
        ? []
        : (init.transports ?? [
            libp2pTransport({
              privateKey: await storedSecret(store, 'libp2p', systemRandom),
              listen: init.listen ?? [],
              peers: init.peers ?? [],
              relays: init.relays ?? [],
              rendezvous: init.rendezvous ?? [],
              mdns: init.mdns ?? false,
              webRtc: init.webRtc ?? true,
              iceServers: init.iceServers ?? [],
            }),
          ])
    return await createEngine({
      store,
      transports,
      crypto: nodeProvider(),
      clock: systemClock,
      random: systemRandom,
      logger,
      ...(attachments === undefined ? {} : { attachments }),
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

/** Files lie beside the rows, under the same lock. */
async function attachmentsOf({ store, blobs, profile, autoFetchBytes }: ParleyInit): Promise<AttachmentsInit | undefined> {
  const place = blobs ?? (store === undefined ? await openFileBlobStore({ path: `${profile}/blobs` }) : undefined)
  if (place === undefined) return undefined
  const options = autoFetchBytes === undefined ? {} : { autoFetchBytes }
  return { blobs: place, crypto: nodeFileCrypto(), openPath: fileSource, ...options }
}

/** Browsers only: a folder is deleted with the tools of the file system. @throws {InvalidArgument} always. */
export async function deleteProfile(profile: string): Promise<void> {
  throw new ParleyError('InvalidArgument', `delete the folder ${profile} yourself`)
}

/** Browsers only, where the tabs of a profile share one engine: undefined here. */
export function tabStatus(_parley: Parley): TabStatus | undefined {
  return undefined
}
