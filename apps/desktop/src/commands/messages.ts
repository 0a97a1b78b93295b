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
import { addMetadata, collect } from '../values.ts'
import type { MetadataInput } from '../values.ts'
import { files } from './send.ts'

export const messagesCommand = defineCommand<{ page?: string; ids?: true }>({
  usage: 'messages <conversation>',
  summary: 'read, 25 messages a page',
  group: 'Messages',
  examples: [
    ['messages hike', 'the latest'],
    ['messages hike --page 2', 'the ones before'],
    ['messages hike --ids', 'with the ids that edit, react, pin and --reply take'],
  ],
  reach: 'here',
  options(command) {
    command.option('--page <n>', '1 is the latest (default)')
    command.option('--ids', 'show the id of each message; with --json it is there anyway')
  },
  async run({ parley, args: [wanted], options, print }) {
    const conversation = findConversation(parley, wanted as string)
    // What is no page is for the conversation to say, with the pages that there are.
    const page = await conversation.getMessages(options.page === undefined ? null : Number(options.page))
    print.result(page, () => formatPage(page, print.terminal, { ids: options.ids === true }))
  },
})

interface EditOptions extends NetworkOptions, WaitOptions {
  meta?: MetadataInput
  file?: string[]
  /** False by `--no-files`. */
  files: boolean
}

export const editCommand = defineCommand<EditOptions>({
  usage: 'edit <conversation> <message> [text]',
  summary: 'change a message of yours',
  group: 'Messages',
  examples: [
    ['edit hike MESSAGE "at nine"', 'replaces the text'],
    ['edit hike MESSAGE --meta pinned=true --meta colour=null', 'sets one key, removes another, leaves the text'],
    ['edit hike MESSAGE --file map-2.pdf', 'in place of all files that it has; --no-files removes them'],
  ],
  reach: 'online',
  options(command) {
    command.option('--meta <key=value>', 'metadata to set, null to remove; repeatable', addMetadata)
    command.option('--file <path>', 'a file in place of those that it has; repeatable', collect)
    command.option('--no-files', 'remove the files that it has')
    addNetworkOptions(command)
    addWaitOption(command, 'stay until a member has it, at most so long')
  },
  async run(call) {
    const [wanted, id, text] = call.args as [string, string, string?]
    const { meta, file, files: keepsFiles } = call.options
    if (text === undefined && meta === undefined && file === undefined && keepsFiles)
      throw new ParleyError('InvalidArgument', 'Say what to change: a text, --meta key=value, --file PATH or --no-files.')
    if (file !== undefined && !keepsFiles) throw new ParleyError('InvalidArgument', '--file replaces the files; leave --no-files out.')
    const conversation = findConversation(call.parley, wanted)
    const message = await conversation.updateMessage(messageId(id), {
      ...(text === undefined ? {} : { text }),
      ...(meta === undefined ? {} : { metadata: meta }),
      ...(keepsFiles ? files(call) : { file: null }),
    })
    call.print.result(message, () => formatMessage(message, call.print.terminal))
    await lingerUntilDelivered(call, conversation, undefined)
  },
})

export const deleteCommand = defineCommand<NetworkOptions & WaitOptions>({
  usage: 'delete <conversation> <message>',
  summary: 'delete a message of yours, here and wherever it went',
  group: 'Messages',
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
  group: 'Messages',
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
