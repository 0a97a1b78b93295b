import type { ComponentPropsWithRef, ReactNode } from 'react'
import { Icon } from './icon.tsx'
import type { IconName } from './icon.tsx'

interface IconButtonProps extends Omit<ComponentPropsWithRef<'button'>, 'aria-label' | 'children' | 'title' | 'type'> {
  icon: IconName
  /** What it does: its accessible name and its tooltip. */
  label: string
}

/** A button that is only a picture. */
export function IconButton({ icon, label, className, ...rest }: IconButtonProps): ReactNode {
  return (
    <button type="button" aria-label={label} title={label} className={`icon-button ${className ?? ''}`} {...rest}>
      <Icon name={icon} />
    </button>
  )
}
