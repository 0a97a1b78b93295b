/** A transport whose peer can stop hearing what others say, while what it says goes out. */
import type { Channel, Transport } from '@parley/core'

/** Lanes of a link by the low bits of a frame's first byte: on `live` and `history` travel the entries and operations of others. */
const ENTRY_LANES: ReadonlySet<number> = new Set([1, 3])
const LANE_BITS = 0x7f

/** While `isDeaf`, frames with entries are dropped on their way in. */
export function deafened(transport: Transport, isDeaf: () => boolean): Transport {
  const onFrame = (channel: Channel, listener: (frame: Uint8Array) => void): void =>
    channel.onFrame((frame) => {
      if (!isDeaf() || !ENTRY_LANES.has((frame[0] ?? 0) & LANE_BITS)) listener(frame)
    })
  const wrapped = (channel: Channel): Channel => ({
    transport: channel.transport,
    remote: channel.remote,
    binding: channel.binding,
    get bufferedBytes() {
      return channel.bufferedBytes
    },
    get closed() {
      return channel.closed
    },
    send: (frame) => channel.send(frame),
    drained: () => channel.drained(),
    onFrame: (listener) => onFrame(channel, listener),
    onClose: (listener) => channel.onClose(listener),
    close: (reason) => channel.close(reason),
  })
  return {
    name: transport.name,
    start: (host) => transport.start({ ...host, onChannel: (channel) => host.onChannel(wrapped(channel)) }),
    stop: () => transport.stop(),
    setTopics: (topics) => transport.setTopics(topics),
    addresses: () => transport.addresses(),
    ...(transport.dial === undefined ? {} : { dial: (address, options) => transport.dial?.(address, options) ?? Promise.resolve() }),
    wake: () => transport.wake?.(),
  }
}
