/** When what happened to a message on its way, seen from outside the engine: at its store and at its transport. */
import type { Store, Transport } from '@parley/core'
import { laneOf, watched } from '../simulation/watched.ts'

/** Milliseconds since the start of the machine: one clock for all processes. */
export const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6

/** `write`, `written`: given to the store, and there. `out`, `in`: given to the transport, and come out of it. */
export type MarkName = 'given' | 'write' | 'written' | 'out' | 'in' | 'heard'
export type Mark = readonly [name: MarkName, atMs: number]

/** On the live lane travel entries, each with a signature of 64 bytes and more, and acknowledgements of half as many. */
const MIN_UPDATE_BYTES = 100

const marks: Mark[] = []

export function mark(name: MarkName): void {
  marks.push([name, machineMs()])
}

/** Those since the last call. */
export function takeMarks(): Mark[] {
  return marks.splice(0)
}

export function markedStore(store: Store): Store {
  return new Proxy(store, {
    get(target, key) {
      if (key === 'write')
        return async (...args: Parameters<Store['write']>): Promise<void> => {
          mark('write')
          await target.write(...args)
          mark('written')
        }
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

export function markedTransport(transport: Transport): Transport {
  const isEntry = (frame: Uint8Array): boolean => laneOf(frame) === 'live' && frame.length >= MIN_UPDATE_BYTES
  return watched(
    transport,
    (frame) => isEntry(frame) && mark('out'),
    (frame) => isEntry(frame) && mark('in'),
  )
}
