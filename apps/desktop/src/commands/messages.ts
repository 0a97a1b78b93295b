/**
 * Reading messages and changing what was sent.
 */
import { ParleyError } from '@parley/protocol'
import type { MessageId } from '@parley/protocol'
import { addNetworkOptions, addWaitOption, defineCommand } from '../command.ts'
import type { NetworkOptions, WaitOptions } from '../command.ts'
import { lingerUntilDelivered } from '../delivery.ts'
import { formatMessage, formatPage, titleOf } from '../format.ts'
import { findConversation } from '../resolve.ts'
import { addMetadata } from '../values.ts'
import type { MetadataInput } from '../values.ts'

export const messagesCommand = defineCommand<{ page?: string }>({
  usage: 'messages <conversation>',
  summary: 'read, 25 messages a page',
  examples: [
    ['messages hike', 'the latest'],
    ['messages hike --page 2', 'the ones before'],
  ],
  reach: 'here',
  options: (command) => command.option('--page <n>', '1 is the latest (default)'),
  async run({ parley, args: [wanted], options, print }) {
    const conversation = findConversation(parley, wanted as string)
    // What is no page is for the conversation to say, with the pages that there are.
    const page = await conversation.getMessages(options.page === undefined ? null : Number(options.page))
    print.result(page, () => formatPage(page, print.terminal))
  },
})

export const editCommand = defineCommand<{ meta?: MetadataInput } & NetworkOptions & WaitOptions>({
  usage: 'edit <conversation> <message> [text]',
  summary: 'change a message of yours',
  examples: [
    ['edit hike MESSAGE "at nine"', 'replaces the text'],
    ['edit hike MESSAGE --meta pinned=true --meta colour=null', 'sets one key, removes another, leaves the text'],
  ],
  reach: 'online',
  options(command) {
    command.option('--meta <key=value>', 'metadata to set, null to remove; repeatable', addMetadata)
    addNetworkOptions(command)
    addWaitOption(command, 'stay until a member has it, at most so long')
  },
  async run(call) {
    const [wanted, id, text] = call.args as [string, string, string?]
    const { meta } = call.options
    if (text === undefined && meta === undefined)
      throw new ParleyError('InvalidArgument', 'Say what to change: a text, or --meta key=value.')
    const conversation = findConversation(call.parley, wanted)
    const change = { ...(text === undefined ? {} : { text }), ...(meta === undefined ? {} : { metadata: meta }) }
    const message = await conversation.updateMessage(messageId(id), change)
    call.print.result(message, () => formatMessage(message, call.print.terminal))
    await lingerUntilDelivered(call, conversation, undefined)
  },
})

export const deleteCommand = defineCommand<NetworkOptions & WaitOptions>({
  usage: 'delete <conversation> <message>',
  summary: 'delete a message of yours, here and wherever it went',
  examples: [['delete hike MESSAGE', 'the content is purged as each holder hears of it']],
  reach: 'online',
  options(command) {
    addNetworkOptions(command)
    addWaitOption(command, 'stay online so long, for others to hear of it')
  },
  async run(call) {
    const [wanted, id] = call.args as [string, string]
    const conversation = findConversation(call.parley, wanted)
    await conversation.deleteMessage(messageId(id))
    call.print.result({ id, conversationId: conversation.getId(), deleted: true }, () => 'Deleted.')
    await lingerUntilDelivered(call, conversation, undefined)
  },
})

export const seenCommand = defineCommand<NetworkOptions & WaitOptions>({
  usage: 'seen <conversation> [message]',
  summary: 'say that you have seen it, up to a message or to the last',
  examples: [['seen hike', 'everything']],
  reach: 'online',
  options(command) {
    addNetworkOptions(command)
    addWaitOption(command, 'stay online so long, for others to hear of it')
  },
  async run(call) {
    const [wanted, id] = call.args as [string, string?]
    const conversation = findConversation(call.parley, wanted)
    await (id === undefined ? conversation.seen() : conversation.seen(messageId(id)))
    const { unread } = conversation
    call.print.result({ id: conversation.getId(), unread }, () => `Seen; ${unread} unread in ${titleOf(conversation)}.`)
    await lingerUntilDelivered(call, conversation, undefined)
  },
})

/** The engine refuses what is none of its own, with MessageNotFound. */
export function messageId(text: string): MessageId {
  return text as MessageId
}
