/**
 * People: their cards, writing to one of them, and who is not to be heard.
 */
import type { Contact, Parley, User } from '@parley/core'
import { addNetworkOptions, addWaitOption, defineCommand } from '../command.ts'
import type { NetworkOptions, WaitOptions } from '../command.ts'
import { lingerUntilAnswered } from '../delivery.ts'
import { formatContact, nameOf, titleOf } from '../format.ts'
import type { Printer } from '../printer.ts'
import { findPerson, readUserId } from '../resolve.ts'

const CARD_PREFIX = 'parley-card:'

export const directCommand = defineCommand<NetworkOptions & WaitOptions>({
  usage: 'direct <card-or-user>',
  summary: 'the conversation with one person; a card adds them as a contact',
  group: 'People',
  examples: [
    ['direct parley-card:…', 'from the card that `parley id` printed for them'],
    ['direct Bob', 'with a contact, by name or user id'],
  ],
  reach: 'online',
  options(command) {
    addNetworkOptions(command)
    addWaitOption(command, 'stay until they take part, at most so long')
  },
  async run(call) {
    const [wanted] = call.args as [string]
    const { parley } = call
    const isCard = wanted.trim().startsWith(CARD_PREFIX)
    const { id } = isCard ? await parley.addContact(wanted) : findContact(parley, wanted)
    const conversation = await parley.createConversation({ with: id })
    call.print.result(
      { id: conversation.getId(), title: conversation.getTitle() },
      () => `${conversation.getId()}  ${titleOf(conversation)}`,
    )
    await lingerUntilAnswered(call, conversation, id)
  },
})

export const contactsCommand = defineCommand({
  usage: 'contacts',
  summary: 'the people whom you know by their card',
  group: 'People',
  examples: [['contacts', 'name and user id']],
  reach: 'here',
  async run({ parley, print }) {
    for (const contact of parley.contacts) print.result(contact, () => formatContact(contact))
    if (parley.contacts.length === 0) print.note('No contacts yet. `parley add-contact CARD` adds one; `parley id` prints your own card.')
  },
})

export const addContactCommand = defineCommand({
  usage: 'add-contact <card>',
  summary: 'add somebody by their card, or take their newer one',
  group: 'People',
  examples: [['add-contact parley-card:…', 'from the card that `parley id` printed for them']],
  reach: 'here',
  async run({ parley, args: [card], print }) {
    const contact = await parley.addContact(card as string)
    print.result(contact, () => formatContact(contact))
  },
})

export const removeContactCommand = defineCommand({
  usage: 'remove-contact <user>',
  summary: 'somebody is a contact no more; the conversation with them stays',
  group: 'People',
  examples: [['remove-contact Bob', 'he would have to ask again']],
  reach: 'here',
  async run({ parley, args: [wanted], print }) {
    const contact = findContact(parley, wanted as string)
    await parley.removeContact(contact.id)
    print.result({ id: contact.id, removed: true }, () => `${nameOf(contact)} is no contact any more.`)
  },
})

export const blockCommand = defineCommand({
  usage: 'block <user>',
  summary: 'here alone: hear and see nothing more of somebody; nobody is told',
  group: 'People',
  examples: [['block Mallory', 'their messages are marked, and they can ask for nothing']],
  reach: 'here',
  run: async ({ parley, args: [wanted], print }) => setBlocked(parley, wanted as string, true, print),
})

export const unblockCommand = defineCommand({
  usage: 'unblock <user>',
  summary: 'hear and see somebody again',
  group: 'People',
  examples: [['unblock Mallory', 'what they wrote meanwhile is shown too']],
  reach: 'here',
  run: async ({ parley, args: [wanted], print }) => setBlocked(parley, wanted as string, false, print),
})

async function setBlocked(parley: Parley, wanted: string, isBlocked: boolean, print: Printer): Promise<void> {
  const person = findAnybody(parley, wanted)
  await (isBlocked ? parley.block(person.id) : parley.unblock(person.id))
  print.result(
    { id: person.id, isBlocked: parley.isBlocked(person.id) },
    () => `${nameOf(person)} is ${isBlocked ? 'blocked' : 'heard again'}.`,
  )
}

/** @throws {ContactUnknown, InvalidArgument} */
export function findContact(parley: Parley, wanted: string): Contact {
  const advice = '`parley contacts` shows whom you know; `parley add-contact CARD` adds somebody.'
  return findPerson(parley.contacts, wanted, 'ContactUnknown', advice)
}

/** A contact, somebody met in a conversation or a request, or whoever has this user id. @throws {NotFound, InvalidArgument} */
export function findAnybody(parley: Parley, wanted: string): Pick<User, 'id' | 'name'> {
  const people: Pick<User, 'id' | 'name'>[] = [...parley.contacts]
  for (const conversation of [...parley.conversations, ...parley.requests])
    people.push(...conversation.members(), ...conversation.formerMembers())
  const others = people.filter(({ id }) => id !== parley.me.id)
  const id = readUserId(wanted)
  if (id !== undefined && !others.some((person) => person.id === id)) others.push({ id, name: '' })
  return findPerson(others, wanted, 'NotFound', 'Give a user id, or the name of a contact or of somebody in a conversation.')
}
