/**
 * Keeping old objects where nothing changed, so that memoised rows are skipped.
 */
import { useState } from 'react'

/** Whether two flat values say the same: primitives, and arrays and plain objects of such. Depth is that of the engine's snapshots. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const left = Object.entries(a)
  const right = b as Record<string, unknown>
  if (left.length !== Object.keys(right).length) return false
  return left.every(([key, value]) => Object.hasOwn(right, key) && sameValue(value, right[key]))
}

/**
 * `next`, or `previous` when it says the same.
 * @example
 * ```tsx
 * const [invites, setInvites] = useState(() => conversation.invites())
 * const refresh = () => setInvites((before) => keep(before, conversation.invites()))
 * ```
 */
export function keep<T>(previous: T, next: T): T {
  return sameValue(previous, next) ? previous : next
}

/** `next` with the parts of `previous` that say the same, or `previous` itself. */
export function keepParts<T extends object>(previous: T, next: T): T {
  const parts = Object.entries(next).map(([key, value]) => [key, keep(previous[key as keyof T], value as T[keyof T])])
  const kept = Object.fromEntries(parts) as T
  return Object.entries(kept).every(([key, value]) => Object.is(value, previous[key as keyof T])) ? previous : kept
}

/**
 * The value, or the one of an earlier render when both say the same: what is memoised by it is not rendered again.
 * @example
 * ```tsx
 * const { members } = useConversation(conversation)
 * const names = useKept(Object.fromEntries(members.map(({ id, name }) => [id, name])))
 * ```
 */
export function useKept<T>(value: T): T {
  const [kept, setKept] = useState(value)
  const now = keep(kept, value)
  if (now !== kept) setKept(now)
  return now
}
