import type { Conversation } from '@parley/chat'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Dialog } from '../components/dialog.tsx'
import { IconButton } from '../components/icon-button.tsx'
import { toast } from '../components/toasts.tsx'
import { PHONE, useMediaQuery, WIDE } from '../components/use-media-query.ts'
import { DetailsDialog } from '../dialogs/details-dialog.tsx'
import { recall, remember } from '../engine/remembered.ts'
import { useConversation } from '../engine/use-conversation.ts'
import { useMe } from '../engine/use-parley.tsx'
import { ConnectionStatus } from '../members/connection-status.tsx'
import { MembersPanel } from '../members/members-panel.tsx'
import { wordsFor } from '../text/errors.ts'
import { mayInvite, membersWords } from '../text/people.ts'
import { Chat } from './chat.tsx'
import { Waiting } from './waiting.tsx'

interface ConversationScreenProps {
  conversation: Conversation
  onBack: () => void
  onInvite: () => void
}

/** Whether the members pane was left open; on a narrow screen it is a sheet that starts closed. */
const MEMBERS_KEY = 'members'

/** One conversation: its head, what is said, and who is in it. */
export function ConversationScreen({ conversation, onBack, onInvite }: ConversationScreenProps): ReactNode {
  const { id, title, state, members } = useConversation(conversation)
  const me = useMe()
  const phone = useMediaQuery(PHONE)
  const wide = useMediaQuery(WIDE)
  const [pane, setPane] = useState(() => recall(MEMBERS_KEY) !== 'closed')
  const [sheet, setSheet] = useState(false)
  const [details, setDetails] = useState(false)
  const member = state === 'member'
  // On a screen that grew the members have their pane: the sheet must not wait behind it.
  if (wide && sheet) setSheet(false)

  useEffect(() => conversation.on('error', (error) => toast(wordsFor(error), 'error')), [conversation])

  const toggleMembers = (): void => {
    if (!wide) return setSheet(!sheet)
    remember(MEMBERS_KEY, pane ? 'closed' : 'open')
    setPane(!pane)
  }
  const panel = <MembersPanel conversation={conversation} onInvite={onInvite} onDetails={() => setDetails(true)} />
  return (
    <>
      <main className="conversation" aria-label={title === '' ? 'Conversation' : title}>
        <header className="conversation-header">
          {phone && <IconButton icon="back" label="Back to conversations" onClick={onBack} />}
          <Avatar id={id} name={title} shape="group" image={conversation.getAvatar()} />
          <div className="conversation-title">
            <h2>
              <bdi>{title === '' ? 'A group you were invited to' : title}</bdi>
            </h2>
            <p>{member ? membersWords(members) : 'Not a member yet'}</p>
          </div>
          {member && (
            <>
              <ConnectionStatus conversation={conversation} />
              {mayInvite(members, me.id) && <IconButton icon="invite" label="Invite people" onClick={onInvite} />}
              <IconButton icon="members" label="Members" aria-expanded={wide ? pane : sheet} onClick={toggleMembers} />
            </>
          )}
        </header>
        {member ? (
          <Chat conversation={conversation} title={title} onInvite={onInvite} />
        ) : (
          <Waiting conversation={conversation} onBack={onBack} />
        )}
      </main>
      {member && wide && pane && (
        <aside className="members-pane" aria-label="Members">
          {panel}
        </aside>
      )}
      {member && !wide && sheet && (
        <Dialog kind="sheet" title="Members" onClose={() => setSheet(false)}>
          {panel}
        </Dialog>
      )}
      {details && <DetailsDialog conversation={conversation} onClose={() => setDetails(false)} />}
    </>
  )
}
