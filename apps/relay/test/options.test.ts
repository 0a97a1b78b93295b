import { expect, test } from 'vitest'
import { readOptions, USAGE } from '../src/options.ts'

test('says what was asked for', () => {
  const { init, json, logLevel } = readOptions([
    ...['--port', '0', '--host', '::', '--trust-proxy', '--json', '--log-level', 'debug', '--log-addresses', '--drain', '5'],
    ...['--circuit', '/ip4/0.0.0.0/tcp/4001', '--circuit-announce', '/dns4/relay.example/tcp/4001', '--key', 'key'],
    ...['--metrics', '[::1]:9464', '--limit', 'connections=10', '--limit', 'circuit.connections=20'],
  ])
  expect({ json, logLevel }).toEqual({ json: true, logLevel: 'debug' })
  expect(init).toEqual({
    port: 0,
    host: '::',
    trustProxy: true,
    logAddresses: true,
    drainMs: 5_000,
    limits: { connections: 10 },
    metrics: { host: '::1', port: 9_464 },
    circuit: {
      listen: ['/ip4/0.0.0.0/tcp/4001'],
      announce: ['/dns4/relay.example/tcp/4001'],
      keyFile: 'key',
      limits: { connections: 20 },
    },
  })
})

test('the help names every flag', () => {
  expect(readOptions(['--help']).help).toBe(true)
  const flags = ['port', 'host', 'trust-proxy', 'tls-cert', 'tls-key', 'circuit', 'circuit-announce', 'key', 'metrics']
  for (const flag of [...flags, 'limit', 'log-level', 'log-addresses', 'drain', 'json']) expect(USAGE).toContain(`  --${flag}`)
})

test('has sensible defaults', () => {
  const { init, json, logLevel, readTls } = readOptions([])
  expect({ json, logLevel, readTls }).toEqual({ json: false, logLevel: 'info', readTls: undefined })
  expect(init).toMatchObject({ port: 4_444, host: '127.0.0.1', trustProxy: false, logAddresses: false, drainMs: 0, limits: {} })
  expect(init.circuit).toBeUndefined()
})

test.each([
  [['--port', 'x'], '--port x is no port'],
  [['--port', '70000'], '--port 70000 is no port'],
  [['--nonsense'], '--nonsense'],
  [['stray'], 'stray'],
  [['--tls-cert', 'a'], 'go together'],
  [['--key', 'a'], '--circuit where it listens'],
  [['--circuit-announce', '/ip4/1.2.3.4/tcp/1'], '--circuit where it listens'],
  [['--metrics', '9464'], 'no HOST:PORT'],
  [['--metrics', 'x:99999'], 'no port'],
  [['--limit', 'connections'], 'no whole number'],
  [['--limit', 'connections=-1'], 'no whole number'],
  [['--limit', 'connections=1e3'], 'no whole number'],
  [['--limit', 'toString=1'], 'not known'],
  [['--limit', 'circuit.toString=1'], 'not known'],
  [['--limit', 'circuit.messageBytes=1'], 'not known'],
  [['--log-level', 'loud'], 'is none of error, warn, info, debug'],
  [['--drain', 'soon'], 'no whole number'],
])('refuses %j', (args, message) => {
  expect(() => readOptions(args)).toThrow(message)
})
