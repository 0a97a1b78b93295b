/** The other end of a link, driven by hand: sends what a test tells it to and records every frame it gets. */
import { MAX_FRAME_BYTES, type Channel, type Clock, type Topic, type Transport } from '@parley/core'
import { decodeLinkMessage, encodeLinkMessage, type LinkMessage, type LinkMessageType } from '@parley/protocol'
import { seededRandom, silentLogger, type MemoryNetwork } from '@parley/testing'
import { systemClock } from '../../packages/core/test/support.ts'

const LAST = 0x80

/** Lanes as link.ts numbers them. */
export const LANE = { control: 0, live: 1, presence: 2, history: 3 } as const

/** One channel to one honest peer. */
export class RawLink {
  readonly channel: Channel
  readonly received: LinkMessage[] = []
  readonly frames: Uint8Array[] = []
  readonly #parts = new Map<number, Uint8Array[]>()
  /** Called for every message, after it has been recorded. */
  onMessage: (message: LinkMessage) => void = () => undefined

  constructor(channel: Channel) {
    this.channel = channel
    channel.onFrame((frame) => this.#receive(frame))
  }

  /** All messages of a type that have come. */
  of<T extends LinkMessageType>(type: T): Extract<LinkMessage, { type: T }>[] {
    return this.received.filter((m): m is Extract<LinkMessage, { type: T }> => m.type === type)
  }

  send(message: LinkMessage, lane: number = LANE.control): void {
    this.sendBytes(encodeLinkMessage(message), lane)
  }

  /** Any bytes as one message, in frames as they should be. */
  sendBytes(bytes: Uint8Array, lane: number = LANE.control): void {
    for (let at = 0; at === 0 || at < bytes.length; at += MAX_FRAME_BYTES - 1) {
      const part = bytes.subarray(at, at + MAX_FRAME_BYTES - 1)
      const frame = new Uint8Array(1 + part.length)
      frame[0] = lane | (at + part.length >= bytes.length ? LAST : 0)
      frame.set(part, 1)
      this.sendFrame(frame)
    }
  }

  sendFrame(frame: Uint8Array): void {
    this.channel.send(frame)
  }

  #receive(frame: Uint8Array): void {
    this.frames.push(frame)
    const lane = frame[0]! & ~LAST
    const parts = [...(this.#parts.get(lane) ?? []), frame.subarray(1)]
    this.#parts.set(lane, parts)
    if ((frame[0]! & LAST) === 0) return
    this.#parts.delete(lane)
    const message = decodeLinkMessage(Uint8Array.from(parts.flatMap((part) => [...part])))
    this.received.push(message)
    this.onMessage(message)
  }
}

/** A peer without an engine, on the memory network or on another transport. */
export interface RawPeer {
  readonly transport: Transport
  readonly links: RawLink[]
  /** The link to the peer of that name. */
  to(name: string): RawLink | undefined
}

export async function createRawPeer(
  network: MemoryNetwork,
  name: string,
  init: { topics?: readonly Topic[]; clock?: Clock; transport?: Transport; onLink?: (link: RawLink) => void } = {},
): Promise<RawPeer> {
  const transport = init.transport ?? network.transport(name)
  const links: RawLink[] = []
  transport.setTopics(init.topics ?? [])
  await transport.start({
    clock: init.clock ?? systemClock,
    random: seededRandom(99),
    logger: silentLogger(),
    onChannel(channel) {
      const link = new RawLink(channel)
      links.push(link)
      init.onLink?.(link)
    },
  })
  return { transport, links, to: (remote) => links.findLast((link) => link.channel.remote === `memory:${remote}`) }
}
