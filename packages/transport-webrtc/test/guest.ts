/**
 * Runs in an iframe of the test page: a second copy of y-webrtc, which keeps its rooms per page. Leaves what the test needs on its window.
 */
import { WebrtcProvider } from 'y-webrtc'
import { Doc } from 'yjs'
import { createIdentity } from '../src/identity.ts'
import { webrtcTransport } from '../src/index.ts'
import { trackPeerConnections } from './peer-connections.ts'

/** What the test page finds on the window of the iframe. */
export interface Guest {
  webrtcTransport: typeof webrtcTransport
  WebrtcProvider: typeof WebrtcProvider
  Doc: typeof Doc
  createIdentity: typeof createIdentity
  peerConnections: RTCPeerConnection[]
}

const guest: Guest = { webrtcTransport, WebrtcProvider, Doc, createIdentity, peerConnections: trackPeerConnections() }
Object.assign(globalThis, { guest })
globalThis.frameElement?.dispatchEvent(new Event('guest'))
