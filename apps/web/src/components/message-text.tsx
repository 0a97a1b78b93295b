import type { User } from '@parley/chat'
import { useMemo } from 'react'
import type { ReactNode } from 'react'
import type { Mention } from '../engine/types.ts'
import { formatted } from '../text/markdown.ts'
import type { FormattedNode } from '../text/markdown.ts'
import { CodeBlock } from './code-block.tsx'
import { TextWithLinks } from './text-with-links.tsx'

interface MessageTextProps {
  text: string
  mentions: readonly Mention[]
  /** Whose name stands out more than others. */
  me: User['id']
}

/** What a message says: plain in most of them, else with the little formatting that `text/markdown.ts` knows. */
export function MessageText({ text, mentions, me }: MessageTextProps): ReactNode {
  const root = useMemo(() => formatted(text), [text])
  if (root === undefined) {
    return (
      <div className="message-text" dir="auto">
        <TextWithLinks text={text} mentions={mentions} me={me} />
      </div>
    )
  }
  return (
    <div className="message-text message-rich" dir="auto">
      <Children of={root.children} mentions={mentions} me={me} />
    </div>
  )
}

interface PartProps {
  mentions: readonly Mention[]
  me: User['id']
}

function Children({ of, ...props }: PartProps & { of: readonly FormattedNode[] }): ReactNode {
  return of.map((node) => <Part key={node.position?.start.offset} node={node} {...props} />)
}

function Part({ node, ...props }: PartProps & { node: FormattedNode }): ReactNode {
  switch (node.type) {
    case 'text':
      return (
        <TextWithLinks
          text={node.value}
          mentions={within(props.mentions, node.position?.start.offset ?? 0, node.value.length)}
          me={props.me}
        />
      )
    case 'inlineCode':
      return <code className="code">{node.value}</code>
    case 'code':
      return <CodeBlock text={node.value} />
    case 'break':
      return <br />
    case 'strong':
      return (
        <strong>
          <Children of={node.children} {...props} />
        </strong>
      )
    case 'emphasis':
      return (
        <em>
          <Children of={node.children} {...props} />
        </em>
      )
    case 'delete':
      return (
        <del>
          <Children of={node.children} {...props} />
        </del>
      )
    case 'blockquote':
      return (
        <blockquote className="message-quote">
          <Children of={node.children} {...props} />
        </blockquote>
      )
    case 'list':
      return node.ordered === true ? (
        <ol start={node.start ?? 1}>
          <Children of={node.children} {...props} />
        </ol>
      ) : (
        <ul>
          <Children of={node.children} {...props} />
        </ul>
      )
    case 'listItem':
      return (
        <li>
          <Children of={node.children} {...props} />
        </li>
      )
    case 'paragraph':
      return (
        <p>
          <Children of={node.children} {...props} />
        </p>
      )
    default:
      // Everything else is switched off.
      return null
  }
}

/** The mentions that fall into a piece of the text, as places of the piece. */
function within(mentions: readonly Mention[], at: number, length: number): readonly Mention[] {
  return mentions
    .filter(({ from, to }) => from < at + length && to > at)
    .map(({ user, from, to }) => ({ user, from: Math.max(0, from - at), to: Math.min(length, to - at) }))
}
