import { useCallback, useSyncExternalStore } from 'react'

/** Below: one pane at a time. Keep equal to `styles/layout.css`. */
export const PHONE = '(max-width: 719px)'
/** From here on the members have a pane of their own. Keep equal to `styles/layout.css`. */
export const WIDE = '(min-width: 1120px)'

/** Whether a media query holds now. */
export function useMediaQuery(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query)
      list.addEventListener('change', listener)
      return () => list.removeEventListener('change', listener)
    },
    [query],
  )
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches)
}
