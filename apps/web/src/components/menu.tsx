import { useState } from 'react'
import type { KeyboardEvent, ReactNode } from 'react'
import { Icon } from './icon.tsx'
import type { IconName } from './icon.tsx'
import { IconButton } from './icon-button.tsx'
import { Popup } from './popup.tsx'

/** One line of a menu. */
export interface MenuItem {
  readonly label: string
  readonly icon?: IconName
  readonly danger?: boolean
  /** One of several of which one holds: whether it is this one. */
  readonly checked?: boolean
  readonly onSelect: () => void
}

interface MenuProps {
  anchor: HTMLElement | null
  label: string
  items: readonly MenuItem[]
  onClose: () => void
}

function Menu({ anchor, label, items, onClose }: MenuProps): ReactNode {
  const walk = (event: KeyboardEvent<HTMLElement>): void => {
    const rows = [...event.currentTarget.querySelectorAll('button')]
    const current = rows.findIndex((row) => row === document.activeElement)
    const targets: Record<string, number> = { ArrowUp: current - 1, ArrowDown: current + 1, Home: 0, End: -1 }
    const target = targets[event.key]
    if (event.key === 'Tab') onClose()
    if (target === undefined) return
    event.preventDefault()
    rows.at(target % rows.length)?.focus()
  }
  return (
    <Popup anchor={anchor} label={label} role="menu" className="menu" onClose={onClose} onKeyDown={walk}>
      {items.map((item, index) => (
        <button
          key={item.label}
          type="button"
          role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
          aria-checked={item.checked}
          tabIndex={-1}
          className={item.danger === true ? 'menu-item menu-item-danger' : 'menu-item'}
          data-focus-first={index === 0 ? true : undefined}
          onClick={() => {
            onClose()
            item.onSelect()
          }}
        >
          {item.checked === undefined ? item.icon !== undefined && <Icon name={item.icon} /> : <MenuCheck on={item.checked} />}
          {item.label}
        </button>
      ))}
    </Popup>
  )
}

function MenuCheck({ on }: { on: boolean }): ReactNode {
  return on ? <Icon name="check" /> : <span className="icon" />
}

interface MenuButtonProps {
  icon: IconName
  label: string
  items: readonly MenuItem[]
  tabIndex?: number
  className?: string
}

/** A button that opens a menu. Without items there is no button. */
export function MenuButton({ icon, label, items, tabIndex, className }: MenuButtonProps): ReactNode {
  const [open, setOpen] = useState(false)
  const [button, setButton] = useState<HTMLButtonElement | null>(null)
  if (items.length === 0) return null
  return (
    <>
      <IconButton
        ref={setButton}
        icon={icon}
        label={label}
        className={className}
        tabIndex={tabIndex}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(true)}
      />
      {open && <Menu anchor={button} label={label} items={items} onClose={() => setOpen(false)} />}
    </>
  )
}
