import type { User } from '@parley/chat'
import { textParts } from '@parley/react'
import { Fragment, useMemo } from 'react'
import type { ReactNode } from 'react'
import type { Mention } from '../engine/types.ts'
import { mentionParts } from '../text/mentions.ts'

interface TextWithLinksProps {
  text: string
  mentions?: readonly Mention[]
  /** Whose name stands out more than others. */
  me?: User['id']
}

const NONE: readonly Mention[] = []

/** What somebody wrote: always text, never markup; web addresses can be followed, and names of people stand out. */
export function TextWithLinks({ text, mentions = NONE, me }: TextWithLinksProps): ReactNode {
  const parts = useMemo(() => mentionParts(text, mentions), [text, mentions])
  return parts.map((part) =>
    part.user === undefined ? (
      <Links key={part.at} text={part.text} />
    ) : (
      <bdi key={part.at} className={part.user === me ? 'mention mention-me' : 'mention'}>
        {part.text}
      </bdi>
    ),
  )
}

function Links({ text }: { text: string }): ReactNode {
  const parts = useMemo(() => textParts(text), [text])
  return parts.map((part) =>
    part.href === undefined ? (
      <Fragment key={part.at}>{part.text}</Fragment>
    ) : (
      <a key={part.at} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
        {part.text}
      </a>
    ),
  )
}
