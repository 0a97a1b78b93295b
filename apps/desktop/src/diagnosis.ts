/**
 * What `parley doctor` knows: a picture of the moment, from what the engine says of its links and conversations.
 */
import type { Contact, Conversation, Inspection, LinkInspection, Member, MemberStatus, Parley, SyncState } from '@parley/core'
import type { ConversationId, DeviceId, UserId } from '@parley/protocol'

/** Pages looked through for own messages that nobody has yet. Whoever has more of them knows without a number. */
const MAX_PAGES = 8

/** One link to a device of a person. */
export type Path = Pick<LinkInspection, 'device' | 'transport' | 'remote' | 'roundTripMs' | 'queuedBytes'>

export interface PersonDiagnosis {
  readonly id: UserId
  readonly name: string
  readonly status: MemberStatus
  /** The links that lead to them; others may pass on what is said all the same. */
  readonly paths: readonly Path[]
}

export interface ConversationDiagnosis {
  readonly id: ConversationId
  readonly title: string
  readonly state: Conversation['state']
  readonly syncState: SyncState
  /** Own messages that no other member's device has, by what it says; of the newest 200 messages. */
  readonly undelivered: number
  /** Members who have not said anything yet, such as one who was added and could not be told. */
  readonly unheard: readonly UserId[]
}

export interface Diagnosis extends Pick<Inspection, 'userId' | 'deviceId' | 'rendezvous' | 'rejected' | 'passedOver'> {
  /** False when the engine was opened for this disk alone. */
  readonly online: boolean
  readonly listening: readonly string[]
  readonly people: readonly PersonDiagnosis[]
  /** Links whose other end has not said who it is, or is nobody known. */
  readonly strangers: readonly Path[]
  readonly conversations: readonly ConversationDiagnosis[]
  /** Requests that wait for an answer. */
  readonly requests: number
}

export async function diagnose(parley: Parley, isOnline: boolean): Promise<Diagnosis> {
  const { userId, deviceId, addresses, rendezvous, links, rejected, passedOver } = parley.inspect()
  const people = everybody(parley).map(({ id, name, status }) => ({ id, name, status, paths: pathsTo(links, id) }))
  const known = new Set<UserId | undefined>([...people.map(({ id }) => id), userId])
  const own = pathsTo(links, userId)
  return {
    userId,
    deviceId,
    online: isOnline,
    listening: addresses,
    rendezvous,
    // Other devices of one's own are as good as people: they hold everything.
    people: own.length === 0 ? people : [{ id: userId, name: parley.me.name, status: 'ONLINE', paths: own }, ...people],
    strangers: links.filter(({ user }) => !known.has(user)).map(pathOf),
    conversations: await Promise.all(parley.conversations.map((conversation) => diagnoseConversation(conversation, userId))),
    requests: parley.requests.length,
    rejected,
    passedOver,
  }
}

async function diagnoseConversation(conversation: Conversation, self: UserId): Promise<ConversationDiagnosis> {
  const others = conversation.members().filter(({ id }) => id !== self)
  return {
    id: conversation.getId(),
    title: conversation.getTitle(),
    state: conversation.state,
    syncState: conversation.syncState,
    undelivered: others.length === 0 ? 0 : await countUndelivered(conversation),
    unheard: others.filter(({ devices }) => devices.length === 0).map(({ id }) => id),
  }
}

/** A device hands its messages over in order, so those that nobody has are the last ones: the first one that somebody has ends the search. */
async function countUndelivered(conversation: Conversation): Promise<number> {
  let count = 0
  for (let number = 1; number <= MAX_PAGES; number++) {
    const { messages, totalPages } = await conversation.getMessages(number)
    for (const { state } of messages.toReversed()) {
      if (state === 'delivered' || state === 'seen') return count
      if (state !== undefined) count++
    }
    if (number >= totalPages) break
  }
  return count
}

/** Contacts and members of conversations, each once, without this user. */
function everybody(parley: Parley): readonly Pick<Member, 'id' | 'name' | 'status'>[] {
  const people = new Map<UserId, Pick<Member, 'id' | 'name' | 'status'>>()
  const add = ({ id, name }: Member | Contact, status: MemberStatus): void => {
    const before = people.get(id)
    people.set(id, { id, name: before?.name || name, status: before?.status === 'ONLINE' ? 'ONLINE' : status })
  }
  for (const contact of parley.contacts) add(contact, 'OFFLINE')
  for (const conversation of parley.conversations) for (const member of conversation.members()) add(member, member.status)
  people.delete(parley.me.id)
  return [...people.values()]
}

function pathsTo(links: readonly LinkInspection[], user: UserId): readonly Path[] {
  return links.filter((link) => link.user === user).map(pathOf)
}

function pathOf({ device, transport, remote, roundTripMs, queuedBytes }: LinkInspection): Path & { readonly device: DeviceId | undefined } {
  return { device, transport, remote, roundTripMs, queuedBytes }
}
