/**
 * What strangers ask.
 */
import { addNetworkOptions, addWaitOption, defineCommand } from '../command.ts'
import type { NetworkOptions, WaitOptions } from '../command.ts'
import { lingerUntilDelivered } from '../delivery.ts'
import { formatRequest, titleOf } from '../format.ts'
import { findRequest } from '../resolve.ts'

export const requestsCommand = defineCommand({
  usage: 'requests',
  summary: 'conversations that people who are no contacts ask you into',
  group: 'People',
  examples: [['requests', 'the latest first; accept or decline them']],
  reach: 'here',
  async run({ parley, print }) {
    for (const request of parley.requests) {
      const members = request.members().map(({ id, name }) => ({ id, name }))
      const { kind } = request
      print.result({ id: request.getId(), title: request.getTitle(), kind, members }, () => formatRequest(request))
    }
    if (parley.requests.length === 0) print.note('Nobody asks for anything.')
  },
})

export const acceptCommand = defineCommand<NetworkOptions & WaitOptions>({
  usage: 'accept <request>',
  summary: 'take part in what was asked; whoever asked becomes a contact',
  group: 'People',
  examples: [['accept Bob', 'their messages come once you are both online']],
  reach: 'online',
  options(command) {
    addNetworkOptions(command)
    addWaitOption(command, 'stay online so long, for them to hear of it')
  },
  async run(call) {
    const [wanted] = call.args as [string]
    const conversation = findRequest(call.parley, wanted)
    await conversation.accept()
    const { state } = conversation
    call.print.result(
      { id: conversation.getId(), title: conversation.getTitle(), state },
      () => `You are in ${titleOf(conversation)} (${conversation.getId()}).`,
    )
    await lingerUntilDelivered(call, conversation, undefined)
  },
})

export const declineCommand = defineCommand({
  usage: 'decline <request>',
  summary: 'forget what was asked, and hear that person no more until you add them',
  group: 'People',
  examples: [['decline Mallory', 'nobody is told']],
  reach: 'here',
  async run({ parley, args: [wanted], print }) {
    const request = findRequest(parley, wanted as string)
    const [id, title] = [request.getId(), titleOf(request)]
    await request.decline()
    print.result({ id, declined: true }, () => `Declined ${title}.`)
  },
})
