/** What a timeline shows before and after it is folded anew, and what became of it: the changes that nobody saw happen one by one. */
import type { MessageId } from '@parley/protocol'
import { compareKeys, messageIdOfKey } from './timeline-key.ts'
import type { Timeline, TimelineChange } from './timeline.ts'

/**
 * Newest messages that are compared. To know all of them would take memory that grows with the history, and who shows older ones reads them anew, as
 * for every change that names nothing.
 */
export const MAX_COMPARED_MESSAGES = 10_000

/** The newest messages of a timeline. */
export interface Shown {
  /** Oldest first. */
  readonly keys: readonly Uint8Array[]
  /** Whether there are older ones. */
  readonly isPart: boolean
  /** Of those that were edited, which edit shows. */
  readonly edits: ReadonlyMap<MessageId, string>
}

/** What it shows now. Call it with no `apply` under way. */
export async function shownBy(timeline: Timeline): Promise<Shown> {
  const { total } = timeline
  const from = Math.max(0, total - MAX_COMPARED_MESSAGES)
  const keys = await timeline.slice(from, total)
  const ids = keys.map(messageIdOfKey)
  const edits = new Map<MessageId, string>()
  for (const [i, edit] of (await timeline.editsOf(ids)).entries()) if (edit !== undefined) edits.set(ids[i]!, edit)
  return { keys, isPart: from > 0, edits }
}

/** What has to be told to somebody who has seen `before`. */
export function changesBetween(before: Shown, after: Shown): TimelineChange[] {
  const since = later(before, after)
  const isCompared = (key: Uint8Array): boolean => since === undefined || compareKeys(key, since) >= 0
  const changes: TimelineChange[] = []
  let at = 0
  for (const key of before.keys) {
    while (at < after.keys.length && compareKeys(after.keys[at]!, key) < 0) posted(after.keys[at++]!)
    if (at < after.keys.length && compareKeys(after.keys[at]!, key) === 0) {
      at++
      const id = messageIdOfKey(key)
      if (before.edits.get(id) !== after.edits.get(id)) changes.push({ type: 'edited', id })
    } else if (isCompared(key)) changes.push({ type: 'deleted', id: messageIdOfKey(key) })
  }
  while (at < after.keys.length) posted(after.keys[at++]!)
  return changes

  function posted(key: Uint8Array): void {
    if (isCompared(key)) changes.push({ type: 'posted', key })
  }
}

/** From where on both are known; undefined: from the beginning. */
function later(...all: readonly Shown[]): Uint8Array | undefined {
  const starts = all.flatMap(({ keys, isPart }) => (isPart && keys[0] !== undefined ? [keys[0]] : []))
  return starts.sort(compareKeys).at(-1)
}
