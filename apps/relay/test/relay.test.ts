import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { attachRelay, createRelay, type Relay, type RelayInit } from '../src/index.ts'
import { connect } from './raw-client.ts'

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function startRelay(init: Partial<RelayInit> = {}): Promise<Relay> {
  const relay = await createRelay({ port: 0, ...init })
  cleanups.push(() => relay.close())
  return relay
}

function httpGet(url: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      let body = ''
      response.on('data', (data: Buffer) => (body += data.toString()))
      response.on('end', () => resolve({ status: response.statusCode, body }))
    }).on('error', reject)
  })
}

describe('signalling', () => {
  test('what alice publishes reaches bob, with the number of subscribers', async () => {
    const relay = await startRelay()
    const alice = await connect(relay.url)
    const bob = await connect(relay.url)
    bob.send({ type: 'subscribe', topics: ['room', 'other'] })
    await bob.settled()
    alice.send({ type: 'publish', topic: 'room', data: 'c2VhbGVk' })
    expect(await bob.next()).toEqual({ type: 'publish', topic: 'room', data: 'c2VhbGVk', clients: 1 })
  })

  test('a subscribed sender hears itself, as with the stock server', async () => {
    const relay = await startRelay()
    const alice = await connect(relay.url)
    const bob = await connect(relay.url)
    for (const client of [alice, bob]) {
      client.send({ type: 'subscribe', topics: ['room'] })
      await client.settled()
    }
    alice.send({ type: 'publish', topic: 'room', data: { type: 'announce', from: 'alice' } })
    const expected = { type: 'publish', topic: 'room', data: { type: 'announce', from: 'alice' }, clients: 2 }
    expect(await alice.next()).toEqual(expected)
    expect(await bob.next()).toEqual(expected)
  })

  test('nobody hears a topic after unsubscribing', async () => {
    const relay = await startRelay()
    const alice = await connect(relay.url)
    alice.send({ type: 'subscribe', topics: ['room'] })
    alice.send({ type: 'unsubscribe', topics: ['room', 'never-had'] })
    alice.send({ type: 'publish', topic: 'room', data: 1 })
    await alice.settled()
    expect(alice.received).toEqual([{ type: 'pong' }])
    expect(relay.stats()).toMatchObject({ topics: 0, subscriptions: 0 })
  })

  test('a topic may be named like a prototype key', async () => {
    const relay = await startRelay()
    const alice = await connect(relay.url)
    alice.send({ type: 'subscribe', topics: ['__proto__', 'constructor'] })
    alice.send({ type: 'publish', topic: '__proto__', data: 1 })
    expect(await alice.next()).toEqual({ type: 'publish', topic: '__proto__', data: 1, clients: 1 })
    expect(relay.stats().topics).toBe(2)
  })

  test('binary messages are read like text', async () => {
    const relay = await startRelay()
    const alice = await connect(relay.url)
    alice.socket.send(Buffer.from('{"type":"ping"}'))
    expect(await alice.next()).toEqual({ type: 'pong' })
  })
})

describe('life cycle', () => {
  test('health is told over http', async () => {
    const relay = await startRelay()
    expect(await httpGet(`${relay.url.replace('ws', 'http')}/healthz`)).toEqual({ status: 200, body: 'ok\n' })
    expect((await httpGet(`${relay.url.replace('ws', 'http')}/else`)).status).toBe(404)
  })

  test('a busy port is refused with the code of the system', async () => {
    const relay = await startRelay()
    await expect(createRelay({ port: relay.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  test('a client that leaves takes its subscriptions along', async () => {
    const relay = await startRelay()
    const alice = await connect(relay.url)
    const bob = await connect(relay.url)
    alice.send({ type: 'subscribe', topics: ['room', 'mine'] })
    await alice.settled()
    bob.send({ type: 'subscribe', topics: ['room'] })
    await bob.settled()
    alice.socket.terminate()
    // The relay hears of the end in its own time; every round trip of bob gives it the chance to.
    while (relay.stats().connections > 1) await bob.settled()
    expect(relay.stats()).toMatchObject({ connections: 1, topics: 1, subscriptions: 1 })
  })

  test('close ends every connection, frees everything and can be called twice', async () => {
    const relay = await startRelay()
    const alice = await connect(relay.url)
    alice.send({ type: 'subscribe', topics: ['room'] })
    await alice.settled()
    await Promise.all([relay.close(), relay.close()])
    expect(await alice.closed).toBe(1001)
    expect(relay.stats()).toMatchObject({ connections: 0, topics: 0, subscriptions: 0 })
    await expect(connect(relay.url)).rejects.toThrow('ECONNREFUSED')
  })

  test('close does not wait for clients that do not answer', async () => {
    const relay = await startRelay({ limits: { closeGraceMs: 10 } })
    const alice = await connect(relay.url)
    alice.socket.pause()
    await relay.close()
    expect(relay.stats().connections).toBe(0)
  })

  test('shares a server: its own path is answered, other listeners keep theirs, and closing leaves the page', async () => {
    const server = createServer((_request, response) => response.end('page'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    cleanups.push(() => new Promise((resolve) => server.close(() => resolve())))
    const { port } = server.address() as AddressInfo
    const relay = attachRelay(server, { path: '/signal' })
    cleanups.push(() => relay.close())

    const alice = await connect(`ws://127.0.0.1:${port}/signal?v=1`)
    await alice.settled()
    await expect(connect(`ws://127.0.0.1:${port}//`)).rejects.toThrow('404')
    server.on('upgrade', (request, socket) => {
      if (request.url === '/mine') socket.end('HTTP/1.1 418 Teapot\r\n\r\n')
    })
    await expect(connect(`ws://127.0.0.1:${port}/mine`)).rejects.toThrow('418')

    await relay.close()
    expect(await alice.closed).toBe(1001)
    expect(await httpGet(`http://127.0.0.1:${port}/`)).toEqual({ status: 200, body: 'page' })
  })
})
