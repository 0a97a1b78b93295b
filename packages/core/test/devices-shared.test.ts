/** What the devices of one person have in common beside conversations. */
import { createManualClock } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DRAFT_SHARED_AFTER_MS } from '../src/devices/shared-state.ts'
import { addDevice } from './device-world.ts'
import { createSharedGroup, createWorld, until, type World } from './support.ts'

let world: World

beforeEach(() => {
  world = createWorld()
})

afterEach(() => world.close())

test('contacts, blocks, mutes and the card are the same on all devices, also those that come later', async () => {
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
  await alice.addContact(await bob.contactCard())
  const group = await alice.createGroup({ title: 'Picnic' })
  await group.mute()
  const phone = await addDevice(world, alice, 'phone')
  await until(() => phone.contacts.length === 1 && phone.conversation(group.getId())?.isMuted === true)
  expect(phone.contacts[0]).toMatchObject({ id: bob.me.id, name: 'bob', isBlocked: false })
  await phone.addContact(await carol.contactCard())
  await until(() => alice.contacts.length === 2)
  await alice.block(bob.me.id)
  await until(() => phone.isBlocked(bob.me.id))
  await phone.unblock(bob.me.id)
  await until(() => !alice.isBlocked(bob.me.id))
  await phone.removeContact(carol.me.id)
  await until(() => alice.contacts.map(({ id }) => id).join() === bob.me.id)
  await phone.conversation(group.getId())!.unmute()
  await until(() => !group.isMuted)
  // A card of the one reaches the other: what a stranger asks by it comes to both, and one answer is enough.
  await carol.addContact(await phone.contactCard())
  const direct = await carol.createConversation({ with: alice.me.id })
  await until(() => phone.requests.length === 1)
  await phone.requests[0]!.accept()
  await until(() => alice.conversation(direct.getId())?.state === 'member' && alice.requests.length === 0)
})

test('what is typed on one device, and what is read there, is so on the other', async () => {
  const clock = createManualClock()
  world = createWorld(clock)
  let isReady = false
  const setUp = async () => {
    const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
    const [hers, his] = await createSharedGroup(alice, bob)
    const phone = await addDevice(world, alice, 'phone', { clock })
    await until(() => phone.conversation(hers!.getId())?.state === 'member')
    isReady = true
    return { hers: hers!, his: his!, on: phone.conversation(hers!.getId())! }
  }
  const making = setUp()
  const pass = async (check: () => boolean): Promise<void> => {
    while (!check()) {
      await clock.advance(5)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  await pass(() => isReady)
  const { hers, his, on } = await making
  let isSent = false
  his.sendMessage({ text: 'seen?' }).then(
    () => (isSent = true),
    () => undefined,
  )
  await pass(() => isSent && hers.unread === 1 && on.unread === 1)
  hers.seen().catch(() => undefined)
  await pass(() => on.unread === 0)
  hers.setDraft({ text: 'I was about to' }).catch(() => undefined)
  await clock.advance(DRAFT_SHARED_AFTER_MS)
  await pass(() => on.draft?.text === 'I was about to')
  on.setDraft(undefined).catch(() => undefined)
  await clock.advance(DRAFT_SHARED_AFTER_MS)
  await pass(() => hers.draft === undefined)
})
