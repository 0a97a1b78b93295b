/**
 * Links that let people in.
 */
import type { InviteInfo } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { addNetworkOptions, addWaitOption, defineCommand } from '../command.ts'
import type { NetworkOptions, WaitOptions } from '../command.ts'
import { lingerUntilDelivered } from '../delivery.ts'
import { formatInvite } from '../format.ts'
import { findConversation } from '../resolve.ts'
import { oneOf, parseCount, parseDuration } from '../values.ts'

/** What a link can make people. */
const INVITED_ROLES = ['reader', 'writer', 'moderator'] as const

export const inviteCommand = defineCommand<{ uses?: number; expires?: number; role?: (typeof INVITED_ROLES)[number] }>({
  usage: 'invite <conversation>',
  summary: 'make a link that lets people in',
  group: 'Members',
  examples: [
    ['invite "Sunday hike"', 'a link for one person, good for a week'],
    ['invite hike --uses 10 --expires 2d --role reader', 'for ten people who only read, for two days'],
  ],
  reach: 'here',
  options(command) {
    command.option('--uses <n>', 'how many people it lets in (default 1)', parseCount)
    command.option('--expires <duration>', 'how long it is good for (default 7d)', parseDuration)
    command.option('--role <role>', `what they may do: ${INVITED_ROLES.join(', ')} (default writer)`, oneOf(INVITED_ROLES))
    addNetworkOptions(command)
  },
  async run({ parley, args: [wanted], options, print }) {
    const conversation = findConversation(parley, wanted as string)
    const { uses, expires, role } = options
    const link = await conversation.invite({
      ...(uses === undefined ? {} : { uses }),
      ...(expires === undefined ? {} : { expiresInMs: expires }),
      ...(role === undefined ? {} : { role }),
    })
    print.result({ link }, () => link)
    if (parley.inspect().addresses.length === 0) {
      print.note(
        'The link names no address of yours, for nothing listens. Make it while `parley daemon` runs, or tell people an address for --peer.',
      )
    }
  },
})

export const invitesCommand = defineCommand({
  usage: 'invites <conversation>',
  summary: 'the links of a conversation and what became of them, the newest first',
  group: 'Members',
  examples: [['invites hike', 'state, uses, role, id; the link itself where it was made']],
  reach: 'here',
  async run({ parley, args: [wanted], print }) {
    const invites = findConversation(parley, wanted as string).invites()
    for (const invite of invites) print.result(invite, () => formatInvite(invite, print.terminal))
    if (invites.length === 0) print.note('No links yet. `parley invite CONVERSATION` makes one.')
  },
})

export const revokeCommand = defineCommand<NetworkOptions & WaitOptions>({
  usage: 'revoke <conversation> <invite>',
  summary: 'a link lets nobody in any more; those whom it let in stay',
  group: 'Members',
  examples: [['revoke hike INVITE', 'by its id in `parley invites`, or the link itself']],
  reach: 'online',
  options(command) {
    addNetworkOptions(command)
    addWaitOption(command, 'stay online so long, for others to hear of it')
  },
  async run(call) {
    const [wanted, which] = call.args as [string, string]
    const conversation = findConversation(call.parley, wanted)
    const known = conversation.invites().find(({ id, link }) => id === which || link === which)
    if (known === undefined) throw new ParleyError('NotFound', 'There is no such invite. `parley invites CONVERSATION` shows them.')
    await conversation.revokeInvite(known.id)
    const after: InviteInfo = conversation.invites().find(({ id }) => id === known.id) ?? known
    call.print.result(after, () => formatInvite(after, call.print.terminal))
    await lingerUntilDelivered(call, conversation, undefined)
  },
})
