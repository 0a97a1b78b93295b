import { useId } from 'react'
import type { ReactNode } from 'react'

interface SwitchProps {
  label: string
  hint?: string
  on: boolean
  disabled?: boolean
  onChange: (on: boolean) => void
}

/** Something that is on or off, and takes effect at once. */
export function Switch({ label, hint, on, disabled = false, onChange }: SwitchProps): ReactNode {
  const id = useId()
  const hintId = useId()
  return (
    <div className="switch">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="checkbox"
        role="switch"
        aria-checked={on}
        checked={on}
        disabled={disabled}
        aria-describedby={hint === undefined ? undefined : hintId}
        onChange={({ target }) => onChange(target.checked)}
      />
      {hint !== undefined && (
        <p id={hintId} className="field-hint">
          {hint}
        </p>
      )}
    </div>
  )
}
