import type { Conversation, Message } from '@parley/chat'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { TextWithLinks } from '../components/text-with-links.tsx'
import { useAction } from '../components/use-action.ts'
import type { MessageVersion } from '../engine/types.ts'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
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
    <Dialog title={t('Earlier versions')} onClose={onClose}>
      {versions === undefined ? (
        <p className="quiet">{t('Looking for earlier versions…')}</p>
      ) : (
        <ol className="versions" aria-label={t('Versions, the newest first')}>
          {versions.map(({ text, at }, index) => (
            <li key={`${at} ${text}`} className="version">
              <span className="quiet">
                {rich(versionText(index === 0, index === versions.length - 1), {
                  time: <time dateTime={new Date(at).toISOString()}>{completeTime(at)}</time>,
                })}
              </span>
              <p className="version-text" dir="auto">
                {text === '' ? <span className="quiet">{t('No text')}</span> : <TextWithLinks text={text} />}
              </p>
            </li>
          ))}
        </ol>
      )}
    </Dialog>
  )
}

/** When a version was written, and whether it is the first or the last. */
function versionText(
  isNow: boolean,
  isFirst: boolean,
): '{time}' | 'Now, since {time}' | '{time}, as first sent' | 'Now, since {time}, as first sent' {
  if (isNow) return isFirst ? 'Now, since {time}, as first sent' : 'Now, since {time}'
  return isFirst ? '{time}, as first sent' : '{time}'
}
