/**
 * Reactions to one message as a fold: of each user and emoji the last choice by (hlc, entry id) counts. What is kept is bounded, and the
 * bounds keep the newest choices: what is dropped is older than everything kept, so the same choices give the same state in every order.
 */
import { compareBytes, userIdOf, type UserId } from '@parley/protocol'
import type { Reaction } from '../api.ts'

/** Choices of one user on one message, taken back ones too: nobody has more to say, and a member could else fill every store. */
export const MAX_CHOICES_PER_USER = 32
/** Choices on one message: a few of everybody in the largest group, in a row far below what a store takes. */
export const MAX_CHOICES = 2_048
/** Reactions of one user that show: the newest. */
export const MAX_REACTIONS_PER_USER = 16
/** Distinct reactions that show, those that were there first. */
export const MAX_EMOJI_PER_MESSAGE = 64

/** One user's last word on one emoji. */
export interface Choice {
  /** User id, 32 bytes. */
  readonly user: Uint8Array
  readonly emoji: string
  readonly on: boolean
  /** hlc (8 B) | first 16 bytes of the entry id. */
  readonly order: Uint8Array
  /** The log that it lies in, 16 bytes. */
  readonly log: Uint8Array
  readonly seq: number
}

/** Takes in a choice. `choices` is the same array when nothing changed; `spent` are those that do not count any more. */
export function withChoice(choices: readonly Choice[], choice: Choice): { choices: readonly Choice[]; spent: readonly Choice[] } {
  const before = choices.find((c) => c.emoji === choice.emoji && compareBytes(c.user, choice.user) === 0)
  if (before !== undefined) {
    const order = compareBytes(before.order, choice.order)
    if (order === 0) return { choices, spent: [] }
    if (order > 0) return { choices, spent: [choice] }
  }
  const all = [...choices.filter((c) => c !== before), choice].sort((a, b) => compareBytes(a.order, b.order))
  const spent = before === undefined ? [] : [before]
  const own = all.filter((c) => compareBytes(c.user, choice.user) === 0)
  const dropped = own.length > MAX_CHOICES_PER_USER ? own[0] : all.length > MAX_CHOICES ? all[0] : undefined
  if (dropped === undefined) return { choices: all, spent }
  const kept = all.filter((c) => c !== dropped)
  return dropped === choice ? { choices, spent: [...spent, choice] } : { choices: kept, spent: [...spent, dropped] }
}

/** What shows: reactions in order of first use, the users of each likewise. */
export function reactionsOf(choices: readonly Choice[]): readonly Reaction[] {
  if (choices.length === 0) return NONE
  const counts = new Map<UserId, number>()
  const on: { user: UserId; emoji: string }[] = []
  for (const { user, emoji, on: isOn } of choices.toReversed()) {
    if (!isOn) continue
    const id = userIdOf(user)
    const count = (counts.get(id) ?? 0) + 1
    counts.set(id, count)
    if (count <= MAX_REACTIONS_PER_USER) on.push({ user: id, emoji })
  }
  const users = new Map<string, UserId[]>()
  for (const { user, emoji } of on.toReversed()) {
    const known = users.get(emoji)
    if (known !== undefined) known.push(user)
    else if (users.size < MAX_EMOJI_PER_MESSAGE) users.set(emoji, [user])
  }
  return Object.freeze([...users].map(([emoji, list]) => Object.freeze({ emoji, users: Object.freeze(list) })))
}

const NONE: readonly Reaction[] = Object.freeze([])
