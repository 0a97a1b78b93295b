/** The WebSocket ends of the baseline and the floor. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

/** Largest message: the baseline answers with its whole history at once. */
const MAX_PAYLOAD_BYTES = 1 << 30

/** A server on a port that the system chose, on loopback only, without compression: the engine has none either. */
export async function listen(onSocket: (socket: WebSocket) => void): Promise<{ url: string; close(): Promise<void> }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, maxPayload: MAX_PAYLOAD_BYTES })
  server.on('connection', onSocket)
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate()
        server.close(() => resolve())
      }),
  }
}

/** A socket that is not open yet; listen to it at once. */
export function dial(url: string): WebSocket {
  return new WebSocket(url, { perMessageDeflate: false, maxPayload: MAX_PAYLOAD_BYTES })
}

/** What came, as one plain array. */
export function bytesOf(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data
  throw new Error('a message that is no Buffer')
}
