/** Alice and bob, who are honest, and what must hold for them whatever anybody else does. */
import type { Clock, Conversation, Parley, Transport } from '@parley/core'
import { expect } from 'vitest'
import { createSharedGroup, createWorld, until, type World } from '../../packages/core/test/support.ts'

export interface Victims {
  readonly world: World
  readonly alice: Parley
  readonly bob: Parley
  /** Their conversation, as alice and as bob see it. */
  readonly hers: Conversation
  readonly his: Conversation
  /** What the engines reported as failures of their own. */
  readonly failures: Error[]
  /** All texts, and that both sides go on hearing each other. */
  expectUnharmed(): Promise<void>
  close(): Promise<void>
}

/** Two members with three messages, linked. Alice can also be reached by the transport `aliceBy`. */
export async function createVictims({ clock, aliceBy }: { clock?: Clock; aliceBy?: Transport } = {}): Promise<Victims> {
  const world = createWorld(clock)
  const more = aliceBy === undefined ? {} : { transports: [world.network.transport('alice'), aliceBy] }
  const [alice, bob] = [await world.peer('alice', more), await world.peer('bob')]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  const failures: Error[] = []
  for (const peer of [alice, bob]) peer.on('error', (error) => void failures.push(error))
  const said: string[] = []
  const say = async (conversation: Conversation, text: string): Promise<void> => {
    await conversation.sendMessage({ text })
    said.push(text)
    for (const other of [hers, his]) await until(async () => (await texts(other)).includes(text))
  }
  await say(hers, 'one')
  await say(his, 'two')
  await say(hers, 'three')
  await until(() => hers.members().every((m) => m.name !== '') && his.members().every((m) => m.name !== ''))
  await until(() => hers.syncState.phase === 'live' && his.syncState.phase === 'live')
  return {
    world,
    alice,
    bob,
    hers,
    his,
    failures,
    async expectUnharmed() {
      await say(hers, `still here ${said.length}`)
      await say(his, `me too ${said.length}`)
      for (const conversation of [hers, his]) expect((await texts(conversation)).filter((text) => said.includes(text))).toEqual(said)
      expect(failures).toEqual([])
    },
    close: () => world.close(),
  }
}

/** All texts of a conversation, oldest first. */
export async function texts(conversation: Conversation): Promise<string[]> {
  const { totalPages } = await conversation.getMessages()
  const found: string[] = []
  for (let page = totalPages; page >= 1; page--) found.push(...(await conversation.getMessages(page)).messages.map((m) => m.text))
  return found
}

/** Resolves once what is under way has been handled: links settle within a few turns of the event loop. */
export const settle = (ms = 60): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
