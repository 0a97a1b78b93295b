import type { Conversation, Member } from '@parley/chat'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Icon } from '../components/icon.tsx'
import { useContacts } from '../engine/use-contacts.ts'
import { useConversation } from '../engine/use-conversation.ts'
import { useMe } from '../engine/use-parley.tsx'
import type { ConversationDeed } from '../screens/conversation-menu.tsx'
import { faceOf, mayManage, titleOf } from '../text/people.ts'
import { SafetyDialog } from '../devices/safety-dialog.tsx'
import { BlockPersonDialog } from '../dialogs/block-dialog.tsx'
import { RemoveMemberDialog } from '../dialogs/remove-member-dialog.tsx'
import { FormerMembers } from './former-members.tsx'
import { MemberRow } from './member-row.tsx'

interface MembersPanelProps {
  conversation: Conversation
  onInvite: () => void
  onDeed: (deed: ConversationDeed) => void
  onSelect: (conversation: Conversation) => void
}

type Asking = { readonly kind: 'remove' | 'block' | 'safety'; readonly member: Member }

/** What the conversation is, who is in it, and who was. */
export function MembersPanel({ conversation, onInvite, onDeed, onSelect }: MembersPanelProps): ReactNode {
  const info = useConversation(conversation)
  const { kind, description, members, formerMembers, role, avatar } = info
  const me = useMe()
  const contacts = useContacts()
  const [asking, setAsking] = useState<Asking>()
  const group = kind === 'group'
  return (
    <div className="members">
      <section className="members-about">
        <Avatar id={faceOf(info, me.id)} name={info.title} size="large" shape={group ? 'group' : 'person'} image={avatar} />
        <h3>
          <bdi>{titleOf(info)}</bdi>
        </h3>
        {description !== '' && <p dir="auto">{description}</p>}
        {!group && <p>Only the two of you can read this.</p>}
        <div className="members-actions">
          {group && mayManage(role) && (
            <button type="button" className="button" onClick={onInvite}>
              <Icon name="invite" />
              Invite people
            </button>
          )}
          <div className="members-actions-pair">
            {group && (
              <button type="button" className="button" onClick={() => onDeed('details')}>
                <Icon name="edit" />
                Details
              </button>
            )}
            <button type="button" className="button" onClick={() => onDeed('files')}>
              <Icon name="file" />
              Files
            </button>
          </div>
        </div>
      </section>
      <ul className="members-list" aria-label="Members">
        {members.map((member) => (
          <MemberRow
            key={member.id}
            conversation={conversation}
            member={member}
            me={me.id}
            ownRole={role}
            kind={kind}
            isContact={contacts.some((contact) => contact.id === member.id)}
            onRemove={() => setAsking({ kind: 'remove', member })}
            onSafety={() => setAsking({ kind: 'safety', member })}
            onBlock={() => setAsking({ kind: 'block', member })}
            onSelect={onSelect}
          />
        ))}
      </ul>
      {formerMembers.length > 0 && <FormerMembers former={formerMembers} members={members} me={me.id} />}
      {group && (
        <button type="button" className="button members-leave" onClick={() => onDeed('leave')}>
          <Icon name="leave" />
          Leave group
        </button>
      )}
      {asking?.kind === 'remove' && (
        <RemoveMemberDialog conversation={conversation} member={asking.member} onClose={() => setAsking(undefined)} />
      )}
      {asking?.kind === 'safety' && <SafetyDialog person={asking.member} onClose={() => setAsking(undefined)} />}
      {asking?.kind === 'block' && <BlockPersonDialog person={asking.member} onClose={() => setAsking(undefined)} />}
    </div>
  )
}
