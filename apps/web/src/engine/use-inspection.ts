import type { Inspection } from '@parley/chat'
import { useParley } from '@parley/react'
import { useEffect, useState } from 'react'

/** Round trips and byte counts move without an event. */
const INTERVAL_MS = 1_000

/** What the engine says about its connections, read again while a component shows it. */
export function useInspection(): Inspection {
  const parley = useParley()
  const [inspection, setInspection] = useState(() => parley.inspect())
  useEffect(() => {
    const read = (): void => setInspection(parley.inspect())
    const timer = setInterval(read, INTERVAL_MS)
    const stop = parley.on('connection', read)
    return () => {
      clearInterval(timer)
      stop()
    }
  }, [parley])
  return inspection
}
