import { useId } from 'react'
import type { ComponentPropsWithRef, ReactNode } from 'react'

interface FieldProps extends Omit<ComponentPropsWithRef<'input'>, 'onChange' | 'value'> {
  label: string
  value: string
  onChange?: (value: string) => void
  hint?: ReactNode
  /** What is wrong with the value; empty when nothing is. */
  error?: string
  'data-focus-first'?: boolean
}

/** A line of text with its label, a hint, and what is wrong with it. */
export function Field({ label, value, onChange, hint, error = '', readOnly, ...rest }: FieldProps): ReactNode {
  const id = useId()
  const hintId = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="text"
        value={value}
        dir="auto"
        readOnly={readOnly ?? false}
        aria-describedby={hintId}
        aria-invalid={error !== ''}
        onChange={(event) => onChange?.(event.target.value)}
        onFocus={(event) => {
          if (readOnly === true) event.target.select()
        }}
        {...rest}
      />
      {(hint !== undefined || error !== '') && (
        <p id={hintId} className={error === '' ? 'field-hint' : 'field-hint field-error'} role={error === '' ? undefined : 'alert'}>
          {error === '' ? hint : error}
        </p>
      )}
    </div>
  )
}
