/** What a replica says about itself, for whoever passes entries on and shows them. */
import type { LogEntry } from './log-entry.ts'
import type { ControlEntry } from './control-entry.ts'
import type { TimelineChange } from './timeline.ts'

export interface ReplicaEvents {
  /** Entries are in the store, from this device (`from` undefined) or from a peer. */
  entries: (entries: readonly LogEntry[], from: unknown) => void
  /** No changes: it was folded anew, and everything may be different. */
  timeline: (changes: readonly TimelineChange[]) => void
  /** Control entries changed who is a member, what people are called, or the metadata. */
  control: (entries: readonly ControlEntry[]) => void
  state: () => void
  /** More of the past is here, or nothing more of it comes for now. */
  history: () => void
  /** A fork came to light, or more of its branches: logs are named anew. */
  forks: () => void
}
