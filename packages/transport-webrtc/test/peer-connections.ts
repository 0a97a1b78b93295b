/** Replaces this window's RTCPeerConnection by one that writes every instance down, in the array given back. */
export function trackPeerConnections(): RTCPeerConnection[] {
  const made: RTCPeerConnection[] = []
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      made.push(this)
    }
  }
  return made
}
