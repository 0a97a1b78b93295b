/** Two peers that reach each other through a relay only, until there is a way; in one process, where the way is a door that the test opens. */
import type { Transport } from '@libp2p/interface'
import { afterEach, expect, test } from 'vitest'
import { createTransport } from '../src/init.ts'
import type { NodeTransport } from '../src/node.ts'
import { goOnline } from '../src/online.ts'
import { sockets } from '../src/sockets.node.ts'
import { startTestRelay } from './circuit.ts'
import { closed, LOOPBACK, nextFrame, startPeer, stopPeers } from './peer.ts'
import { startTestRendezvous } from './rendezvous-server.ts'

afterEach(stopPeers)

/** A transport that dials only where it may. */
function guarded(make: NodeTransport, mayDial: (address: string) => boolean): NodeTransport {
  return (components) => {
    const transport: Transport = make(components)
    const dial = transport.dial.bind(transport)
    transport.dial = async (address, options) => {
      if (!mayDial(address.toString())) throw new Error('no route to that host')
      return dial(address, options)
    }
    return transport
  }
}

test('neither can be dialled: what a relay carries at first goes over WebRTC soon, and lives on without the relay', async () => {
  const [relay, rendezvous] = [await startTestRelay(), await startTestRendezvous()]
  const start = () => startPeer({ relays: relay.addresses.slice(0, 1), rendezvous: [rendezvous.url] })
  const [alice, bob] = [await start(), await start()]
  for (const { transport } of [alice, bob]) transport.setTopics([{ name: 'a-topic', secret: 'its-secret' }])
  const first = await alice.channel(0)
  expect([first.isRelayed, (await bob.channel(0)).isRelayed]).toEqual([true, true])
  const [direct, there] = await Promise.all([alice, bob].map((peer) => peer.channelLike(({ isRelayed }) => isRelayed !== true)))
  expect([direct!.remote, there!.remote].every((remote) => remote.includes('/webrtc/p2p/'))).toBe(true)
  expect(direct!.binding).toEqual(there!.binding)
  const lost = closed(first)
  await relay.close()
  await lost
  const got = nextFrame(there!)
  direct!.send(Uint8Array.of(7))
  expect(await got).toEqual(Uint8Array.of(7))
  await stopPeers()
  await rendezvous.close()
})

test('a direct link at the change of the network, not at the next try a minute later; it lives on without the relay', async () => {
  const [relay, rendezvous] = [await startTestRelay(), await startTestRendezvous()]
  let isOpen = false
  const changes: (() => void)[] = []
  const mayDial = (address: string): boolean => isOpen || relay.addresses.includes(address)
  const start = () =>
    startPeer({ listen: LOOPBACK, relays: relay.addresses.slice(0, 1), rendezvous: [rendezvous.url] }, undefined, (init) =>
      createTransport(
        { ...init, webRtc: false },
        {
          goOnline: (online) => goOnline({ ...online, sockets: sockets.map((make) => guarded(make, mayDial)) }),
          watchNetwork: (_, onChange) => {
            changes.push(onChange)
            return () => undefined
          },
        },
      ),
    )
  const [alice, bob] = [await start(), await start()]
  for (const { transport } of [alice, bob]) transport.setTopics([{ name: 'a-topic', secret: 'its-secret' }])
  const first = await alice.channel(0)
  expect([first.isRelayed, (await bob.channel(0)).isRelayed]).toEqual([true, true])

  isOpen = true
  for (const tell of changes) tell()
  const [direct, there] = await Promise.all([alice, bob].map((peer) => peer.channelLike(({ isRelayed }) => isRelayed !== true)))
  const lost = closed(first)
  await relay.close()
  await lost
  const got = nextFrame(there!)
  direct!.send(Uint8Array.of(7))
  expect(await got).toEqual(Uint8Array.of(7))
  await stopPeers()
  await rendezvous.close()
})
