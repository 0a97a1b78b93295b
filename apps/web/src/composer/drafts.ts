import type { ConversationInfo } from '../engine/conversation-store.ts'

const texts = new Map<ConversationInfo['id'], string>()

/** What was typed and not sent, per conversation, as long as the page lives. */
export const drafts = {
  get: (id: ConversationInfo['id']): string => texts.get(id) ?? '',
  set: (id: ConversationInfo['id'], text: string): void => {
    if (text === '') texts.delete(id)
    else texts.set(id, text)
  },
}
