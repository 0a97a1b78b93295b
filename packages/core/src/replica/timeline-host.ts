import type { DeviceId, EntryParts, UserId } from '@parley/protocol'
import type { LogId } from './forks.ts'
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
  /** How many entries of a log count. */
  limit(log: LogId): number
  /** Changes when other entries count than before. */
  version(): number
}
