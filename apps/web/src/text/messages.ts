/**
 * A message in one line.
 */
import type { Message } from '@parley/chat'
import { t } from '../i18n/translate.ts'
import { withoutFormatting } from './markdown.ts'

/** Its text, or else what was sent with it; nothing of what is hidden or comes from somebody who is blocked. */
export function summaryOf(message: Message): string {
  if (message.isHidden) return t('Hidden by a moderator')
  if (message.isBlocked) return t('From somebody you blocked')
  if (message.text !== '') return withoutFormatting(message.text)
  const [first, ...others] = message.attachments
  if (first === undefined) return ''
  const name = first.type.startsWith('image/') ? t('Picture') : first.name
  return others.length === 0 ? name : t('{name} and {count} more', { name, count: others.length })
}
