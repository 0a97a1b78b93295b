/**
 * Serves the built demo: a handful of files from memory, compressed where the build has left a compressed copy, with the headers that a page holding private keys deserves, and `/config.json`,
 * which tells the page where peers meet.
 *
 * ```ts
 * const web = await serveWeb({ port: 0, rendezvous: ['ws://127.0.0.1:4444'] })
 * console.log(web.url) // http://127.0.0.1:49152/
 * await web.close()
 * ```
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SECURITY_HEADERS } from './headers.ts'

/** Where `vite build` puts the demo. */
export const DIST = fileURLToPath(new URL('../dist', import.meta.url))

/** How to serve the demo. */
export interface WebServerInit {
  /** TCP port; 0 takes a free one. */
  port: number
  /** Address to listen on. `127.0.0.1` by default; `0.0.0.0` or `::` for everybody. */
  host?: string
  /** Rendezvous URLs for `/config.json`. A wildcard host in them (`0.0.0.0`, `[::]`) becomes the name by which the page was asked for. */
  rendezvous: readonly string[]
  /** The folder with the built files; `DIST` when left out. They are read once, now. */
  root?: string
}

/** A running server of the demo. */
export interface WebServer {
  /** What to open in a browser, with the slash at its end. */
  readonly url: string
  readonly port: number
  /** Ends every connection. Safe to call twice. */
  close(): Promise<void>
}

/** Content codings by the ending of a copy beside the file, the better first. */
const CODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

interface Asset {
  readonly body: Buffer
  /** Compressed copies by their coding. */
  readonly copies: ReadonlyMap<string, Buffer>
  readonly type: string
  readonly tag: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/** Vite names these by their content, so they never change. */
const IMMUTABLE = /^\/assets\//

/** Serves until `close`. Rejects with the error of node:net (`code: 'EADDRINUSE'`) when the port cannot be had. */
export async function serveWeb(init: WebServerInit): Promise<WebServer> {
  const host = init.host ?? '127.0.0.1'
  const assets = await readAssets(init.root ?? DIST)
  const server = createServer((request, response) => answer(request, response, assets, init.rendezvous))
  await listen(server, init.port, host)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : init.port
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    return closed
  }
  return { url: `http://${hostInUrl(host)}:${port}/`, port, close: () => (closing ??= close()) }
}

/** The host as a browser on this machine can open it: a wildcard is no address. */
export function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

/** Everything below `root` by its path on the server. Only what is in this map is ever sent, so no path can lead out of the folder. */
async function readAssets(root: string): Promise<Map<string, Asset>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const isCopy = (file: string): boolean =>
    CODINGS.some(([, ending]) => file.endsWith(ending) && files.includes(file.slice(0, -ending.length)))
  const assets = await Promise.all(
    files
      .filter((file) => !isCopy(file))
      .map(async (file): Promise<[string, Asset]> => {
        const body = await readFile(file)
        const copies = new Map<string, Buffer>()
        for (const [coding, ending] of CODINGS) if (files.includes(file + ending)) copies.set(coding, await readFile(file + ending))
        const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
        return [
          `/${relative(root, file).split(sep).join('/')}`,
          { body, copies, type: TYPES[extname(file)] ?? 'application/octet-stream', tag },
        ]
      }),
  )
  return new Map(assets)
}

function answer(request: IncomingMessage, response: ServerResponse, assets: Map<string, Asset>, rendezvous: readonly string[]): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
  const path = (request.url ?? '/').split(/[?#]/, 1)[0] ?? '/'
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    send(request, response, 405, 'text/plain', 'Only GET and HEAD.\n')
  } else if (path === '/config.json') {
    response.setHeader('Cache-Control', 'no-store')
    send(request, response, 200, 'application/json', JSON.stringify({ rendezvous: rendezvous.map((url) => seenFrom(request, url)) }))
  } else {
    sendAsset(request, response, path, assets.get(path === '/' ? '/index.html' : path))
  }
}

function sendAsset(request: IncomingMessage, response: ServerResponse, path: string, asset: Asset | undefined): void {
  if (asset === undefined) {
    send(request, response, 404, 'text/plain', 'Not found.\n')
    return
  }
  response.setHeader('Cache-Control', IMMUTABLE.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
  const [coding] = CODINGS.find(([coding]) => asset.copies.has(coding) && takes(request, coding)) ?? []
  // Each form of a file has a tag of its own.
  const tag = coding === undefined ? asset.tag : asset.tag.replace(/"$/, `-${coding}"`)
  response.setHeader('ETag', tag)
  if (asset.copies.size > 0) response.setHeader('Vary', 'Accept-Encoding')
  if (request.headers['if-none-match'] === tag) {
    response.writeHead(304).end()
    return
  }
  if (coding !== undefined) response.setHeader('Content-Encoding', coding)
  send(request, response, 200, asset.type, (coding === undefined ? undefined : asset.copies.get(coding)) ?? asset.body)
}

/** Whether a browser takes a coding. One that it refuses (`br;q=0`) is not looked for: none does. */
function takes(request: IncomingMessage, coding: string): boolean {
  const accepted = (request.headers['accept-encoding'] ?? '').split(',')
  return accepted.some((accept) => accept.trim().split(';', 1)[0] === coding)
}

function send(request: IncomingMessage, response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** A rendezvous that listens on every address is reached by the name under which the page itself was. */
function seenFrom(request: IncomingMessage, url: string): string {
  const parsed = new URL(url)
  if (parsed.hostname !== '0.0.0.0' && parsed.hostname !== '[::]') return url
  const asked = URL.parse(`http://${request.headers.host ?? ''}`)?.hostname ?? '127.0.0.1'
  return `${parsed.protocol}//${asked}:${parsed.port}`
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
