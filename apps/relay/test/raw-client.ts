import { WebSocket, type ClientOptions } from 'ws'

/** A bare WebSocket that keeps what it was told, so that a test can wait for the next message or for the end. */
export interface RawClient {
  socket: WebSocket
  /** Everything that came, in order. */
  received: unknown[]
  send(message: unknown): void
  sendText(text: string): void
  /** The next message that `next` has not given yet. */
  next(): Promise<unknown>
  /** Waits until everything sent so far was handled: messages are handled in order, and a ping is answered. */
  settled(): Promise<void>
  /** The close code, once closed. */
  closed: Promise<number>
}

/** Connects, or rejects with the error of `ws`. */
export async function connect(url: string, options: ClientOptions = {}): Promise<RawClient> {
  const socket = new WebSocket(url, { perMessageDeflate: false, ...options })
  const received: unknown[] = []
  let read = 0
  let arrived = Promise.withResolvers<void>()
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  socket.on('message', (data: Buffer) => {
    received.push(JSON.parse(data.toString()))
    arrived.resolve()
    arrived = Promise.withResolvers<void>()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
  socket.on('error', (error) => received.push({ error: error.message }))
  const next = async (): Promise<unknown> => {
    while (read >= received.length) await arrived.promise
    return received[read++]
  }
  const sendText = (text: string): void => socket.send(text)
  const send = (message: unknown): void => sendText(JSON.stringify(message))
  const settled = async (): Promise<void> => {
    send({ type: 'ping' })
    while (!isPong(await next())) continue
  }
  return { socket, received, send, sendText, next, settled, closed }
}

function isPong(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'pong'
}
