import { createRelay } from '@parley/relay'
import { createServer, request, type IncomingHttpHeaders } from 'node:http'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onNextFreePort } from '../server/ports.ts'
import { serveWeb, type WebServer } from '../server/serve.ts'

interface Answer {
  status: number | undefined
  headers: IncomingHttpHeaders
  body: string
}

/** Unlike `fetch`, sends the path as it is: no `..` is resolved on the way. */
function ask(url: string, path: string, init: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    request({ hostname, port, path, method: init.method ?? 'GET', headers: init.headers ?? {} }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
    })
      .on('error', reject)
      .end()
  })
}

describe('the server of the demo', () => {
  let folder = ''
  let web: WebServer

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-web-'))
    await mkdir(join(folder, 'site', 'assets'), { recursive: true })
    await writeFile(join(folder, 'secret.txt'), 'not for you')
    await writeFile(join(folder, 'site', 'index.html'), '<!doctype html>')
    await writeFile(join(folder, 'site', 'assets', 'app-1a2b3c.js'), 'export {}')
    await writeFile(join(folder, 'site', 'assets', 'app-1a2b3c.js.br'), 'as brotli')
    web = await serveWeb({ port: 0, root: join(folder, 'site'), rendezvous: ['wss://meet.example/', 'ws://0.0.0.0:4444'] })
  })

  afterAll(async () => {
    await web.close()
    await rm(folder, { recursive: true })
  })

  test('answers / with the page, under a policy that lets code come from this origin only', async () => {
    const { status, headers, body } = await ask(web.url, '/')
    expect({ status, body, type: headers['content-type'] }).toEqual({
      status: 200,
      body: '<!doctype html>',
      type: 'text/html; charset=utf-8',
    })
    const policy = String(headers['content-security-policy'])
    expect(policy.split('; ')).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self' ws: wss:"]))
    expect(policy).not.toContain('unsafe')
    expect(headers['cross-origin-opener-policy']).toBe('same-origin')
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  test('lets hashed files be kept for ever, asks for the page every time, and answers a known tag with 304', async () => {
    const asset = await ask(web.url, '/assets/app-1a2b3c.js?x=1')
    expect(asset.headers['cache-control']).toContain('immutable')
    expect(asset.headers['content-type']).toContain('text/javascript')
    const page = await ask(web.url, '/')
    expect(page.headers['cache-control']).toBe('no-cache')
    const again = await ask(web.url, '/', { headers: { 'if-none-match': String(page.headers.etag) } })
    expect({ status: again.status, body: again.body }).toEqual({ status: 304, body: '' })
  })

  test('sends a compressed copy to whoever takes it, with a tag of its own', async () => {
    const plain = await ask(web.url, '/assets/app-1a2b3c.js')
    const brotli = await ask(web.url, '/assets/app-1a2b3c.js', { headers: { 'accept-encoding': 'gzip, deflate, br;q=0.9' } })
    expect({ body: brotli.body, coding: brotli.headers['content-encoding'], vary: brotli.headers['vary'] }).toEqual({
      body: 'as brotli',
      coding: 'br',
      vary: 'Accept-Encoding',
    })
    expect(brotli.headers.etag).not.toBe(plain.headers.etag)
    expect(plain.headers['content-encoding']).toBeUndefined()
    const gzip = await ask(web.url, '/assets/app-1a2b3c.js', { headers: { 'accept-encoding': 'gzip' } })
    expect(gzip.headers['content-encoding']).toBeUndefined()
    const headers = { 'accept-encoding': 'br', 'if-none-match': String(brotli.headers.etag) }
    expect((await ask(web.url, '/assets/app-1a2b3c.js', { headers })).status).toBe(304)
    expect((await ask(web.url, '/assets/app-1a2b3c.js.br')).status).toBe(404)
  })

  test.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '//secret.txt',
    '/assets',
    '/assets/',
    '/nothing',
    '*',
  ])('has nothing at %s', async (path) => {
    const { status, body, headers } = await ask(web.url, path)
    expect({ status, body }).toEqual({ status: 404, body: 'Not found.\n' })
    expect(headers['content-security-policy']).toBeDefined()
  })

  test('takes GET and HEAD only', async () => {
    expect((await ask(web.url, '/', { method: 'POST' })).status).toBe(405)
    const head = await ask(web.url, '/', { method: 'HEAD' })
    expect({ status: head.status, length: head.headers['content-length'], body: head.body }).toEqual({
      status: 200,
      length: '15',
      body: '',
    })
  })

  test('tells the page its rendezvous, a wildcard one by the name that the page was asked under', async () => {
    const { body } = await ask(web.url, '/config.json', { headers: { host: 'laptop.local:5173' } })
    expect(JSON.parse(body)).toEqual({ rendezvous: ['wss://meet.example/', 'ws://laptop.local:4444'] })
    const odd = await ask(web.url, '/config.json', { headers: { host: 'a b"c' } })
    expect(JSON.parse(odd.body)).toEqual({ rendezvous: ['wss://meet.example/', 'ws://127.0.0.1:4444'] })
  })

  test('can be closed twice', async () => {
    const other = await serveWeb({ port: 0, root: join(folder, 'site'), rendezvous: [] })
    await Promise.all([other.close(), other.close()])
    await expect(ask(other.url, '/')).rejects.toThrow('ECONNREFUSED')
  })
})

describe('onNextFreePort', () => {
  test('steps over a busy port', async () => {
    const busy = createServer()
    const wanted = await new Promise<number>((resolve) => {
      busy.listen(0, '127.0.0.1', () => resolve((busy.address() as { port: number }).port))
    })
    const { server, asWanted } = await onNextFreePort(wanted, (port) => createRelay({ port, host: '127.0.0.1' }))
    expect(asWanted).toBe(false)
    expect(server.port).toBeGreaterThan(wanted)
    await server.close()
    await new Promise((resolve) => busy.close(resolve))
  })

  test('keeps the wanted port, passes other failures on, and gives up in the end', async () => {
    expect(await onNextFreePort(7, (port) => Promise.resolve(port))).toEqual({ server: 7, asWanted: true })
    await expect(onNextFreePort(7, () => Promise.reject(new Error('no such host')))).rejects.toThrow('no such host')
    const tried: number[] = []
    const busy = Object.assign(new Error('busy'), { code: 'EADDRINUSE' })
    const refuse = (port: number): Promise<never> => {
      tried.push(port)
      return Promise.reject(busy)
    }
    await expect(onNextFreePort(65_530, refuse)).rejects.toBe(busy)
    expect(tried).toEqual([65_530, 65_531, 65_532, 65_533, 65_534, 65_535])
  })
})
