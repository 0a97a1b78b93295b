/** What applications bind to: the view document, awareness, and the list of conversations. */
import { createManualClock, createMemoryStore, type ManualClock } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Conversation, Parley } from '../src/index.ts'
import { createGroupOn, createWorld, heard, passUntil, type World } from './support.ts'

let clock: ManualClock
let world: World
let alice: Parley
let bob: Parley
let hers: Conversation
let his: Conversation
let hisStore: ReturnType<typeof createMemoryStore>

beforeEach(async () => {
  clock = createManualClock()
  world = createWorld(clock)
  hisStore = createMemoryStore()
  alice = await world.peer('alice')
  bob = await world.peer('bob', { store: hisStore })
  ;[hers, his] = (await createGroupOn(clock, alice, bob)) as [Conversation, Conversation]
  await passUntil(clock, () => his.syncState.phase === 'live' && his.members().every((m) => m.name !== '' && m.status === 'ONLINE'))
})
afterEach(() => world.close())

interface Shown {
  id: string
  text: string
  seenBy: string[]
}
const shown = (conversation: Conversation): Shown[] => conversation.doc.getArray<Shown>('messages').toArray()
const textsShown = (conversation: Conversation): string[] => shown(conversation).map((m) => m.text)

describe('conversation.doc', () => {
  test('messages holds the newest window, oldest first, and follows edits, deletions and seen', async () => {
    const first = await hers.sendMessage({ text: 'one', metadata: { a: 1 } })
    await passUntil(clock, () => his.getLastMessage()?.id === first.id)
    const second = await his.sendMessage({ text: 'two' })
    for (const conversation of [hers, his]) await passUntil(clock, () => textsShown(conversation).join() === 'one,two')
    expect(shown(his)[0]).toMatchObject({ id: first.id, metadata: { a: 1 }, author: { id: alice.me.id, name: 'alice' } })
    await hers.updateMessage(first.id, { text: 'uno' })
    for (const conversation of [hers, his]) await passUntil(clock, () => textsShown(conversation).join() === 'uno,two')
    await hers.seen()
    await passUntil(clock, () => shown(his)[1]!.seenBy.includes(alice.me.id))
    await his.deleteMessage(second.id)
    for (const conversation of [hers, his]) await passUntil(clock, () => textsShown(conversation).join() === 'uno')
  })

  test('the window stays bounded, and shows the newest 100 whatever the order of arrival', async () => {
    world.network.partition(['alice'], ['bob'])
    await Promise.all(Array.from({ length: 130 }, (_, i) => hers.sendMessage({ text: `alice ${i}` })))
    await clock.advance(1_000)
    await Promise.all(Array.from({ length: 40 }, (_, i) => his.sendMessage({ text: `bob ${i}` })))
    world.network.heal()
    await passUntil(clock, () => textsShown(his).includes('alice 129') && textsShown(hers).includes('bob 39'))
    const newest: string[] = []
    for (let page = 4; page >= 1; page--) newest.push(...(await his.getMessages(page)).messages.map((m) => m.id))
    for (const conversation of [hers, his])
      await passUntil(
        clock,
        () =>
          shown(conversation)
            .map((m) => m.id)
            .join() === newest.join(),
      )
  })

  test('metadata and members mirror what the calls give', async () => {
    await hers.setMetadata({ place: 'park', toString: 'x' })
    await passUntil(clock, () => his.doc.getMap('metadata').get('place') === 'park')
    await hers.setMetadata({ toString: null })
    await passUntil(clock, () => !his.doc.getMap('metadata').has('toString'))
    expect(his.doc.getMap('metadata').toJSON()).toEqual(his.getMetadata())
    await bob.setProfile({ name: 'Robert' })
    await passUntil(clock, () => (hers.doc.getArray('members').toJSON() as { name: string }[]).some((m) => m.name === 'Robert'))
    expect(hers.doc.getArray('members').toJSON()).toEqual(hers.members().map((m) => ({ ...m })))
    await alice.close()
    await passUntil(clock, () => (his.doc.getArray('members').toJSON() as { status: string }[])[0]!.status === 'OFFLINE')
  })

  test('it is an output: what an application writes into it changes nothing elsewhere', async () => {
    his.doc.getArray('messages').insert(0, [{ id: 'x', text: 'not said' }])
    his.doc.getMap('metadata').set('place', 'nowhere')
    await hers.sendMessage({ text: 'one' })
    await passUntil(clock, () => his.getLastMessage()?.text === 'one')
    await clock.advance(1_000)
    expect(textsShown(hers)).toEqual(['one'])
    expect([hers.getMetadata(), his.getMetadata()]).toEqual([{}, {}])
    expect((await his.getMessages()).messages.map((m) => m.text)).toEqual(['one'])
  })
})

test('conversation.awareness shows who is online and who types', async () => {
  const states = (): unknown[] => [...his.awareness.getStates().values()]
  await passUntil(clock, () => states().length === 1)
  expect(states()).toEqual([{ user: { id: alice.me.id, name: 'alice' }, typing: false }])
  hers.startTyping()
  await passUntil(clock, () => (states()[0] as { typing: boolean }).typing)
  hers.stopTyping()
  await passUntil(clock, () => !(states()[0] as { typing: boolean }).typing)
  await alice.close()
  await passUntil(clock, () => states().length === 0)
})

describe('unread', () => {
  test('is exact while messages arrive and this user looks at them', async () => {
    for (let round = 0; round < 20; round++) {
      await Promise.all([hers.sendMessage({ text: `a ${round}` }), his.seen(), hers.sendMessage({ text: `b ${round}` })])
      await clock.advance(1)
      await his.seen()
    }
    await passUntil(clock, async () => (await his.getMessages()).totalMessages === 40)
    await passUntil(clock, () => his.getLastMessage()!.text.endsWith('19'))
    const { messages } = await his.getMessages()
    const behind = messages.length - 1 - messages.findLastIndex((m) => m.seenBy.includes(bob.me.id))
    expect(his.unread).toBe(behind)
    await his.seen()
    expect(his.unread).toBe(0)
  })

  test('goes down when an unread message is deleted', async () => {
    const { id } = await hers.sendMessage({ text: 'one' })
    await hers.sendMessage({ text: 'two' })
    await passUntil(clock, () => his.unread === 2)
    await hers.deleteMessage(id)
    await passUntil(clock, () => his.unread === 1)
  })
})

test('parley.conversations is ordered by last activity, and changes are told once for a turn', async () => {
  const other = await alice.createGroup({ title: 'Other' })
  await clock.advance(10)
  await hers.sendMessage({ text: 'one' })
  await passUntil(clock, () => alice.conversations[0] === hers)
  await clock.advance(10)
  let told = 0
  alice.on('conversations', () => void told++)
  await other.sendMessage({ text: 'two' })
  await passUntil(clock, () => alice.conversations[0] === other)
  expect(told).toBeGreaterThan(0)
  expect(alice.conversation(other.getId())).toBe(other)
})

describe('a disk that fails', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'write %i fails while messages, edits and deletions arrive: afterwards everything is there',
    async (which) => {
      const kept = await hers.sendMessage({ text: 'kept' })
      const gone = await hers.sendMessage({ text: 'gone' })
      await passUntil(clock, async () => (await his.getMessages()).totalMessages === 2)
      world.network.partition(['alice'], ['bob'])
      await hers.updateMessage(kept.id, { text: 'edited' })
      await hers.deleteMessage(gone.id)
      await hers.setTitle('Tea')
      await hers.sendMessage({ text: 'new' })
      const write = hisStore.write.bind(hisStore)
      const got = heard(his, 'message')
      let writes = 0
      hisStore.write = (operations, options) => {
        if (++writes === which) hisStore.failNextWrites(1)
        return write(operations, options)
      }
      world.network.heal()
      await passUntil(clock, async () => (await his.getMessages()).messages.map((m) => m.text).join() === 'edited,new')
      await passUntil(clock, () => his.getTitle() === 'Tea')
      // The one that hits this very message is told to who sent it, and the same call again goes.
      await his.sendMessage({ text: 'answer' }).catch(() => his.sendMessage({ text: 'answer' }))
      await passUntil(clock, async () => (await hers.getMessages()).messages.map((m) => m.text).join() === 'edited,new,answer')
      await passUntil(clock, () => textsShown(his).join() === 'edited,new,answer')
      expect(alice.inspect().rejected).toEqual({})
      expect(got.map(([m]) => m.text)).toEqual(['new'])
      // Also after a restart, from what is on the disk.
      await clock.advance(3_000)
      const again = await createWorld(clock).peer('bob', { store: hisStore.crash() })
      world.peers.splice(world.peers.indexOf(bob), 1)
      const conversation = again.conversations[0]!
      expect([(await conversation.getMessages()).messages.map((m) => m.text).join(), conversation.getTitle()]).toEqual([
        'edited,new,answer',
        'Tea',
      ])
      await again.close()
    },
  )
})
