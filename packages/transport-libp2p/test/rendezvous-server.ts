import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'

/** The y-webrtc signalling protocol on loopback, as short as can be. */
export interface TestRendezvous {
  readonly url: string
  /** Everything that was published, as `topic data`. */
  readonly published: { topic: string; data: string }[]
  /** Says something to everybody on a topic, as anybody could. */
  publish(topic: string, data: string): void
  close(): Promise<void>
}

export async function startTestRendezvous(port = 0): Promise<TestRendezvous> {
  const server = new WebSocketServer({ port, host: '127.0.0.1' })
  await once(server, 'listening')
  const topics = new Map<WebSocket, Set<string>>()
  const published: { topic: string; data: string }[] = []
  const publish = (topic: string, data: string): void => {
    for (const [socket, subscribed] of topics) if (subscribed.has(topic)) socket.send(JSON.stringify({ type: 'publish', topic, data }))
  }
  server.on('connection', (socket) => {
    const subscribed = new Set<string>()
    topics.set(socket, subscribed)
    socket.on('close', () => topics.delete(socket))
    socket.on('message', (bytes: Buffer) => {
      const message = JSON.parse(bytes.toString()) as { type: string; topics: string[]; topic: string; data: string }
      if (message.type === 'subscribe') for (const topic of message.topics) subscribed.add(topic)
      if (message.type === 'unsubscribe') for (const topic of message.topics) subscribed.delete(topic)
      if (message.type !== 'publish') return
      published.push({ topic: message.topic, data: message.data })
      publish(message.topic, message.data)
    })
  })
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    published,
    publish,
    close: async () => {
      for (const socket of topics.keys()) socket.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}
