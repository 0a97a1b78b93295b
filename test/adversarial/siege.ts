/** A hostile member at alice's door, with all that must be the same afterwards: messages, view documents, presence, memory. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { chunkClient, deviceIdBytes, rootName, type DeviceId } from '@parley/protocol'
import type { Clock, Conversation } from '@parley/core'
import { libp2pTransport } from '@parley/transport-libp2p'
import { expect } from 'vitest'
import type * as Y from 'yjs'
import { BAN_MS } from '../../packages/core/src/network/strikes.ts'
import { VIEW_ORIGIN } from '../../packages/core/src/conversation/view.ts'
import { systemClock, until } from '../../packages/core/test/support.ts'
import { answerWants, createHostileMember, hash, sendIn, type HostileLink, type HostileMember } from './hostile-member.ts'
import { LANE } from './raw-peer.ts'
import { createVictims, settle, type Victims } from './victims.ts'

/** What carries the link between mallory and alice. Alice and bob always talk over the memory network. */
export type Carriage = 'memory' | 'libp2p'

export interface Siege {
  readonly victims: Victims
  readonly mallory: HostileMember
  /** The link to alice; a new one after every ban. */
  readonly link: HostileLink
  readonly devices: { readonly alice: DeviceId; readonly bob: DeviceId; readonly mallory: DeviceId }
  /** The Yjs client of a chunk of a log, and the name of its root. */
  client(device: DeviceId, chunk?: number): number
  root(device: DeviceId, chunk?: number): string
  /** What alice refused so far. */
  rejected(): Readonly<Record<string, number>>
  /** Sends update after update, three for each link: the third ends it, then the ban is sat out. Expects each to be refused with that code. */
  expectRefused(code: string | undefined, updates: readonly Uint8Array[]): Promise<void>
  /** Waits until the ban is over, in no time, and comes back. */
  comeBack(): Promise<void>
  /** Alice and bob have what they had, in their pages and their view documents, and go on talking. */
  expectUnharmed(): Promise<void>
  lift(): Promise<void>
}

/** Begins when mallory is a member, has everything, and is linked to alice. */
export async function laySiege(carriage: Carriage = 'memory'): Promise<Siege> {
  let ahead = 0
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead }
  const tcp = carriage === 'memory' ? undefined : libp2pTransport({ listen: ['/ip4/127.0.0.1/tcp/0'] })
  const victims = await createVictims({ clock, ...(tcp === undefined ? {} : { aliceBy: tcp }) })
  const by = carriage === 'memory' ? {} : { transport: libp2pTransport() }
  const mallory = await createHostileMember(victims.world, 'mallory', victims.hers, { clock, ...by })
  const address = tcp?.addresses()[0] ?? 'memory:alice'
  const dial = async (): Promise<HostileLink> => {
    const dialed = await mallory.dial(address)
    answerWants(mallory, dialed)
    return dialed
  }
  let link = await dial()

  const both = [victims.hers, victims.his]
  const watches = both.map((conversation) => watch(conversation.doc))
  const { userId } = mallory.context.me
  const before = await Promise.all(both.map((conversation) => pagesWithout(conversation, userId)))
  const rejected = (): Readonly<Record<string, number>> => victims.alice.inspect().rejected
  const comeBack = async (): Promise<void> => {
    await until(() => link.channel.closed)
    ahead += BAN_MS + 1
    link = await dial()
  }
  return {
    victims,
    mallory,
    get link() {
      return link
    },
    devices: { alice: victims.alice.me.deviceId, bob: victims.bob.me.deviceId, mallory: mallory.context.me.deviceId },
    client: (device, chunk = 0) => chunkClient(hash, mallory.replica.bytes, deviceIdBytes(device), chunk),
    root: (device, chunk = 0) => rootName(device, chunk),
    rejected,
    comeBack,
    async expectRefused(code, updates) {
      const sum = (): number => (code === undefined ? Object.values(rejected()).reduce((a, b) => a + b, 0) : (rejected()[code] ?? 0))
      const start = sum()
      for (const [i, bytes] of updates.entries()) {
        sendIn(link, { type: 'update', bytes }, LANE.live)
        await until(() => sum() === start + i + 1)
        if ((i + 1) % 3 === 0) await comeBack()
      }
    },
    async expectUnharmed() {
      await settle(20)
      await victims.expectUnharmed()
      for (const [i, conversation] of both.entries()) {
        const after = await pagesWithout(conversation, userId)
        expect(after.slice(0, before[i]!.length)).toEqual(before[i])
        expect(after.filter(({ text }) => text.startsWith('forged'))).toEqual([])
      }
      for (const { doc, awareness } of both) expectWholeView(doc, awareness)
      for (const { origins } of watches) expect([...origins].filter((origin) => origin !== VIEW_ORIGIN)).toEqual([])
      // The honest peers never blame each other.
      expect(victims.alice.inspect().links.some((l) => l.user === victims.bob.me.id)).toBe(true)
      expect(victims.bob.inspect().rejected).toEqual({})
    },
    async lift() {
      await mallory.stop()
      await victims.close()
    },
  }
}

/** Everything that the pages say about messages of everybody but one, and that does not change by being read. */
async function pagesWithout(conversation: Conversation, user: string): Promise<{ text: string }[]> {
  const { totalPages } = await conversation.getMessages()
  const found: { text: string }[] = []
  for (let page = totalPages; page >= 1; page--) {
    for (const message of (await conversation.getMessages(page)).messages) {
      const { id, author, text, metadata, sentAt, editedAt, replyTo } = message
      if (author.id !== user) found.push({ text, ...{ id, author: author.id, metadata, sentAt, editedAt, replyTo } })
    }
  }
  return found
}

/** Hears whose changes reach a view document. */
function watch(doc: Y.Doc): { origins: Set<unknown> } {
  const origins = new Set<unknown>()
  doc.on('afterTransaction', (transaction: Y.Transaction) => {
    if (transaction.changed.size > 0) origins.add(transaction.origin)
  })
  return { origins }
}

/** The document has the three types that it began with and waits for nothing; presence knows three people at most. */
function expectWholeView(doc: Y.Doc, awareness: Conversation['awareness']): void {
  expect([...doc.share.keys()].sort()).toEqual(['members', 'messages', 'metadata'])
  expect([doc.store.pendingStructs, doc.store.pendingDs]).toEqual([null, null])
  expect(awareness.clientID).toBe(doc.clientID)
  // Its own entry and those of three people: without its own, encoding it would throw.
  expect(awareness.meta.has(doc.clientID)).toBe(true)
  expect(awareness.meta.size).toBeLessThanOrEqual(4)
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes in use once everything is collected that nobody holds. */
export async function memoryInUse(): Promise<number> {
  await settle()
  collectGarbage()
  await settle(1)
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
