import type { Conversation, ConversationEvents } from '@parley/core'
import { addNetworkOptions, defineCommand } from '../command.ts'
import type { NetworkOptions } from '../command.ts'
import { formatMessage, formatMetadata, nameOf, titleOf } from '../format.ts'
import { describeError } from '../printer.ts'
import type { Printer, Terminal } from '../printer.ts'
import { findConversation } from '../resolve.ts'
import { aborted } from '../wait.ts'

/** What an event says beside its name and its conversation, and how a person reads it; no text for what only programs care about. */
interface Report {
  readonly facts: object
  readonly text?: string
}

type Reporters = {
  [K in keyof ConversationEvents]: (terminal: Terminal, who: (id: string) => string, ...args: Parameters<ConversationEvents[K]>) => Report
}

const REPORTERS: Reporters = {
  message: (terminal, _who, message) => ({ facts: { message }, text: formatMessage(message, terminal) }),
  messageUpdated: (terminal, _who, message) => ({ facts: { message }, text: formatMessage(message, terminal) }),
  messageDeleted: (_terminal, _who, messageId) => ({ facts: { messageId }, text: `deleted: ${messageId}` }),
  typing: (_terminal, _who, user) => ({ facts: { user }, text: `${nameOf(user)} is typing` }),
  typingStopped: (_terminal, _who, user) => ({ facts: { user } }),
  seen: (_terminal, _who, messageId, user) => ({ facts: { messageId, user }, text: `${nameOf(user)} has seen it` }),
  memberStatus: (_terminal, who, memberId, status) => ({
    facts: { memberId, status },
    text: `${who(memberId)} is ${status.toLowerCase()}`,
  }),
  memberAdded: (_terminal, who, memberId) => ({ facts: { memberId }, text: `${who(memberId)} came in` }),
  metadataUpdated: (_terminal, _who, metadata) => ({ facts: { metadata }, text: formatMetadata(metadata) }),
  messageState: (_terminal, _who, messageId, state) => ({ facts: { messageId, state } }),
  state: (_terminal, _who, state) => ({ facts: { state }, text: `you are ${state === 'member' ? 'in' : state}` }),
  syncState: (_terminal, _who, syncState) => ({ facts: { syncState } }),
  error: (_terminal, _who, error) => ({ facts: { error: describeError(error) }, text: `error: ${error.message}` }),
}

export const tailCommand = defineCommand<NetworkOptions>({
  usage: 'tail [conversation]',
  summary: 'events as they happen, until interrupted',
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
    const stopWatching = only === undefined ? parley.on('conversations', watchAll) : () => undefined
    if (only === undefined) watchAll()
    else watch(only)
    print.note(`Watching ${only === undefined ? 'all conversations' : titleOf(only)}; interrupt to end.`)
    await aborted(signal)
    stopWatching()
    for (const stop of watched.values()) stop()
  },
})

/** Prints every event of the conversation until the function that it returns is called. */
function listen(conversation: Conversation, print: Printer, prefix: string): () => void {
  const who = (id: string): string => nameOf(conversation.members().find((member) => member.id === id) ?? { id, name: '' })
  const one = (event: keyof ConversationEvents): (() => void) => {
    // Each reporter takes what its event brings; that they belong together is what the type of the table says.
    const report = REPORTERS[event] as (terminal: Terminal, who: (id: string) => string, ...args: unknown[]) => Report
    return conversation.on(event, (...args: unknown[]) => {
      const { facts, text } = report(print.terminal, who, ...args)
      print.result({ event, conversation: conversation.getId(), ...facts }, () => (text === undefined ? '' : prefix + text))
    })
  }
  const stops = (Object.keys(REPORTERS) as (keyof ConversationEvents)[]).map(one)
  return () => stops.forEach((stop) => stop())
}
