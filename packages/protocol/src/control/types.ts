/**
 * What the body of a control entry says, as types: who is a member with which role, under which key, and how the conversation is named.
 */
import type { FlatChange } from '../flat-map.ts'

/** Roles as they are written, weakest first. */
export const ROLES = { reader: 0, writer: 1, moderator: 2, admin: 3, founder: 4 } as const
/** A role as it is written. */
export type RoleNumber = (typeof ROLES)[keyof typeof ROLES]
/** A role by name. */
export type RoleName = keyof typeof ROLES

/** What newcomers may read: everything that was ever said, or what is said from their admission on. */
export const HISTORY_POLICIES = ['full', 'joined'] as const
export type HistoryPolicy = (typeof HISTORY_POLICIES)[number]

/** A secret sealed to one device. */
export interface DeviceBox {
  /** Device id, 16 bytes. */
  readonly device: Uint8Array
  /** HPKE, 1 to 256 bytes. */
  readonly box: Uint8Array
}

/** The secret of one epoch, sealed to the device that comes in. */
export interface EpochBox {
  /** Epoch id, 16 bytes. */
  readonly epoch: Uint8Array
  /** HPKE, 1 to 256 bytes. */
  readonly box: Uint8Array
}

/** The secrets of an earlier epoch, wrapped under a later one. */
export interface BackLink {
  /** Epoch id, 16 bytes. */
  readonly parent: Uint8Array
  /** Its control secret; always there, for newcomers verify membership from the genesis on. */
  readonly ctl: Uint8Array
  /** Its message secret; undefined where history is not for newcomers. */
  readonly msg: Uint8Array | undefined
}

/** A position in a log: its entries below `nextSeq` are before. */
export interface HeadPin {
  /** Device id, 16 bytes. */
  readonly log: Uint8Array
  readonly nextSeq: number
  /** First 8 bytes of the id of the entry before `nextSeq`; zeros where there is none. */
  readonly head: Uint8Array
}

/** What operations with authority have in common. */
export interface CausalControl {
  /**
   * First 16 bytes of the ids of the membership operations that the author knows and that no other one it knows follows: at most 32, ascending, none twice.
   * They, what they follow, and the author's own previous operation are the operation's past.
   */
  readonly after: readonly Uint8Array[]
}

/** The first entry of a group. */
export interface GenesisControl {
  readonly op: 'genesis'
  readonly founderCert: Uint8Array
  /** 32 random bytes. */
  readonly salt: Uint8Array
  /** Commitment (32 bytes) of the first epoch. */
  readonly epochCommitment: Uint8Array
  readonly history: HistoryPolicy
}

/** A new epoch, its secret sealed to each device. */
export interface EpochControl extends CausalControl {
  readonly op: 'epoch'
  /** One more than the highest of its parents. */
  readonly gen: number
  /** Ids (16 bytes) of the epochs that it follows. */
  readonly parents: readonly Uint8Array[]
  /** 32 bytes. */
  readonly commitment: Uint8Array
  readonly boxes: readonly DeviceBox[]
  /** Secrets of earlier epochs. */
  readonly back: readonly BackLink[]
}

/** A key that admits people. */
export interface InviteControl extends CausalControl {
  readonly op: 'invite'
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** At most moderator. */
  readonly role: RoleNumber
  /** 1 to 1,000,000. */
  readonly maxUses: number
  /** Milliseconds since 1970. */
  readonly expiresMs: number
}

/** A device comes in by an invite. */
export interface AdmitControl extends CausalControl {
  readonly op: 'admit'
  /** Id (36 bytes, the shape of a message id) of the entry that made the invite. */
  readonly invite: Uint8Array
  readonly cert: Uint8Array
  /** Signature by the invite key, 64 bytes. */
  readonly proof: Uint8Array
  readonly boxes: readonly EpochBox[]
  /** The joiner's first entry that counts, as it says in its proof: 0 for a device that never was here. */
  readonly from: number
}

/** Metadata of the conversation changes; null removes a key. Texts have at most 4,096 bytes, in scope `conversation` 32 KiB. */
export interface MetadataControl {
  readonly op: 'metadata'
  /** `application` is what `setMetadata` writes, `conversation` holds title and avatar. */
  readonly scope: 'application' | 'conversation'
  readonly values: FlatChange
}

/** How the author wants to be called. */
export interface ProfileControl {
  readonly op: 'profile'
  readonly name: string
  readonly avatar: string
}

/** One of two histories: its entries from the fork on, up to one that the device signed. */
export interface ForkSide {
  /** 1 to 256 headers with the SHA-256 of the body. */
  readonly entries: readonly { readonly headerBytes: Uint8Array; readonly bodyHash: Uint8Array }[]
  /** Signature (64 bytes) over the head that the last of them makes. */
  readonly signature: Uint8Array
}

/** A device said two things at one position. It proves itself; who writes it only says how far the branches count. */
export interface ForkControl {
  readonly op: 'fork'
  /** Device id, 16 bytes. */
  readonly device: Uint8Array
  /** Where the histories part. */
  readonly seq: number
  /** Id (32 bytes) of the last entry that they have in common, or what stands for it in an empty log. */
  readonly prevId: Uint8Array
  readonly sides: readonly [ForkSide, ForkSide]
  /** Logs (16 bytes, a branch by `branchLogId`) with the number of the entry after the last that counts. */
  readonly pins: readonly { readonly log: Uint8Array; readonly nextSeq: number }[]
  /** First 16 bytes of the ids of control entries from the fork on that count. */
  readonly controls: readonly Uint8Array[]
}

/** Somebody becomes a member, or gets another role. */
export interface GrantControl extends CausalControl {
  readonly op: 'grant'
  /** User id, 32 bytes. */
  readonly user: Uint8Array
  /** Anything but founder. */
  readonly role: RoleNumber
  /** Certificates of devices that come in with it. */
  readonly certs: readonly Uint8Array[]
  /** Where the role begins in the logs of devices that were here before. Ascending by log, none twice. */
  readonly pins: readonly HeadPin[]
}

/** Somebody else has to go. */
export interface RemoveControl extends CausalControl {
  readonly op: 'remove'
  /** User id, 32 bytes. */
  readonly user: Uint8Array
  /** Up to where what their devices said counts. Ascending by log, none twice. */
  readonly pins: readonly HeadPin[]
}

/** The author goes. */
export interface LeaveControl extends CausalControl {
  readonly op: 'leave'
  /** Up to where what their other devices said counts. Ascending by log, none twice. */
  readonly pins: readonly HeadPin[]
}

/** The rules change. */
export interface PolicyControl extends CausalControl {
  readonly op: 'policy'
  readonly history: HistoryPolicy
}

/** An invite admits nobody any more. */
export interface RevokeControl extends CausalControl {
  readonly op: 'revoke'
  /** Id (36 bytes, the shape of a message id) of the entry that made the invite. */
  readonly invite: Uint8Array
}

/** One more device of the author. */
export interface DeviceAddControl extends CausalControl {
  readonly op: 'device-add'
  readonly cert: Uint8Array
  readonly boxes: readonly EpochBox[]
}

/** A device is lost. */
export interface DeviceRemoveControl extends CausalControl {
  readonly op: 'device-remove'
  /** Up to where what it said counts; `log` names the device. */
  readonly pin: HeadPin
}

/** The secret of an epoch for devices whose box was bad or missing. */
export interface ResealControl {
  readonly op: 'reseal'
  /** Epoch id, 16 bytes. */
  readonly epoch: Uint8Array
  readonly boxes: readonly DeviceBox[]
}

/** A moderator takes a message out of sight, or back. */
export interface HideControl extends CausalControl {
  readonly op: 'hide'
  /** Message id, 36 bytes. */
  readonly target: Uint8Array
  readonly on: boolean
}

/** A message is put up for everybody to see, or taken down. */
export interface PinControl extends CausalControl {
  readonly op: 'pin'
  /** Message id, 36 bytes. */
  readonly target: Uint8Array
  readonly on: boolean
}

/** The first entry of a device in the conversation of two people, whose id is a hash of both: nobody has to be invited. */
export interface DirectControl {
  readonly op: 'direct'
  /** User id (32 bytes) of the other one; one's own for the conversation of one's own devices. */
  readonly peer: Uint8Array
  /** Certificate of the device that writes it. */
  readonly cert: Uint8Array
  /** Commitment (32 bytes) of an epoch of generation 0. */
  readonly epochCommitment: Uint8Array
  readonly boxes: readonly DeviceBox[]
}

export type ControlPayload =
  | GenesisControl
  | EpochControl
  | InviteControl
  | AdmitControl
  | MetadataControl
  | ProfileControl
  | ForkControl
  | GrantControl
  | RemoveControl
  | LeaveControl
  | PolicyControl
  | RevokeControl
  | DeviceAddControl
  | DeviceRemoveControl
  | ResealControl
  | HideControl
  | PinControl
  | DirectControl

/** The code of each operation, the first item of its array. */
export const CONTROL_CODES = {
  genesis: 0,
  epoch: 1,
  invite: 2,
  admit: 3,
  metadata: 4,
  profile: 5,
  fork: 6,
  grant: 7,
  remove: 8,
  leave: 9,
  policy: 10,
  revoke: 11,
  'device-add': 12,
  'device-remove': 13,
  reseal: 14,
  hide: 15,
  pin: 16,
  direct: 17,
} as const satisfies Record<ControlPayload['op'], number>

/** What metadata is about, by its number. */
export const METADATA_SCOPES = ['application', 'conversation'] as const
/** Version of the format, in the genesis. */
export const CONTROL_VERSION = 1
/** Suite of algorithms, in the genesis. */
export const CONTROL_SUITE = 1
/** A conversation with a genesis is a group; one without, a direct one. */
export const TYPE_GROUP = 0
