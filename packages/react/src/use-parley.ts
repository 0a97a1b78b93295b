/**
 * The engine, for everything below a `ParleyProvider`.
 */
import type { Parley } from '@parley/chat'
import { createContext, use, useSyncExternalStore } from 'react'
import { cachedStore, parleyStore } from './stores/parley-store.ts'

/** What the provider gives. */
export const ParleyContext = createContext<Parley | undefined>(undefined)

/**
 * The engine. @throws {Error} outside of a `ParleyProvider`
 * @example
 * ```tsx
 * const parley = useParley()
 * await parley.createGroup({ title: 'Picnic' })
 * ```
 */
export function useParley(): Parley {
  const parley = use(ParleyContext)
  if (parley === undefined) throw new Error('hooks and components of @parley/react need a ParleyProvider above them')
  return parley
}

const meStore = cachedStore((parley: Parley) => parleyStore(parley, ['conversations'], () => parley.me))

/**
 * Who this user is, as it changes.
 * @example
 * ```tsx
 * const { name, avatar } = useMe()
 * ```
 */
export function useMe(): Parley['me'] {
  const store = meStore(useParley())
  return useSyncExternalStore(store.subscribe, store.getSnapshot)
}
