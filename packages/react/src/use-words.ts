/**
 * What the components say, for everything below a `ParleyProvider`.
 */
import { createContext, use } from 'react'
import { ENGLISH } from './words.ts'
import type { Words } from './words.ts'

/** What the provider gives. */
export const WordsContext = createContext<Words>(ENGLISH)

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
