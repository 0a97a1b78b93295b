import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { RelayClient } from './relay-client.ts'

/** Makes one of libp2p's own transports. */
export type NodeTransport = NonNullable<Libp2pOptions['transports']>[number]

/** Largest window of one stream: 2 MiB in flight carry 20 MB/s over 100 ms. Larger ones would let one peer fill 16 MiB of memory here. */
const MAX_STREAM_WINDOW_BYTES = 2_097_152

/** Must exceed the window, or an honest sender could overrun a stream that is not being read for a moment. */
const MAX_READ_BUFFER_BYTES = 4_194_304

/** Channels of one desktop peer; a peer needs a few links a conversation, and every connection costs about 100 KB. */
const MAX_CONNECTIONS = 256

/** New connections a second from one address. A whole family or test bench may sit behind one, a flood does not fit through. */
const MAX_INBOUND_PER_SECOND = 50

/** Connections that are still doing the noise handshake, each about 1 ms of work here. */
const MAX_PENDING_INBOUND = 64

/** A dead connection is noticed after at most the two together; a peer busy with a large import may be silent for some seconds. */
const PING_INTERVAL_MS = 15_000
const PING_TIMEOUT_MS = 15_000

/**
 * Noise and yamux over `sockets`, and over relays; no DHT and no other network. Identify answers and never asks: libp2p wants it beside relays.
 * Not started.
 */
export async function createNode(init: {
  listen: string[]
  seed: Uint8Array | undefined
  sockets: readonly NodeTransport[]
  /** More ways, beside sockets and relays. */
  ways: readonly NodeTransport[]
}): Promise<{ node: Libp2p; relays: RelayClient }> {
  const relays = new RelayClient()
  const node = await createLibp2p({
    start: false,
    ...(init.seed === undefined ? {} : { privateKey: await generateKeyPairFromSeed('Ed25519', init.seed) }),
    addresses: { listen: init.listen },
    transports: [...init.sockets, relays.transport, ...init.ways],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES, maxReadBufferLength: MAX_READ_BUFFER_BYTES } })],
    // What to dial is for the conversation to say. In browsers libp2p would refuse private addresses and sockets without TLS, which the browser judges itself.
    connectionGater: { denyDialMultiaddr: () => false },
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      inboundConnectionThreshold: MAX_INBOUND_PER_SECOND,
      maxIncomingPendingConnections: MAX_PENDING_INBOUND,
    },
    connectionMonitor: { pingInterval: PING_INTERVAL_MS, pingTimeout: { minTimeout: PING_TIMEOUT_MS, maxTimeout: PING_TIMEOUT_MS } },
    services: { identify: identify({ runOnConnectionOpen: false }) },
  })
  return { node, relays }
}

/**
 * Stops a node and what it forgets: closing the listeners makes libp2p 3.3 set a timer of 1 s to write down its own addresses, and the process
 * cannot end before it fires. Every command of a desktop would take a second longer.
 */
export async function stopNode(node: Libp2p): Promise<void> {
  await node.stop()
  const { components } = node as { components?: { addressManager?: { _updatePeerStoreAddresses?: { stop?(): void } } } }
  components?.addressManager?._updatePeerStoreAddresses?.stop?.()
}
