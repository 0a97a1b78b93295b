/** What applications see of the check of everything that is stored. The meaning of every call is the contract of `docs/API.md`. */
import type { ConversationId } from '@parley/protocol'

/**
 * What can be wrong. `LogBroken`: entries that were here are missing or not what was signed. `ControlBroken`: the same of what says who is a member.
 * `CounterWrong`: what is noted of a log (its head, chunks, keys in use) is not what its entries say. `IndexWrong`: the order of the messages, or what became of
 * them, is not what the logs say. `ReferenceWrong`: a body or a file is noted, or should be, and is not. `NotPurged`: content of a deleted message is still
 * here. `ViewWrong`: the view document shows something else than the timeline. `FileBroken`: a piece of a file is not what its message names. `LeftOver`:
 * rows or files that belong to nothing.
 */
export type DamageCode =
  | 'LogBroken'
  | 'ControlBroken'
  | 'CounterWrong'
  | 'IndexWrong'
  | 'ReferenceWrong'
  | 'NotPurged'
  | 'ViewWrong'
  | 'FileBroken'
  | 'LeftOver'

/** Something that is wrong in the store of a profile. */
export interface Damage {
  readonly code: DamageCode
  /** Undefined for what belongs to no conversation, and for files, which several can share. */
  readonly conversationId: ConversationId | undefined
  /** Where and what, for a person to read; nothing of the content. */
  readonly what: string
  /** Whether it was put right: rebuilt from the logs, removed, or dropped so that it is fetched again from other members. */
  readonly isRepaired: boolean
}

export interface VerifyReport {
  /** Whether nothing is wrong any more. */
  readonly isSound: boolean
  /** What was looked at. */
  readonly conversations: number
  readonly entries: number
  readonly messages: number
  readonly files: number
  /** What was found, at most 1,000 of each conversation. */
  readonly damages: readonly Damage[]
}

export interface VerifyOptions {
  /** Puts right what can be. Default false: nothing is changed. */
  readonly repair?: boolean
  readonly signal?: AbortSignal
}

export interface VerifyCalls {
  /**
   * Checks what is stored: every entry against its chain and signatures, everything that was computed from them against the same computed anew, every piece
   * of a file against its hash, and that nothing else lies about. Of one conversation when given, else of the whole profile. With `repair` it rebuilds what can
   * be. Conversations go on meanwhile, in turns with the check. Where something is wrong they wait until that is looked at once more, and put right: a second
   * or so for each 10,000 messages.
   *
   * @example
   * ```ts
   * const { isSound, damages } = await parley.verify()
   * if (!isSound) await parley.verify(undefined, { repair: true })
   * for (const { code, what } of damages) console.warn(code, what)
   * ```
   * @throws {NotFound, InvalidArgument, StorageUnavailable, Aborted, Closed}; with `repair` {StorageFull}
   */
  verify(conversation?: ConversationId, options?: VerifyOptions): Promise<VerifyReport>
}
