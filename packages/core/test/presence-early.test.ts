/** A newcomer's first sign of life that overtakes the entry that brings them in, on a clock that stands still. */
import { createManualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import type { Channel, Transport } from '../src/index.ts'
import { HEARTBEAT_MS } from '../src/conversation/presence.ts'
import { LANES } from '../src/network/link.ts'
import { createGroupOn, createWorld, passUntil } from './support.ts'

/** The transport, on which nothing of `deaf` is heard, and of others only presence once `hold` was called, until `release`. */
function slow(transport: Transport, deaf: string): { transport: Transport; hold(): void; release(): void } {
  let isHeld = false
  const held: (() => void)[] = []
  const tap = (channel: Channel): Channel => {
    const { onFrame } = channel
    channel.onFrame = (listener) =>
      onFrame.call(channel, (frame) => {
        if (channel.remote === deaf) return
        const bytes = frame.slice()
        if (!isHeld || LANES[bytes[0]! & 0x7f] === 'presence') listener(bytes)
        else held.push(() => listener(bytes))
      })
    return channel
  }
  const { start } = transport
  transport.start = (host) => start.call(transport, { ...host, onChannel: (channel) => host.onChannel(tap(channel)) })
  return {
    transport,
    hold: () => (isHeld = true),
    release() {
      isHeld = false
      for (const deliver of held.splice(0)) deliver()
    },
  }
}

test('who was heard before they were known is ONLINE as soon as they are', async () => {
  const clock = createManualClock()
  const world = createWorld(clock)
  const link = slow(world.network.transport('bob'), 'memory:carol')
  const alice = await world.peer('alice')
  const bob = await world.peer('bob', { transports: [link.transport] })
  const [hers, his] = await createGroupOn(clock, alice, bob)
  await passUntil(clock, () => hers!.syncState.phase === 'live' && his!.syncState.phase === 'live')
  link.hold()
  const carol = await world.peer('carol')
  const joined = await carol.join(await hers!.invite())
  await passUntil(clock, () => joined.state === 'member' && bob.inspect().rejected['UnknownDevice'] === 1)
  expect(his!.members().some(({ id }) => id === carol.me.id)).toBe(false)
  const releasedMs = clock.now()
  link.release()
  await passUntil(clock, () => his!.members().some(({ id, status }) => id === carol.me.id && status === 'ONLINE'))
  expect(clock.now() - releasedMs).toBeLessThan(HEARTBEAT_MS / 10)
  expect(bob.inspect().rejected).toEqual({ UnknownDevice: 1 })
  await world.close()
})
