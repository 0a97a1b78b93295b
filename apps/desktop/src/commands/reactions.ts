/**
 * Marks on messages: reactions, what is pinned for everybody to see, and what is hidden from them.
 */
import type { Conversation, Message } from '@parley/core'
import type { MessageId } from '@parley/protocol'
import { addNetworkOptions, addWaitOption, defineCommand } from '../command.ts'
import type { Call, CommandSpec, NetworkOptions, WaitOptions } from '../command.ts'
import { lingerUntilDelivered } from '../delivery.ts'
import { formatMessage } from '../format.ts'
import { findConversation } from '../resolve.ts'
import { messageId } from './messages.ts'

type Options = NetworkOptions & WaitOptions
type Mark = (conversation: Conversation, id: MessageId, call: Call<Options>) => Promise<void>

export const reactCommand = markCommand({
  usage: 'react <conversation> <message> <emoji>',
  summary: 'put a reaction on a message',
  examples: [['react hike MESSAGE 👍', 'again with the same one changes nothing']],
  mark: (conversation, id, { args }) => conversation.react(id, args[2] as string),
})

export const unreactCommand = markCommand({
  usage: 'unreact <conversation> <message> <emoji>',
  summary: 'take a reaction of yours back',
  examples: [['unreact hike MESSAGE 👍', 'yours alone']],
  mark: (conversation, id, { args }) => conversation.unreact(id, args[2] as string),
})

export const pinCommand = markCommand({
  usage: 'pin <conversation> <message>',
  summary: 'put a message up for everybody to see; for moderators',
  examples: [['pin hike MESSAGE', 'in a conversation of two, either may']],
  mark: (conversation, id) => conversation.pin(id),
})

export const unpinCommand = markCommand({
  usage: 'unpin <conversation> <message>',
  summary: 'take a pinned message down; for moderators',
  examples: [['unpin hike MESSAGE', 'the message stays']],
  mark: (conversation, id) => conversation.unpin(id),
})

export const hideCommand = markCommand({
  usage: 'hide <conversation> <message>',
  summary: 'take a message out of sight for everybody; for moderators',
  examples: [['hide hike MESSAGE', 'it is shown as hidden']],
  mark: (conversation, id) => conversation.hide(id),
})

export const unhideCommand = markCommand({
  usage: 'unhide <conversation> <message>',
  summary: 'show a hidden message again; for moderators',
  examples: [['unhide hike MESSAGE', 'as it was']],
  mark: (conversation, id) => conversation.unhide(id),
})

export const pinnedCommand = defineCommand({
  usage: 'pinned <conversation>',
  summary: 'what is pinned, oldest first',
  group: 'Messages',
  examples: [['pinned hike', 'one message a line with --json']],
  reach: 'here',
  async run({ parley, args: [wanted], print }) {
    const pinned = await findConversation(parley, wanted as string).pinned()
    for (const message of pinned) print.result(message, () => formatMessage(message, print.terminal))
    if (pinned.length === 0) print.note('Nothing is pinned.')
  },
})

/** A command that marks one message, prints it as it then is, and stays for others to hear of it. */
function markCommand({ mark, ...spec }: Pick<CommandSpec, 'usage' | 'summary' | 'examples'> & { mark: Mark }): CommandSpec {
  return defineCommand<Options>({
    ...spec,
    group: 'Messages',
    reach: 'online',
    options(command) {
      addNetworkOptions(command)
      addWaitOption(command, 'stay online so long, for others to hear of it')
    },
    async run(call) {
      const [wanted, id] = call.args as [string, string]
      const conversation = findConversation(call.parley, wanted)
      await mark(conversation, messageId(id), call)
      const message: Message | undefined = await conversation.getMessage(messageId(id))
      if (message !== undefined) call.print.result(message, () => formatMessage(message, call.print.terminal))
      await lingerUntilDelivered(call, conversation, undefined)
    },
  })
}
