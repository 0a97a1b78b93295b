/**
 * Names for parts of the engine's snapshots that the screens speak of.
 */
import type { Conversation, Message, Parley } from '@parley/chat'

export type Contact = Parley['contacts'][number]
export type Reaction = Message['reactions'][number]
export type Mention = Message['mentions'][number]
export type InviteInfo = ReturnType<Conversation['invites']>[number]
export type FormerMember = ReturnType<Conversation['formerMembers']>[number]
export type MessageVersion = Awaited<ReturnType<Conversation['edits']>>[number]
export type History = Conversation['history']
export type TimelineView = ReturnType<Conversation['timeline']>
