import { get as getHttp, type IncomingHttpHeaders } from 'node:http'
import { get as getHttps } from 'node:https'
import { connect } from 'node:net'
import type { RelayStats } from '../src/index.ts'

/** What an HTTP server answered. */
export interface Answer {
  status: number | undefined
  headers: IncomingHttpHeaders
  body: string
}

/** GET on a connection of its own; certificates are not checked. */
export function get(url: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? getHttps(url, { agent: false, rejectUnauthorized: false }) : getHttp(url, { agent: false })
    request.on('error', reject)
    request.on('response', (response) => {
      let body = ''
      response.on('data', (data: Buffer) => (body += data.toString()))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
    })
  })
}

/** Opens a bare socket that may well be reset, sends bytes, and resolves with what came once the other side has closed it. */
export function strangerClosed(port: number, bytes: Uint8Array = Buffer.alloc(0)): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    // Half-open: only the relay ends it.
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write(bytes))
    socket.on('data', (data) => (received += data.toString('latin1')))
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.destroy())
    socket.on('close', () => resolve(received))
  })
}

/** Waits for something that a relay in this process hears of in its own time. */
export async function until(relay: { stats(): RelayStats }, holds: (stats: RelayStats) => boolean): Promise<RelayStats> {
  for (;;) {
    const stats = relay.stats()
    if (holds(stats)) return stats
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Every sample of a Prometheus text, by name with labels; throws when a line is none or a name comes without its type. */
export function parseMetrics(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  const types = new Set<string>()
  if (!text.endsWith('\n')) throw new Error('the last line must end with a line feed')
  for (const line of text.slice(0, -1).split('\n')) {
    const type = /^# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge)$/.exec(line)
    if (type?.[1] !== undefined) types.add(type[1])
    if (line.startsWith('# ')) continue
    const match = /^(([a-z_:][a-z0-9_:]*)(?:\{[a-z]+="[A-Za-z]+"\})?) (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(line)
    if (match?.[1] === undefined || !types.has(match[2] ?? '')) throw new Error(`no sample: ${line}`)
    if (samples.has(match[1])) throw new Error(`twice: ${line}`)
    samples.set(match[1], Number(match[3]))
  }
  return samples
}
