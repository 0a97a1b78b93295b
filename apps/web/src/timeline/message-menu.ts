/**
 * What can be done with a message, as far as the own role allows it.
 */
import type { Message } from '@parley/chat'
import type { MenuItem } from '../components/menu.tsx'
import { t } from '../i18n/translate.ts'

export type MessageDeed = 'reply' | 'edit' | 'delete' | 'forward' | 'answers' | 'history' | 'pin' | 'hide' | 'unread' | 'copy'

/** What this person may do here. */
export interface Permissions {
  readonly write: boolean
  readonly moderate: boolean
}

/** The deeds that have no button of their own. */
export function messageMenu(message: Message, may: Permissions, onDeed: (deed: MessageDeed, message: Message) => void): MenuItem[] {
  const item = (deed: MessageDeed, icon: NonNullable<MenuItem['icon']>, label: string): MenuItem => ({
    icon,
    label,
    onSelect: () => onDeed(deed, message),
  })
  const items: MenuItem[] = []
  if (message.text !== '' && !message.isHidden) items.push(item('copy', 'copy', t('Copy text')))
  if (!message.isHidden && !message.isBlocked) items.push(item('forward', 'share', t('Forward')))
  if (may.moderate) items.push(item('pin', 'pin', message.isPinned ? t('Unpin') : t('Pin for everybody')))
  if (message.replies > 0) items.push(item('answers', 'reply', t('Show answers')))
  if (message.editedAt !== undefined) items.push(item('history', 'history', t('Show earlier versions')))
  if (may.write) items.push(item('unread', 'bell', t('Mark unread from here')))
  if (may.moderate) {
    items.push(
      item('hide', message.isHidden ? 'eye' : 'eye-off', message.isHidden ? t('Show to everybody again') : t('Hide for everybody')),
    )
  }
  return items
}
