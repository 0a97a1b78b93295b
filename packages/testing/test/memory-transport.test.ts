import type { Channel, Transport } from '@parley/core'
import { describe, expect, test } from 'vitest'
import { createManualClock, createMemoryNetwork, seededRandom, silentLogger, transportAcceptance } from '../src/index.ts'
import type { ManualClock, MemoryNetwork, MemoryNetworkOptions } from '../src/index.ts'

const TOPIC = { name: 'common', secret: 'secret' }

transportAcceptance('memory', {
  async createPair() {
    const network = createMemoryNetwork()
    return { a: network.transport('alice'), b: network.transport('bob'), sever: () => network.disconnect('alice', 'bob') }
  },
})

transportAcceptance('memory with latency, on a manual clock', {
  cycles: 1_000,
  async createPair() {
    const clock = createManualClock()
    const random = seededRandom(7)
    const network = createMemoryNetwork({ latencyMs: () => random.integer(40) })
    return {
      a: network.transport('alice'),
      b: network.transport('bob'),
      sever: () => network.disconnect('alice', 'bob'),
      clock,
      advance: (ms) => clock.advance(ms),
      held: () => clock.pending + network.channels().length,
    }
  },
})

interface Peer {
  transport: Transport
  channels: Channel[]
}

/** Three peers with one topic on a manual clock. */
async function threePeers(
  options: MemoryNetworkOptions = {},
): Promise<{ network: MemoryNetwork; clock: ManualClock; peers: Record<'alice' | 'bob' | 'carol', Peer> }> {
  const clock = createManualClock()
  const network = createMemoryNetwork(options)
  const peer = async (name: string): Promise<Peer> => {
    const channels: Channel[] = []
    const transport = network.transport(name)
    transport.setTopics([TOPIC])
    await transport.start({ clock, random: seededRandom(1), logger: silentLogger(), onChannel: (channel) => void channels.push(channel) })
    return { transport, channels }
  }
  const peers = { alice: await peer('alice'), bob: await peer('bob'), carol: await peer('carol') }
  await clock.advance(0)
  return { network, clock, peers }
}

describe('memory network', () => {
  test('everybody with the topic gets one channel to everybody else', async () => {
    const { network, peers } = await threePeers()
    expect(network.channels()).toEqual([
      ['alice', 'bob'],
      ['alice', 'carol'],
      ['bob', 'carol'],
    ])
    expect(peers.alice.channels.map((channel) => channel.remote)).toEqual(['memory:bob', 'memory:carol'])
  })

  test('a cut separates the groups, healing joins them', async () => {
    const { network, clock } = await threePeers()
    network.partition(['alice', 'bob'], ['carol'])
    await clock.advance(60_000)
    expect(network.channels()).toEqual([['alice', 'bob']])
    network.heal()
    await clock.advance(0)
    expect(network.channels().length).toBe(3)
  })

  test('dialling works without a topic, not across a cut, and not to oneself', async () => {
    const { network, clock, peers } = await threePeers()
    peers.alice.transport.setTopics([])
    network.disconnect('alice', 'carol')
    await clock.advance(60_000)
    expect(network.channels()).not.toContainEqual(['alice', 'carol'])
    await peers.alice.transport.dial?.('memory:carol')
    expect(network.channels()).toContainEqual(['alice', 'carol'])
    network.partition(['alice'])
    await expect(peers.alice.transport.dial?.('memory:carol')).rejects.toMatchObject({ code: 'Unreachable' })
    await expect(peers.alice.transport.dial?.('memory:alice')).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(peers.alice.transport.dial?.('/ip4/127.0.0.1')).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(peers.alice.transport.dial?.('memory:carol', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'Aborted' })
  })

  test('nothing arrives behind a lost frame, though its sender has closed and gone', async () => {
    let losing = true
    const { clock, peers } = await threePeers({ latencyMs: 10, loss: 0.5, random: () => (losing ? 0 : 1) })
    await clock.advance(100)
    const channel = peers.alice.channels[0]!
    const received: Uint8Array[] = []
    peers[channel.remote === 'memory:bob' ? 'bob' : 'carol'].channels
      .find((c) => c.remote === 'memory:alice')!
      .onFrame((frame) => void received.push(frame))
    channel.send(Uint8Array.of(1))
    losing = false
    channel.send(Uint8Array.of(2))
    channel.close()
    await peers.alice.transport.stop()
    await clock.advance(100)
    expect(received).toEqual([])
  })

  test('a lost frame closes the channel at both ends, and the peers meet again', async () => {
    let losing = false
    const { network, clock, peers } = await threePeers({ loss: 1, random: () => (losing ? 0 : 1) })
    const [toBob] = peers.alice.channels as [Channel]
    const [toAlice] = peers.bob.channels as [Channel]
    toBob.send(Uint8Array.of(1))
    losing = true
    toBob.send(Uint8Array.of(2))
    losing = false
    toBob.send(Uint8Array.of(3))
    await clock.advance(1)
    const frames: number[][] = []
    toAlice.onFrame((frame) => frames.push([...frame]))
    expect(frames).toEqual([[1]])
    expect([toBob.closed, toAlice.closed]).toEqual([true, true])
    expect(network.channels().length).toBe(2)
    await clock.advance(100)
    expect(network.channels().length).toBe(3)
  })

  test('a channel that was closed on purpose is not opened again at once, but after a wake', async () => {
    const { network, clock, peers } = await threePeers()
    peers.alice.channels[0]?.close('duplicate')
    await clock.advance(10_000)
    expect(network.channels().length).toBe(2)
    peers.alice.transport.wake?.()
    await clock.advance(0)
    expect(network.channels().length).toBe(3)
  })

  test('a frame takes the latency of the network', async () => {
    const { clock, peers } = await threePeers({ latencyMs: 50 })
    await clock.advance(50)
    const frames: Uint8Array[] = []
    peers.bob.channels[0]?.onFrame((frame) => frames.push(frame))
    peers.alice.channels[0]?.send(Uint8Array.of(1))
    await clock.advance(49)
    expect(frames.length).toBe(0)
    await clock.advance(1)
    expect(frames.length).toBe(1)
  })

  test('a name is taken while its transport is started', async () => {
    const { network, clock, peers } = await threePeers()
    const host = { clock, random: seededRandom(1), logger: silentLogger(), onChannel: () => undefined }
    await expect(network.transport('alice').start(host)).rejects.toMatchObject({ code: 'InvalidArgument' })
    await peers.alice.transport.stop()
    await expect(network.transport('alice').start(host)).resolves.toBeUndefined()
  })
})
