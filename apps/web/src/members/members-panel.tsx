import type { Conversation, Member, Role } from '@parley/chat'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Icon } from '../components/icon.tsx'
import { useConversation } from '../engine/use-conversation.ts'
import { useMe } from '../engine/use-parley.tsx'
import { mayInvite, nameOf } from '../text/people.ts'

interface MembersPanelProps {
  conversation: Conversation
  onInvite: () => void
  onDetails: () => void
}

/** Roles that are worth a word; everybody else just writes. */
const ROLE_WORDS: Partial<Record<Role, string>> = { founder: 'Founder', admin: 'Admin', moderator: 'Moderator', reader: 'Reads only' }

function MemberRow({ member, me }: { member: Member; me: string }): ReactNode {
  const online = member.status === 'ONLINE'
  const role = ROLE_WORDS[member.role]
  return (
    <li className="member">
      <Avatar id={member.id} name={member.name} image={member.avatar} size="medium" online={online} />
      <span className="member-name">
        <bdi>{nameOf(member)}</bdi>
      </span>
      <span className="member-status">{member.id === me ? 'You' : online ? 'Online' : 'Offline'}</span>
      {role !== undefined && <span className="badge">{role}</span>}
    </li>
  )
}

/** What the group is, and who is in it. */
export function MembersPanel({ conversation, onInvite, onDetails }: MembersPanelProps): ReactNode {
  const { id, title, description, members } = useConversation(conversation)
  const me = useMe()
  return (
    <div className="members">
      <section className="members-about">
        <Avatar id={id} name={title} size="large" shape="group" />
        <h3>
          <bdi>{title}</bdi>
        </h3>
        {description !== '' && <p dir="auto">{description}</p>}
        <div className="members-actions">
          <button type="button" className="button" onClick={onDetails}>
            <Icon name="edit" />
            Edit details
          </button>
          {mayInvite(members, me.id) && (
            <button type="button" className="button" onClick={onInvite}>
              <Icon name="invite" />
              Invite people
            </button>
          )}
        </div>
      </section>
      <ul className="members-list" aria-label="Members">
        {members.map((member) => (
          <MemberRow key={member.id} member={member} me={me.id} />
        ))}
      </ul>
    </div>
  )
}
