import type { KeyboardEvent } from 'react'

/**
 * For the `onKeyDown` of the buttons of a list: arrow up and down walk from one to the next.
 * @example
 * ```tsx
 * const { conversations } = useConversations()
 * const rows = conversations.map((one) => <li key={one.getId()}><button onKeyDown={walkByArrows}>{one.getTitle()}</button></li>)
 * return <ul>{rows}</ul>
 * ```
 */
export function walkByArrows(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined) return
  const buttons = [...(event.currentTarget.closest('ul')?.querySelectorAll('button') ?? [])]
  const next = buttons[buttons.findIndex((button) => button === event.currentTarget) + step]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}
