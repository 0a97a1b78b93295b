import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

/** What the peers of these tests speak: everything comes back. */
const ECHO = '/parley-test/echo/1'

const peers: Libp2p[] = []

/** A libp2p peer that can be reached through a relay only; reserves at `relay` when one is named. */
export async function startPeer(relay?: string): Promise<Libp2p> {
  const node = await createLibp2p({
    addresses: { listen: relay === undefined ? [] : [`${relay}/p2p-circuit`] },
    transports: [tcp(), webSockets(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify() },
  })
  peers.push(node)
  await node.handle(
    ECHO,
    (stream) => {
      stream.addEventListener('message', ({ data }) => {
        if (stream.status === 'open') stream.send(data)
      })
    },
    { runOnLimitedConnection: true },
  )
  return node
}

export async function stopPeers(): Promise<void> {
  await Promise.all(peers.splice(0).map(async (peer) => peer.stop()))
}

/** A stream from one peer to another through the relay. */
export function dialThrough(relay: string, from: Libp2p, to: Libp2p): Promise<Stream> {
  const address = multiaddr(`${relay}/p2p-circuit/p2p/${to.peerId.toString()}`)
  return from.dialProtocol(address, ECHO, { runOnLimitedConnection: true })
}

/** Sends a text and returns what comes back, as many bytes of it. */
export function echo(stream: Stream, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = ''
    stream.addEventListener('message', ({ data }) => {
      received += Buffer.from(data.subarray()).toString()
      if (received.length >= text.length) resolve(received)
    })
    stream.addEventListener('close', ({ error }) => reject(error ?? new Error('closed')), { once: true })
    stream.send(Buffer.from(text))
  })
}
