/**
 * Who is in a conversation, and changing that.
 */
import type { Conversation, Member } from '@parley/core'
import type { UserId } from '@parley/protocol'
import { addNetworkOptions, addWaitOption, defineCommand } from '../command.ts'
import type { Call, NetworkOptions, WaitOptions } from '../command.ts'
import { lingerUntilDelivered } from '../delivery.ts'
import { formatFormer, formatMember, titleOf } from '../format.ts'
import { findConversation, findPerson } from '../resolve.ts'
import { oneOf } from '../values.ts'

/** What somebody who is in can be made. */
export const ROLES = ['reader', 'writer', 'moderator', 'admin'] as const

type Options = NetworkOptions & WaitOptions

export const membersCommand = defineCommand<{ former?: true }>({
  usage: 'members <conversation>',
  summary: 'who is in a conversation',
  group: 'Members',
  examples: [
    ['members hike', 'name, role, whether they are online, id'],
    ['members hike --former', 'then those who left or were removed, and by whom'],
  ],
  reach: 'here',
  options: (command) => command.option('--former', 'show those too who are in it no more'),
  async run({ parley, args: [wanted], options, print }) {
    const conversation = findConversation(parley, wanted as string)
    for (const member of conversation.members()) print.result(memberObject(member), () => formatMember(member))
    if (options.former !== true) return
    for (const former of conversation.formerMembers()) print.result(former, () => formatFormer(former, conversation, print.terminal))
  },
})

export const addCommand = defineCommand<Options>({
  usage: 'add <conversation> <user>',
  summary: 'let a contact in, or somebody back who was in; for admins',
  group: 'Members',
  examples: [['add hike Bob', 'he is told once he can be reached']],
  reach: 'online',
  options: addChangeOptions,
  async run(call) {
    const { conversation, wanted } = read(call)
    const advice = '`parley add-contact CARD` makes a contact; `parley invite CONVERSATION` makes a link for anybody.'
    const { id } = findPerson([...call.parley.contacts, ...conversation.formerMembers()], wanted, 'ContactUnknown', advice)
    await conversation.addMember(id)
    await reportMember(call, conversation, id)
  },
})

export const removeCommand = defineCommand<Options>({
  usage: 'remove <conversation> <user>',
  summary: 'somebody is in it no more and reads nothing written from now on; for admins',
  group: 'Members',
  examples: [['remove hike Mallory', 'what they wrote stays']],
  reach: 'online',
  options: addChangeOptions,
  async run(call) {
    const { conversation, wanted } = read(call)
    const { id } = findMember(conversation, wanted)
    await conversation.removeMember(id)
    const former = conversation.formerMembers().find((one) => one.id === id)
    if (former !== undefined) call.print.result(former, () => formatFormer(former, conversation, call.print.terminal))
    await lingerUntilDelivered(call, conversation, undefined)
  },
})

export const roleCommand = defineCommand<Options>({
  usage: 'role <conversation> <user> <role>',
  summary: `what a member may do: ${ROLES.join(', ')}; for admins`,
  group: 'Members',
  examples: [['role hike Bob moderator', 'he can pin and hide messages']],
  reach: 'online',
  options: addChangeOptions,
  async run(call) {
    const { conversation, wanted } = read(call)
    const role = oneOf(ROLES)(call.args[2] as string)
    const { id } = findMember(conversation, wanted)
    await conversation.setRole(id, role)
    await reportMember(call, conversation, id)
  },
})

export const leaveCommand = defineCommand<Options>({
  usage: 'leave <conversation>',
  summary: 'be in a group no more; it stays readable',
  group: 'Conversations',
  examples: [
    ['leave hike', 'the others are told'],
    ['leave hike --wait 30s', 'stays online so long, to tell them'],
  ],
  reach: 'online',
  options: addChangeOptions,
  async run(call) {
    const conversation = findConversation(call.parley, call.args[0] as string)
    await conversation.leave()
    const { state } = conversation
    call.print.result({ id: conversation.getId(), title: conversation.getTitle(), state }, () => `You have left ${titleOf(conversation)}.`)
    await lingerUntilDelivered(call, conversation, undefined)
  },
})

function addChangeOptions(command: Parameters<typeof addNetworkOptions>[0]): void {
  addNetworkOptions(command)
  addWaitOption(command, 'stay online so long, for others to hear of it')
}

function read({ parley, args }: Call<Options>): { conversation: Conversation; wanted: string } {
  return { conversation: findConversation(parley, args[0] as string), wanted: args[1] as string }
}

/** @throws {NotAMember, InvalidArgument} */
function findMember(conversation: Conversation, wanted: string): Member {
  return findPerson(conversation.members(), wanted, 'NotAMember', '`parley members CONVERSATION` shows who is in it.')
}

async function reportMember(call: Call<Options>, conversation: Conversation, id: UserId): Promise<void> {
  const member = conversation.members().find((one) => one.id === id)
  if (member !== undefined) call.print.result(memberObject(member), () => formatMember(member))
  await lingerUntilDelivered(call, conversation, undefined)
}

function memberObject({ id, name, role, status, devices }: Member): Pick<Member, 'id' | 'name' | 'role' | 'status' | 'devices'> {
  return { id, name, role, status, devices }
}
