/** What a person sees in a profile, as plain values: written down beside a golden store, and compared with what a later version shows. */
import type { Conversation, Parley } from '../src/index.ts'

export interface ProfileView {
  readonly me: { readonly id: string; readonly deviceId: string; readonly name: string; readonly avatar: string }
  readonly conversations: readonly ConversationView[]
}

export interface ConversationView {
  readonly id: string
  readonly state: string
  readonly title: string
  readonly avatar: string
  readonly metadata: Readonly<Record<string, string | number | boolean>>
  readonly members: readonly {
    readonly id: string
    readonly name: string
    readonly avatar: string
    readonly role: string
    readonly devices: readonly string[]
  }[]
  readonly unread: number
  readonly total: number
  /** Pages from the newest, the messages of each oldest first. */
  readonly pages: readonly (readonly MessageView[])[]
}

/** Fields that hold nothing are left out. `author` and `seenBy` are places in `members`. */
export interface MessageView {
  readonly id: string
  readonly author: number
  readonly text: string
  readonly sentAt: number
  readonly metadata?: Readonly<Record<string, string | number | boolean>>
  readonly editedAt?: number
  readonly replyTo?: string
  readonly state?: string
  readonly seenBy?: readonly number[]
}

export async function viewOf(parley: Parley): Promise<ProfileView> {
  const conversations = await Promise.all(parley.conversations.map(viewOfConversation))
  const { id, deviceId, name, avatar } = parley.me
  return { me: { id, deviceId, name, avatar }, conversations: conversations.sort((a, b) => (a.id < b.id ? -1 : 1)) }
}

async function viewOfConversation(conversation: Conversation): Promise<ConversationView> {
  const members = conversation.members().map(({ id, name, avatar, role, devices }) => ({ id, name, avatar, role, devices }))
  const placeOf = (user: string): number => members.findIndex(({ id }) => id === user)
  const { totalPages, totalMessages } = await conversation.getMessages()
  const pages: MessageView[][] = []
  for (let page = 1; page <= totalPages; page++) {
    const { messages } = await conversation.getMessages(page)
    pages.push(
      messages.map(({ id, author, text, sentAt, metadata, editedAt, replyTo, state, seenBy }) => ({
        id,
        author: placeOf(author.id),
        text,
        sentAt,
        ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
        ...(editedAt === undefined ? {} : { editedAt }),
        ...(replyTo === undefined ? {} : { replyTo }),
        ...(state === undefined ? {} : { state }),
        ...(seenBy.length === 0 ? {} : { seenBy: seenBy.map(placeOf) }),
      })),
    )
  }
  return {
    id: conversation.getId(),
    state: conversation.state,
    title: conversation.getTitle(),
    avatar: conversation.getAvatar(),
    metadata: conversation.getMetadata(),
    members,
    unread: conversation.unread,
    total: totalMessages,
    pages,
  }
}
