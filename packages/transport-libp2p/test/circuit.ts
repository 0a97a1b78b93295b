import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { sockets } from '../src/sockets.node.ts'
import { createLibp2p } from 'libp2p'

/** All who connect are on one host here; libp2p lets five a second in from one. */
const MAX_INBOUND_PER_SECOND = 1_000

/** A circuit relay on loopback. */
export interface TestRelay {
  /** Over TCP and over WebSockets, with its peer id. */
  readonly addresses: string[]
  /** Cuts everybody off; they may come back. */
  sever(): void
  close(): Promise<void>
}

export async function startTestRelay(listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']): Promise<TestRelay> {
  const node = await createLibp2p({
    addresses: { listen },
    transports: sockets,
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: MAX_INBOUND_PER_SECOND },
    services: { identify: identify(), relay: circuitRelayServer({ reservations: { applyDefaultLimit: false } }) },
  })
  return {
    addresses: node.getMultiaddrs().map((address) => address.toString()),
    sever: () => {
      for (const connection of node.getConnections()) connection.abort(new Error('cut'))
    },
    close: async () => node.stop(),
  }
}
