/**
 * Something read from the engine, read again at some of its events.
 */
import type { Parley, ParleyEvents } from '@parley/chat'
import { Cell } from '../support/cell.ts'
import type { Readable } from '../support/cell.ts'
import { keepParts } from '../support/keep.ts'

/** A value that follows the engine while somebody listens; `kept` gives the one before it when both say the same. */
export function parleyStore<T extends object>(
  parley: Parley,
  events: readonly (keyof ParleyEvents)[],
  read: () => T,
  kept: (previous: T, next: T) => T = keepParts,
): Readable<T> {
  const cell = new Cell(read())
  const refresh = (): void => cell.set(kept(cell.getSnapshot(), read()))
  let stops: (() => void)[] = []
  return {
    getSnapshot: cell.getSnapshot,
    subscribe: (listener) => {
      const unsubscribe = cell.subscribe(listener)
      if (stops.length === 0) {
        stops = events.map((name) => parley.on(name, refresh))
        refresh()
      }
      return () => {
        unsubscribe()
        if (cell.observed) return
        for (const stop of stops) stop()
        stops = []
      }
    },
  }
}

/** One store for each engine or conversation, whoever asks. */
export function cachedStore<Key extends object, T>(make: (key: Key) => T): (key: Key) => T {
  const stores = new WeakMap<Key, { readonly store: T }>()
  return (key) => {
    const known = stores.get(key)
    if (known !== undefined) return known.store
    const store = make(key)
    stores.set(key, { store })
    return store
  }
}
