import type { Conversation } from '@parley/chat'
import { useConversation, useMe } from '@parley/react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Icon } from '../components/icon.tsx'
import { descriptionOf } from '../engine/description.ts'
import { useContacts } from '../engine/use-contacts.ts'
import { t } from '../i18n/translate.ts'
import type { ConversationDeed } from '../screens/conversation-menu.tsx'
import { faceOf, mayManage, titleOf } from '../text/people.ts'
import { FormerMembers } from './former-members.tsx'
import { MemberRow } from './member-row.tsx'
import type { MemberQuestion } from './member-dialog.tsx'

interface MembersPanelProps {
  conversation: Conversation
  onInvite: () => void
  onDeed: (deed: ConversationDeed) => void
  /** Opens a dialog about a member, outside of the panel: a window that grows or shrinks makes the panel anew. */
  onAsk: (question: MemberQuestion) => void
  onSelect: (conversation: Conversation) => void
}

/** What the conversation is, who is in it, and who was. */
export function MembersPanel({ conversation, onInvite, onDeed, onAsk, onSelect }: MembersPanelProps): ReactNode {
  const info = useConversation(conversation)
  const description = descriptionOf(info)
  const { kind, members, formerMembers, role, avatar } = info
  const me = useMe()
  const contacts = useContacts()
  const group = kind === 'group'
  return (
    <div className="members">
      <section className="members-about">
        <Avatar id={faceOf(info, me.id)} name={info.title} size="large" shape={group ? 'group' : 'person'} image={avatar} />
        <h3>
          <bdi>{titleOf(info)}</bdi>
        </h3>
        {description !== '' && <p dir="auto">{description}</p>}
        {!group && <p>{t('Only the two of you can read this.')}</p>}
        <div className="members-actions">
          {group && mayManage(role) && (
            <button type="button" className="button" onClick={onInvite}>
              <Icon name="invite" />
              {t('Invite people')}
            </button>
          )}
          <div className="members-actions-pair">
            {group && (
              <button type="button" className="button" onClick={() => onDeed('details')}>
                <Icon name="edit" />
                {t('Details')}
              </button>
            )}
            <button type="button" className="button" onClick={() => onDeed('files')}>
              <Icon name="file" />
              {t('Files')}
            </button>
          </div>
        </div>
      </section>
      <ul className="members-list" aria-label={t('Members')}>
        {members.map((member) => (
          <MemberRow
            key={member.id}
            conversation={conversation}
            member={member}
            me={me.id}
            ownRole={role}
            kind={kind}
            isContact={contacts.some((contact) => contact.id === member.id)}
            onRemove={() => onAsk({ kind: 'remove', member })}
            onSafety={() => onAsk({ kind: 'safety', member })}
            onBlock={() => onAsk({ kind: 'block', member })}
            onSelect={onSelect}
          />
        ))}
      </ul>
      {formerMembers.length > 0 && <FormerMembers former={formerMembers} members={members} me={me.id} />}
      {group && (
        <button type="button" className="button members-leave" onClick={() => onDeed('leave')}>
          <Icon name="leave" />
          {t('Leave group')}
        </button>
      )}
    </div>
  )
}
