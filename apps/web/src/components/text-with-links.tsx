import { useMemo } from 'react'
import type { ReactNode } from 'react'
import { textParts } from '../text/links.ts'

/** What somebody wrote: always text, never markup; web addresses can be followed. */
export function TextWithLinks({ text }: { text: string }): ReactNode {
  const parts = useMemo(() => textParts(text), [text])
  return parts.map((part) =>
    part.href === undefined ? (
      part.text
    ) : (
      <a key={part.at} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
        {part.text}
      </a>
    ),
  )
}
