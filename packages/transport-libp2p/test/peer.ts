import type { Channel, Clock, Transport, TransportHost } from '@parley/core'
import { silentLogger } from '@parley/testing'
import { libp2pTransport, type Libp2pTransportInit } from '../src/index.ts'

/** Listens on loopback on a free port. */
export const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']

const realClock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, ms) {
    const id = setTimeout(callback, ms)
    return () => clearTimeout(id)
  },
}

/** What a transport is started with, by whoever does not look at its channels. */
export function systemHost(): TransportHost {
  return {
    clock: realClock,
    random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
    logger: silentLogger(),
    onChannel: () => undefined,
  }
}

/** A started transport and the channels that it gave. */
export interface Peer {
  readonly transport: Transport & Required<Pick<Transport, 'dial' | 'wake'>>
  /** Its first address. */
  readonly address: string
  readonly channels: Channel[]
  /** The channel of this number, from 0, as soon as it is there. */
  channel(index: number): Promise<Channel>
  /** The first channel of that kind, as soon as it is there. */
  channelLike(fits: (channel: Channel) => boolean): Promise<Channel>
}

const started: Transport[] = []

/** Starts a transport; `stopPeers` stops it. */
export async function startPeer(init: Libp2pTransportInit = {}, clock: Clock = realClock, make = libp2pTransport): Promise<Peer> {
  const transport = make(init)
  const channels: Channel[] = []
  let arrived = Promise.withResolvers<void>()
  await transport.start({
    ...systemHost(),
    clock,
    onChannel: (channel) => {
      channels.push(channel)
      arrived.resolve()
      arrived = Promise.withResolvers<void>()
    },
  })
  started.push(transport)
  const once = async (find: () => Channel | undefined): Promise<Channel> => {
    for (;;) {
      const found = find()
      if (found !== undefined) return found
      await arrived.promise
    }
  }
  const [channel, channelLike] = [
    (index: number) => once(() => channels[index]),
    (fits: (channel: Channel) => boolean) => once(() => channels.find(fits)),
  ]
  return { transport, address: transport.addresses()[0] ?? '', channels, channel, channelLike }
}

/** Stops every peer of the test. */
export async function stopPeers(): Promise<void> {
  await Promise.all(started.splice(0).map((transport) => transport.stop()))
}

/** The reason, once the channel is closed. */
export function closed(channel: Channel): Promise<string> {
  return new Promise((resolve) => channel.onClose(resolve))
}

/** The next frame. */
export function nextFrame(channel: Channel): Promise<Uint8Array> {
  return new Promise((resolve) => channel.onFrame(resolve))
}
