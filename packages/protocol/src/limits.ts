/**
 * Every limit of the protocol, in one place. A limit that two peers read differently splits them, so these numbers are part of the
 * format: a change of one of the first two groups is a new protocol version.
 */

// What an entry may be. Checked by decoders, before anything is allocated.

/** Entries of one chunk: the unit of signature, of the derived Yjs client and of a range. 256 costs 0.25 bytes a message for the signature. */
export const CHUNK_ENTRIES = 256
/** A stored entry. Larger content travels as an attachment; one entry must fit four frames of 16 KiB, so that it blocks no lane for long. */
export const MAX_ENTRY_BYTES = 65_536
/** The body inside an entry, sealed or clear: leaves 4 KiB for header and signature. */
export const MAX_BODY_BYTES = 61_440
/** What sealing adds to a payload: 24 bytes of nonce, 16 of tag. */
export const SEAL_OVERHEAD_BYTES = 40
/** A payload before it is sealed, so that the body fits. */
export const MAX_PAYLOAD_BYTES = MAX_BODY_BYTES - SEAL_OVERHEAD_BYTES
/** The header inside an entry. A full one, 16 deps and all, needs 460. */
export const MAX_HEADER_BYTES = 2_048
/** Heads that one header may name: enough for every device that is awake in a large group, and bounded work for each entry. */
export const MAX_DEPS = 16
/** Nesting of CBOR arrays. The deepest structure needs 3; a decoder that recurses without bound can be crashed with 10 kB. */
export const MAX_CBOR_DEPTH = 4
/** Items of one CBOR structure, all arrays together. The largest, an epoch for 500 devices, needs 1,600. */
export const MAX_CBOR_ITEMS = 4_096
/** Sequence numbers are 32 bits in message ids and in headers. */
export const MAX_SEQ = 0xffff_ffff
/** The last millisecond that a clock of 48 bits can say: year 10889. */
export const MAX_TIME_MS = 0xffff_ffff_ffff

// What a payload may hold.

/** UTF-8 bytes of a message text: 40,000 leaves room for metadata in one body, and nobody reads longer messages. */
export const MAX_TEXT_BYTES = 40_000
/** Keys of one metadata object. */
export const MAX_METADATA_KEYS = 64
/** UTF-8 bytes of a metadata key, at least 1. */
export const MAX_METADATA_KEY_BYTES = 64
/** UTF-8 bytes of a metadata string: a URL or a short text, not content. */
export const MAX_METADATA_VALUE_BYTES = 4_096
/** UTF-8 bytes of a reaction: the longest emoji sequence in Unicode needs 35. */
export const MAX_EMOJI_BYTES = 64
/** Mentions of one message: more names than anybody reads in one. */
export const MAX_MENTIONS = 64
/** Files of one message: what fits a screen. More go into the next message. */
export const MAX_ATTACHMENTS = 10
/** What a message says of one file, a thumbnail of 16 KiB and its name with it: two of the largest fit one message beside a short text. */
export const MAX_ATTACHMENT_BYTES = 24_576
/** UTF-8 bytes of the name of a person or the title of a conversation. */
export const MAX_NAME_BYTES = 256
/** UTF-8 bytes of an avatar URL: a `data:` URL of a 128-pixel picture fits. */
export const MAX_AVATAR_BYTES = 32_768
/** A device certificate with those that prove it. One needs about 270, a chain of 8 in one 2,190. */
export const MAX_CERT_BYTES = 2_304
/**
 * Certificates that prove each other where nothing of the user is known: root, recovery device, and six phones each added by the one before.
 * A user beyond that could not be met any more, so devices should be added by the one nearest to the root.
 */
export const MAX_CERT_CHAIN = 8
/** A certificate in a contact card, which is to fit a QR code. */
export const MAX_CARD_CERT_BYTES = 512
/** Hints in a contact card or a device link code. */
export const MAX_CARD_HINTS = 4
/** A sealed epoch key for one device, or one wrapped for an older epoch. HPKE of 64 bytes needs 112. */
export const MAX_BOX_BYTES = 256
/** Epochs that one epoch follows: as many as members can mint at the same time without hearing of each other. */
export const MAX_EPOCH_PARENTS = 16
/**
 * Membership operations that one operation names as its frontier: as many as members make at the same time without hearing of each other. Who knows more
 * names the latest ones; the next operation joins the rest.
 */
export const MAX_AFTER = 32
/** Positions that one change of a role names: 16 devices, and as many again that were here before under the same user. */
export const MAX_ROLE_PINS = 32
/** Epochs whose secrets one admission seals: without a chain of earlier secrets (history `joined`) a new device of one's own needs one for each, 34 kB. */
export const MAX_ADMIT_BOXES = 256
/** People whom one invite may admit. */
export const MAX_INVITE_USES = 1_000_000
/** Hints in an invite link; with them it still fits a QR code when they are short. */
export const MAX_INVITE_HINTS = 8
/** UTF-8 bytes of one hint: a multiaddress or a URL. */
export const MAX_INVITE_HINT_BYTES = 256

// What a peer may send.

/** One live update: 16 entries of the largest size. */
export const MAX_LIVE_UPDATE_BYTES = 1_048_576
/** One reply to a range that was asked for. */
export const MAX_RANGE_UPDATE_BYTES = 4_194_304
/** Entries of one peer that wait for a predecessor. More are dropped and asked for again by range. */
export const MAX_WAITING_ENTRIES_PER_PEER = 2_000
/** Bytes of the same. */
export const MAX_WAITING_BYTES_PER_PEER = 4_194_304
/** Bytes of the same over all peers: what a phone can spare. */
export const MAX_WAITING_BYTES = 67_108_864
/** Live entries of one device in a second, on average: faster than anybody types. */
export const MAX_LIVE_ENTRIES_PER_SECOND = 20
/** Live entries of one device at once, so that what was written offline passes. */
export const MAX_LIVE_ENTRY_BURST = 400
/** Rejections of a shape or a signature after which a peer is banned for the session: one may be a bug, three are not. */
export const MAX_STRIKES = 3
/** How far ahead of our clock an entry may be. Later ones are held, not shown, and do not move the clock. */
export const MAX_FUTURE_SKEW_MS = 600_000

// What a conversation may hold. Beyond these an operation is invalid, for every member alike.

/** Devices of one person. */
export const MAX_DEVICES_PER_USER = 16
/** Devices of one conversation: an epoch for all of them is about 60 kB. */
export const MAX_DEVICES = 500
/** Control entries of one conversation: a joiner verifies them one by one, 1.6 ms each at worst. */
export const MAX_CONTROL_ENTRIES = 20_000
/**
 * Control entries of one device, by their running number; what comes behind has no effect for anybody. Half of all that a conversation holds: a device
 * that writes one a day gets there in 27 years.
 */
export const MAX_DEVICE_CONTROLS = 10_000
/** Bytes of the same, which are all in memory: 270 rotations of a conversation of 500 devices, or 500 pictures of the largest kind. */
export const MAX_DEVICE_CONTROL_BYTES = 16_777_216
/** Branches of one device's log: each needs signatures of that device, and nobody copies a profile so often. More are left as they are. */
export const MAX_BRANCHES = 32
/** Entries of one branch in a proof of a fork: a signature comes at the latest at the end of a chunk. */
export const MAX_PROOF_ENTRIES = CHUNK_ENTRIES
/** Heads that one proof of a fork names: those of all branches. */
export const MAX_PINS = MAX_BRANCHES
/** Control entries that one proof of a fork names: 16 kB of ids. */
export const MAX_PINNED_CONTROLS = 1_024
/** Invites that could still admit somebody. */
export const MAX_OPEN_INVITES = 100

// Presence.

/** One presence packet. */
export const MAX_PRESENCE_BYTES = 1_024
/** Sessions of one device that are remembered. */
export const MAX_PRESENCE_SESSIONS_PER_DEVICE = 4
/** Presence packets of one device in a second. */
export const MAX_PRESENCE_PER_SECOND = 2
