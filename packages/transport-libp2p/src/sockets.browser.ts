/** What a browser dials with: it has nothing but WebSockets, and nobody can dial it but through a relay. */
import type { NodeTransport } from './node.ts'
import { resettableWebSockets } from './web-sockets.ts'

export const sockets: NodeTransport[] = [resettableWebSockets]
