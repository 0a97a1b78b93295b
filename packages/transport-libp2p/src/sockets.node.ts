/** What a desktop peer dials and listens with: TCP, and WebSockets for the sake of browsers. In browsers `sockets.browser.ts` takes its place. */
import type { Listener, Transport } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import type { WebSocketsComponents } from '@libp2p/websockets'
import type { Server, Socket } from 'node:net'
import type { NodeTransport } from './node.ts'
import { makeResettable, resettableWebSockets } from './web-sockets.ts'

/** Sixteen noise frames in one WebSocket message, more than any implementation sends. `ws` would read 100 MiB of a stranger into memory. */
const MAX_MESSAGE_BYTES = 1_048_576

/** As many as there may be connections, and half as many in their handshake. */
const MAX_SOCKETS = 384

/** A connection in use carries a ping every 15 s; one that never began to speak is cut off as well. */
const IDLE_SOCKET_MS = 60_000

interface ServerSocket {
  close(code?: number, reason?: string): void
  terminate(): void
}

/** What the listener of @libp2p/websockets holds, which has no bounds and no options for them. */
interface Unbounded extends Listener {
  readonly wsServer: { readonly options: { maxPayload?: number } }
  readonly server: Server
  onWsServerConnection(socket: ServerSocket, request: unknown): void
}

export const sockets: NodeTransport[] = [tcp(), boundedWebSockets]

function boundedWebSockets(components: WebSocketsComponents): Transport {
  const transport = resettableWebSockets(components)
  const createListener = transport.createListener.bind(transport)
  transport.createListener = (options) => {
    const listener = createListener(options) as Unbounded
    listener.wsServer.options.maxPayload = MAX_MESSAGE_BYTES
    listener.server.maxConnections = MAX_SOCKETS
    listener.server.on('connection', (socket: Socket) => socket.setTimeout(IDLE_SOCKET_MS, () => socket.destroy()))
    const take = listener.onWsServerConnection.bind(listener)
    listener.onWsServerConnection = (socket, request) => {
      makeResettable(socket, () => socket.terminate())
      take(socket, request)
    }
    return listener
  }
  return transport
}
