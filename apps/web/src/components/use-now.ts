import { Cell } from '@parley/react'
import { useSyncExternalStore } from 'react'

const MINUTE_MS = 60_000
const minute = new Cell(Date.now())
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  const unsubscribe = minute.subscribe(listener)
  timer ??= setInterval(() => minute.set(Date.now()), MINUTE_MS)
  return () => {
    unsubscribe()
    if (minute.observed) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The time, moving once a minute, for words such as "5 min ago". */
export function useNow(): number {
  return useSyncExternalStore(subscribe, minute.getSnapshot)
}
