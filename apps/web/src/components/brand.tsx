import type { ReactNode } from 'react'

/** The mark: two voices, one answering the other. */
export function Brand({ large = false }: { large?: boolean }): ReactNode {
  return (
    <img className={large ? 'brand brand-large' : 'brand'} src="/favicon.svg" alt="" width={large ? 56 : 28} height={large ? 56 : 28} />
  )
}
