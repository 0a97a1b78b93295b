/**
 * Vitest global set-up, on Node: a real y-webrtc signalling server, and in front of it lines that a test in the browser can cut and mend.
 * `POST /line` answers `{ id, url }`; `POST /cut/ID` drops every connection of the line and refuses new ones; `POST /mend/ID` lets them in again.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { dirname, join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a test asks for a line to the rendezvous. */
    rendezvousControl: string
  }
}

const LOCALHOST = '127.0.0.1'

/** Starts server and control, provides `rendezvousControl`, and gives the function that ends both. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const rendezvous = await startRendezvous()
  project.provide('rendezvousControl', rendezvous.control)
  return rendezvous.stop
}

export async function startRendezvous(): Promise<{ control: string; stop: () => Promise<void> }> {
  const port = await freePort()
  const program = join(dirname(createRequire(import.meta.url).resolve('y-webrtc')), '..', 'bin', 'server.js')
  const signalling = spawn(process.execPath, [program], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(signalling.stdout, 'data')
  const lines: Line[] = []
  const control = createHttpServer((request, response) => {
    const answer = async (): Promise<unknown> => {
      const [, action, id] = (request.url ?? '').split('/')
      if (action === 'line') return { id: lines.push(await openLine(port)) - 1, url: `ws://${LOCALHOST}:${lines.at(-1)?.port}` }
      const line = lines[Number(id)]
      if (action === 'cut') await line?.cut()
      else if (action === 'mend') await line?.mend()
      return {}
    }
    answer().then(
      (body) => respond(response, 200, body),
      (error: unknown) => respond(response, 500, { error: String(error) }),
    )
  })
  await listen(control, 0)
  return {
    control: `http://${LOCALHOST}:${(control.address() as AddressInfo).port}`,
    async stop() {
      for (const line of lines) await line.cut()
      control.close()
      control.closeAllConnections()
      signalling.kill()
      await once(signalling, 'exit')
    },
  }
}

interface Line {
  port: number
  cut(): Promise<void>
  mend(): Promise<void>
}

/** A way to the server through a port of its own. */
async function openLine(target: number): Promise<Line> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const onward = connect(target, LOCALHOST)
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  })
  await listen(server, 0)
  const { port } = server.address() as AddressInfo
  return {
    port,
    async cut() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
    mend: () => listen(server, port),
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, LOCALHOST)
  await once(server, 'listening')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await listen(server, 0)
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

function respond(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'access-control-allow-origin': '*', 'content-type': 'application/json' }).end(JSON.stringify(body))
}
