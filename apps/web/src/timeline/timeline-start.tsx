import type { Conversation } from '@parley/chat'
import { useConversation, useMe } from '@parley/react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Icon } from '../components/icon.tsx'
import { descriptionOf } from '../engine/description.ts'
import { t } from '../i18n/translate.ts'
import { faceOf, mayManage, titleOf } from '../text/people.ts'

/** The beginning of a conversation; with nobody there yet, the way to invite somebody. */
export function TimelineStart({ conversation, onInvite }: { conversation: Conversation; onInvite: () => void }): ReactNode {
  const info = useConversation(conversation)
  const me = useMe()
  const description = descriptionOf(info)
  const { title, kind, members, formerMembers, avatar, state, role } = info
  const direct = kind === 'direct'
  const alone = !direct && state === 'member' && members.length <= 1
  return (
    <div className="timeline-start">
      <Avatar id={faceOf(info, me.id)} name={title} size="large" shape={direct ? 'person' : 'group'} image={avatar} />
      <h3>
        <bdi>{titleOf(info)}</bdi>
      </h3>
      {description !== '' && <p dir="auto">{description}</p>}
      <p className="quiet">
        {alone
          ? formerMembers.length > 0
            ? t('You are the only one here now. Bring somebody in, or write something for them to find.')
            : t('You are the only one here so far. Bring somebody in, or write something for them to find.')
          : direct
            ? t('This is where it begins. Only the two of you can read what is written here.')
            : t('This is where it begins. Only members can read what is written here.')}
      </p>
      {alone && mayManage(role) && (
        <button type="button" className="button button-primary" onClick={onInvite}>
          <Icon name="invite" />
          {t('Invite people')}
        </button>
      )}
    </div>
  )
}
