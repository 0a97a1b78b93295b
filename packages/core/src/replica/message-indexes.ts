/**
 * Which messages answer which, which mention this user and which carry files: rank trees beside the timeline, kept as it is. So counting is
 * done by rank, and listing reads what is listed, whatever the length of the history.
 */
import {
  compareBytes,
  concatBytes,
  MESSAGE_ID_BYTES,
  messageIdFromBytes,
  userIdBytes,
  type MessageId,
  type PostPayload,
  type UserId,
} from '@parley/protocol'
import { openRankTree, type RankTree } from '../rank-tree/rank-tree.ts'
import type { Store, StoreOperation } from '../store.ts'
import { FileReferences } from './file-references.ts'
import type { Keyspace } from './keyspace.ts'
import { TIMELINE_KEY_BYTES } from './timeline-key.ts'

/** A payload that is shorter answers nobody, mentions nobody and carries no file: it need not be opened. */
export const MIN_INDEXED_BYTES = 41

/** Nodes of these trees in memory: few messages are in them, and they are looked at rarely. */
const CACHE_BYTES = 262_144

/** A message, by its timeline key, that answers another, by its 36-byte id. */
export interface Answer {
  readonly target: Uint8Array
  readonly key: Uint8Array
}

export class MessageIndexes {
  #me!: Uint8Array
  /** target (36) | timeline key of the answer. */
  #replies!: RankTree
  #mentions!: RankTree
  #files!: RankTree
  /** Which blobs they need. */
  readonly references = new FileReferences()

  /** Reads what was last written down. `me` is whom mentions are looked for. */
  async open(me: UserId, store: Store, keys: Keyspace): Promise<void> {
    this.#me = userIdBytes(me)
    const open = (prefix: Uint8Array, keyBytes: number): Promise<RankTree> =>
      openRankTree({ store, prefix, keyBytes, cacheBytes: CACHE_BYTES })
    const trees = [
      open(keys.replies(), MESSAGE_ID_BYTES + TIMELINE_KEY_BYTES),
      open(keys.mentions(), TIMELINE_KEY_BYTES),
      open(keys.files(), TIMELINE_KEY_BYTES),
    ] as const
    ;[this.#replies, this.#mentions, this.#files] = await Promise.all(trees)
    await this.references.open(store, keys)
  }

  /** The message as it now is. Its author is not this user: nobody is told of what they say of themselves. */
  async show(key: Uint8Array, { mentions, attachments }: Pick<PostPayload, 'mentions' | 'attachments'>, isOwn: boolean): Promise<void> {
    const isMentioned = !isOwn && mentions.some(({ user }) => compareBytes(user, this.#me) === 0)
    if (isMentioned) await this.#mentions.insert([key])
    else if (this.#mentions.size > 0) await this.#mentions.delete([key])
    if (attachments.length === 0) return this.#dropFiles(key)
    await this.#files.insert([key])
    await this.references.set(key, attachments)
  }

  /** The message is gone. */
  async hide(key: Uint8Array): Promise<void> {
    if (this.#mentions.size > 0) await this.#mentions.delete([key])
    await this.#dropFiles(key)
  }

  /** Adds answers. Returns how many there are now to each message that they answer. */
  async answer(answers: readonly Answer[]): Promise<Map<MessageId, number>> {
    await this.#replies.insert(answers.map(({ target, key }) => concatBytes(target, key)))
    const counts = new Map<MessageId, number>()
    for (const { target } of answers) {
      const id = messageIdFromBytes(target)
      if (!counts.has(id)) counts.set(id, await this.#count(target))
    }
    return counts
  }

  /** An answer is gone. Returns how many are left to the message. */
  async unanswer(target: Uint8Array, key: Uint8Array): Promise<number> {
    await this.#replies.delete([concatBytes(target, key)])
    return this.#count(target)
  }

  /** Timeline keys of what answers `target`, the newest `limit` before `before`, oldest first. */
  async replies(target: Uint8Array, limit: number, before?: Uint8Array): Promise<Uint8Array[]> {
    const [from, end] = await this.#repliesTo(target)
    const to = before === undefined ? end : await this.#replies.rank(concatBytes(target, before))
    return (await this.#replies.slice(Math.max(from, to - limit), to)).map((row) => row.subarray(MESSAGE_ID_BYTES))
  }

  /** Messages that mention this user, from `key` on, or of all. */
  async mentionsFrom(key: Uint8Array | undefined): Promise<number> {
    if (this.#mentions.size === 0) return 0
    return this.#mentions.size - (key === undefined ? 0 : await this.#mentions.rank(key))
  }

  /** Timeline keys of messages with files, the newest `limit` before `before`, oldest first. */
  async withFiles(limit: number, before?: Uint8Array): Promise<Uint8Array[]> {
    const to = before === undefined ? this.#files.size : await this.#files.rank(before)
    return this.#files.slice(Math.max(0, to - limit), to)
  }

  /** As that of a rank tree. */
  takeOperations(): StoreOperation[] {
    return [this.#replies, this.#mentions, this.#files, this.references].flatMap((tree) => tree.takeOperations())
  }

  confirm(): void {
    for (const tree of [this.#replies, this.#mentions, this.#files, this.references]) tree.confirm()
  }

  async #count(target: Uint8Array): Promise<number> {
    const [from, to] = await this.#repliesTo(target)
    return to - from
  }

  async #dropFiles(key: Uint8Array): Promise<void> {
    if (this.#files.size > 0 && (await this.#files.delete([key])) > 0) await this.references.set(key, [])
  }

  async #repliesTo(target: Uint8Array): Promise<readonly [from: number, to: number]> {
    if (this.#replies.size === 0) return [0, 0]
    const from = await this.#replies.rank(concatBytes(target, new Uint8Array(TIMELINE_KEY_BYTES)))
    const to = await this.#replies.rank(concatBytes(target, new Uint8Array(TIMELINE_KEY_BYTES).fill(0xff)))
    return [from, to]
  }
}
