/**
 * The engine: logs, folds, sync, presence and the conversation objects. No I/O of its own; Store, Transport, Clock, Random, Logger and
 * CryptoProvider come in through `createEngine`.
 */
export type { Durability, RangeQuery, Store, StoreOperation, StoreRow } from './store.ts'
export { GroupCommit } from './support/group-commit.ts'
export { checkedCopy, checkedRange, type CheckedRange, type OwnOperation } from './support/store-rules.ts'
export { CHANNEL_HIGH_WATER_BYTES, MAX_FRAME_BYTES } from './transport.ts'
export type { Channel, Clock, Logger, Random, Topic, Transport, TransportHost } from './transport.ts'

export type {
  Conversation,
  ConversationEvents,
  ConversationState,
  Inspection,
  InviteInit,
  LinkInspection,
  Member,
  MemberStatus,
  Message,
  MessagePage,
  MessageState,
  Metadata,
  MetadataChange,
  Parley,
  ParleyEvents,
  Role,
  SendMessageInit,
  SyncState,
  UpdateMessageInit,
  User,
} from './api.ts'
export { createEngine } from './engine.ts'
export type { EngineInit } from './engine.ts'
export type { ViewCache } from './conversation/conversation.ts'
export { unusableProfile } from './profile/key-vault.ts'
export type { KeyVault } from './profile/key-vault.ts'
export { storedSecret } from './profile/secret.ts'
export { FrameInbox } from './support/frame-inbox.ts'
export { Partings } from './support/partings.ts'
export { openWireDocument } from './replica/wire-document.ts'
export type { PoisonReason, WireDocument, WireDocumentEvents, WireDocumentInit, WireVerdict } from './replica/wire-document.ts'
