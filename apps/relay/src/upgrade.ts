import type { Duplex } from 'node:stream'

/** Answers an upgrade with an HTTP status and closes the socket; one whose other end never closes would hold its place for ever. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  // The other end may be gone already; there is nobody left to tell.
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
}
