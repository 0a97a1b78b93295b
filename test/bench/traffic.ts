/** Bytes on the wire, counted at the TCP sockets that this process dialled: below every protocol, and the same for every system. */
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

const sockets = new Set<Socket>()

/** Begins to count. Call it once, before anything dials. */
export function countTraffic(): void {
  subscribe('net.client.socket', (message) => {
    sockets.add((message as { socket: Socket }).socket)
  })
}

/** Bytes sent and received so far. */
export function trafficBytes(): number {
  let bytes = 0
  for (const { bytesRead, bytesWritten } of sockets) bytes += bytesRead + bytesWritten
  return bytes
}

/** What there is once nothing has moved for a while. */
export async function settledTrafficBytes(): Promise<number> {
  for (let before = -1; ;) {
    const now = trafficBytes()
    if (now === before) return now
    before = now
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
  }
}

/** Longer than any delayed acknowledgement, shorter than any heartbeat. */
const QUIET_MS = 250
