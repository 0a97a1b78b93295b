import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { CircuitLimits } from './circuit/limits.ts'
import { DEFAULT_CIRCUIT_LIMITS } from './circuit/limits.ts'
import type { TlsKeys } from './http.ts'
import { DEFAULT_LIMITS, type RelayLimits } from './limits.ts'
import { LOG_LEVELS, type LogLevel } from './logger.ts'
import type { RelayInit } from './relay.ts'

/** Where y-webrtc users expect signalling. */
const DEFAULT_PORT = 4444

/** Limits of the circuit relay are given to `--limit` with this in front. */
const CIRCUIT_PREFIX = 'circuit.'

/** What `--help` prints. */
export const USAGE = `Usage: relay [--port ${DEFAULT_PORT}] [--host 127.0.0.1] [options]

  --port N              TCP port of the rendezvous; 0 takes a free one
  --host ADDRESS        address to listen on; 0.0.0.0 for everybody
  --trust-proxy         count clients by the X-Forwarded-For of a reverse proxy in front
  --tls-cert FILE       certificate (chain), PEM; read again on SIGHUP
  --tls-key FILE        its private key, PEM; read again on SIGHUP
  --circuit MULTIADDR   be a libp2p circuit relay and listen there, such as /ip4/0.0.0.0/tcp/4001 or /ip4/0.0.0.0/tcp/4002/ws; repeatable
  --circuit-announce MULTIADDR
                        tell clients this address instead of those listened on; repeatable
  --key FILE            identity of the circuit relay, made if there is none; without it a fresh one every time
  --metrics HOST:PORT   answer /metrics there instead of on the port of the rendezvous
  --limit NAME=NUMBER   change a limit (see the guide), those of the circuit relay as circuit.NAME=NUMBER; repeatable
  --log-level LEVEL     ${LOG_LEVELS.join(', ')}; info unless told otherwise; one JSON object a line on stderr
  --log-addresses       put client addresses into the log
  --drain SECONDS       on SIGTERM, time between turning unhealthy and ending connections; 0 unless told otherwise
  --json                print everything on the ready line, as one JSON object
  --help
`

/** What the command line says. */
export interface Options {
  help: boolean
  json: boolean
  logLevel: LogLevel
  init: RelayInit
  /** Reads the files of `--tls-cert` and `--tls-key` (again); undefined without them. */
  readTls: (() => Promise<TlsKeys>) | undefined
}

/** Reads the command line. @throws Error with a message for the person who typed it */
export function readOptions(args?: string[]): Options {
  const { values } = parseArgs({
    ...(args === undefined ? {} : { args }),
    options: {
      port: { type: 'string', default: String(DEFAULT_PORT) },
      host: { type: 'string', default: '127.0.0.1' },
      'trust-proxy': { type: 'boolean', default: false },
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
      circuit: { type: 'string', multiple: true, default: [] },
      'circuit-announce': { type: 'string', multiple: true, default: [] },
      key: { type: 'string' },
      metrics: { type: 'string' },
      limit: { type: 'string', multiple: true, default: [] },
      'log-level': { type: 'string', default: 'info' },
      'log-addresses': { type: 'boolean', default: false },
      drain: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { circuit: listen, 'circuit-announce': announce, key: keyFile } = values
  if (listen.length === 0 && (announce.length > 0 || keyFile !== undefined)) {
    throw new Error('--circuit-announce and --key are for a circuit relay; say with --circuit where it listens.')
  }
  const { limits, circuitLimits } = readLimits(values.limit)
  const metrics = values.metrics === undefined ? undefined : readHostPort('--metrics', values.metrics)
  return {
    help: values.help,
    json: values.json,
    logLevel: readLevel(values['log-level']),
    init: {
      port: readPort('--port', values.port),
      host: values.host,
      trustProxy: values['trust-proxy'],
      logAddresses: values['log-addresses'],
      drainMs: readNumber('--drain', values.drain) * 1_000,
      limits,
      ...(metrics === undefined ? {} : { metrics }),
      ...(listen.length === 0
        ? {}
        : { circuit: { listen, announce, limits: circuitLimits, ...(keyFile === undefined ? {} : { keyFile }) } }),
    },
    readTls: readTlsFiles(values['tls-cert'], values['tls-key']),
  }
}

function readTlsFiles(certFile: string | undefined, keyFile: string | undefined): Options['readTls'] {
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined || keyFile === undefined) throw new Error('--tls-cert and --tls-key go together.')
  return async () => {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)])
    return { cert, key }
  }
}

function readLimits(texts: readonly string[]): { limits: Partial<RelayLimits>; circuitLimits: Partial<CircuitLimits> } {
  const limits: Partial<RelayLimits> = {}
  const circuitLimits: Partial<CircuitLimits> = {}
  for (const text of texts) {
    const [name = '', value = ''] = text.split('=', 2)
    const number = readNumber(`--limit ${name}`, value)
    const circuitName = name.startsWith(CIRCUIT_PREFIX) ? name.slice(CIRCUIT_PREFIX.length) : ''
    if (isKey(DEFAULT_LIMITS, name)) limits[name] = number
    else if (isKey(DEFAULT_CIRCUIT_LIMITS, circuitName)) circuitLimits[circuitName] = number
    else throw new Error(`--limit ${name} is not known; the guide lists them all.`)
  }
  return { limits, circuitLimits }
}

function isKey<T extends object>(object: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(object, key)
}

function readLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((level) => level === text)
  if (level === undefined) throw new Error(`--log-level ${text} is none of ${LOG_LEVELS.join(', ')}.`)
  return level
}

function readHostPort(flag: string, text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) throw new Error(`${flag} ${text} is no HOST:PORT, such as 127.0.0.1:9464 or [::1]:9464.`)
  return { host, port: readPort(flag, match?.[3] ?? '') }
}

function readPort(flag: string, text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new Error(`${flag} ${text} is no port; give a number from 0 to 65535.`)
  return port
}

function readNumber(flag: string, text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) throw new Error(`${flag} ${text} is no whole number.`)
  return number
}
