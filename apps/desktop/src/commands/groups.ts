/**
 * Making conversations and getting into them.
 */
import type { Conversation } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { addNetworkOptions, addWaitOption, defineCommand } from '../command.ts'
import type { WaitOptions } from '../command.ts'
import { formatConversation, formatMember, titleOf } from '../format.ts'
import { findConversation } from '../resolve.ts'
import { parseCount, parseDuration } from '../values.ts'
import { deadline } from '../wait.ts'

export const newCommand = defineCommand({
  usage: 'new <title>',
  summary: 'create a group',
  examples: [['new "Sunday hike"', 'prints its id']],
  reach: 'here',
  async run({ parley, args: [title], print }) {
    const conversation = await parley.createGroup({ title: title as string })
    print.result({ id: conversation.getId(), title: conversation.getTitle() }, () => `${conversation.getId()}  ${titleOf(conversation)}`)
  },
})

export const inviteCommand = defineCommand<{ uses?: number; expires?: number }>({
  usage: 'invite <conversation>',
  summary: 'make a link that lets people in',
  examples: [
    ['invite "Sunday hike"', 'a link for one person, good for a week'],
    ['invite hike --uses 10 --expires 2d', 'for ten people, for two days'],
  ],
  reach: 'here',
  options(command) {
    command.option('--uses <n>', 'how many people it lets in (default 1)', parseCount)
    command.option('--expires <duration>', 'how long it is good for (default 7d)', parseDuration)
    addNetworkOptions(command)
  },
  async run({ parley, args: [wanted], options, print }) {
    const conversation = findConversation(parley, wanted as string)
    const { uses, expires } = options
    const link = await conversation.invite({
      ...(uses === undefined ? {} : { uses }),
      ...(expires === undefined ? {} : { expiresInMs: expires }),
    })
    print.result({ link }, () => link)
    if (parley.inspect().addresses.length === 0) {
      print.note(
        'The link names no address of yours, for nothing listens. Make it while `parley daemon` runs, or tell people an address for --peer.',
      )
    }
  },
})

export const joinCommand = defineCommand<WaitOptions>({
  usage: 'join <link>',
  summary: 'ask to be let into a conversation',
  examples: [
    ['join LINK --wait 30s', 'waits until a member has let you in'],
    ['join LINK', 'notes the wish; a later command that goes online brings it forward'],
  ],
  reach: 'online',
  options(command) {
    addNetworkOptions(command)
    addWaitOption(command, 'stay until a member answers, at most so long (default: not at all)')
  },
  async run({ parley, args: [link], options, print, signal }) {
    const conversation = await parley.join(link as string)
    if (options.wait !== undefined) await admitted(conversation, options.wait, signal)
    const { state } = conversation
    print.result({ id: conversation.getId(), title: conversation.getTitle(), state }, () =>
      state === 'member'
        ? `You are in ${titleOf(conversation)} (${conversation.getId()}).`
        : `Asked to be let into ${conversation.getId()}.`,
    )
  },
})

async function admitted(conversation: Conversation, ms: number, signal: AbortSignal): Promise<void> {
  const limit = deadline(signal, ms)
  try {
    await conversation.admitted({ signal: limit.signal })
  } catch (error) {
    if (!limit.isOver()) throw error
    const message = 'No member answered in time. The wish is kept: the next command that goes online, such as `parley daemon`, asks again.'
    throw new ParleyError('Unreachable', message, { cause: error })
  } finally {
    limit.clear()
  }
}

export const listCommand = defineCommand({
  usage: 'list',
  summary: 'your conversations, the latest first',
  examples: [['list', 'id, title, unread messages and the last one']],
  reach: 'here',
  async run({ parley, print }) {
    for (const conversation of parley.conversations) {
      const lastMessage = conversation.getLastMessage() ?? null
      const { unread } = conversation
      print.result({ id: conversation.getId(), title: conversation.getTitle(), unread, lastMessage }, () =>
        formatConversation(conversation, print.terminal),
      )
    }
    if (parley.conversations.length === 0) print.note('No conversations yet. `parley new TITLE` makes one, `parley join LINK` enters one.')
  },
})

export const membersCommand = defineCommand({
  usage: 'members <conversation>',
  summary: 'who is in a conversation',
  examples: [['members hike', 'name, role, whether they are online, id']],
  reach: 'here',
  async run({ parley, args: [wanted], print }) {
    for (const member of findConversation(parley, wanted as string).members()) {
      const { id, name, role, status, devices } = member
      print.result({ id, name, role, status, devices }, () => formatMember(member))
    }
  },
})
