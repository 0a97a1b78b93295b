import { useCallback, useLayoutEffect, useRef } from 'react'

/** A function that stays the same one and calls the latest: what an application passes inline renders no row. */
export function useStable<Args extends readonly unknown[], Result>(latest: (...args: Args) => Result): (...args: Args) => Result {
  const ref = useRef(latest)
  useLayoutEffect(() => {
    ref.current = latest
  })
  return useCallback((...args: Args) => ref.current(...args), [])
}
