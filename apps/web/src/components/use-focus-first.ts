import { useLayoutEffect } from 'react'
import type { RefObject } from 'react'

/** On appearing, gives the focus to the element inside that carries `data-focus-first`. Dialogs and whole screens need it to be usable by keyboard. */
export function useFocusFirst(container: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    container.current?.querySelector<HTMLElement>('[data-focus-first]')?.focus()
  }, [container])
}
