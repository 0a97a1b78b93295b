/** A full disk, at every call that writes: refused with `StorageFull`, nothing is lost or half-done, and with room again the same call works. */
import { nodeFileCrypto } from '@parley/crypto/node'
import { ParleyError, type MessageId } from '@parley/protocol'
import { createManualClock, createMemoryBlobStore, createMemoryDisk, createMemoryStore, type MemoryDisk } from '@parley/testing'
import { afterEach, expect, test } from 'vitest'
import type { Conversation, Parley, Store } from '../src/index.ts'
import { createWorld, passUntil, type World } from './support.ts'

/** What a call is given: alice, her group with bob in her contacts, and two messages of hers. */
interface Scene {
  readonly alice: Parley
  readonly group: Conversation
  readonly bob: Parley['me']['id']
  readonly card: string
  readonly first: MessageId
  readonly second: MessageId
}

/** What leads to the state that a call is tried in. */
type Step = (scene: Scene) => Promise<unknown>

const CALLS: Readonly<Record<string, { before?: Step; call: Step }>> = {
  sendMessage: { call: ({ group }) => group.sendMessage({ text: 'third' }) },
  'sendMessage with the first file of all': { call: ({ group }) => group.sendMessage({ file: new File(['some words'], 'words.txt') }) },
  updateMessage: { call: ({ group, first }) => group.updateMessage(first, { text: 'changed' }) },
  deleteMessage: { call: ({ group, first }) => group.deleteMessage(first) },
  setMetadata: { call: ({ group }) => group.setMetadata({ colour: 'blue' }) },
  setTitle: { call: ({ group }) => group.setTitle('Another') },
  setHistory: { call: ({ group }) => group.setHistory('joined') },
  addMember: { call: ({ group, bob }) => group.addMember(bob) },
  removeMember: { before: ({ group, bob }) => group.addMember(bob), call: ({ group, bob }) => group.removeMember(bob) },
  setRole: { before: ({ group, bob }) => group.addMember(bob), call: ({ group, bob }) => group.setRole(bob, 'moderator') },
  leave: {
    before: async ({ group, bob }) => (await group.addMember(bob), group.setRole(bob, 'admin')),
    call: ({ group }) => group.leave(),
  },
  invite: { call: ({ group }) => group.invite() },
  revokeInvite: { before: ({ group }) => group.invite(), call: ({ group }) => group.revokeInvite(group.invites()[0]!.id) },
  react: { call: ({ group, first }) => group.react(first, '👍') },
  unreact: { before: ({ group, first }) => group.react(first, '👍'), call: ({ group, first }) => group.unreact(first, '👍') },
  pin: { call: ({ group, first }) => group.pin(first) },
  unpin: { before: ({ group, first }) => group.pin(first), call: ({ group, first }) => group.unpin(first) },
  hide: { call: ({ group, first }) => group.hide(first) },
  unhide: { before: ({ group, first }) => group.hide(first), call: ({ group, first }) => group.unhide(first) },
  mute: { call: ({ group }) => group.mute() },
  unmute: { before: ({ group }) => group.mute(), call: ({ group }) => group.unmute() },
  addContact: { before: ({ alice, bob }) => alice.removeContact(bob), call: ({ alice, card }) => alice.addContact(card) },
  removeContact: { call: ({ alice, bob }) => alice.removeContact(bob) },
  block: { call: ({ alice, bob }) => alice.block(bob) },
  unblock: { before: ({ alice, bob }) => alice.block(bob), call: ({ alice, bob }) => alice.unblock(bob) },
  setProfile: { call: ({ alice }) => alice.setProfile({ name: 'Alicia' }) },
  renewContactCard: { call: ({ alice }) => alice.renewContactCard() },
  createGroup: { call: ({ alice }) => alice.createGroup({ title: 'Second' }) },
  createConversation: { call: ({ alice, bob }) => alice.createConversation({ with: bob }) },
  forget: { before: ({ group }) => group.leave(), call: ({ alice, group }) => alice.forget(group.getId()) },
  renameDevice: { call: ({ alice }) => alice.renameDevice(alice.me.deviceId, 'Laptop') },
  createRecovery: { call: ({ alice }) => alice.createRecovery() },
  setPreferences: { call: ({ alice }) => alice.setPreferences({ sendSeen: false }) },
}

let world: World
afterEach(() => world.close())

test.each(Object.entries(CALLS))('%s', async (_, { before, call }) => {
  world = createWorld()
  const friend = await world.peer('bob')
  const [bob, card] = [friend.me.id, await friend.contactCard()]
  await friend.close()
  const disk = createMemoryDisk()
  const full = { isFull: false }
  const attachments = { blobs: createMemoryBlobStore(), crypto: nodeFileCrypto() }
  const open = (): Promise<Parley> => world.peer('alice', { store: filling(disk, full), attachments })
  const alice = await open()
  await alice.addContact(card)
  const group = await alice.createGroup({ title: 'Small', metadata: { colour: 'red' } })
  const [first, second] = [await group.sendMessage({ text: 'first' }), await group.sendMessage({ text: 'second' })]
  const scene: Scene = { alice, group, bob, card, first: first.id, second: second.id }
  await before?.(scene)
  const was = await stateOf(scene)
  full.isFull = true
  await expect(call(scene)).rejects.toMatchObject({ code: 'StorageFull' })
  expect(await stateOf(scene)).toEqual(was)
  full.isFull = false
  await call(scene)
  const is = await stateOf(scene)
  expect(is).not.toEqual(was)
  await alice.close()
  // What the disk says is what was shown.
  const again = await open()
  expect(await stateOf({ ...scene, alice: again, group: again.conversation(group.getId()) ?? group })).toEqual(is)
})

test('who is let in while their disk is full comes in once there is room, without starting again', async () => {
  const clock = createManualClock()
  world = createWorld(clock)
  const alice = await world.peer('alice')
  const group = await alice.createGroup({ title: 'Small' })
  const full = { isFull: false }
  const bob = await world.peer('bob', { store: filling(createMemoryDisk(), full) })
  const refused: unknown[] = []
  bob.on('error', (error) => {
    refused.push(error)
    full.isFull = false
  })
  world.network.partition(['alice'], ['bob'])
  const his = await bob.join(await group.invite())
  full.isFull = true
  world.network.heal()
  bob.wake()
  await passUntil(clock, () => his.state === 'member')
  expect(refused).toMatchObject([{ code: 'StorageFull' }])
  expect(his.getTitle()).toBe('Small')
})

/** A store on `disk` that refuses every write while the disk is full. */
function filling(disk: MemoryDisk, full: { readonly isFull: boolean }): Store {
  const store = createMemoryStore({ disk })
  return {
    get: (key) => store.get(key),
    getMany: (keys) => store.getMany(keys),
    range: (query) => store.range(query),
    write: async (operations, options) => {
      if (full.isFull) throw new ParleyError('StorageFull', 'There is no room left on this disk.')
      await store.write(operations, options)
    },
    estimate: () => store.estimate(),
    close: () => store.close(),
  }
}

/** All that a user sees of it. */
async function stateOf({ alice, group }: Scene): Promise<unknown> {
  const profile = {
    card: await alice.contactCard(),
    devices: alice.devices.map(({ id, name, status }) => ({ id, name, status })),
    recovery: alice.recovery,
    conversations: alice.conversations.map((one) => one.getId()).toSorted(),
  }
  if (!alice.conversations.includes(group)) return profile
  const { messages, totalMessages } = await group.getMessages()
  return {
    ...profile,
    name: alice.me.name,
    contacts: alice.contacts.map(({ id, isBlocked }) => ({ id, isBlocked })),
    preferences: { ...alice.preferences },
    title: group.getTitle(),
    metadata: group.getMetadata(),
    state: group.state,
    history: group.history,
    members: group.members().map(({ id, role }) => ({ id, role })),
    invites: group.invites().map(({ id, state }) => ({ id, state })),
    messages: messages.map(({ id, text, reactions, isHidden }) => ({ id, text, reactions, isHidden })),
    totalMessages,
    pinned: (await group.pinned()).map(({ id }) => id),
    isMuted: group.isMuted,
    draft: group.draft,
  }
}
