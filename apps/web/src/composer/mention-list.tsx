import type { Member } from '@parley/chat'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { t } from '../i18n/translate.ts'
import { nameOf } from '../text/people.ts'

interface MentionListProps {
  id: string
  members: readonly Member[]
  active: number
  onPick: (member: Member) => void
}

/** The id of an option, for the text field that steers the list. */
export function optionId(listId: string, index: number): string {
  return `${listId}-${index}`
}

/** Who may be meant. The focus stays in the text: its arrow keys walk through the list, Enter picks. */
export function MentionList({ id, members, active, onPick }: MentionListProps): ReactNode {
  if (members.length === 0) return null
  return (
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a datalist cannot be steered from a text area.
    <div id={id} className="mention-list" role="listbox" aria-label={t('People to mention')}>
      {members.map((member, index) => (
        // The text field has the keys.
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
        <div
          key={member.id}
          id={optionId(id, index)}
          // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- as above.
          role="option"
          aria-selected={index === active}
          tabIndex={-1}
          className="mention-option"
          // The press must not take the focus out of the text.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onPick(member)}
        >
          <Avatar id={member.id} name={member.name} image={member.avatar} size="small" />
          <bdi>{nameOf(member)}</bdi>
        </div>
      ))}
    </div>
  )
}
