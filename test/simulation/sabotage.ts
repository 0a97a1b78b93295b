/** Broken stores and transports: what the simulator has to notice. */
import type { Channel, Store, StoreOperation, Transport } from '@parley/core'
import type { Sabotage } from '@parley/testing'

/** Table of the overlays in the core's keyspace: what edits and deletions did to a message. */
const OVERLAY_TABLE = 0x21
/** Table of the entries. */
const ENTRY_TABLE = 0x11
/** Lanes of a link, by the low bits of a frame's first byte: entries travel on `live` and `history`. */
const ENTRY_LANES: ReadonlySet<number> = new Set([1, 3])
const LANE_BITS = 0x7f

/** A fold that forgets edits: everybody's store drops the rows that it writes them down in. */
export const forgetsEdits: Sabotage = {
  store: (store) => tamper(store, (operations) => operations.filter(({ key }) => key[0] !== OVERLAY_TABLE)),
}

/** A disk that calls a strict write done when it is only buffered. */
export const liesAboutDurability: Sabotage = {
  store: (store) => ({ ...passThrough(store), write: (operations) => store.write(operations, { durability: 'relaxed' }) }),
}

/** A disk at `peer` on which one bit in the body of every other entry flips. */
export function flipsBits(peer: string): Sabotage {
  return {
    store: (store, name) =>
      name === peer
        ? tamper(store, (operations) => operations.map((operation, index) => (index % 2 === 0 ? flipped(operation) : operation)))
        : store,
  }
}

/** A peer whose entries leave it no more after the first `frames`, which are enough to introduce it. */
export function mute(peer: string, frames: number): Sabotage {
  let left = frames
  const drops = (frame: Uint8Array): boolean => ENTRY_LANES.has((frame[0] ?? 0) & LANE_BITS) && --left < 0
  return { transport: (transport, name) => (name === peer ? filtered(transport, drops) : transport) }
}

function flipped(operation: StoreOperation): StoreOperation {
  if (operation.type === 'delete' || operation.key[0] !== ENTRY_TABLE) return operation
  // In the middle of an entry lies its body, which is the longest part.
  const value = operation.value.slice()
  const middle = value.length >> 1
  value[middle] = (value[middle] ?? 0) ^ 1
  return { ...operation, value }
}

function tamper(store: Store, change: (operations: readonly StoreOperation[]) => readonly StoreOperation[]): Store {
  return { ...passThrough(store), write: (operations, options) => store.write(change(operations), options) }
}

function passThrough(store: Store): Store {
  return {
    get: (key) => store.get(key),
    getMany: (keys) => store.getMany(keys),
    range: (query) => store.range(query),
    write: (operations, options) => store.write(operations, options),
    estimate: () => store.estimate(),
    close: () => store.close(),
  }
}

function filtered(transport: Transport, drops: (frame: Uint8Array) => boolean): Transport {
  return {
    name: transport.name,
    start: (host) => transport.start({ ...host, onChannel: (channel) => host.onChannel(without(channel, drops)) }),
    stop: () => transport.stop(),
    setTopics: (topics) => transport.setTopics(topics),
    addresses: () => transport.addresses(),
    ...(transport.dial === undefined ? {} : { dial: (address, options) => transport.dial?.(address, options) ?? Promise.resolve() }),
    wake: () => transport.wake?.(),
  }
}

function without(channel: Channel, drops: (frame: Uint8Array) => boolean): Channel {
  return {
    transport: channel.transport,
    remote: channel.remote,
    binding: channel.binding,
    get bufferedBytes() {
      return channel.bufferedBytes
    },
    get closed() {
      return channel.closed
    },
    send: (frame) => (drops(frame) ? undefined : channel.send(frame)),
    drained: () => channel.drained(),
    onFrame: (listener) => channel.onFrame(listener),
    onClose: (listener) => channel.onClose(listener),
    close: (reason) => channel.close(reason),
  }
}
