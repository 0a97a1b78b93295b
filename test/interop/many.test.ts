/**
 * A group of real processes over TCP that know nothing but a rendezvous and an invite link: who has links with whom is left to them.
 * Eight of them here; `PARLEY_MEMBERS=20 npx vitest run test/interop/many.test.ts` starts as many as that.
 */
import { createRelay } from '@parley/relay'
import { expect, test } from 'vitest'
import { NetPeer, until } from './net-process.ts'

const MEMBERS = Number(process.env['PARLEY_MEMBERS'] ?? 8)
const MESSAGES = 10
/** "At most 3 copies of a message for each peer", the first one included. The author is a peer, too: who has it from others does not know whether the author has it. */
const MAX_COPIES = 3
/** So few are neighbours of nearly everybody, and hear of a message from several at once; without any care it would be one copy less than there are members. */
const MAX_COPIES_AMONG_FEW = 4
const FEW = 12
/** Links that each has at least before anything is said. */
const MIN_LINKS = 4
/** Every process starts Node and the engine, on a machine that may be busy. */
const TIMEOUT = 60_000 + MEMBERS * 15_000

test(`${MEMBERS} processes: every message reaches all, in one order, and few copies of it`, { timeout: TIMEOUT }, async ({ annotate }) => {
  const relay = await createRelay({ port: 0 })
  const start = (_: unknown, i: number): NetPeer =>
    new NetPeer({ name: `peer-${i}`, listen: ['/ip4/127.0.0.1/tcp/0'], rendezvous: [relay.url] })
  const peers = Array.from({ length: MEMBERS }, start)
  try {
    await Promise.all(peers.map((peer) => peer.ready()))
    const link = await peers[0]!.invite(MEMBERS)
    await Promise.all(peers.slice(1).map((peer) => peer.join(link)))
    const looks = () => Promise.all(peers.map((peer) => peer.look()))
    await until(async () => (await looks()).every(({ members, links }) => members === MEMBERS && links.length >= MIN_LINKS))
    const before = await looks()
    const links = before.map((look) => look.links.length)

    const sentAt = new Map<string, number>()
    const senders = Array.from({ length: MESSAGES }, (_, i) => (i * 7) % MEMBERS)
    const texts = senders.map((_, i) => `message ${i}`)
    for (const [i, sender] of senders.entries()) {
      sentAt.set(texts[i]!, Date.now())
      await peers[sender]!.send(texts[i]!)
      await until(() => peers.every(({ heard }, at) => at === sender || heard.some(({ text }) => text === texts[i])))
      // Until no more copies are on their way.
      let pushed = -1
      await until(async () => pushed === (pushed = (await looks()).reduce((sum, look) => sum + look.pushed, 0)))
    }
    const after = await looks()
    for (const look of after) expect(look.texts).toEqual(texts)
    for (const { heard } of peers) expect(new Set(heard.map(({ text }) => text)).size).toBe(heard.length)

    const pushed = after.reduce((sum, look, i) => sum + look.pushed - before[i]!.pushed, 0)
    const copies = pushed / (MESSAGES * MEMBERS)
    const hops = senders.flatMap((sender, i) =>
      hopsOf(
        texts[i]!,
        after[sender]!.device,
        peers.map(({ heard }, at) => [after[at]!.device, heard]),
      ),
    )
    const took = peers.flatMap(({ heard }) => heard.map(({ text, atMs }) => atMs - sentAt.get(text)!))
    const spread = (values: readonly number[]): string => `p50 ${at(values, 0.5)}, p95 ${at(values, 0.95)}, most ${at(values, 1)}`
    await annotate(
      `links ${Math.min(...links)} to ${Math.max(...links)}; copies ${copies.toFixed(2)}; hops ${spread(hops)}; ms ${spread(took)}`,
      'mesh',
    )
    expect(copies).toBeLessThanOrEqual(MEMBERS < FEW ? MAX_COPIES_AMONG_FEW : MAX_COPIES)
  } finally {
    await Promise.all(peers.map((peer) => peer.end()))
    await relay.close()
  }
})

/** Over how many links a message came to each who heard it. On a busy machine copies may come in another order than they are looked at: such ways are left out. */
function hopsOf(text: string, author: string, peers: readonly (readonly [device: string, heard: NetPeer['heard']])[]): number[] {
  const from = new Map(peers.map(([device, heard]) => [device, heard.find((one) => one.text === text)?.from]))
  const others = peers.map(([device]) => device).filter((device) => device !== author)
  return others.flatMap((device) => {
    const way = new Set<string>()
    for (let at: string | undefined = device; at !== author; at = from.get(at)) {
      if (at === undefined || way.has(at)) return []
      way.add(at)
    }
    return [way.size]
  })
}

/** The value that `share` of all do not exceed. */
function at(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}
