/**
 * The local network as a meeting place, by multicast DNS (RFC 6762): announcements go to everybody on the same Ethernet or Wi-Fi as TXT records, under
 * the name of their room. Nobody else's records are answered or asked for: who comes says so in an announcement, as at a rendezvous.
 */
import { createSocket, type Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { fromBase64Url, toBase64Url } from '@parley/protocol'
import { AUTHORITATIVE_ANSWER, decode, encode } from 'dns-packet'
import type { MeetingPlace, MeetingPlaceInit } from './meeting-place.ts'

/** Group and port of mDNS for IPv4 (RFC 6762 section 3). */
const GROUP = '224.0.0.251'
const PORT = 5353
/** Hops of what concerns nobody beyond the link (section 11). */
const LINK_LOCAL_TTL = 255
/** Longest packet (section 17). An announcement has 300 to 2,000 bytes. */
const MAX_PACKET_BYTES = 9_000
/** Bytes of one string of a TXT record (RFC 1035 section 3.3). */
const MAX_STRING_BYTES = 255
/** Seconds that others may cache a record; two of our announcements. */
const RECORD_TTL_S = 120
/** Comes after the name of the room. It says that somebody here uses Parley, and that is all it says. */
const SERVICE = '_parley'
const SUFFIX = `.${SERVICE}._udp.local`
/** Interfaces spoken on: a laptop has two, one with virtual machines a dozen. */
const MAX_INTERFACES = 16
/** Interfaces that could not be used are tried again, and new ones found, after so long at most. */
const LOOK_EVERY_MS = 60_000

/** IPv4 only: a link with IPv6 alone has a rendezvous, or addresses told by hand. */
export class LocalNetwork implements MeetingPlace {
  readonly #init: MeetingPlaceInit
  readonly #rooms = new Set<string>()
  /** By the address of their interface; those that are not bound yet are undefined. */
  readonly #sockets = new Map<string, { readonly socket: Socket; isOpen: boolean }>()
  #cancelLook = (): void => undefined

  constructor(init: MeetingPlaceInit) {
    this.#init = init
  }

  get isConnected(): boolean {
    return [...this.#sockets.values()].some(({ isOpen }) => isOpen)
  }

  start(): void {
    this.wake()
  }

  stop(): void {
    this.#cancelLook()
    for (const address of [...this.#sockets.keys()]) this.#close(address)
  }

  /** Speaks on the interfaces that there are now. */
  wake(): void {
    const addresses = interfaceAddresses()
    for (const address of [...this.#sockets.keys()]) if (!addresses.includes(address)) this.#close(address)
    for (const address of addresses) if (!this.#sockets.has(address)) this.#open(address)
    this.#cancelLook()
    this.#cancelLook = this.#init.host.clock.setTimeout(() => this.wake(), LOOK_EVERY_MS)
  }

  subscribe(rooms: readonly string[]): void {
    for (const room of rooms) this.#rooms.add(room)
  }

  unsubscribe(rooms: readonly string[]): void {
    for (const room of rooms) this.#rooms.delete(room)
  }

  publish(room: string, data: string): void {
    const packet = encodePacket(room, fromBase64Url(data))
    if (packet.length > MAX_PACKET_BYTES) {
      this.#init.host.logger.warn('libp2p.announcementTooLarge', { bytes: packet.length })
      return
    }
    for (const [address, { socket, isOpen }] of this.#sockets)
      if (isOpen) socket.send(packet, PORT, GROUP, (error) => error && this.#fail(address, socket, error))
  }

  #open(address: string): void {
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    const open = { socket, isOpen: false }
    this.#sockets.set(address, open)
    socket.on('error', (error) => this.#fail(address, socket, error))
    socket.on('message', (packet) => this.#hear(packet))
    socket.bind(PORT, () => {
      try {
        socket.addMembership(GROUP, address)
        socket.setMulticastInterface(address)
        socket.setMulticastTTL(LINK_LOCAL_TTL)
        // Other processes of this computer hear it as well.
        socket.setMulticastLoopback(true)
      } catch (error) {
        // The interface has gone in the meantime, or takes no multicast.
        this.#fail(address, socket, error as NodeJS.ErrnoException)
        return
      }
      open.isOpen = true
      this.#init.onOpen()
    })
  }

  /** Tried again at the next look. */
  #fail(address: string, socket: Socket, error: NodeJS.ErrnoException): void {
    if (this.#sockets.get(address)?.socket !== socket) return
    this.#init.host.logger.debug('libp2p.localNetworkFailed', { code: error.code ?? error.name })
    this.#close(address)
  }

  #close(address: string): void {
    const { socket } = this.#sockets.get(address) ?? {}
    this.#sockets.delete(address)
    // One that fails while it is closed has nothing to say any more.
    socket?.removeAllListeners('message').close()
  }

  #hear(packet: Buffer): void {
    for (const { room, bytes } of readPacket(packet)) if (this.#rooms.has(room)) this.#init.onPublished(room, toBase64Url(bytes))
  }
}

function encodePacket(room: string, bytes: Uint8Array): Uint8Array {
  const data: Buffer[] = []
  for (let at = 0; at < bytes.length; at += MAX_STRING_BYTES) data.push(Buffer.from(bytes.subarray(at, at + MAX_STRING_BYTES)))
  return encode({
    type: 'response',
    flags: AUTHORITATIVE_ANSWER,
    answers: [{ type: 'TXT', class: 'IN', name: room + SUFFIX, ttl: RECORD_TTL_S, data }],
  })
}

/** What is said in rooms, whoever's; nothing when the packet is somebody else's, or cannot be read. */
export function readPacket(packet: Uint8Array): { room: string; bytes: Uint8Array }[] {
  const buffer = Buffer.from(packet.buffer, packet.byteOffset, packet.length)
  // Most of what is said on a network is of printers.
  if (buffer.length > MAX_PACKET_BYTES || !buffer.includes(SERVICE)) return []
  return answersOf(buffer).flatMap((answer) => {
    if (answer.type !== 'TXT' || !answer.name.endsWith(SUFFIX)) return []
    const strings = [answer.data].flat().map((text) => (typeof text === 'string' ? Buffer.from(text) : text))
    return [{ room: answer.name.slice(0, -SUFFIX.length), bytes: Buffer.concat(strings) }]
  })
}

function answersOf(buffer: Buffer): NonNullable<ReturnType<typeof decode>['answers']> {
  try {
    return decode(buffer).answers ?? []
  } catch {
    // The library throws plain errors for what it cannot read, and everybody on the network can say such things.
    return []
  }
}

/** Of the real interfaces; of the loopback when there is no other, for two processes on a computer without a network. */
function interfaceAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const usable = all.filter(({ family }) => family === 'IPv4')
  const outside = usable.filter(({ internal }) => !internal)
  return (outside.length > 0 ? outside : usable).slice(0, MAX_INTERFACES).map(({ address }) => address)
}
