/** A thousand channels over real TCP, one connection each. A test of its own: stopping and starting nodes as often would take minutes. */
import { afterEach, expect, test, vi } from 'vitest'
import { closed, LOOPBACK, startPeer, stopPeers } from './peer.ts'

/** More than one, for a listener takes 50 connections a second from one host. */
const LISTENERS = 8
const CYCLES = 1_000
const PATIENCE = { timeout: 20_000, interval: 20 }

afterEach(stopPeers)

test(`${CYCLES} channels opened and closed, from either end: no socket and no timer is left behind`, { timeout: 180_000 }, async () => {
  const listeners = await Promise.all(Array.from({ length: LISTENERS }, () => startPeer({ listen: LOOPBACK })))
  const dialler = await startPeer()
  const cycle = async (): Promise<void> => {
    await Promise.all(
      listeners.map(async (listener) => {
        const [mine, theirs] = [dialler.channels.length, listener.channels.length]
        // Without the peer id every dial is a connection of its own.
        await dialler.transport.dial(listener.address.replace(/\/p2p\/.*/, ''))
        expect(dialler.channels.length).toBeGreaterThan(mine)
        await listener.channel(theirs)
      }),
    )
    const ends = [dialler, ...listeners].flatMap(({ channels }) => channels.splice(0))
    const over = ends.map(closed)
    // By who dialled and by who was dialled, in turns.
    ends.slice(0, LISTENERS).forEach((end, i) => (i % 2 === 0 ? end : ends.find((other) => other !== end && isSame(other, end))!).close())
    await Promise.all(over)
  }
  await cycle()
  let held: string[] = []
  await vi.waitFor(() => {
    held = resources()
    expect(held.filter((kind) => kind === 'TCPSocketWrap')).toEqual([])
  }, PATIENCE)
  for (let done = LISTENERS; done < CYCLES; done += LISTENERS) await cycle()
  await vi.waitFor(() => expect(resources().length).toBeLessThanOrEqual(held.length), PATIENCE)
})

const isSame = (a: { binding: Uint8Array }, b: { binding: Uint8Array }): boolean => a.binding.join() === b.binding.join()

/** What keeps this process alive: sockets, servers, timers. */
function resources(): string[] {
  return process.getActiveResourcesInfo()
}
