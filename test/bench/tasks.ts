/** What a child process can be asked to do: one system, one folder, one measurement. */
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { machineMs, mark, takeMarks, type Mark } from './marks.ts'
import { encodeMessage, messageNumber } from './messages.ts'
import { loadSystem, type BenchPeer, type SyncTimes, type System, type SystemName } from './peer.ts'
import { timed, timeReading, timeSending, type ReadTimes } from './reading.ts'
import { settledTrafficBytes, trafficBytes } from './traffic.ts'

const MEBIBYTE = 1_048_576

export function createTasks(name: SystemName) {
  const system = loadSystem(name)
  let current: BenchPeer | undefined
  /** With its code loaded, as an application has it that runs for longer than its first second. */
  const ready = async (): Promise<System> => {
    const loaded = await system
    await loaded.load?.()
    return loaded
  }
  const arrivals = new Map<number, number>()
  const peer = (): BenchPeer => {
    if (current === undefined) throw new Error('nothing is open')
    return current
  }

  const fill = (from: number, count: number, inFlight: number): Promise<number> =>
    timeSending(from, count, inFlight, (n) => peer().send(messageNumber(n)))

  return {
    async create(folder: string): Promise<void> {
      current = await (await system).create(folder)
    },

    /** A history of so many messages, made as fast as that system can: of the engine by many authors. */
    async makeHistory(folder: string, total: number): Promise<void> {
      const { create, makeHistory } = await system
      if (makeHistory !== undefined) return makeHistory(folder, total)
      current = await create(folder)
      await fill(0, total, 256)
    },

    /** Sends messages `from` up to `from + count`, so many at a time. Returns microseconds a message. */
    fill,

    async open(folder: string, network: 'offline' | 'online' | 'listen'): Promise<void> {
      current = await (await system).open(folder, network)
    },

    /** Opens and reads pages. `memoryMb` is what the process weighs once it is open. */
    async read(folder: string, total: number): Promise<ReadTimes & { memoryMb: number }> {
      // What only a network needs is not loaded: it would weigh.
      const { open } = await system
      let memoryMb = Number.NaN
      const times = await timeReading(
        total,
        async () => {
          const opened = (current = await open(folder, 'offline'))
          return (page) => opened.page(page)
        },
        () => {
          globalThis.gc?.()
          memoryMb = process.memoryUsage.rss() / MEBIBYTE
        },
      )
      return { ...times, memoryMb }
    },

    address: (): Promise<string> => peer().address(),

    async join(folder: string, address: string, total: number): Promise<SyncTimes & { bytes: number }> {
      current = await (await ready()).newcomer(folder)
      const times = await current.join(address, total)
      return { ...times, bytes: await settledTrafficBytes() }
    },

    /** Connects with a history that is the same at both ends. */
    async reconnect(folder: string, address: string): Promise<{ ms: number; bytes: number; saidBytes: number }> {
      current = await (await ready()).open(folder, 'online')
      const opened = current
      const ms = await timed(() => opened.reconnect(address))
      return { ms, bytes: await settledTrafficBytes(), saidBytes: opened.saidBytes() }
    },

    /** Bytes on the wire while nothing happens for so long. */
    async quietBytes(ms: number): Promise<number> {
      const before = trafficBytes()
      await pause(ms)
      return trafficBytes() - before
    },

    /** Comes back to a history that has grown to so many messages. */
    async catchUp(folder: string, address: string, total: number): Promise<{ ms: number; bytes: number }> {
      current = await (await ready()).open(folder, 'online')
      const start = performance.now()
      await current.reconnect(address)
      while ((await current.total()) < total) await pause(1)
      const ms = performance.now() - start
      return { ms, bytes: await settledTrafficBytes() }
    },

    /** What happened to messages since the last call, in a system that tells. */
    async marks(): Promise<Mark[]> {
      return takeMarks()
    },

    async watch(): Promise<void> {
      peer().onMessage(({ metadata }) => {
        arrivals.set(metadata.n, machineMs())
        mark('heard')
      })
    },

    /** When each message came; waits for the last of them. */
    async arrivals(from: number, count: number): Promise<number[]> {
      while (!arrivals.has(from + count - 1)) await pause(5)
      return Array.from({ length: count }, (_, i) => arrivals.get(from + i) ?? Number.NaN)
    },

    /** Sends one message after the other with a pause in between. Returns when each was given to `send`. */
    async talk(from: number, count: number, pauseMs: number): Promise<number[]> {
      const times: number[] = []
      for (let i = 0; i < count; i++) {
        times.push(machineMs())
        mark('given')
        await peer().send(messageNumber(from + i))
        await pause(pauseMs)
      }
      return times
    },

    /** A WebSocket server that says back what it hears, at the address given back. */
    async serveEcho(): Promise<string> {
      const { listen } = await import('./ws-server.ts')
      const server = await listen((socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })))
      return server.url
    },

    /** Sends the bytes of messages to it, one after the other with a pause in between. Returns the round trip of each in milliseconds. */
    async echo(url: string, count: number, pauseMs: number): Promise<number[]> {
      const { dial } = await import('./ws-server.ts')
      const socket = dial(url)
      await once(socket, 'open')
      const times: number[] = []
      for (let i = 0; i < count; i++) {
        const start = performance.now()
        socket.send(encodeMessage(messageNumber(i)))
        await once(socket, 'message')
        times.push(performance.now() - start)
        await pause(pauseMs)
      }
      socket.terminate()
      return times
    },

    async close(): Promise<void> {
      await current?.close()
      current = undefined
    },
  }
}

export type Tasks = ReturnType<typeof createTasks>
