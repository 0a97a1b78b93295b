/** What a replica is, for whoever only looks: nothing here says or takes in anything. */
import { conversationIdBytes, type ConversationId, type DeviceId, type EntryParts, type HaveHead, type UserId } from '@parley/protocol'
import type { Role } from '../api.ts'
import type { Context } from '../context.ts'
import type { Emitter } from '../support/emitter.ts'
import type { ControlLog } from './control-log.ts'
import type { EpochKeys } from './epochs.ts'
import type { ReplicaEvents } from './events.ts'
import type { LogId } from './forks.ts'
import type { History } from './history.ts'
import type { HollowEntries } from './hollow.ts'
import type { Keyspace } from './keyspace.ts'
import type { ConversationLog } from './log.ts'
import type { ConversationRecord } from './record.ts'
import { assembleReplica, type ReplicaParts } from './replica-parts.ts'
import type { Timeline } from './timeline.ts'

export class ReplicaView {
  readonly id: ConversationId
  readonly bytes: Uint8Array
  readonly events: Emitter<ReplicaEvents>
  readonly epochs: EpochKeys
  readonly controls: ControlLog
  readonly log: ConversationLog
  readonly timeline: Timeline
  readonly keys: Keyspace
  readonly hollow: HollowEntries
  readonly history: History
  protected readonly context: Context
  protected readonly parts: ReplicaParts

  constructor(context: Context, id: ConversationId, record: ConversationRecord) {
    const parts = assembleReplica(context, id, record)
    this.context = context
    this.parts = parts
    this.id = id
    this.bytes = conversationIdBytes(id)
    this.keys = parts.keys
    this.events = parts.events
    this.epochs = parts.epochs
    this.controls = parts.controls
    this.log = parts.log
    this.hollow = parts.hollow
    this.history = parts.history
    this.timeline = parts.timeline
  }

  /** The record of the conversation as it is in the store. */
  get record(): ConversationRecord {
    return this.parts.record.value
  }

  /** Whether it is the conversation of two people, or of one person's own devices. */
  get isDirect(): boolean {
    return this.controls.isDirect
  }

  /** Whether it is the conversation of this user's own devices. */
  get isSelf(): boolean {
    return this.record.peer === this.context.me.userId
  }

  /** Whether another history of this device exists: what it would still say counts nowhere. */
  get isFrozen(): boolean {
    return this.parts.forks.isFrozen
  }

  /** Whether what this device said here before is here. It is not after the conversation was forgotten, until the others have given it back. */
  get isOwnLogHere(): boolean {
    return this.parts.own.isHere
  }

  /** The user whose device it is, or was: of a member, or of somebody who was one. */
  userOf(device: DeviceId): UserId | undefined {
    return this.controls.membership.devices.get(device)?.user
  }

  /** Role of this user; undefined when not a member. */
  get role(): Role | undefined {
    return this.controls.membership.members.get(this.context.me.userId)?.role
  }

  /** Whether it is a device of a present member, and was not removed. */
  isActive(device: DeviceId): boolean {
    return this.controls.membership.devices.get(device)?.isActive === true
  }

  /** The user whose log it is, as `userOf`, when the branch is known. */
  ownerOf(log: LogId): UserId | undefined {
    return this.userOf(this.log.deviceOf(log))
  }

  /** How many entries of a log may be taken in: up to where it parts, and of branches what counts. */
  limit(log: LogId): number {
    return this.parts.ingest.limit(log)
  }

  /** How many entries of a log are given to who asks. */
  told(log: LogId): number {
    return this.parts.cuts.told(log)
  }

  /** The body of a message operation in clear; undefined when purged or under an epoch that is not held. */
  open(log: LogId, seq: number, parts: EntryParts): Uint8Array | undefined {
    return this.parts.counting.open(log, seq, parts)
  }

  /** What is here, by device: the have-vector. */
  have(): HaveHead[] {
    return this.parts.heads.have()
  }

  /** The same, the log with the newest entry first. */
  haveNewestFirst(): HaveHead[] {
    return this.parts.heads.newestFirst()
  }

  /** 16 bytes that are equal when two peers hold the same. */
  sum(): Uint8Array {
    return this.parts.heads.sum()
  }
}
