/**
 * The bytes of Parley: ids, entries, the hash chain, the clock, the carriage in Yjs updates, payloads, invite links, limits and errors.
 * Pure functions: no I/O, no clock, no randomness; SHA-256 comes in as an argument. `docs/PROTOCOL.md` describes the same bytes in tables.
 *
 * @example
 * ```ts
 * const runs = admit(update, { hash, conversation, chunkOf: () => undefined }) // throws Reject
 * for (const { device, entries } of runs) {
 *   let state = startChain(hash, conversation, device)
 *   for (const bytes of entries) state = extendChain(hash, conversation, device, state, decodeEntry(bytes))
 * }
 * const same = project(hash, conversation, runs) // the bytes of `update`
 * ```
 */
export {
  compareBytes,
  concatBytes,
  equalBytes,
  fromBase32,
  fromBase64Url,
  hashInto,
  readU32be,
  textFromUtf8,
  toBase32,
  toBase64Url,
  u32be,
  utf8,
} from './bytes.ts'
export type { Hash, HashInto } from './bytes.ts'

export { ByteReader, varUint, varUintLength, writeVarUint } from './varint.ts'

export { ParleyError, Reject, isParleyError } from './errors.ts'
export type { ErrorCode, RejectCode } from './errors.ts'

export {
  CONVERSATION_ID_BYTES,
  DEVICE_ID_BYTES,
  MESSAGE_ID_BYTES,
  USER_ID_BYTES,
  conversationIdBytes,
  conversationIdOf,
  deviceIdBytes,
  deviceIdOf,
  messageIdBytes,
  messageIdFromBytes,
  messageIdOf,
  messageIdParts,
  parseConversationId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
  userIdBytes,
  userIdOf,
} from './ids.ts'
export type { ConversationId, DeviceId, MessageId, UserId } from './ids.ts'

export { HLC_BYTES, HLC_ZERO, MAX_HLC_CTR, compareHlc, hlcBytes, hlcFromBytes, nextHlc } from './hlc.ts'
export type { Hlc } from './hlc.ts'

export { CBOR_MAJOR, CborReader } from './cbor-reader.ts'
export { cborHeadLength, decodeCbor, encodeCbor, writeCborHead } from './cbor.ts'
export type { CborLimits, CborValue } from './cbor.ts'

export { EntryKind, bodyAad, decodeEntry, decodeHeader, encodeEntry, encodeHeader, purgeEntry, signedHead } from './entry.ts'
export type { Dep, EntryHeader, EntryParts, StoredEntry } from './entry.ts'
export { PackedEntries, decodeFrom } from './entry-list.ts'
export type { EntryList } from './entry-list.ts'

export { ID_BYTES, entryId, firstPrevId } from './entry-id.ts'
export type { EntryIdParts } from './entry-id.ts'

export { ChainWalk, decodeChainState, encodeChainState, extendChain, mustSign, sealEntry, standsAlone, startChain } from './chain.ts'
export type { ChainState } from './chain.ts'

export type { FlatChange, FlatMap, FlatValue } from './flat-map.ts'
export {
  decodeDelete,
  decodeEdit,
  decodePost,
  decodeReact,
  encodeDelete,
  encodeEdit,
  encodePost,
  encodeReact,
  isPlainPost,
} from './payload.ts'
export type { DeletePayload, EditInit, EditPayload, PostInit, PostPayload, ReactPayload } from './payload.ts'
export type { ForwardField, MentionField } from './payload-fields.ts'

export { conversationIdOfDirect, conversationIdOfGenesis, decodeControl, encodeControl, isClearControl } from './control.ts'
export { HISTORY_POLICIES, ROLES } from './control/types.ts'
export type {
  AdmitControl,
  BackLink,
  CausalControl,
  ControlPayload,
  DeviceAddControl,
  DeviceBox,
  DeviceRemoveControl,
  DirectControl,
  EpochBox,
  EpochControl,
  ForkControl,
  ForkSide,
  GenesisControl,
  GrantControl,
  HeadPin,
  HideControl,
  HistoryPolicy,
  InviteControl,
  LeaveControl,
  MetadataControl,
  PinControl,
  PolicyControl,
  ProfileControl,
  RemoveControl,
  ResealControl,
  RevokeControl,
  RoleName,
  RoleNumber,
} from './control/types.ts'

export { BRANCH_ID_BYTES, branchLogId, forkClaims } from './fork.ts'
export type { SideClaim } from './fork.ts'

export { MIN_CHUNK_CLIENT, chunkClient, compareRuns, encodeStateVector, isSameLog, project, rootName } from './wire.ts'
export type { BranchRef, EntryRun, LogHead } from './wire.ts'
export { admit } from './admit.ts'
export type { AdmitContext, ChunkRef } from './admit.ts'

export { contactCardMessage, encodeContactCard, parseContactCard } from './contact-card.ts'
export type { ContactCard, ContactCardFields } from './contact-card.ts'
export { encodeDeviceLink, parseDeviceLink } from './device-link.ts'
export type { DeviceLink } from './device-link.ts'
export { encodeInviteLink, parseInviteLink } from './invite-link.ts'
export type { InviteLink } from './invite-link.ts'

export {
  CHUNK_ENTRIES,
  MAX_ADMIT_BOXES,
  MAX_AFTER,
  MAX_ATTACHMENTS,
  MAX_ATTACHMENT_BYTES,
  MAX_AVATAR_BYTES,
  MAX_BODY_BYTES,
  MAX_BOX_BYTES,
  MAX_BRANCHES,
  MAX_CBOR_DEPTH,
  MAX_CBOR_ITEMS,
  MAX_CARD_CERT_BYTES,
  MAX_CARD_HINTS,
  MAX_CERT_BYTES,
  MAX_CERT_CHAIN,
  MAX_CONTROL_ENTRIES,
  MAX_DEVICE_CONTROLS,
  MAX_DEVICE_CONTROL_BYTES,
  MAX_DEPS,
  MAX_DEVICES,
  MAX_DEVICES_PER_USER,
  MAX_EMOJI_BYTES,
  MAX_ENTRY_BYTES,
  MAX_EPOCH_PARENTS,
  MAX_FUTURE_SKEW_MS,
  MAX_HEADER_BYTES,
  MAX_INVITE_HINTS,
  MAX_INVITE_HINT_BYTES,
  MAX_INVITE_USES,
  MAX_LIVE_ENTRIES_PER_SECOND,
  MAX_LIVE_ENTRY_BURST,
  MAX_LIVE_UPDATE_BYTES,
  MAX_MENTIONS,
  MAX_METADATA_KEYS,
  MAX_METADATA_KEY_BYTES,
  MAX_METADATA_VALUE_BYTES,
  MAX_NAME_BYTES,
  MAX_OPEN_INVITES,
  MAX_PAYLOAD_BYTES,
  MAX_PINNED_CONTROLS,
  MAX_PINS,
  MAX_PRESENCE_BYTES,
  MAX_PRESENCE_PER_SECOND,
  MAX_PRESENCE_SESSIONS_PER_DEVICE,
  MAX_PROOF_ENTRIES,
  MAX_RANGE_UPDATE_BYTES,
  MAX_ROLE_PINS,
  MAX_SEQ,
  MAX_STRIKES,
  MAX_TEXT_BYTES,
  MAX_TIME_MS,
  MAX_WAITING_BYTES,
  MAX_WAITING_BYTES_PER_PEER,
  MAX_WAITING_ENTRIES_PER_PEER,
  SEAL_OVERHEAD_BYTES,
} from './limits.ts'

export {
  MAX_NEEDS,
  MAX_BLOB_ASKS,
  MAX_BLOB_BITS_BYTES,
  MAX_BLOB_INDEX,
  MAX_BLOB_MANIFEST_BYTES,
  MAX_BLOB_PIECE_BYTES,
  MAX_BLOB_WANTS,
  HANDLE_BYTES,
  MAX_CONTROLS,
  MAX_HEADS,
  MAX_LINK_MESSAGE_BYTES,
  MAX_PROOFS,
  MAX_SLOTS,
  MAX_SLOT_BYTES,
  MAX_WANTS,
  PROTOCOL_VERSION,
  TAG_BYTES,
  decodeLinkMessage,
  encodeLinkMessage,
} from './link-messages.ts'
export type { ControlCarrier, GotHead, HaveHead, LinkMessage, LinkMessageType, RefusalCode } from './link-messages.ts'
