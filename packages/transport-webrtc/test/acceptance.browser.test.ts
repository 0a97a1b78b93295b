import { transportAcceptance } from '@parley/testing'
import { webrtcTransport } from '../src/index.ts'
import { openGuest, openLine } from './stage.ts'
import { trackPeerConnections } from './peer-connections.ts'

const peerConnections = trackPeerConnections()

transportAcceptance('webrtc', {
  quietMs: 500,
  timeoutMs: 25_000,
  async createPair() {
    const { guest, close } = await openGuest()
    const line = await openLine()
    const init = { rendezvous: [line.url] }
    return {
      a: webrtcTransport(init),
      b: guest.webrtcTransport(init),
      sever() {
        for (const pc of [...peerConnections.splice(0), ...guest.peerConnections.splice(0)]) pc.close()
      },
      held: () => [...peerConnections, ...guest.peerConnections].filter((pc) => pc.connectionState !== 'closed').length,
      async dispose() {
        close()
        await line.cut()
      },
    }
  },
})
