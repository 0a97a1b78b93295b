/** What a test of the contract stands on: alice and bob, and a conversation of the two. */
import assert from 'node:assert/strict'
import type { Conversation, Message } from '@parley/core'
import type { ConversationId, ErrorCode, UserId } from '@parley/protocol'
import type { Driver, OpenInit } from './driver.ts'
import type { Heard, Peer, Remote } from './peer.ts'

/** One test: of a row of the tables, or of a paragraph, of `docs/API.md` section 1. */
export interface Case {
  /** The first cell of the row without what follows its names, or `A Message`, `An Attachment`, `A listener`, `A call`. */
  readonly row: string
  readonly title: string
  run(stage: Stage): Promise<void>
}

/** A group that alice made and bob joined. */
export interface Stage {
  readonly alice: Peer
  readonly bob: Peer
  readonly aliceId: UserId
  readonly bobId: UserId
  readonly id: ConversationId
  readonly hers: Remote<Conversation>
  readonly his: Remote<Conversation>
  /** What the two hear in it from now on. */
  readonly atAlice: Heard
  readonly atBob: Heard
  /** One more peer. */
  open(name: string, init?: OpenInit): Promise<Peer>
}

/** The two peers of a whole run, and a new group for each test. */
export async function createStages(driver: Driver): Promise<() => Promise<Stage>> {
  const [alice, bob] = [await driver.open('alice'), await driver.open('bob')]
  const [aliceId, bobId] = [(await alice.parley.me()).id, (await bob.parley.me()).id]
  await alice.parley.addContact(await bob.parley.contactCard())
  await bob.parley.addContact(await alice.parley.contactCard())
  return async () => {
    const id = await shareGroup(alice, bob)
    return {
      ...{ alice, bob, aliceId, bobId, id },
      hers: alice.conversation(id),
      his: bob.conversation(id),
      atAlice: await alice.hear(id),
      atBob: await bob.hear(id),
      open: (name, init) => driver.open(name, init),
    }
  }
}

/** A group that `founder` made and `other` joined, with each online in the eyes of the other. */
export async function shareGroup(founder: Peer, other: Peer): Promise<ConversationId> {
  const id = await founder.parley.createGroup({ title: 'Picnic' })
  await other.parley.join(await founder.conversation(id).invite())
  await other.conversation(id).admitted()
  for (const peer of [founder, other]) {
    await until(async () => {
      const members = await peer.conversation(id).members()
      return members.length === 2 && members.every(({ status, name }) => status === 'ONLINE' && name !== '')
    })
  }
  return id
}

/** Resolves once `check` holds; the time limit of the test bounds it. */
export async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** The conversation has that message. */
export function has(conversation: Remote<Conversation>, { id }: Pick<Message, 'id'>): Promise<void> {
  return until(async () => (await conversation.getMessage(id)) !== undefined)
}

/** It fails with this code, as an error that says what to do. */
export async function refuses(code: ErrorCode, work: Promise<unknown>, message?: RegExp): Promise<void> {
  const error = await work.then(
    (value) => assert.fail(`refused with ${code} was expected, not ${JSON.stringify(value)}`),
    (error: unknown) => error as Error & { code: unknown; retryable: unknown },
  )
  assert.deepEqual([error.name, error.code, typeof error.retryable], ['ParleyError', code, 'boolean'], `${error.name}: ${error.message}`)
  assert.ok(error.message.length > 5)
  if (message !== undefined) assert.match(error.message, message)
}

/** Messages `1`, `2` … in their order. */
export async function sendMany(conversation: Remote<Conversation>, from: number, to: number): Promise<Message[]> {
  return Promise.all(Array.from({ length: to - from + 1 }, (_, i) => conversation.sendMessage({ text: `${from + i}` })))
}

export const numbers = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`)

export const textsOf = ({ messages }: { readonly messages: readonly Message[] }): string[] => messages.map(({ text }) => text)
