/** Two people, their cards and nothing else: over TCP, through restarts, on a real disk. */
import { createParley } from '@parley/chat'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { textsOf, until } from '../../packages/core/test/support.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-direct-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

type Peer = Awaited<ReturnType<typeof createParley>>

const open = (name: string, listen: readonly string[] = []): Promise<Peer> => createParley({ profile: join(folder, name), name, listen })

test('a card given by hand is enough: the stranger’s request, the answer, and the talk after both have restarted', async () => {
  const bob = await open('bob', ['/ip4/127.0.0.1/tcp/0'])
  const address = bob.inspect().addresses[0]!
  const card = await bob.contactCard()
  const alice = await open('alice')
  await alice.addContact(card)
  const hers = await alice.createConversation({ with: bob.me.id })
  await hers.sendMessage({ text: 'do you remember me?' })
  await until(() => bob.requests.length === 1)
  await bob.requests[0]!.accept()
  const his = bob.conversation(hers.getId())!
  await until(async () => (await textsOf(his)).join() === 'do you remember me?')
  await alice.close()
  await his.sendMessage({ text: 'of course' })
  await bob.close()

  const [bobAgain, aliceAgain] = [await open('bob', [address.replace(/\/p2p\/.*$/u, '')]), await open('alice')]
  const [theirs, mine] = [bobAgain.conversation(his.getId())!, aliceAgain.conversation(his.getId())!]
  expect([theirs.getTitle(), mine.getTitle(), theirs.state, mine.state]).toEqual(['alice', 'bob', 'member', 'member'])
  await until(async () => (await textsOf(mine)).join() === 'do you remember me?,of course')
  await mine.sendMessage({ text: 'good' })
  await until(async () => (await textsOf(theirs)).length === 3)
  expect(bobAgain.contacts.map(({ id, name }) => [id, name])).toEqual([[alice.me.id, 'alice']])
  await Promise.all([bobAgain.close(), aliceAgain.close()])
}, 30_000)
