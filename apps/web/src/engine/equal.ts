/**
 * Keeping old objects where nothing changed, so that memoised rows are skipped.
 */
import type { Message } from '@parley/chat'

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

/** `next`, or `previous` when it says the same. */
export function keep<T>(previous: T, next: T): T {
  return sameValue(previous, next) ? previous : next
}

/** `next`, with every message that did not change replaced by the object shown before; the whole array too when none changed. */
export function keepMessages(previous: readonly Message[], next: readonly Message[]): readonly Message[] {
  const known = new Map(previous.map((message) => [message.id, message]))
  const kept = next.map((message) => {
    const old = known.get(message.id)
    return old === undefined ? message : keep(old, message)
  })
  const unchanged = kept.length === previous.length && kept.every((message, index) => message === previous[index])
  return unchanged ? previous : kept
}
