import type { Message } from '@parley/chat'
import { isParleyError } from '@parley/chat'
import { useEffect, useRef } from 'react'

/** Marks what is shown as seen, but only while somebody can look at the page. */
export function useSeen(lastId: Message['id'] | undefined, wanted: boolean, mark: () => Promise<void>): void {
  const latest = useRef(mark)
  useEffect(() => {
    latest.current = mark
  })
  useEffect(() => {
    if (!wanted || lastId === undefined) return
    const markIfVisible = (): void => {
      if (document.visibilityState !== 'visible') return
      latest.current().catch((error: unknown) => {
        if (!isParleyError(error, 'Closed')) reportError(error)
      })
    }
    markIfVisible()
    document.addEventListener('visibilitychange', markIfVisible)
    return () => document.removeEventListener('visibilitychange', markIfVisible)
  }, [lastId, wanted])
}
