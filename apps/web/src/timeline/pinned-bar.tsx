import type { Conversation, Message } from '@parley/chat'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Icon } from '../components/icon.tsx'
import { usePinned } from '../engine/use-pinned.ts'
import { t } from '../i18n/translate.ts'
import { summaryOf } from '../text/messages.ts'
import { MessageList } from './message-list.tsx'

interface PinnedBarProps {
  conversation: Conversation
  onJump: (id: Message['id']) => void
}

/** What moderators put up for everybody: the newest in one line, all of them in a list. */
export function PinnedBar({ conversation, onJump }: PinnedBarProps): ReactNode {
  const pinned = usePinned(conversation)
  const [open, setOpen] = useState(false)
  const newest = pinned.at(-1)
  if (newest === undefined) return null
  return (
    <section className="pinned" aria-label={t('Pinned messages')}>
      <button type="button" className="pinned-newest" title={t('Go to the pinned message')} onClick={() => onJump(newest.id)}>
        <Icon name="pin" />
        <span className="visually-hidden">{t('Pinned:')} </span>
        <bdi className="pinned-text">{summaryOf(newest)}</bdi>
      </button>
      {pinned.length > 1 && (
        <button type="button" className="pinned-all" onClick={() => setOpen(true)}>
          {t('All {count}', { count: pinned.length })}
        </button>
      )}
      {open && (
        <Dialog title={t('Pinned messages')} onClose={() => setOpen(false)}>
          <MessageList
            messages={pinned.toReversed()}
            onPick={(id) => {
              setOpen(false)
              onJump(id)
            }}
          />
        </Dialog>
      )}
    </section>
  )
}
