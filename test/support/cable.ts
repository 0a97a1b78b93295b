/**
 * The network cable of one browser, which a test can pull: what it says to its rendezvous goes through a port of ours, and so does every packet of WebRTC,
 * for the candidates that the other browser hears are made to name ports of ours. (Chromium's own emulation of being offline leaves what is open alone.)
 */
import type { Page } from '@playwright/test'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Without it candidates name the machine by a word that only browsers understand. */
export const REAL_ADDRESSES = '--disable-features=WebRtcHideLocalIpsWithMdns'

export interface Cable {
  /** The rendezvous, at the end of this cable. */
  readonly url: string
  /** Leads what a page sends over WebRTC through the cable; before it is loaded. Of each page, for both ways. */
  lead(page: Page): Promise<void>
  pull(): void
  plug(): void
  close(): void
}

/** A cable to this rendezvous, plugged in. */
export async function layCable(rendezvous: string): Promise<Cable> {
  const { hostname, port } = new URL(rendezvous)
  const sockets = new Set<Socket>()
  const ways = new Map<string, Promise<UdpWay>>()
  let isPlugged = true
  const server = createServer((socket) => {
    if (!isPlugged) {
      socket.destroy()
      return
    }
    const onward = connect(Number(port), hostname)
    for (const [from, to] of [[socket, onward] as const, [onward, socket] as const]) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async lead(page) {
      await page.exposeFunction('portFor', async (address: string, candidatePort: number) => {
        const key = `${address} ${candidatePort}`
        const way = ways.get(key) ?? openWay(address, candidatePort, () => isPlugged)
        ways.set(key, way)
        return (await way).port
      })
      await page.addInitScript(leadCandidates)
    },
    pull() {
      isPlugged = false
      for (const socket of sockets) socket.destroy()
    },
    plug() {
      isPlugged = true
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      for (const way of ways.values()) void way.then(({ socket }) => socket.close())
    },
  }
}

interface UdpWay {
  readonly port: number
  readonly socket: UdpSocket
}

/** Passes on what comes: from whoever to the candidate, and from the candidate to whoever was last heard. */
async function openWay(address: string, port: number, isPlugged: () => boolean): Promise<UdpWay> {
  const socket = createSocket('udp4')
  let other: { address: string; port: number } | undefined
  socket.on('message', (packet, from) => {
    const isBack = from.port === port && from.address === address
    if (!isBack) other = from
    const to = isBack ? other : { address, port }
    if (isPlugged() && to !== undefined) socket.send(packet, to.port, to.address)
  })
  socket.bind(0, address)
  await once(socket, 'listening')
  return { port: socket.address().port, socket }
}

/** Runs in the page: takes the candidates of the other browser in at our ports, and none that is not IPv4 and UDP. */
function leadCandidates(): void {
  const { portFor } = globalThis as unknown as { portFor(address: string, port: number): Promise<number> }
  const { prototype } = RTCPeerConnection
  // By name, for one of its signatures is deprecated, and lint cannot tell which is meant.
  const add: (candidate: RTCIceCandidateInit) => Promise<void> = Reflect.get(prototype, 'addIceCandidate')
  Reflect.set(prototype, 'addIceCandidate', async function (this: RTCPeerConnection, candidate: RTCIceCandidateInit): Promise<void> {
    const parts = candidate.candidate?.split(' ') ?? []
    const [, , protocol, , address = '', port] = parts
    if (protocol?.toLowerCase() !== 'udp' || !/^[0-9.]+$/.test(address)) return
    parts[5] = String(await portFor(address, Number(port)))
    const { sdpMid = null, sdpMLineIndex = null } = candidate
    await Reflect.apply(add, this, [{ candidate: parts.join(' '), sdpMid, sdpMLineIndex }])
  })
}
