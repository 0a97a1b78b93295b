import type { Conversation } from '@parley/chat'
import { useConversation, useMe, useParley } from '@parley/react'
import type { ReactNode } from 'react'
import { MenuButton } from '../components/menu.tsx'
import type { MenuItem } from '../components/menu.tsx'
import { useAction } from '../components/use-action.ts'
import { toggleMuted } from '../engine/actions.ts'
import { useContacts } from '../engine/use-contacts.ts'
import { t } from '../i18n/translate.ts'
import { mayManage } from '../text/people.ts'

/** What opens a dialog about the conversation. */
export type ConversationDeed = 'details' | 'files' | 'date' | 'search' | 'export' | 'leave' | 'block'

interface ConversationMenuProps {
  conversation: Conversation
  onInvite: () => void
  onDeed: (deed: ConversationDeed) => void
}

/** What can be done with the conversation as a whole. */
export function ConversationMenu({ conversation, onInvite, onDeed }: ConversationMenuProps): ReactNode {
  const parley = useParley()
  const me = useMe()
  // Who is blocked may change while this is shown.
  useContacts()
  const { state, kind, role, isMuted, members } = useConversation(conversation)
  const { run } = useAction()
  const other = members.find(({ id }) => id !== me.id)?.id
  const items: MenuItem[] = []
  if (state === 'member') {
    items.push({
      icon: isMuted ? 'bell' : 'bell-off',
      label: isMuted ? t('Unmute') : t('Mute'),
      onSelect: () => void run(() => toggleMuted(conversation)),
    })
    if (kind === 'group' && mayManage(role)) items.push({ icon: 'invite', label: t('Invite people'), onSelect: onInvite })
    if (kind === 'group') items.push({ icon: 'edit', label: t('Group details'), onSelect: () => onDeed('details') })
  }
  items.push({ icon: 'search', label: t('Search here'), onSelect: () => onDeed('search') })
  items.push({ icon: 'calendar', label: t('Go to a date'), onSelect: () => onDeed('date') })
  items.push({ icon: 'file', label: 'Files', onSelect: () => onDeed('files') })
  items.push({ icon: 'download', label: t('Export'), onSelect: () => onDeed('export') })
  if (state === 'member' && kind === 'group')
    items.push({ icon: 'leave', label: t('Leave group'), danger: true, onSelect: () => onDeed('leave') })
  if (kind === 'direct' && other !== undefined) {
    if (parley.isBlocked(other)) items.push({ icon: 'eye', label: t('Unblock'), onSelect: () => void run(() => parley.unblock(other)) })
    else items.push({ icon: 'block', label: t('Block'), danger: true, onSelect: () => onDeed('block') })
  }
  return <MenuButton icon="more" label={t('Conversation menu')} items={items} />
}
