/**
 * A member whose clock lies: what it says names heads that it has seen, and claims to be older than they are. docs/adr/0012 says why nothing refuses that,
 * and what it gains: a place further up among the messages, the same for everybody.
 */
import type { Conversation } from '@parley/core'
import {
  deviceIdBytes,
  encodeDelete,
  encodeEdit,
  encodePost,
  encodeReact,
  EntryKind,
  messageIdBytes,
  messageIdOf,
  messageIdParts,
  type ChainState,
  type Dep,
} from '@parley/protocol'
import { expect, test } from 'vitest'
import { heard, until } from '../../packages/core/test/support.ts'
import { createHostileMember, forge, sendUpdate, type HostileMember } from './hostile-member.ts'
import { createVictims, settle, texts } from './victims.ts'

/** What everybody must agree on, as it is shown. */
async function shown(conversation: Conversation): Promise<unknown[]> {
  const { messages } = await conversation.getMessages()
  return messages.map(({ id, text, replyTo, reactions, editedAt }) => ({ id, text, replyTo, reactions, isEdited: editedAt !== undefined }))
}

/** Writes entries at the clock at which the member wrote last, one count after the other. */
class Backdating {
  readonly entries: Uint8Array[] = []
  readonly #member: HostileMember
  readonly #deps: readonly Dep[]
  #state: ChainState

  constructor(member: HostileMember, deps: readonly Dep[]) {
    this.#member = member
    this.#deps = deps
    this.#state = member.replica.log.state(member.context.me.deviceId)
  }

  get ms(): number {
    return this.#state.hlc.ms
  }

  /** The id of the message that it would be. */
  async say(kind: EntryKind, payload: Uint8Array): Promise<Uint8Array> {
    const { deviceId } = this.#member.context.me
    const before = this.#state
    const hlc = { ms: before.hlc.ms, ctr: before.hlc.ctr + 1 }
    const deletes = before.deletes + (kind === EntryKind.delete ? 1 : 0)
    const posts = before.posts + (kind === EntryKind.post ? 1 : 0)
    const header = { kind, time: 0, ctr: hlc.ctr, posts, deletes, deps: this.entries.length === 0 ? this.#deps : [] }
    const { bytes, state } = await forge(this.#member, deviceId, { state: before, payload, header })
    this.#state = { ...state, hlc, posts, deletes }
    this.entries.push(bytes)
    return messageIdBytes(messageIdOf(deviceIdBytes(deviceId), before.nextSeq, state.prevId))
  }
}

test('answers, edits and deletions that claim to be older than what they are about: shown right, and the same to everybody', async () => {
  const victims = await createVictims()
  const { world, hers, his, alice } = victims
  const mallory = await createHostileMember(world, 'mallory', hers)
  const link = await mallory.to('bob')
  const first = await hers.sendMessage({ text: 'later one' })
  const second = await hers.sendMessage({ text: 'later two' })
  await until(async () => (await texts(his)).includes('later two'))

  const { device, seq, entry16 } = messageIdParts(second.id)
  const lie = new Backdating(mallory, [{ device8: device.slice(0, 8), seq, entry8: entry16.slice(0, 8) }])
  expect(lie.ms).toBeLessThan(first.sentAt)
  const content = (text: string, reply?: Uint8Array): Parameters<typeof encodePost>[0] => ({ text, metadata: {}, reply })
  const answer = await lie.say(EntryKind.post, encodePost(content('an answer', messageIdBytes(second.id))))
  await lie.say(EntryKind.react, encodeReact({ target: messageIdBytes(first.id), emoji: '👍', on: true }))
  await lie.say(EntryKind.edit, encodeEdit({ ...content('an answer, edited', messageIdBytes(second.id)), target: answer }))
  const gone = await lie.say(EntryKind.post, encodePost(content('gone again')))
  await lie.say(EntryKind.delete, encodeDelete({ target: gone }))
  await lie.say(EntryKind.edit, encodeEdit({ ...content('what alice never said'), target: messageIdBytes(first.id) }))
  const told = heard(hers, 'message')
  sendUpdate(mallory, link, mallory.context.me.deviceId, mallory.replica.log.nextSeq(mallory.context.me.deviceId), lie.entries)

  for (const conversation of [hers, his]) await until(async () => (await texts(conversation)).includes('an answer, edited'))
  await settle(20)
  expect((await texts(hers)).slice(-3)).toEqual(['an answer, edited', 'later one', 'later two'])
  expect(await shown(his)).toEqual(await shown(hers))
  const answered = (await hers.getMessages()).messages.at(-3)!
  expect(answered.replyTo).toBe(second.id)
  expect((await hers.getMessages()).messages.at(-2)!.reactions).toHaveLength(1)
  // It is announced as a late message is, and the last one stays the last one.
  expect(told.map(([{ id }]) => id)).toEqual([answered.id])
  expect(hers.getLastMessage()?.id).toBe(second.id)

  const carol = await world.peer('carol')
  const joined = await carol.join(await hers.invite())
  await until(async () => joined.state === 'member' && (await texts(joined)).length === (await texts(hers)).length)
  expect(await shown(joined)).toEqual(await shown(hers))
  expect(Object.values(alice.inspect().rejected).reduce((a, b) => a + b, 0)).toBe(0)
  await victims.expectUnharmed()
  await mallory.stop()
  await victims.close()
})
