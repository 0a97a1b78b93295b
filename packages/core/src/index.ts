/**
 * The engine: logs, folds, sync, presence and the conversation objects. No I/O of its own; Store, Transport, Clock, Random, Logger and
 * CryptoProvider come in through `createEngine`.
 */
export type { Durability, RangeQuery, Store, StoreOperation, StoreRow } from './store.ts'
export { BLOB_ID_BYTES, FILE_CHUNK_BYTES, MAX_BLOB_CHUNK_BYTES, MAX_BLOB_CHUNKS, MAX_FILE_BYTES, MAX_MANIFEST_BYTES } from './blob-store.ts'
export type { BlobInfo, BlobStore } from './blob-store.ts'
export { AttachmentFiles, checkFits } from './attachments/attachment-files.ts'
export type { AttachmentFilesInit } from './attachments/attachment-files.ts'
export { blobIdOfName, blobName, BlobTurns, checkChunk, checkManifest, chunkName, indexOfChunkName } from './attachments/blob-rules.ts'
export type { AttachmentsInit, Picture } from './attachments/attachments.ts'
export { ChunkSet } from './attachments/chunk-set.ts'
export {
  decodeDescriptor,
  encodeDescriptor,
  MAX_DESCRIPTOR_BYTES,
  MAX_DIMENSION,
  MAX_THUMBNAIL_BYTES,
  thumbnailType,
} from './attachments/descriptor.ts'
export type { AttachmentDescriptor, Dimensions } from './attachments/descriptor.ts'
export { MAX_FILE_NAME_BYTES, safeFileName } from './attachments/names.ts'
export { openFile, readWholeFile } from './attachments/open-file.ts'
export type { ChunkReader, OpenFileInit } from './attachments/open-file.ts'
export type { FileReference, TransferOptions } from './attachments/seal-file.ts'
export { SealedFile } from './attachments/sealed-file.ts'
export { isInlineSafe, servedType, SNIFF_BYTES, sniffType, typeOf, UNKNOWN_TYPE } from './attachments/sniff.ts'
export { blobSource, bytesSource, describeSource, sourceChanged } from './attachments/source.ts'
export type { BlobLike, FileSource } from './attachments/source.ts'
export { GroupCommit } from './support/group-commit.ts'
export { checkedCopy, checkedRange, type CheckedRange, type OwnOperation } from './support/store-rules.ts'
export { CHANNEL_HIGH_WATER_BYTES, MAX_FRAME_BYTES } from './transport.ts'
export type { Channel, Clock, Logger, Random, Topic, Transport, TransportHost } from './transport.ts'

export type {
  ArchiveSource,
  Attachment,
  AttachmentCalls,
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
  FilesInit,
  FormerMember,
  Highlight,
  ImportOptions,
  Inspection,
  InviteInfo,
  InviteInit,
  LinkInspection,
  ListAttachmentsOptions,
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
  Reaction,
  Role,
  SearchOptions,
  SearchResult,
  SearchResults,
  SendMessageInit,
  StorageEstimate,
  StorageUse,
  SyncState,
  Timeline,
  TimelineAnchor,
  TimelineOptions,
  TimelineSnapshot,
  UpdateMessageInit,
  User,
  VerifyOptions,
  VerifyReport,
} from './api.ts'
export { resolveMembership } from './membership/index.ts'
export type { Membership, MembershipFact } from './membership/index.ts'
export { createEngine } from './engine.ts'
export type { EngineInit } from './engine-init.ts'
export type { ViewCache } from './conversation/parts.ts'
export { unusableProfile } from './profile/key-vault.ts'
export type { KeyVault } from './profile/key-vault.ts'
export { storedSecret } from './profile/secret.ts'
export { Emitter } from './support/emitter.ts'
export { FrameInbox } from './support/frame-inbox.ts'
export { KeepConnected, type KeepInit } from './support/keep-connected.ts'
export { Partings } from './support/partings.ts'
export { openWireDocument } from './replica/wire-document.ts'
export type { PoisonReason, WireDocument, WireDocumentEvents, WireDocumentInit, WireVerdict } from './replica/wire-document.ts'
