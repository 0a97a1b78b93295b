import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { createRelay, DEFAULT_CIRCUIT_LIMITS, DEFAULT_LIMITS } from '../src/index.ts'
import { USAGE } from '../src/options.ts'
import { dialThrough, echo, startPeer, stopPeers } from './circuit-peer.ts'
import { connect } from './raw-client.ts'
import { get, parseMetrics } from './strangers.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const GUIDE = fileURLToPath(new URL('../../../docs/guides/relay.md', import.meta.url))

interface Ready {
  url: string
  metricsUrl: string
  peerId: string
  multiaddrs: string[]
}

const children: ChildProcessByStdio<null, Readable, Readable>[] = []
const folders: string[] = []

afterEach(async () => {
  await stopPeers()
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

function run(...args: string[]): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn(process.execPath, ['--conditions=@parley/source', MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  return child
}

async function read(stream: Readable): Promise<string> {
  let text = ''
  for await (const part of stream) text += String(part)
  return text
}

async function firstLine(stream: Readable): Promise<string> {
  const [line] = (await once(createInterface(stream), 'line')) as [string]
  return line
}

async function start(...args: string[]) {
  const child = run('--port', '0', '--json', ...args)
  const exit = once(child, 'exit')
  const log = read(child.stderr)
  const ready = JSON.parse(await firstLine(child.stdout)) as Ready
  return { child, exit, log, ready }
}

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-relay-'))
  folders.push(folder)
  return folder
}

function events(log: string): unknown[] {
  const lines = log.split('\n').slice(0, -1)
  return lines.map((line) => (JSON.parse(line) as { event: unknown }).event)
}

describe('life', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('says where it listens, relays, and ends cleanly on %s', async (signal) => {
    const child = run('--port', '0')
    const exit = once(child, 'exit')
    const { url } = JSON.parse(await firstLine(child.stdout)) as { url: string }
    const alice = await connect(url)
    await alice.settled()
    child.kill(signal)
    expect(await alice.closed).toBe(1001)
    expect(await exit).toEqual([0, null])
  })

  test('ends in bounded time though a client does not answer, and is unhealthy until then', async () => {
    const { child, exit, ready, log } = await start()
    const alice = await connect(ready.url)
    const bob = await connect(ready.url)
    bob.socket.pause()
    child.kill('SIGTERM')
    const health = ready.metricsUrl.replace('/metrics', '/healthz')
    while ((await get(health)).status === 200) continue
    expect(await get(health)).toMatchObject({ status: 503, body: 'stopping\n' })
    await expect(connect(ready.url)).rejects.toThrow('503')
    expect(await alice.closed).toBe(1001)
    expect(await exit).toEqual([0, null])
    expect(events(await log)).toEqual(['relay.started', 'relay.stopping', 'relay.stopped'])
    bob.socket.terminate()
  })

  test('a second signal ends it as it is', async () => {
    const { child, exit, ready } = await start('--drain', '3600')
    child.kill('SIGTERM')
    while ((await get(ready.metricsUrl.replace('/metrics', '/healthz'))).status === 200) continue
    child.kill('SIGTERM')
    expect(await exit).toEqual([1, null])
  })
})

describe('the circuit relay', () => {
  test('prints its addresses with --json, counts, and two peers meet through it', async () => {
    const { child, exit, ready } = await start(
      '--circuit',
      '/ip4/127.0.0.1/tcp/0',
      '--circuit',
      '/ip4/127.0.0.1/tcp/0/ws',
      '--metrics',
      '127.0.0.1:0',
    )
    const [tcp = '', ws = ''] = ready.multiaddrs
    const alice = await startPeer(ws)
    const bob = await startPeer()
    expect(await echo(await dialThrough(tcp, bob, alice), 'hello')).toBe('hello')
    expect(parseMetrics((await get(ready.metricsUrl)).body).get('parley_relay_circuits')).toBe(1)
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
  })

  test('prints its addresses one a line without, and is the one of its key', async () => {
    const key = join(await temporary(), 'key')
    const first = await createRelay({ port: 0, circuit: { listen: ['/ip4/127.0.0.1/tcp/0'], keyFile: key } })
    const { peerId } = first
    await first.close()
    const child = run('--port', '0', '--circuit', '/ip4/127.0.0.1/tcp/0', '--circuit', '/ip4/127.0.0.1/tcp/0/ws', '--key', key)
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    const line = async () => (await lines.next()).value as string
    expect(Object.keys(JSON.parse(await line()) as object)).toEqual(['url'])
    expect(await line()).toMatch(new RegExp(`^/ip4/127.0.0.1/tcp/\\d+/p2p/${peerId}$`))
    expect(await line()).toMatch(new RegExp(`^/ip4/127.0.0.1/tcp/\\d+/ws/p2p/${peerId}$`))
  })
})

describe('TLS', () => {
  test('serves by flags and reads the files again on SIGHUP; keys that do not fit leave the old ones', async () => {
    const folder = await temporary()
    const use = async (certificate: string, key: string): Promise<void> => {
      for (const [kind, name] of [['cert', certificate] as const, ['key', key] as const]) {
        await copyFile(new URL(`./fixtures/${name}.${kind}.pem`, import.meta.url), join(folder, kind))
      }
    }
    await use('old', 'old')
    const child = run('--port', '0', '--json', '--tls-cert', join(folder, 'cert'), '--tls-key', join(folder, 'key'))
    const log = createInterface(child.stderr)[Symbol.asyncIterator]()
    const event = async () => (JSON.parse((await log.next()).value as string) as { event: unknown }).event
    const { url } = JSON.parse(await firstLine(child.stdout)) as Ready
    expect(url).toMatch(/^wss:/)
    const alice = await connect(url, { rejectUnauthorized: false })
    const name = async (): Promise<unknown> => {
      const socket = connectTls({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false })
      await once(socket, 'secureConnect')
      const { subject } = socket.getPeerCertificate()
      socket.destroy()
      return subject.CN
    }
    expect(await event()).toBe('relay.started')
    expect(await name()).toBe('parley test old')
    await use('new', 'old')
    child.kill('SIGHUP')
    expect(await event()).toBe('tls.reloadFailed')
    expect(await name()).toBe('parley test old')
    await use('new', 'new')
    child.kill('SIGHUP')
    expect(await event()).toBe('tls.reloaded')
    expect(await name()).toBe('parley test new')
    await alice.settled()
  })
})

describe('the log', () => {
  test.each([
    [[], false],
    [['--log-addresses'], true],
  ])('is JSON lines; with %j addresses are in it: %s', async (flags, withAddresses) => {
    const { child, exit, log, ready } = await start('--log-level', 'debug', '--limit', 'strikes=1', ...flags)
    const mallory = await connect(ready.url)
    mallory.sendText('{"type":"subscribe","topics":["a secret room",1]}')
    expect(await mallory.closed).toBe(1008)
    child.kill('SIGTERM')
    await exit
    const text = await log
    // When it is over for the relay depends on when the client hangs up.
    const inOrder = events(text).filter((event) => event !== 'connection.closed')
    expect(inOrder).toEqual(['relay.started', 'connection.opened', 'connection.cutOff', 'relay.stopping', 'relay.stopped'])
    expect(events(text)).toContain('connection.closed')
    expect(text.includes('127.0.0.1')).toBe(withAddresses)
    expect(text).not.toContain('secret')
  })
})

describe('the command line', () => {
  test('a busy port is said plainly', async () => {
    const relay = await createRelay({ port: 0 })
    const child = run('--port', String(relay.port))
    const [text, exit] = await Promise.all([read(child.stderr), once(child, 'exit')])
    await relay.close()
    expect(text).toBe(`relay: Port ${relay.port} is in use. Give another one with --port, or --port 0 for any free one.\n`)
    expect(exit).toEqual([1, null])
  })

  test('the guide names every flag, limit, default and metric', async () => {
    const guide = await readFile(GUIDE, 'utf8')
    for (const [flag] of USAGE.matchAll(/--[a-z-]+/g)) expect(guide).toContain(flag)
    const circuit = Object.entries<number>({ ...DEFAULT_CIRCUIT_LIMITS }).map(([name, value]) => [`circuit.${name}`, value] as const)
    for (const [name, value] of [...Object.entries<number>({ ...DEFAULT_LIMITS }), ...circuit]) {
      expect(guide).toMatch(new RegExp(`\\| \`${name}\` +\\| ${value.toLocaleString('en')} +\\|`))
    }
    const relay = await createRelay({ port: 0, circuit: { listen: ['/ip4/127.0.0.1/tcp/0'] } })
    const samples = parseMetrics((await get(relay.metricsUrl)).body)
    await relay.close()
    for (const name of samples.keys()) expect(guide).toContain(`\`${name.replace(/\{.*/, '')}\``)
  })
})
