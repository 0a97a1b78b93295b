/**
 * The demo from its sources, with hot reload: Vite's own server plus the `/config.json` of the real one. Without the security headers of
 * `serve.ts`, for hot reload needs what they forbid.
 */
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { hostInUrl, type WebServer, type WebServerInit } from './serve.ts'

/** Serves the sources until `close`. Rejects with `code: 'EADDRINUSE'` when the port is taken. */
export async function serveDevelopment(init: WebServerInit): Promise<WebServer> {
  const host = init.host ?? '127.0.0.1'
  const vite = await createServer({
    configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)),
    server: { port: init.port, host, strictPort: true },
    plugins: [
      {
        name: 'parley-config',
        configureServer(server) {
          server.middlewares.use('/config.json', (_request, response) => {
            response.setHeader('Content-Type', 'application/json')
            response.end(JSON.stringify({ rendezvous: init.rendezvous }))
          })
        },
      },
    ],
  })
  try {
    await vite.listen()
  } catch (error) {
    await vite.close()
    throw isPortTaken(error) ? Object.assign(new Error(`port ${init.port} is in use`, { cause: error }), { code: 'EADDRINUSE' }) : error
  }
  const port = vite.config.server.port
  return { url: `http://${hostInUrl(host)}:${port}/`, port, close: () => vite.close() }
}

/** Vite says it in words only. */
function isPortTaken(error: unknown): boolean {
  return error instanceof Error && /already in use/.test(error.message)
}
