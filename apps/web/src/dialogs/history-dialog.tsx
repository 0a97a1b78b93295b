import type { Conversation, Message } from '@parley/chat'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { TextWithLinks } from '../components/text-with-links.tsx'
import { useAction } from '../components/use-action.ts'
import type { MessageVersion } from '../engine/types.ts'
import { completeTime } from '../text/time.ts'

/** How a message read before it was edited, the newest version first. */
export function HistoryDialog({
  conversation,
  message,
  onClose,
}: {
  conversation: Conversation
  message: Message
  onClose: () => void
}): ReactNode {
  const [versions, setVersions] = useState<readonly MessageVersion[]>()
  const { run } = useAction()
  useEffect(() => {
    void run(async () => setVersions((await conversation.edits(message.id)).toReversed()))
  }, [conversation, message.id, run])
  return (
    <Dialog title="Earlier versions" onClose={onClose}>
      {versions === undefined ? (
        <p className="quiet">Looking for earlier versions…</p>
      ) : (
        <ol className="versions" aria-label="Versions, the newest first">
          {versions.map(({ text, at }, index) => (
            <li key={`${at} ${text}`} className="version">
              <span className="quiet">
                {index === 0 ? 'Now, since ' : ''}
                <time dateTime={new Date(at).toISOString()}>{completeTime(at)}</time>
                {index === versions.length - 1 ? ', as first sent' : ''}
              </span>
              <p className="version-text" dir="auto">
                {text === '' ? <span className="quiet">No text</span> : <TextWithLinks text={text} />}
              </p>
            </li>
          ))}
        </ol>
      )}
    </Dialog>
  )
}
