/**
 * What is going on, in plain words.
 */
import type { Conversation, Member } from '@parley/core'
import type { UserId } from '@parley/protocol'
import { nameOf } from '../format.ts'

/** Names that are told before it becomes a number. */
const MAX_NAMES = 3

/** How a conversation is connected. */
export function connectionText(conversation: Conversation, isOnline: boolean): string {
  const { phase, peers, done, total } = conversation.syncState
  const isAlone = conversation.members().length < 2
  switch (conversation.state) {
    case 'joining':
      return 'waiting for a member to let you in'
    case 'refused':
      return `not let in: ${conversation.refusal?.message ?? 'the link is good no more'}`
    case 'left':
      return 'you have left; it stays readable'
    case 'removed':
      return 'you were removed; it stays readable'
    case 'request':
      return 'asks to write to you: /accept or /decline'
    case 'archive':
      return 'an archive; nothing comes or goes'
    case 'member':
  }
  if (!isOnline) return 'offline; what you write goes out later'
  if (isAlone) return 'nobody else is in it yet'
  if (phase === 'offline' || peers === 0) return 'nobody connected; what you write goes out later'
  if (phase === 'connecting') return 'connecting'
  if (phase === 'syncing') return `catching up, ${done} of ${total}`
  return `up to date with ${peers} ${peers === 1 ? 'device' : 'devices'}`
}

/** Who is there of the others. */
export function presenceText(members: readonly Member[], self: UserId): string {
  const online = members.filter(({ id, status }) => id !== self && status === 'ONLINE')
  const count = `${members.length} ${members.length === 1 ? 'member' : 'members'}`
  return online.length === 0 ? count : `${count}, ${namesText(online)} online`
}

/** Who types; empty when nobody does. */
export function typingText(typing: readonly { readonly id: string; readonly name: string }[]): string {
  if (typing.length === 0) return ''
  return `${namesText(typing)} ${typing.length === 1 ? 'is' : 'are'} typing`
}

function namesText(people: readonly { readonly id: string; readonly name: string }[]): string {
  const names = people.slice(0, MAX_NAMES).map(nameOf)
  return people.length > MAX_NAMES ? `${names.join(', ')} and ${people.length - MAX_NAMES} more` : names.join(', ')
}
