import { multiaddr } from '@multiformats/multiaddr'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createRelay, type CircuitInit, type CircuitStats, type Relay, type RelayInit } from '../src/index.ts'
import { dialThrough, echo, startPeer, stopPeers } from './circuit-peer.ts'
import { strangerClosed } from './strangers.ts'

const TCP = '/ip4/127.0.0.1/tcp/0'
const WS = '/ip4/127.0.0.1/tcp/0/ws'

const relays: Relay[] = []

afterEach(async () => {
  await stopPeers()
  await Promise.all(relays.splice(0).map((relay) => relay.close()))
})

async function startRelay(circuit: Partial<CircuitInit> = {}, init: Partial<RelayInit> = {}): Promise<Relay & { address: string }> {
  const relay = await createRelay({ port: 0, circuit: { listen: [TCP], ...circuit }, ...init })
  relays.push(relay)
  return Object.assign(relay, { address: relay.multiaddrs[0] ?? '' })
}

/** Waits for something that the relay hears of in its own time. */
async function until(relay: Relay, holds: (stats: CircuitStats) => boolean): Promise<CircuitStats> {
  for (;;) {
    const stats = relay.circuitStats()
    if (stats !== undefined && holds(stats)) return stats
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function portOf(address: string): number {
  return Number(/\/tcp\/(\d+)/.exec(address)?.[1])
}

describe('relaying', () => {
  test.each([
    ['TCP', TCP],
    ['WebSockets', WS],
  ])('two peers that only know the relay reach each other through it, over %s', async (_name, listen) => {
    const relay = await startRelay({ listen: [listen] })
    const alice = await startPeer(relay.address)
    const bob = await startPeer()
    const stream = await dialThrough(relay.address, bob, alice)
    const text = 'x'.repeat(300_000)
    expect(await echo(stream, text)).toBe(text)
    expect(relay.circuitStats()).toMatchObject({ connections: 2, reservations: 1, circuits: 1, reserved: 1, opened: 1 })
    await alice.stop()
    await until(relay, (stats) => stats.reservations === 0 && stats.circuits === 0 && stats.connections === 1)
  })

  test('one peer on TCP, the other on WebSockets, the rendezvous beside them', async () => {
    const relay = await startRelay({ listen: [TCP, WS] })
    const [tcp = '', ws = ''] = relay.multiaddrs
    const alice = await startPeer(ws)
    const bob = await startPeer()
    expect(await echo(await dialThrough(tcp, bob, alice), 'hello')).toBe('hello')
    expect(relay.stats()).toMatchObject({ connections: 0, handshakes: 0 })
  })

  test('announces what it is told to', async () => {
    const { multiaddrs, peerId } = await startRelay({ listen: [WS], announce: ['/dns4/relay.example/tcp/443/tls/ws'] })
    expect(multiaddrs).toEqual([`/dns4/relay.example/tcp/443/tls/ws/p2p/${peerId}`])
  })

  test('dials nobody, whoever asks', async () => {
    const relay = await startRelay()
    const alice = await startPeer()
    const bob = await startPeer()
    await expect(dialThrough(relay.address, alice, bob)).rejects.toThrow('NO_RESERVATION')
  })

  test('a listener that cannot be had is said, and nothing stays open', async () => {
    const relay = await startRelay()
    const port = portOf(relay.address)
    await expect(createRelay({ port: 0, circuit: { listen: [`/ip4/127.0.0.1/tcp/${port}`] } })).rejects.toThrow(String(port))
    await expect(createRelay({ port: 0, circuit: { listen: [WS.replace('/ws', '/tls/ws')] } })).rejects.toThrow('certificate')
  })
})

describe('identity', () => {
  test('is kept in a file for its owner only, and differs without one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-relay-'))
    try {
      const keyFile = join(folder, 'key')
      const first = await startRelay({ keyFile })
      const again = await startRelay({ keyFile })
      expect(again.peerId).toBe(first.peerId)
      expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
      expect((await startRelay()).peerId).not.toBe(first.peerId)
      await chmod(keyFile, 0o640)
      await expect(startRelay({ keyFile })).rejects.toThrow('can be read by others')
      await chmod(keyFile, 0o600)
      await writeFile(keyFile, 'no key')
      await expect(startRelay({ keyFile })).rejects.toThrow('no libp2p private key')
      await writeFile(keyFile, new Uint8Array(10_000))
      await expect(startRelay({ keyFile })).rejects.toThrow('too large')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('limits', () => {
  test('bytes of a circuit', async () => {
    const relay = await startRelay({ limits: { circuitBytes: 200_000 } })
    const alice = await startPeer(relay.address)
    const stream = await dialThrough(relay.address, await startPeer(), alice)
    expect(await echo(stream, 'within')).toBe('within')
    await expect(echo(stream, 'x'.repeat(200_000))).rejects.toThrow(/reset|closed/i)
    await until(relay, (stats) => stats.circuits === 0)
  })

  test('duration of a circuit', async () => {
    const relay = await startRelay({ limits: { circuitMs: 300 } })
    const alice = await startPeer(relay.address)
    const bob = await startPeer()
    const stream = await dialThrough(relay.address, bob, alice)
    await once(stream as unknown as EventTarget, 'close')
    expect(await until(relay, (stats) => stats.circuits === 0)).toMatchObject({ opened: 1, connections: 2 })
  })

  test('circuits of one peer and in total', async () => {
    const relay = await startRelay({ limits: { circuitsPerPeer: 1, circuits: 2 } })
    const [alice, bob, carol] = [await startPeer(relay.address), await startPeer(relay.address), await startPeer(relay.address)]
    await dialThrough(relay.address, alice, bob)
    await expect(dialThrough(relay.address, alice, carol)).rejects.toThrow('PERMISSION_DENIED')
    await expect(dialThrough(relay.address, carol, bob)).rejects.toThrow('PERMISSION_DENIED')
    await dialThrough(relay.address, bob, carol)
    await expect(dialThrough(relay.address, await startPeer(), alice)).rejects.toThrow('PERMISSION_DENIED')
    expect(relay.circuitStats()).toMatchObject({ circuits: 2, refused: { PeerCircuits: 2, CircuitsFull: 1 } })
  })

  test('reservations in total; the place of one who left is free at once', async () => {
    const relay = await startRelay({ limits: { reservations: 1 } })
    const alice = await startPeer(relay.address)
    await expect(startPeer(relay.address)).rejects.toThrow()
    expect(relay.circuitStats()).toMatchObject({ reservations: 1, refused: { ReservationsFull: 1 } })
    await alice.stop()
    await until(relay, (stats) => stats.reservations === 0)
    await startPeer(relay.address)
    expect(relay.circuitStats()).toMatchObject({ reservations: 1, reserved: 2 })
  })

  test('reservations of one host', async () => {
    const relay = await startRelay({ limits: { reservationsPerHost: 1 } })
    await startPeer(relay.address)
    await expect(startPeer(relay.address)).rejects.toThrow()
    expect(relay.circuitStats()).toMatchObject({ reservations: 1, refused: { HostReservations: 1 } })
  })

  test.each([
    ['RelayFull', { connections: 1 }],
    ['HostFull', { connectionsPerHost: 1 }],
    ['HostRate', { attemptBurst: 1, attemptsPerSecond: 0.001 }],
  ] as const)('connections: %s', async (reason, limits) => {
    const relay = await startRelay({ limits })
    const [alice, bob] = [await startPeer(), await startPeer()]
    await alice.dial(multiaddr(relay.address))
    await expect(bob.dial(multiaddr(relay.address))).rejects.toThrow()
    expect(relay.circuitStats()).toMatchObject({ connections: 1, refused: { [reason]: 1 } })
  })
})

describe('strangers', () => {
  test('half-open connections are bounded, cut off and counted', async () => {
    const relay = await startRelay({ listen: [TCP, WS], limits: { handshakeMs: 400, handshakes: 2 } })
    const [tcp = '', ws = ''] = relay.multiaddrs
    // Three that say nothing at all, of which one is too many, and one that says nothing after the WebSocket handshake.
    await Promise.all([tcp, tcp, tcp, ws].map((address) => strangerClosed(portOf(address))))
    expect(relay.circuitStats()).toMatchObject({ halfOpen: 3, refused: { Handshakes: 1 } })
    const silent = new WebSocket(`ws://127.0.0.1:${portOf(ws)}`)
    await once(silent, 'close')
    await until(relay, (stats) => stats.halfOpen === 4)
    const alice = await startPeer()
    await alice.dial(multiaddr(ws))
  })

  test('junk and giant frames end their own connection only', async () => {
    const relay = await startRelay({ listen: [TCP, WS], limits: { frameBytes: 100_000 } })
    const [tcp = '', ws = ''] = relay.multiaddrs
    const alice = await startPeer(tcp)
    const bob = await startPeer()
    const stream = await dialThrough(ws, bob, alice)
    for (const address of [tcp, ws]) await strangerClosed(portOf(address), Buffer.alloc(70_000, 'A'))
    for (const size of [50_000, 200_000]) {
      const mallory = new WebSocket(`ws://127.0.0.1:${portOf(ws)}`)
      await once(mallory, 'open')
      mallory.send(Buffer.alloc(size, 'A'))
      await once(mallory, 'close')
    }
    expect(await echo(stream, 'still here')).toBe('still here')
    expect(await until(relay, (stats) => stats.halfOpen === 4)).toMatchObject({ broken: 1, connections: 2 })
  })

  test('one that pings over WebSockets and never reads is dropped', async () => {
    const relay = await startRelay({ listen: [WS], limits: { handshakeMs: 60_000 } })
    const mallory = new WebSocket(`ws://127.0.0.1:${portOf(relay.address)}`)
    await once(mallory, 'open')
    mallory.on('error', () => mallory.terminate())
    mallory.pause()
    while (relay.circuitStats()?.halfOpen === 0) {
      for (let i = 0; i < 1_000; i++) if (mallory.readyState === WebSocket.OPEN) mallory.ping('x'.repeat(125))
      await new Promise((resolve) => setImmediate(resolve))
    }
    mallory.terminate()
  })

  test('behind a proxy hosts are told apart by what the proxy says', async () => {
    const relay = await startRelay({ listen: [WS], limits: { connectionsPerHost: 1, handshakeMs: 60_000 } }, { trustProxy: true })
    const from = (address: string) => new WebSocket(`ws://127.0.0.1:${portOf(relay.address)}`, { headers: { 'x-forwarded-for': address } })
    const first = from('192.0.2.1')
    await once(first, 'open')
    const second = from('192.0.2.1')
    await once(second, 'close')
    const other = from('192.0.2.2')
    await once(other, 'open')
    const odd = from('no address')
    await once(odd, 'close')
    expect(relay.circuitStats()).toMatchObject({ refused: { HostFull: 1 } })
    expect(other.readyState).toBe(WebSocket.OPEN)
    for (const socket of [first, other]) socket.terminate()
  })
})
