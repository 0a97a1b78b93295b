import type { Parley } from '@parley/chat'
import { useMemo } from 'react'
import type { ReactNode } from 'react'
import { ParleyContext } from './use-parley.ts'
import { WordsContext } from './use-words.ts'
import { ENGLISH } from './words.ts'
import type { Words } from './words.ts'

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
