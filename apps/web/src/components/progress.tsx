import type { ReactNode } from 'react'

interface ProgressProps {
  label: string
  done: number
  total: number
}

/** How far long work is: a bar for the eye, a number for screen readers. */
export function Progress({ label, done, total }: ProgressProps): ReactNode {
  return <progress className="progress" aria-label={label} max={Math.max(1, total)} value={done} />
}
