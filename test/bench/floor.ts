/**
 * The least that anything could do: the bytes of a message under a number in LevelDB, and the same bytes over a WebSocket. One writer, no
 * order to agree on, no signature, no encryption. Writes are synced to disk where the engine's are, gathered while a sync is under way.
 */
import { ClassicLevel } from 'classic-level'
import type { WebSocket } from 'ws'
import { decodeMessage, encodeMessage, PAGE_MESSAGES, type BenchMessage } from './messages.ts'
import type { BenchPeer, SyncTimes, System } from './peer.ts'
import { bytesOf, dial, listen } from './ws-server.ts'

/** Rows copied at a time. */
const COPY_ROWS = 512

const keyOf = (n: number): string => String(n).padStart(12, '0')
const utf8 = new TextEncoder()
const text = new TextDecoder()

interface Waiting {
  readonly key: string
  readonly value: Uint8Array
  resolve(): void
  reject(error: unknown): void
}

class FloorPeer implements BenchPeer {
  readonly #db: ClassicLevel<string, Uint8Array>
  readonly #sockets = new Set<WebSocket>()
  #count: number
  #waiting: Waiting[] = []
  #isWriting = false
  #received: Promise<unknown> = Promise.resolve()
  #onMessage: (message: BenchMessage) => void = () => undefined
  #server: { url: string; close(): Promise<void> } | undefined

  private constructor(db: ClassicLevel<string, Uint8Array>, count: number) {
    this.#db = db
    this.#count = count
  }

  static async open(folder: string): Promise<FloorPeer> {
    const db = new ClassicLevel<string, Uint8Array>(folder, { valueEncoding: 'view' })
    await db.open()
    const [last] = await db.keys({ reverse: true, limit: 1 }).all()
    return new FloorPeer(db, last === undefined ? 0 : Number(last) + 1)
  }

  async listen(): Promise<void> {
    this.#server = await listen((socket) => this.#serve(socket))
  }

  async send(message: BenchMessage): Promise<void> {
    const value = utf8.encode(encodeMessage(message))
    const key = keyOf(this.#count++)
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ key, value, resolve, reject })
      if (!this.#isWriting) void this.#write()
    })
    for (const socket of this.#sockets) socket.send(value)
  }

  async page(page: number): Promise<readonly BenchMessage[]> {
    const to = this.#count - (page - 1) * PAGE_MESSAGES
    const rows = await this.#db.values({ gte: keyOf(Math.max(0, to - PAGE_MESSAGES)), lt: keyOf(to) }).all()
    return rows.map((row) => decodeMessage(text.decode(row)))
  }

  async total(): Promise<number> {
    return this.#count
  }

  async address(): Promise<string> {
    if (this.#server === undefined) throw new Error('not listening')
    return this.#server.url
  }

  async join(address: string, total: number): Promise<SyncTimes> {
    const start = performance.now()
    await this.reconnect(address)
    const newestMs = performance.now() - start
    if (this.#count !== total) throw new Error('something did not come')
    await this.#received
    return { newestMs, completeMs: performance.now() - start }
  }

  reconnect(address: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = dial(address)
      this.#sockets.add(socket)
      let expected: number | undefined
      let rows: Uint8Array[] = []
      const keep = (): void => {
        const first = this.#count - rows.length
        this.#received = this.#db.batch(rows.map((value, i) => ({ type: 'put', key: keyOf(first + i), value })))
        rows = []
      }
      socket.on('error', reject)
      socket.on('open', () => socket.send(String(this.#count)))
      socket.on('message', (data, isBinary) => {
        if (!isBinary) {
          expected = Number(text.decode(bytesOf(data)))
          if (expected === this.#count) resolve()
          return
        }
        const row = bytesOf(data)
        rows.push(row)
        this.#count++
        const isLive = expected !== undefined && this.#count > expected
        if (rows.length === COPY_ROWS || isLive || this.#count === expected) keep()
        if (isLive) void this.#received.then(() => this.#onMessage(decodeMessage(text.decode(row))))
        else if (this.#count === expected) resolve()
      })
    })
  }

  saidBytes(): number {
    return Number.NaN
  }

  onMessage(listener: (message: BenchMessage) => void): void {
    this.#onMessage = listener
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate()
    await this.#server?.close()
    await this.#received
    await this.#db.close()
  }

  #serve(socket: WebSocket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.once('message', (data) => void this.#copy(socket, Number(text.decode(bytesOf(data)))))
  }

  async #copy(socket: WebSocket, from: number): Promise<void> {
    socket.send(String(this.#count))
    for (let at = from; at < this.#count; at += COPY_ROWS) {
      for (const row of await this.#db.values({ gte: keyOf(at), lt: keyOf(at + COPY_ROWS) }).all()) socket.send(row)
    }
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        await this.#db.batch(
          group.map(({ key, value }) => ({ type: 'put', key, value })),
          { sync: true },
        )
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#isWriting = false
  }
}

export const floorSystem: System = {
  create: (folder) => FloorPeer.open(folder),
  newcomer: (folder) => FloorPeer.open(folder),
  async open(folder, network) {
    const peer = await FloorPeer.open(folder)
    if (network === 'listen') await peer.listen()
    return peer
  },
}
