import type { Conversation, ConversationEvents, ConversationState, FormerMember, Member, Parley } from '@parley/core'
import { addNetworkOptions, defineCommand } from '../command.ts'
import type { NetworkOptions } from '../command.ts'
import { formatMessage, formatMetadata, formatRequest, nameOf, titleOf } from '../format.ts'
import { describeError } from '../printer.ts'
import type { Printer, Terminal } from '../printer.ts'
import { findConversation } from '../resolve.ts'
import { oneLine } from '../text.ts'
import { aborted } from '../wait.ts'

/** What an event says beside its name and its conversation, and how a person reads it; no text for what only programs care about. */
interface Report {
  readonly facts: object
  readonly text?: string
}

/** Where an event happened, and for whom it is told. */
interface Place {
  readonly terminal: Terminal
  readonly conversation: Conversation
  who(id: string): string
}

type Reporters = {
  [K in keyof ConversationEvents]: (place: Place, ...args: Parameters<ConversationEvents[K]>) => Report
}

const REPORTERS: Reporters = {
  message: ({ terminal }, message) => ({ facts: { message }, text: formatMessage(message, terminal) }),
  messageUpdated: ({ terminal }, message) => ({ facts: { message }, text: formatMessage(message, terminal) }),
  messageDeleted: (_place, messageId) => ({ facts: { messageId }, text: `deleted: ${messageId}` }),
  reaction: (_place, messageId, reaction) => ({
    facts: { messageId, reaction },
    text: `${nameOf(reaction.user)} ${reaction.on ? 'reacts with' : 'takes back'} ${oneLine(reaction.emoji)} (${messageId})`,
  }),
  pinned: (_place, messageId, on) => ({ facts: { messageId, on }, text: `${on ? 'pinned' : 'unpinned'}: ${messageId}` }),
  typing: (_place, user) => ({ facts: { user }, text: `${nameOf(user)} is typing` }),
  typingStopped: (_place, user) => ({ facts: { user } }),
  seen: (_place, messageId, user) => ({ facts: { messageId, user }, text: `${nameOf(user)} has seen it` }),
  memberStatus: ({ who }, memberId, status) => ({
    facts: { memberId, status },
    text: `${who(memberId)} is ${status.toLowerCase()}`,
  }),
  memberAdded: ({ who }, memberId) => ({ facts: { memberId }, text: `${who(memberId)} came in` }),
  memberRemoved: ({ conversation, who }, memberId) => ({ facts: { memberId }, text: describeLoss(conversation, who, memberId) }),
  memberChanged: ({ conversation, who }, memberId) => ({
    facts: { memberId },
    text: `${who(memberId)} is ${conversation.members().find(({ id }) => id === memberId)?.role ?? 'no member'}`,
  }),
  metadataUpdated: (_place, metadata) => ({ facts: { metadata }, text: formatMetadata(metadata) }),
  messageState: (_place, messageId, state) => ({ facts: { messageId, state } }),
  state: (_place, state) => ({ facts: { state }, text: STATES[state] }),
  syncState: (_place, syncState) => ({ facts: { syncState } }),
  error: (_place, error) => ({ facts: { error: describeError(error) }, text: `error: ${error.message}` }),
}

const STATES: Readonly<Record<ConversationState, string>> = {
  member: 'you are in',
  joining: 'you ask to be let in',
  refused: 'you were not let in',
  left: 'you have left',
  removed: 'you were removed',
  request: 'you are asked',
  archive: 'it is an archive',
}

function describeLoss(conversation: Conversation, who: (id: string) => string, memberId: string): string {
  const former = conversation.formerMembers().find(({ id }) => id === memberId)
  return former?.how === 'removed' ? `${who(memberId)} was removed by ${who(former.by)}` : `${who(memberId)} left`
}

export const tailCommand = defineCommand<NetworkOptions>({
  usage: 'tail [conversation]',
  summary: 'events as they happen, until interrupted',
  group: 'Messages',
  examples: [
    ['tail hike', 'messages, who comes and goes, who types'],
    ['tail --json | jq .event', 'every conversation, for programs'],
  ],
  reach: 'serves',
  options: addNetworkOptions,
  async run({ parley, args: [wanted], print, signal }) {
    const only = wanted === undefined ? undefined : findConversation(parley, wanted)
    const watched = new Map<Conversation, () => void>()
    const watch = (conversation: Conversation): void => {
      if (!watched.has(conversation))
        watched.set(conversation, listen(conversation, print, only === undefined ? `[${titleOf(conversation)}] ` : ''))
    }
    const watchAll = (): void => parley.conversations.forEach(watch)
    const stopWatching = only === undefined ? watchProfile(parley, print, watchAll) : () => undefined
    if (only === undefined) watchAll()
    else watch(only)
    print.note(`Watching ${only === undefined ? 'all conversations' : titleOf(only)}; interrupt to end.`)
    await aborted(signal)
    stopWatching()
    for (const stop of watched.values()) stop()
  },
})

/** Takes in conversations that appear, and prints what strangers ask, until the function that it returns is called. */
function watchProfile(parley: Parley, print: Printer, watchAll: () => void): () => void {
  const stops = [
    parley.on('conversations', watchAll),
    parley.on('request', (conversation) => {
      const title = conversation.getTitle()
      print.result({ event: 'request', conversation: conversation.getId(), title, kind: conversation.kind }, () =>
        formatRequest(conversation),
      )
    }),
  ]
  return () => stops.forEach((stop) => stop())
}

/** Prints every event of the conversation until the function that it returns is called. */
function listen(conversation: Conversation, print: Printer, prefix: string): () => void {
  const everybody = (): readonly (Member | FormerMember)[] => [...conversation.members(), ...conversation.formerMembers()]
  const who = (id: string): string => nameOf(everybody().find((one) => one.id === id) ?? { id, name: '' })
  const place: Place = { terminal: print.terminal, conversation, who }
  const one = (event: keyof ConversationEvents): (() => void) => {
    // Each reporter takes what its event brings; that they belong together is what the type of the table says.
    const report = REPORTERS[event] as (place: Place, ...args: unknown[]) => Report
    return conversation.on(event, (...args: unknown[]) => {
      const { facts, text } = report(place, ...args)
      print.result({ event, conversation: conversation.getId(), ...facts }, () => (text === undefined ? '' : prefix + text))
    })
  }
  const stops = (Object.keys(REPORTERS) as (keyof ConversationEvents)[]).map(one)
  return () => stops.forEach((stop) => stop())
}
