import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'

/** A TCP relay on loopback between two peers, to listen in and to break the line. */
export interface Proxy {
  /** Where to dial instead, with the peer id of the original. */
  readonly address: string
  /** Every byte that went through, both ways. */
  readonly seen: Buffer[]
  /** Resets every connection that goes through; new ones are taken as before. */
  sever(): void
  close(): Promise<void>
}

/** Forwards to the port of `target`, a multiaddress on 127.0.0.1. */
export async function startProxy(target: string): Promise<Proxy> {
  const [, host = '', port = ''] = /^\/ip4\/([^/]+)\/tcp\/(\d+)/.exec(target) ?? []
  const sockets = new Set<Socket>()
  const seen: Buffer[] = []
  const join = (from: Socket, to: Socket): void => {
    sockets.add(from)
    from.on('data', (data) => {
      seen.push(data)
      to.write(data)
    })
    from.on('end', () => to.end())
    // The other end of a connection that was reset is reset as well.
    from.on('error', () => to.destroy())
    from.on('close', () => {
      sockets.delete(from)
      to.end()
    })
  }
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host, port: Number(port), noDelay: true })
    join(near, far)
    join(far, near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: target.replace(/tcp\/\d+/, `tcp/${(server.address() as AddressInfo).port}`),
    seen,
    sever: () => sockets.forEach((socket) => socket.resetAndDestroy()),
    close: async () => {
      sockets.forEach((socket) => socket.destroy())
      server.close()
      await once(server, 'close')
    },
  }
}
