/**
 * What a tutorial would build: one Y.Doc, one Y.Array, JSON pushed for each message, every update appended to LevelDB, and a WebSocket that
 * compares state vectors and then passes updates on. Neither signed nor encrypted. Writes are synced to disk where the engine's are.
 */
import { ClassicLevel } from 'classic-level'
import type { WebSocket } from 'ws'
import * as Y from 'yjs'
import { decodeMessage, encodeMessage, PAGE_MESSAGES, type BenchMessage } from './messages.ts'
import type { BenchPeer, SyncTimes, System } from './peer.ts'
import { bytesOf, dial, listen } from './ws-server.ts'

/** First byte of a message: a state vector, the answer to one, an update. */
const STATE_VECTOR = 0
const ANSWER = 1
const UPDATE = 2

type Updates = ClassicLevel<string, Uint8Array>

class BaselinePeer implements BenchPeer {
  readonly #doc = new Y.Doc()
  readonly #messages = this.#doc.getArray<string>('messages')
  readonly #db: Updates
  readonly #sockets = new Set<WebSocket>()
  #count = 0
  #stored: Promise<unknown> = Promise.resolve()
  #server: { url: string; close(): Promise<void> } | undefined

  private constructor(db: Updates) {
    this.#db = db
  }

  static async open(folder: string): Promise<BaselinePeer> {
    const db: Updates = new ClassicLevel(folder, { valueEncoding: 'view' })
    await db.open()
    const peer = new BaselinePeer(db)
    const updates = await db.values().all()
    peer.#doc.transact(() => {
      for (const update of updates) Y.applyUpdate(peer.#doc, update)
    })
    peer.#count = updates.length
    peer.#doc.on('update', (update: Uint8Array, origin: unknown) => peer.#onUpdate(update, origin))
    return peer
  }

  async listen(): Promise<void> {
    this.#server = await listen((socket) => this.#attach(socket))
  }

  async send(message: BenchMessage): Promise<void> {
    this.#messages.push([encodeMessage(message)])
    // The update event has handed it to the store.
    await this.#stored
  }

  async page(page: number): Promise<readonly BenchMessage[]> {
    const to = this.#messages.length - (page - 1) * PAGE_MESSAGES
    return this.#messages.slice(Math.max(0, to - PAGE_MESSAGES), to).map(decodeMessage)
  }

  async total(): Promise<number> {
    return this.#messages.length
  }

  async address(): Promise<string> {
    if (this.#server === undefined) throw new Error('not listening')
    return this.#server.url
  }

  async join(address: string, total: number): Promise<SyncTimes> {
    const start = performance.now()
    await this.reconnect(address)
    if ((await this.page(1)).at(-1)?.metadata.n !== total - 1) throw new Error('the newest page is not there')
    const newestMs = performance.now() - start
    await this.#stored
    return { newestMs, completeMs: performance.now() - start }
  }

  reconnect(address: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = dial(address)
      socket.on('error', reject)
      this.#attach(socket, resolve)
    })
  }

  saidBytes(): number {
    return Number.NaN
  }

  onMessage(listener: (message: BenchMessage) => void): void {
    this.#messages.observe((event, transaction) => {
      if (transaction.local) return
      for (const { insert } of event.changes.delta)
        if (Array.isArray(insert)) for (const json of insert) listener(decodeMessage(String(json)))
    })
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate()
    await this.#server?.close()
    await this.#stored
    await this.#db.close()
  }

  #attach(socket: WebSocket, onLevel?: () => void): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('message', (data) => {
      const bytes = bytesOf(data)
      const body = bytes.subarray(1)
      if (bytes[0] === STATE_VECTOR) return socket.send(tagged(ANSWER, Y.encodeStateAsUpdate(this.#doc, body)))
      Y.applyUpdate(this.#doc, body, socket)
      if (bytes[0] === ANSWER) onLevel?.()
    })
    const introduce = (): void => socket.send(tagged(STATE_VECTOR, Y.encodeStateVector(this.#doc)))
    if (socket.readyState === socket.OPEN) introduce()
    else socket.on('open', introduce)
  }

  #onUpdate(update: Uint8Array, origin: unknown): void {
    const isOwn = origin === null
    this.#stored = this.#db.put(String(this.#count++).padStart(12, '0'), update, { sync: isOwn })
    for (const socket of this.#sockets) if (socket !== origin) socket.send(tagged(UPDATE, update))
  }
}

function tagged(tag: number, bytes: Uint8Array): Uint8Array {
  const message = new Uint8Array(1 + bytes.length)
  message[0] = tag
  message.set(bytes, 1)
  return message
}

export const baselineSystem: System = {
  create: (folder) => BaselinePeer.open(folder),
  newcomer: (folder) => BaselinePeer.open(folder),
  async open(folder, network) {
    const peer = await BaselinePeer.open(folder)
    if (network === 'listen') await peer.listen()
    return peer
  },
}
