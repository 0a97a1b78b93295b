/**
 * What a person does in a conversation; what is shown follows by itself.
 */
import type { Conversation, Message, Role, User } from '@parley/chat'
import { timelineOf } from '@parley/react'
import { DESCRIPTION_KEY, descriptionOf } from './description.ts'
import { inviteBase } from './page-location.ts'
import type { History } from './types.ts'

/** Sends what a message says to other conversations, one after the other. */
export async function forwardMessage(to: readonly Conversation[], id: Message['id']): Promise<void> {
  for (const conversation of to) {
    await conversation.sendMessage({ forward: id })
    // Who sends wants to see it there, wherever they were reading.
    const timeline = timelineOf(conversation)
    if (timeline.getSnapshot().hasNewer) await timeline.jump('newest')
  }
}

export function deleteMessage(conversation: Conversation, id: Message['id']): Promise<void> {
  return conversation.deleteMessage(id)
}

/** Puts the emoji there, or takes the own one back. */
export function toggleReaction(conversation: Conversation, message: Message, emoji: string, me: User['id']): Promise<void> {
  const own = message.reactions.some((reaction) => reaction.emoji === emoji && reaction.users.includes(me))
  return own ? conversation.unreact(message.id, emoji) : conversation.react(message.id, emoji)
}

export function togglePin(conversation: Conversation, message: Message): Promise<void> {
  return message.isPinned ? conversation.unpin(message.id) : conversation.pin(message.id)
}

export function toggleHidden(conversation: Conversation, message: Message): Promise<void> {
  return message.isHidden ? conversation.unhide(message.id) : conversation.hide(message.id)
}

export function toggleMuted(conversation: Conversation): Promise<void> {
  return conversation.isMuted ? conversation.unmute() : conversation.mute()
}

/** What a group is called, what it is for, what newcomers can read; only what differs is written. */
export async function saveDetails(
  conversation: Conversation,
  details: { readonly title: string; readonly description: string; readonly history: History },
): Promise<void> {
  const { title, description, history } = details
  if (title !== conversation.getTitle()) await conversation.setTitle(title)
  if (description !== descriptionOf({ metadata: conversation.getMetadata() }))
    await conversation.setMetadata({ [DESCRIPTION_KEY]: description === '' ? null : description })
  if (history !== conversation.history) await conversation.setHistory(history)
}

export function setRole(conversation: Conversation, member: User['id'], role: Exclude<Role, 'founder'>): Promise<void> {
  return conversation.setRole(member, role)
}

export function removeMember(conversation: Conversation, member: User['id']): Promise<void> {
  return conversation.removeMember(member)
}

export function addMember(conversation: Conversation, member: User['id']): Promise<void> {
  return conversation.addMember(member)
}

export function leave(conversation: Conversation): Promise<void> {
  return conversation.leave()
}

/** What an invite link allows. */
export interface InviteChoice {
  readonly role: 'reader' | 'writer' | 'moderator'
  readonly uses: number
  readonly days: number
}

const DAY_MS = 86_400_000

/** A link to this very page. */
export function makeInvite(conversation: Conversation, { role, uses, days }: InviteChoice): Promise<string> {
  return conversation.invite({ role, uses, expiresInMs: days * DAY_MS, base: inviteBase() })
}
