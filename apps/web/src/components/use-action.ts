import { useCallback, useEffect, useRef, useState } from 'react'
import { wordsFor } from '../text/errors.ts'
import { toast } from './toasts.tsx'

interface Action {
  /** Runs the work; a failure is said in a toast. Resolves to whether it succeeded. */
  readonly run: (work: () => Promise<void>) => Promise<boolean>
  readonly busy: boolean
}

/** Something that a person started and that may fail. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false)
  const mounted = useRef(true)
  useEffect(() => {
    mounted.current = true
    return () => {
      mounted.current = false
    }
  }, [])
  const run = useCallback(async (work: () => Promise<void>) => {
    setBusy(true)
    try {
      await work()
      return true
    } catch (error) {
      toast(wordsFor(error), 'error')
      return false
    } finally {
      if (mounted.current) setBusy(false)
    }
  }, [])
  return { run, busy }
}
