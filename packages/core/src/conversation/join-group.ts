/** Asking to be let into a group by an invite link: stored before anybody is asked. */
import { conversationIdOf, type InviteLink } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { ConversationRecord } from '../replica/record.ts'
import { Replica } from '../replica/replica.ts'

/** The group of the link, waiting to be let in; `known` when it is here already. Another link after a refusal is another try; a member stays one. */
export async function joinGroup(context: Context, link: InviteLink, known: Replica | undefined): Promise<Replica> {
  const record: ConversationRecord = {
    state: 'joining',
    seed: link.seed.slice(),
    hints: link.hints,
    refusal: undefined,
    since: context.clock.now(),
  }
  if (known !== undefined) {
    await known.setRecord((now) => (now.state === 'member' ? now : { ...record, since: now.since }))
    return known
  }
  const replica = new Replica(context, conversationIdOf(link.conversation), record)
  await replica.load()
  await replica.setRecord(() => ({ ...record }))
  return replica
}

/** Somebody who holds the invite refused; remembered while nobody has let this device in. */
export function noteRefusal(replica: Replica, code: string): Promise<void> {
  return replica.setRecord((now) => (now.state === 'joining' ? { ...now, state: 'refused', refusal: code } : now))
}
