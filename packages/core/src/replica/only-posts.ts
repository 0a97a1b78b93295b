/** Entries that did no more than post: the messages of these can be taken out of the timeline without a look at anything else. */
import { deviceIdBytes, EntryKind, messageIdOf, type MessageId } from '@parley/protocol'
import type { RankTree } from '../rank-tree/rank-tree.ts'
import type { LogEntry } from './log-entry.ts'
import type { Overlays } from './overlays.ts'
import { timelineKey } from './timeline-key.ts'

/** A message, by its place and its name. */
export interface Post {
  readonly key: Uint8Array
  readonly id: MessageId
}

/** The messages among these entries that `tree` has; undefined when any of the entries did anything else. */
export async function onlyPosts(
  entries: AsyncIterable<readonly LogEntry[]>,
  tree: RankTree,
  overlays: Overlays,
): Promise<Post[] | undefined> {
  const posts: Post[] = []
  for await (const batch of entries)
    for (const { parts, hlc, id, device, seq } of batch) {
      const { kind } = parts.header
      if (kind === EntryKind.edit || kind === EntryKind.delete || kind === EntryKind.react) return undefined
      const bytes = deviceIdBytes(device)
      const key = timelineKey(hlc, id, bytes, seq)
      if (kind !== EntryKind.post || !(await tree.has(key))) continue
      const message = messageIdOf(bytes, seq, id)
      // The number of replies to another message would have to be told.
      if ((await overlays.get(message)).answers !== undefined) return undefined
      posts.push({ key, id: message })
    }
  return posts
}
