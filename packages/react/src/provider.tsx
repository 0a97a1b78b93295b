/**
 * The engine, and what the components say, for everything below.
 */
import type { Parley } from '@parley/chat'
import { createContext, use, useMemo, useSyncExternalStore } from 'react'
import type { ReactNode } from 'react'
import { cachedStore, parleyStore } from './stores/parley-store.ts'
import { ENGLISH } from './words.ts'
import type { Words } from './words.ts'

const ParleyContext = createContext<Parley | undefined>(undefined)
const WordsContext = createContext<Words>(ENGLISH)

/** What the provider is told. */
export interface ParleyProviderProps {
  /** An engine that runs. Who made it closes it. */
  readonly parley: Parley
  /** What the components say, in the place of the English words of the same names. */
  readonly words?: Partial<Words>
  /** What hooks and components are in. */
  readonly children?: ReactNode
}

/**
 * Gives the engine to all hooks and components below it.
 * @example
 * ```tsx
 * const parley = await createParley({ name: 'Alice' })
 * createRoot(document.body).render(<ParleyProvider parley={parley}>…</ParleyProvider>)
 * ```
 */
export function ParleyProvider({ parley, words, children }: ParleyProviderProps): ReactNode {
  const all = useMemo(() => ({ ...ENGLISH, ...words }), [words])
  return (
    <ParleyContext value={parley}>
      <WordsContext value={all}>{children}</WordsContext>
    </ParleyContext>
  )
}

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

/**
 * What the components say here.
 * @example
 * ```tsx
 * const { send } = useWords()
 * ```
 */
export function useWords(): Words {
  return use(WordsContext)
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
