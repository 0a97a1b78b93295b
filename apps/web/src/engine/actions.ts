/**
 * What a person does in a conversation. Own deeds fire no event, so the stores are told here.
 */
import type { Conversation, Message, SendMessageInit } from '@parley/chat'
import { conversationStore, DESCRIPTION_KEY } from './conversation-store.ts'
import { inviteBase } from './page-location.ts'
import { timelineStore } from './timeline-store.ts'

function changed(conversation: Conversation): void {
  timelineStore(conversation).refresh()
  conversationStore(conversation).refresh()
}

/** Resolves once the message is on this disk. */
export async function sendMessage(conversation: Conversation, init: SendMessageInit): Promise<void> {
  await conversation.sendMessage(init)
  changed(conversation)
}

export async function editMessage(conversation: Conversation, id: Message['id'], text: string): Promise<void> {
  await conversation.updateMessage(id, { text })
  changed(conversation)
}

export async function deleteMessage(conversation: Conversation, id: Message['id']): Promise<void> {
  await conversation.deleteMessage(id)
  changed(conversation)
}

/** Title and description at once; only what differs is written. */
export async function saveDetails(conversation: Conversation, title: string, description: string): Promise<void> {
  const before = conversationStore(conversation).getSnapshot()
  if (title !== before.title) await conversation.setTitle(title)
  if (description !== before.description) await conversation.setMetadata({ [DESCRIPTION_KEY]: description === '' ? null : description })
  conversationStore(conversation).refresh()
}

/** Everything that is loaded counts as read. */
export async function markSeen(conversation: Conversation): Promise<void> {
  await conversation.seen()
  conversationStore(conversation).refresh()
}

/** A link to this very page that admits `uses` people. */
export function makeInvite(conversation: Conversation, uses: number): Promise<string> {
  return conversation.invite({ uses, base: inviteBase() })
}
