import type { Conversation, Message } from '@parley/chat'
import { useConversation, useMe } from '@parley/react'
import type { ConversationInfo, JumpTarget } from '@parley/react'
import { useCallback, useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { ExportDialog } from '../archive/export-dialog.tsx'
import { FilesDialog } from '../attachments/files-dialog.tsx'
import { Avatar } from '../components/avatar.tsx'
import { Dialog } from '../components/dialog.tsx'
import { IconButton } from '../components/icon-button.tsx'
import { toast } from '../components/toasts.tsx'
import { PHONE, useMediaQuery, WIDE } from '../components/use-media-query.ts'
import { BlockDialog } from '../dialogs/block-dialog.tsx'
import { DateDialog } from '../dialogs/date-dialog.tsx'
import { DetailsDialog } from '../dialogs/details-dialog.tsx'
import { LeaveDialog } from '../dialogs/leave-dialog.tsx'
import { recall, remember } from '../engine/remembered.ts'
import { t } from '../i18n/translate.ts'
import { ConnectionStatus } from '../members/connection-status.tsx'
import { MemberDialog } from '../members/member-dialog.tsx'
import type { MemberQuestion } from '../members/member-dialog.tsx'
import { MembersPanel } from '../members/members-panel.tsx'
import { wordsFor } from '../text/errors.ts'
import { faceOf, mayManage, membersWords, titleOf } from '../text/people.ts'
import { Chat } from './chat.tsx'
import { ConversationMenu } from './conversation-menu.tsx'
import type { ConversationDeed } from './conversation-menu.tsx'
import { Waiting } from './waiting.tsx'

interface ConversationScreenProps {
  conversation: Conversation
  /** A message that was found elsewhere, to be shown; another object asks anew. */
  found: JumpTarget | undefined
  onSearch: () => void
  onBack: () => void
  onInvite: () => void
  onSelect: (conversation: Conversation) => void
}

/** Whether the members pane was left open; on a narrow screen it is a sheet that starts closed. */
const MEMBERS_KEY = 'members'

function standing({ state, kind, members }: ConversationInfo, me: string): string {
  switch (state) {
    case 'member':
      if (kind === 'group') return membersWords(members)
      return members.some(({ id, status }) => id !== me && status === 'ONLINE') ? t('Online') : t('Offline')
    case 'left':
      return t('You left')
    case 'removed':
      return t('You were removed')
    case 'request':
      return t('Wants to talk with you')
    case 'joining':
      return t('Waiting to be admitted')
    case 'refused':
      return t('Not a member')
    case 'archive':
      return t('Archive')
  }
}

/** One conversation: its head, what is said, and who is in it. */
export function ConversationScreen({ conversation, found, onSearch, onBack, onInvite, onSelect }: ConversationScreenProps): ReactNode {
  const info = useConversation(conversation)
  const { state, kind, role, avatar } = info
  const me = useMe()
  const phone = useMediaQuery(PHONE)
  const wide = useMediaQuery(WIDE)
  const [pane, setPane] = useState(() => recall(MEMBERS_KEY) !== 'closed')
  const [sheet, setSheet] = useState(false)
  const [open, setOpen] = useState<ConversationDeed>()
  const [question, setQuestion] = useState<MemberQuestion>()
  const [target, setTarget] = useState(found)
  const [lastFound, setLastFound] = useState(found)
  if (found !== lastFound) {
    setLastFound(found)
    setTarget(found)
  }
  const member = state === 'member'
  const title = titleOf(info)
  // On a screen that grew the members have their pane: the sheet must not wait behind it.
  if (wide && sheet) setSheet(false)

  useEffect(() => conversation.on('error', (error) => toast(wordsFor(error), 'error')), [conversation])

  const jump = useCallback((message: Message['id']) => {
    setSheet(false)
    setTarget({ id: message })
  }, [])
  const close = (): void => setOpen(undefined)
  const onDeed = (deed: ConversationDeed): void => (deed === 'search' ? onSearch() : setOpen(deed))
  const toggleMembers = (): void => {
    if (!wide) return setSheet(!sheet)
    remember(MEMBERS_KEY, pane ? 'closed' : 'open')
    setPane(!pane)
  }
  const panel = <MembersPanel conversation={conversation} onInvite={onInvite} onDeed={onDeed} onAsk={setQuestion} onSelect={onSelect} />
  return (
    <>
      <main className="conversation" aria-label={info.title === '' ? t('Conversation') : info.title}>
        <header className="conversation-header">
          {phone && <IconButton icon="back" label={t('Back to conversations')} onClick={onBack} />}
          <Avatar id={faceOf(info, me.id)} name={info.title} shape={kind === 'direct' ? 'person' : 'group'} image={avatar} />
          <div className="conversation-title">
            {/* On a phone the list, which has the heading of the page, is another screen. */}
            {phone && <h1 className="visually-hidden">Parley</h1>}
            <h2>
              <bdi>{title}</bdi>
            </h2>
            <p>{standing(info, me.id)}</p>
          </div>
          {member && (
            <>
              <ConnectionStatus conversation={conversation} />
              {!phone && kind === 'group' && mayManage(role) && <IconButton icon="invite" label={t('Invite people')} onClick={onInvite} />}
              <IconButton icon="members" label={t('Members')} aria-expanded={wide ? pane : sheet} onClick={toggleMembers} />
            </>
          )}
          {(member || state === 'left' || state === 'removed' || state === 'archive') && (
            <ConversationMenu conversation={conversation} onInvite={onInvite} onDeed={onDeed} />
          )}
        </header>
        {state === 'joining' || state === 'refused' ? (
          <Waiting conversation={conversation} onBack={onBack} />
        ) : (
          <Chat conversation={conversation} title={title} target={target} onJump={jump} onInvite={onInvite} onBack={onBack} />
        )}
      </main>
      {member && wide && pane && (
        <aside className="members-pane" aria-label={t('Members')}>
          {panel}
        </aside>
      )}
      {member && !wide && sheet && (
        <Dialog kind="sheet" title={t('Members')} onClose={() => setSheet(false)}>
          {panel}
        </Dialog>
      )}
      {question !== undefined && <MemberDialog conversation={conversation} question={question} onClose={() => setQuestion(undefined)} />}
      {open === 'details' && <DetailsDialog conversation={conversation} onClose={close} />}
      {open === 'export' && <ExportDialog conversation={conversation} onClose={close} />}
      {open === 'date' && <DateDialog conversation={conversation} onJump={jump} onClose={close} />}
      {open === 'files' && <FilesDialog conversation={conversation} onJump={jump} onClose={close} />}
      {open === 'leave' && <LeaveDialog conversation={conversation} onClose={close} />}
      {open === 'block' && <BlockDialog conversation={conversation} onClose={close} />}
    </>
  )
}
