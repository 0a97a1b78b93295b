/** WebSockets of libp2p that end when they are aborted. */
import type { Transport } from '@libp2p/interface'
import { webSockets, type WebSocketsComponents } from '@libp2p/websockets'

/** "Abnormal closure" (RFC 6455 section 7.4.1), which is told and never said: a script that says it gets an exception. */
const ABNORMAL_CLOSURE = 1006

interface Closable {
  close(code?: number, reason?: string): void
}

/** What the transport of @libp2p/websockets calls to dial. */
interface Dialler extends Transport {
  _connect(...args: unknown[]): Promise<Closable>
}

/** @libp2p/websockets 10.1 aborts with that code, and so leaves every aborted socket open. With this they end by `reset`. */
export function makeResettable(socket: Closable, reset: () => void): void {
  const close = socket.close.bind(socket)
  socket.close = (code, reason) => (code === ABNORMAL_CLOSURE ? reset() : close(code, reason))
}

/** For the list of transports of a node. */
export function resettableWebSockets(components: WebSocketsComponents): Transport {
  const transport = webSockets()(components) as Dialler
  const connect = transport._connect.bind(transport)
  transport._connect = async (...args) => {
    const socket = await connect(...args)
    const close = socket.close.bind(socket)
    makeResettable(socket, () => close())
    return socket
  }
  return transport
}
