import type { ReactNode } from 'react'
import { Icon } from '../components/icon.tsx'
import type { IconName } from '../components/icon.tsx'

interface SettingsRowProps {
  icon: IconName
  title: string
  hint: string
  disabled?: boolean
  onClick: () => void
}

/** A line that leads to a dialog of its own. */
export function SettingsRow({ icon, title, hint, disabled = false, onClick }: SettingsRowProps): ReactNode {
  return (
    <button type="button" className="settings-row" disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
      <span className="settings-row-text">
        <span className="strong">{title}</span>
        <span className="quiet">{hint}</span>
      </span>
      <Icon name="forward" />
    </button>
  )
}
