import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect as connectTls, type PeerCertificate } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { createRelay, type Relay, type RelayInit, type TlsKeys } from '../src/index.ts'
import { connect } from './raw-client.ts'
import { get, parseMetrics, strangerClosed, until } from './strangers.ts'

const relays: Relay[] = []

afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.close()))
})

async function startRelay(init: Partial<RelayInit> = {}): Promise<Relay> {
  const relay = await createRelay({ port: 0, ...init })
  relays.push(relay)
  return relay
}

function keys(name: string): TlsKeys {
  const read = (kind: string) => readFileSync(new URL(`./fixtures/${name}.${kind}.pem`, import.meta.url))
  return { cert: read('cert'), key: read('key') }
}

function certificateOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      const { subject }: PeerCertificate = socket.getPeerCertificate()
      resolve(String(subject.CN))
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

/** The beginning of a WebSocket, up to the empty line. */
function upgrade(line = 'GET / HTTP/1.1'): string {
  return `${line}\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n`
}

describe('metrics', () => {
  test('are samples that Prometheus can read, and tell the same as stats', async () => {
    const relay = await startRelay({ circuit: { listen: ['/ip4/127.0.0.1/tcp/0'] } })
    const alice = await connect(relay.url)
    alice.send({ type: 'subscribe', topics: ['a secret room'] })
    alice.send({ type: 'publish', topic: 'a secret room', data: 'sealed' })
    alice.send({ type: 'nonsense' })
    await alice.settled()
    const { status, headers, body } = await get(relay.metricsUrl)
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' })
    const samples = parseMetrics(body)
    const named = (name: string) => samples.get(`parley_relay_${name}`)
    expect(named('connections')).toBe(1)
    expect(named('topics')).toBe(1)
    expect(named('received_total')).toBe(4)
    expect(named('delivered_total')).toBe(1)
    expect(named('refused_total{reason="UnknownType"}')).toBe(1)
    expect(named('circuit_connections')).toBe(0)
    expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
    expect(body).not.toMatch(/secret|127\.0\.0\.1/)
  })

  test('have an address of their own when asked to', async () => {
    const relay = await startRelay({ metrics: { port: 0, host: '127.0.0.1' } })
    expect((await get(relay.metricsUrl)).body).toContain('parley_relay_connections 0\n')
    expect((await get(relay.metricsUrl.replace('/metrics', '/healthz'))).status).toBe(200)
    expect((await get(`http://127.0.0.1:${relay.port}/metrics`)).status).toBe(404)
    await relay.close()
    await expect(get(relay.metricsUrl)).rejects.toThrow('ECONNREFUSED')
  })

  test('a busy metrics port is refused and leaves nothing open', async () => {
    const first = await startRelay({ metrics: { port: 0, host: '127.0.0.1' } })
    const metrics = { port: Number(new URL(first.metricsUrl).port), host: '127.0.0.1' }
    await expect(createRelay({ port: 0, metrics })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

describe('stopping', () => {
  test('is told to health checks and to newcomers, while those who do not answer get their grace', async () => {
    const relay = await startRelay({ limits: { closeGraceMs: 60_000 } })
    const alice = await connect(relay.url)
    alice.socket.pause()
    const closing = relay.close()
    expect(await get(relay.metricsUrl.replace('/metrics', '/healthz'))).toMatchObject({ status: 503, body: 'stopping\n' })
    await expect(connect(relay.url)).rejects.toThrow('503')
    expect(relay.stats().turnedAway.Stopping).toBe(1)
    alice.socket.resume()
    expect(await alice.closed).toBe(1001)
    await closing
  })
})

describe('TLS', () => {
  test('carries everything, and new keys serve new connections', async () => {
    const relay = await startRelay({ tls: keys('old') })
    expect(relay.url).toMatch(/^wss:/)
    const alice = await connect(relay.url, { rejectUnauthorized: false })
    expect((await get(relay.metricsUrl)).status).toBe(200)
    expect(await certificateOf(relay.port)).toBe('parley test old')
    relay.setTls(keys('new'))
    expect(await certificateOf(relay.port)).toBe('parley test new')
    await alice.settled()
    await until(relay, ({ handshakes }) => handshakes === 0)
  })

  test('handshakes that fail or never come are cut off and counted', async () => {
    const relay = await startRelay({ tls: keys('old'), limits: { handshakeMs: 300 } })
    await strangerClosed(relay.port, Buffer.from(`${upgrade()}\r\n`))
    expect(relay.stats()).toMatchObject({ tlsFailed: 1, halfOpen: 0 })
    await strangerClosed(relay.port)
    await until(relay, ({ halfOpen, handshakes }) => halfOpen === 1 && handshakes === 0)
  })

  test('covers the WebSockets of the circuit relay, new keys included', async () => {
    const circuit = { listen: ['/ip4/127.0.0.1/tcp/0/tls/ws'] }
    const relay = await startRelay({ tls: keys('old'), circuit })
    const [address = ''] = relay.multiaddrs
    expect(address).toMatch(/\/tls\/ws\/p2p\//)
    const port = Number(/\/tcp\/(\d+)/.exec(address)?.[1])
    expect(await certificateOf(port)).toBe('parley test old')
    relay.setTls(keys('new'))
    expect(await certificateOf(port)).toBe('parley test new')
  })
})

describe('half-open sockets', () => {
  test.each([
    ['nothing', ''],
    ['half a request line', 'GET / HT'],
    ['headers without an end', upgrade()],
  ])('one that sends %s is cut off in time and counted', async (_name, text) => {
    const relay = await startRelay({ limits: { handshakeMs: 300 } })
    const alice = await connect(relay.url)
    await strangerClosed(relay.port, Buffer.from(text))
    await alice.settled()
    expect(await until(relay, ({ handshakes }) => handshakes === 0)).toMatchObject({ halfOpen: 1, connections: 1 })
  })

  test('too many at a time are closed at once, and a WebSocket is none', async () => {
    const relay = await startRelay({ limits: { handshakesPerAddress: 1 } })
    const alice = await connect(relay.url)
    const waiting = strangerClosed(relay.port)
    await until(relay, ({ handshakes }) => handshakes === 1)
    await strangerClosed(relay.port)
    await expect(connect(relay.url)).rejects.toThrow()
    expect(relay.stats()).toMatchObject({ handshakes: 1, crowdedOut: 2, connections: 1 })
    await alice.settled()
    await relay.close()
    await waiting
  })

  test('behind a proxy, where all have one address, only their total counts', async () => {
    const relay = await startRelay({ trustProxy: true, limits: { handshakesPerAddress: 1, handshakes: 2 } })
    const waiting = [strangerClosed(relay.port), strangerClosed(relay.port)]
    await until(relay, ({ handshakes }) => handshakes === 2)
    await strangerClosed(relay.port)
    expect(relay.stats()).toMatchObject({ handshakes: 2, crowdedOut: 1 })
    await relay.close()
    await Promise.all(waiting)
  })

  test('one that is turned away is closed even if it never closes its own side', async () => {
    const relay = await startRelay({ limits: { connections: 0 } })
    expect(await strangerClosed(relay.port, Buffer.from(`${upgrade()}\r\n`))).toMatch(/^HTTP\/1\.1 503 /)
  })
})

describe('what is no WebSocket', () => {
  test.each([
    ['notHttp', '\x16\x03\x01 no http at all\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['notHttp', `GET / HTTP/1.1\r\nHost: ${'x'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 400 /],
    ['turnedAway', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['turnedAway', `${upgrade('POST / HTTP/1.1')}\r\n`, /^HTTP\/1\.1 405 /],
  ] as const)('is answered, closed and counted as %s', async (counter, text, answer) => {
    const relay = await startRelay()
    expect(await strangerClosed(relay.port, Buffer.from(text, 'latin1'))).toMatch(answer)
    const stats = await until(relay, ({ handshakes }) => handshakes === 0)
    expect(counter === 'notHttp' ? stats.notHttp : stats.turnedAway.BadUpgrade).toBe(1)
    expect(stats.addresses).toBeLessThanOrEqual(1)
  })

  test('only GET is answered', async () => {
    const relay = await startRelay()
    expect(await strangerClosed(relay.port, Buffer.from('DELETE /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'))).toMatch(/405/)
  })
})
