/** People who were let in, while somebody else took away what let them in: they are told so, and nothing beyond it. */
import { compareHlc } from '@parley/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LiveConversation } from '../src/conversation/conversation.ts'
import type { Conversation, Parley } from '../src/index.ts'
import { resolveMembership } from '../src/membership/index.ts'
import { ControlEntries } from '../src/replica/control-entries.ts'
import type { ControlEntry } from '../src/replica/control-entry.ts'
import { WhatIf } from '../src/replica/what-if.ts'
import { checks, World as History, type Actor } from './support/membership-world.ts'
import { createSharedGroup, createWorld, until, type World } from './support.ts'

let world: World
let alice: Parley
let bob: Parley
let carol: Parley
let hers: Conversation
let his: Conversation

beforeEach(async () => {
  world = createWorld()
  alice = await world.peer('alice')
  bob = await world.peer('bob')
  carol = await world.peer('carol')
  ;[hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
})
afterEach(() => world.close())

const controlsOf = (conversation: Conversation) => (conversation as LiveConversation).replica.controls

/** Carol comes in by bob, while alice revokes the invite; then those two meet, without carol. */
async function comeInBesideRevocation(link: string): Promise<Conversation> {
  await until(() => his.invites()[0]?.state === 'open')
  world.network.partition(['alice'], ['bob', 'carol'])
  const theirs = await carol.join(link)
  await until(() => theirs.state === 'member' && his.getMembers().includes(carol.me.id))
  await hers.revokeInvite(hers.invites()[0]!.id)
  world.network.partition(['alice', 'bob'], ['carol'])
  await until(() => !his.getMembers().includes(carol.me.id))
  return theirs
}

/** What carol knows of the conversation ends with what put her out, however long she listens. */
async function expectNothingLater(theirs: Conversation): Promise<void> {
  const end = controlsOf(hers).endOf(carol.me.deviceId)!
  await hers.setTitle('Without carol')
  await until(() => his.getTitle() === 'Without carol')
  world.network.disconnect('alice', 'carol')
  await carol.connect('memory:alice')
  // Who was never in proves nothing more.
  const sessions = theirs.state === 'refused' ? 0 : 1
  await until(() =>
    alice.inspect().links.some(({ remote, conversations }) => remote === 'memory:carol' && conversations.length === sessions),
  )
  const known = controlsOf(theirs)
    .entries()
    .filter(({ device }) => device !== carol.me.deviceId)
  expect(known.filter(({ hlc }) => compareHlc(hlc, end) > 0)).toEqual([])
  expect(theirs.getTitle()).toBe('Picnic')
  await expect(theirs.sendMessage({ text: 'still here?' })).rejects.toHaveProperty('code')
}

test('a newcomer whose invite was revoked meanwhile hears that nobody has let them in', async () => {
  const theirs = await comeInBesideRevocation(await hers.invite())
  expect(theirs.state).toBe('member')
  world.network.heal()
  await until(() => theirs.state === 'refused')
  await expectNothingLater(theirs)
  // And may come by another one.
  await carol.join(await hers.invite())
  await until(() => theirs.state === 'member' && theirs.getTitle() === 'Without carol')
})

test('somebody who comes back by an invite that was revoked meanwhile hears that they are still out', async () => {
  const theirs = await carol.join(await hers.invite())
  await theirs.admitted()
  await until(() => his.getMembers().length === 3)
  await hers.removeMember(carol.me.id)
  await until(() => theirs.state === 'removed' && his.getMembers().length === 2)
  await comeInBesideRevocation(await hers.invite())
  expect(theirs.state).toBe('member')
  world.network.heal()
  await until(() => theirs.state === 'removed')
  await expectNothingLater(theirs)
})

test('whom somebody lets in who is out by then hears of that removal and not of what came after it, whatever the clock of the admission', async () => {
  const link = await hers.invite()
  await until(() => his.invites()[0]?.state === 'open')
  world.network.partition(['alice'], ['bob', 'carol'])
  await hers.removeMember(bob.me.id)
  await hers.setTitle('Without bob')
  const theirs = await carol.join(link)
  await until(() => theirs.state === 'member' && his.getMembers().includes(carol.me.id))
  // It is carol herself who brings the admission.
  world.network.partition(['alice', 'carol'], ['bob'])
  await until(() => theirs.state === 'refused')
  expect(controlsOf(hers).endOf(carol.me.deviceId)).toEqual(controlsOf(hers).endOf(bob.me.deviceId))
  expect(theirs.getTitle()).toBe('Picnic')
})

test('whom one of two histories of a device lets in, which does not count, is told up to the proof of that, and of nothing else', () => {
  const history = new History()
  const [founder, forked, joiner, stranger] = [1, 2, 3, 4].map((user) => history.actor(user, 0)) as [Actor, Actor, Actor, Actor]
  history.genesis(founder)
  const invite = history.invite(founder)
  history.admit(founder, invite, forked)
  history.tell(founder, forked)
  history.admit(forked, invite, joiner)
  history.admit(forked, invite, stranger, { key: 2 })
  const facts = history.facts.map((fact) => ({ ...fact, isCounted: fact.device !== forked.device }))
  const entries = new ControlEntries()
  for (const fact of facts) entries.add({ ...fact, number: fact.seq + 1 } as unknown as ControlEntry)
  const proofs = [
    { fork: { seq: 1 }, hlc: { ms: 7_000, ctr: 0 } },
    { fork: { seq: 0 }, hlc: { ms: 8_000, ctr: 0 } },
    { fork: { seq: 0 }, hlc: { ms: 9_000, ctr: 0 } },
  ]
  const init = { entries, facts: { of: (entry: unknown) => entry }, checks, forks: () => ({ proofs: () => proofs }) }
  const whatIf = new WhatIf(init as unknown as ConstructorParameters<typeof WhatIf>[0])
  const membership = resolveMembership(facts, checks)
  // Its entry at 0 counts no more with the second of them.
  expect(whatIf.voidSince(joiner.device, membership)).toEqual({ ms: 8_000, ctr: 0 })
  // Without the fork this one would not be in either.
  expect(whatIf.voidSince(stranger.device, membership)).toBeUndefined()
  expect(whatIf.voidSince(forked.device, membership)).toBeUndefined()
})
