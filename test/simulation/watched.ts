/** A transport that shows what it sends, and what comes. */
import type { Channel, Transport } from '@parley/core'

/** In the order of their numbers on the wire. */
const LANES = ['control', 'live', 'presence', 'history', 'blobs'] as const
/** The lane of a frame: low bits of its first byte. */
const LANE_BITS = 0x7f

export function laneOf(frame: Uint8Array): (typeof LANES)[number] | undefined {
  return LANES[(frame[0] ?? 0) & LANE_BITS]
}

/** `onCome` hears of what comes just before it is taken in. */
export function watched(
  transport: Transport,
  onFrame: (frame: Uint8Array) => unknown,
  onCome?: (frame: Uint8Array, channel: Channel) => unknown,
): Transport {
  const show = (channel: Channel): Channel =>
    new Proxy(channel, {
      get(target, key) {
        if (key === 'send')
          return (frame: Uint8Array) => {
            onFrame(frame)
            target.send(frame)
          }
        if (key === 'onFrame' && onCome !== undefined)
          return (listener: (frame: Uint8Array) => void) =>
            target.onFrame((frame) => {
              onCome(frame, target)
              listener(frame)
            })
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  return {
    name: transport.name,
    start: (host) => transport.start({ ...host, onChannel: (channel) => host.onChannel(show(channel)) }),
    stop: () => transport.stop(),
    setTopics: (topics) => transport.setTopics(topics),
    addresses: () => transport.addresses(),
    dial: async (address, options) => transport.dial?.(address, options),
  }
}
