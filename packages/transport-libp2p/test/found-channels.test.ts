/** Channels to peers that were found: closed when others suffice, unless somebody has asked for them. */
import { afterEach, expect, test } from 'vitest'
import { goOnline, type Online } from '../src/online.ts'
import { sockets } from '../src/sockets.node.ts'
import { LOOPBACK, startPeer, stopPeers, systemHost } from './peer.ts'

let online: Online | undefined
afterEach(async () => {
  await online?.stop()
  await stopPeers()
})

test('one that was found is closed, one that was asked for before or after is not, and two dials at once make one channel', async () => {
  const alice = await startPeer({ listen: LOOPBACK })
  const peerId = /\/p2p\/(.+)$/.exec(alice.address)![1]!
  const target = { addresses: [alice.address], peerId }
  online = await goOnline({
    listen: [],
    relays: [],
    seed: undefined,
    iceServers: undefined,
    sockets,
    host: systemHost(),
    onLost: () => undefined,
    onAddresses: () => undefined,
  })

  await online.dial({ ...target, isFound: true })
  online.closeFound(peerId)
  expect(online.has(peerId)).toBe(false)

  await online.dial({ ...target, isFound: true })
  online.claim(peerId)
  online.closeFound(peerId)
  expect(online.has(peerId)).toBe(true)
  await alice.channel(1)
  await alice.transport.stop()

  const bob = await startPeer({ listen: LOOPBACK })
  const bobsId = /\/p2p\/(.+)$/.exec(bob.address)![1]!
  await Promise.all([
    online.dial({ addresses: [bob.address], peerId: bobsId, isFound: true }),
    online.dial({ addresses: [bob.address.replace('127.0.0.1', '127.0.0.2'), bob.address], peerId: bobsId }),
  ])
  online.closeFound(bobsId)
  expect(online.has(bobsId)).toBe(true)
  await bob.channel(0)
  expect(bob.channels).toHaveLength(1)
})
