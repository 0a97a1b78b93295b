import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { libp2pTransport } from '../src/index.ts'
import { closed, LOOPBACK, nextFrame, startPeer, stopPeers } from './peer.ts'
import { startProxy } from './proxy.ts'

afterEach(stopPeers)

const SEED = new Uint8Array(32).fill(1)

describe('dial', () => {
  test('where nobody listens is Unreachable', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const alice = await startPeer()
    await expect(alice.transport.dial(`/ip4/127.0.0.1/tcp/${port}`)).rejects.toMatchObject({ code: 'Unreachable', retryable: true })
  })

  test('another peer than the address names is Unreachable', async () => {
    const [alice, bob, carol] = [await startPeer({ listen: LOOPBACK }), await startPeer({ listen: LOOPBACK }), await startPeer()]
    const wrong = alice.address.replace(/\/p2p\/.*/, /\/p2p\/.*/.exec(bob.address)?.[0] ?? '')
    await expect(carol.transport.dial(wrong)).rejects.toMatchObject({ code: 'Unreachable' })
    expect([alice.channels, carol.channels]).toEqual([[], []])
  })

  test.each([
    '',
    'localhost:4001',
    '/ip4/127.0.0.1',
    '/ip4/127.0.0.1/udp/1',
    '/ip4/127.0.0.1/tcp/1/p2p-circuit',
    '/ip4/127.0.0.1/tcp/1/http',
    '/dns/x/tcp/99999',
    '/ip4/127.0.0.1/tcp/1/p2p/x',
  ])('%j is InvalidArgument', async (address) => {
    const alice = await startPeer()
    await expect(alice.transport.dial(address)).rejects.toMatchObject({ code: 'InvalidArgument' })
    expect(() => libp2pTransport({ peers: [address] })).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    expect(() => libp2pTransport({ listen: [address] })).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  })

  test('its own address is InvalidArgument', async () => {
    const alice = await startPeer({ listen: LOOPBACK })
    await expect(alice.transport.dial(alice.address)).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(alice.transport.dial(alice.address.replace(/\/p2p.*/, ''))).rejects.toMatchObject({ code: 'Unreachable' })
  })

  test('can be given up, and is Closed before start and after stop', async () => {
    // Accepts and says nothing, so that the dial waits.
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`
    await expect(libp2pTransport().dial(address)).rejects.toMatchObject({ code: 'Closed' })
    const alice = await startPeer()
    const abort = new AbortController()
    const dial = alice.transport.dial(address, { signal: abort.signal })
    const [accepted] = (await once(server, 'connection')) as [NodeJS.Socket & { destroy(): void }]
    abort.abort()
    await expect(dial).rejects.toMatchObject({ code: 'Aborted' })
    const [again] = await Promise.allSettled([alice.transport.dial(address), once(server, 'connection').then(() => alice.transport.stop())])
    expect(again).toMatchObject({ status: 'rejected', reason: { code: 'Closed' } })
    await expect(alice.transport.dial(address)).rejects.toMatchObject({ code: 'Closed' })
    accepted.destroy()
    server.close()
  })

  test('of a peer with a channel adds none, and two dials at once share one', async () => {
    const [alice, bob] = [await startPeer({ listen: LOOPBACK }), await startPeer()]
    await Promise.all([bob.transport.dial(alice.address), bob.transport.dial(alice.address)])
    await bob.transport.dial(alice.address)
    await alice.channel(0)
    expect([alice.channels.length, bob.channels.length]).toEqual([1, 1])
  })

  test('of a peer that dialled us adds none', async () => {
    const [alice, bob] = [await startPeer({ listen: LOOPBACK }), await startPeer({ listen: LOOPBACK })]
    await alice.transport.dial(bob.address)
    await bob.channel(0)
    await bob.transport.dial(alice.address)
    expect(bob.channels.length).toBe(1)
  })

  test('both ways at once gives both ends the same channels', async () => {
    const [alice, bob] = [await startPeer({ listen: LOOPBACK }), await startPeer({ listen: LOOPBACK })]
    await Promise.all([alice.transport.dial(bob.address), bob.transport.dial(alice.address)])
    const [atAlice, atBob] = [await alice.channel(0), await bob.channel(0)]
    expect(atAlice.binding).toEqual(atBob.binding)
    for (const channel of alice.channels) channel.send(Uint8Array.of(1))
    expect(await nextFrame(atBob)).toEqual(Uint8Array.of(1))
  })
})

describe('identity', () => {
  test('a seed gives the same peer id at every start, no seed a new one', async () => {
    const ids: (string | undefined)[] = []
    for (const init of [{ privateKey: SEED }, { privateKey: SEED }, {}, {}]) {
      const peer = await startPeer({ listen: LOOPBACK, ...init })
      ids.push(/\/p2p\/(.+)$/.exec(peer.address)?.[1])
      await peer.transport.stop()
    }
    expect(ids[0]).toBe(ids[1])
    expect(ids[0]).toMatch(/^12D3KooW/)
    expect(new Set(ids).size).toBe(3)
    expect(() => libp2pTransport({ privateKey: new Uint8Array(31) })).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  })

  test('the binding holds both ids, whoever dialled, and differs for other peers', async () => {
    const [alice, bob, carol] = [await startPeer({ listen: LOOPBACK, privateKey: SEED }), await startPeer(), await startPeer()]
    await bob.transport.dial(alice.address)
    const first = (await alice.channel(0)).binding
    await carol.transport.dial(alice.address)
    const second = (await alice.channel(1)).binding
    // Two ids of 38 bytes (identity multihash of an Ed25519 key), each after two bytes of length.
    expect([first.length, second.length]).toEqual([80, 80])
    expect([first[0], first[1], first[40], first[41]]).toEqual([0, 38, 0, 38])
    expect(Buffer.compare(first.subarray(2, 40), first.subarray(42))).toBe(-1)
    expect(first).not.toEqual(second)
  })

  test('what is said cannot be read on the wire', async () => {
    const alice = await startPeer({ listen: LOOPBACK })
    const proxy = await startProxy(alice.address)
    const bob = await startPeer()
    await bob.transport.dial(proxy.address)
    const secret = Buffer.from('nobody on the wire can read this sentence')
    const got = nextFrame(await alice.channel(0))
    bob.channels[0]?.send(secret)
    expect(Buffer.from(await got)).toEqual(secret)
    const wire = Buffer.concat(proxy.seen)
    expect(wire.includes('/noise')).toBe(true)
    expect(wire.length).toBeGreaterThan(secret.length)
    expect(wire.includes(secret)).toBe(false)
    expect(wire.includes('/parley/1')).toBe(false)
    await stopPeers()
    await proxy.close()
  })
})

describe('configured peers', () => {
  test.each([
    ['with a peer id', (address: string) => address],
    ['without one', (address: string) => address.replace(/\/p2p.*/, '')],
  ])('are dialled at start and again after a loss, %s', async (_, shorten) => {
    const alice = await startPeer({ listen: LOOPBACK })
    const proxy = await startProxy(alice.address)
    const bob = await startPeer({ peers: [shorten(proxy.address)] })
    const first = await bob.channel(0)
    const lost = closed(first)
    await alice.channel(0)
    proxy.sever()
    await lost
    bob.transport.wake()
    const again = await bob.channel(1)
    const got = nextFrame(await alice.channel(1))
    again.send(Uint8Array.of(9))
    expect(await got).toEqual(Uint8Array.of(9))
    await stopPeers()
    await proxy.close()
  })
})

test('a port that is in use is said so, and nothing is left behind', async () => {
  const alice = await startPeer({ listen: LOOPBACK })
  const taken = alice.address.replace(/\/p2p.*/, '')
  await expect(startPeer({ listen: [taken] })).rejects.toMatchObject({
    code: 'InvalidArgument',
    message: expect.stringContaining(taken) as string,
  })
})
