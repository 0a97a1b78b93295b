import { useId } from 'react'
import type { ReactNode } from 'react'

interface SegmentsProps<T extends string> {
  label: string
  value: T
  options: readonly (readonly [value: T, words: string])[]
  onChange: (value: T) => void
}

/** One of two to four choices that fit into a row. */
export function Segments<T extends string>({ label, value, options, onChange }: SegmentsProps<T>): ReactNode {
  const name = useId()
  return (
    <fieldset className="segments">
      <legend className="visually-hidden">{label}</legend>
      {options.map(([option, words]) => (
        <label key={option} className="segment">
          <input type="radio" className="visually-hidden" name={name} checked={option === value} onChange={() => onChange(option)} />
          {words}
        </label>
      ))}
    </fieldset>
  )
}
