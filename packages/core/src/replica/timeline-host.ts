import type { DeviceId, EntryParts, Hash, MessageId, UserId } from '@parley/protocol'
import type { Store } from '../store.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import type { ConversationLog } from './log.ts'
import type { Voice } from './voices.ts'

/** What the fold must know of people and keys. */
export interface TimelineHost {
  /** The body in clear; undefined when purged or sealed under an epoch that is not held. */
  open(log: LogId, seq: number, parts: EntryParts): Uint8Array | undefined
  /** Whether a post says nothing but its text and metadata, as far as that shows without opening it. */
  isPlain(log: LogId, seq: number, parts: EntryParts): boolean
  userOf(device: DeviceId): UserId | undefined
  /** Whose copy it is. */
  me(): UserId
  /** Whether the role under which that entry of the device counts lets it write. */
  mayPost(device: DeviceId, seq: number): boolean
  /** Whether the key of that entry is here. */
  canOpen(log: LogId, seq: number): boolean
  /** Which entries of a log were written by somebody who may: `from` to before `to`, ascending, apart from each other. */
  voice(log: LogId): readonly Voice[]
  /** The author deleted the message that is, or belongs, there. */
  deleted(log: LogId, seq: number): Promise<void>
  /** A message cannot be read: its entry is damaged, or lost. */
  damaged(id: MessageId): void
  /** How many entries of a log count. */
  limit(log: LogId): number
  /** Changes when other entries count than before. */
  version(): number
}

/** What a timeline is folded from and kept in. */
export interface TimelineInit {
  readonly conversation: Uint8Array
  readonly hash: Hash
  readonly keys: Keyspace
  readonly store: Store
  readonly log: ConversationLog
  readonly host: TimelineHost
  /** Makes the fold whole again after a failure of the store, or says why it cannot. */
  mend(): Promise<void>
}
