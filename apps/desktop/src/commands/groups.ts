/**
 * Making conversations and getting into them.
 */
import type { Conversation } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { addNetworkOptions, addWaitOption, defineCommand } from '../command.ts'
import type { WaitOptions } from '../command.ts'
import { formatConversation, titleOf } from '../format.ts'
import { findConversation } from '../resolve.ts'
import { collect, oneOf } from '../values.ts'
import { deadline } from '../wait.ts'
import { findContact } from './people.ts'

const HISTORIES = ['full', 'joined'] as const

export const newCommand = defineCommand<{ member?: string[]; history?: (typeof HISTORIES)[number] }>({
  usage: 'new <title>',
  summary: 'create a group',
  group: 'Conversations',
  examples: [
    ['new "Sunday hike"', 'prints its id'],
    ['new "Sunday hike" --member Bob --member Carol', 'with contacts, who are told once they can be reached'],
  ],
  reach: 'here',
  options(command) {
    command.option('--member <user>', 'a contact who is in it from the start; repeatable', collect)
    command.option('--history <what>', 'what newcomers read: full, or only what is said since they joined (default full)', oneOf(HISTORIES))
  },
  async run({ parley, args: [title], options, print }) {
    const members = (options.member ?? []).map((wanted) => findContact(parley, wanted).id)
    const { history } = options
    const conversation = await parley.createGroup({
      title: title as string,
      ...(members.length === 0 ? {} : { members }),
      ...(history === undefined ? {} : { history }),
    })
    print.result({ id: conversation.getId(), title: conversation.getTitle() }, () => `${conversation.getId()}  ${titleOf(conversation)}`)
  },
})

export const joinCommand = defineCommand<WaitOptions>({
  usage: 'join <link>',
  summary: 'ask to be let into a conversation',
  group: 'Conversations',
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
  group: 'Conversations',
  examples: [['list', 'id, title, unread messages and the last one']],
  reach: 'here',
  async run({ parley, print }) {
    for (const conversation of parley.conversations) {
      const lastMessage = conversation.getLastMessage() ?? null
      const { unread, state } = conversation
      print.result({ id: conversation.getId(), title: conversation.getTitle(), state, unread, lastMessage }, () =>
        formatConversation(conversation, print.terminal),
      )
    }
    const asked = parley.requests.length
    if (asked > 0) print.note(`${asked === 1 ? 'Somebody asks' : `${asked} people ask`} to write to you: \`parley requests\`.`)
    if (parley.conversations.length === 0)
      print.note(
        'No conversations yet. `parley new TITLE` makes one, `parley join LINK` enters one, `parley direct CARD` writes to a person.',
      )
  },
})

export const forgetCommand = defineCommand({
  usage: 'forget <conversation>',
  summary: 'delete your copy of a conversation that you are not in any more',
  group: 'Conversations',
  examples: [['forget hike', 'after `parley leave hike`']],
  reach: 'here',
  async run({ parley, args: [wanted], print }) {
    const conversation = findConversation(parley, wanted as string)
    const [id, title] = [conversation.getId(), titleOf(conversation)]
    await parley.forget(id)
    print.result({ id, forgotten: true }, () => `Forgot ${title}.`)
  },
})
