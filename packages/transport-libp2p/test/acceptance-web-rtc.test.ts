import { isParleyError } from '@parley/protocol'
import { transportAcceptance } from '@parley/testing'
import { RTCPeerConnection } from 'node-datachannel/polyfill'
import { vi } from 'vitest'
import { libp2pTransport } from '../src/index.ts'
import { startTestRelay } from './circuit.ts'

/** Connections of the pair, which a test cuts. */
const connections = new Set<RTCPeerConnection>()
const createOffer = RTCPeerConnection.prototype.createOffer
vi.spyOn(RTCPeerConnection.prototype, 'createOffer').mockImplementation(function (this: RTCPeerConnection) {
  connections.add(this)
  return createOffer.call(this)
})

transportAcceptance('libp2p over WebRTC, met through a relay', {
  topicsDecide: false,
  // A dial that comes to nothing takes ten seconds, and the next one is to have its chance.
  timeoutMs: 30_000,
  createPair: async () => {
    const relay = await startTestRelay(['/ip4/127.0.0.1/tcp/0/ws'])
    // Neither listens.
    const a = libp2pTransport({ relays: relay.addresses })
    const b = libp2pTransport()
    const dial = async (): Promise<boolean> => {
      const [address] = a.addresses()
      if (address === undefined) return false
      try {
        await b.dial(address.replace('/p2p-circuit/p2p/', '/p2p-circuit/webrtc/p2p/'))
        return true
      } catch (error) {
        if (isParleyError(error, 'Unreachable')) return false
        throw error
      }
    }
    return {
      a,
      b,
      meet: async () => {
        while (!(await dial())) {
          a.wake()
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      },
      sever: () => {
        for (const connection of connections) connection.close()
        connections.clear()
      },
      dispose: () => relay.close(),
    }
  },
})
