/**
 * The running peer's side: runs the commands of other processes of the same user.
 */
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { unlink } from 'node:fs/promises'
import { ParleyError } from '@parley/protocol'
import type { Io } from '../printer.ts'
import type { OpenScreen, ScreenListener, Size } from '../screen.ts'
import { BadLine, LineReader } from './lines.ts'
import { encodeLine, MAX_REQUEST_BYTES, parseRequest } from './messages.ts'
import type { Reply, Request } from './messages.ts'

/** Commands at the same time. Each costs little, but not nothing. */
const MAX_CONNECTIONS = 64
/** Output that a command has not taken yet. One that is stopped while it tails a busy conversation is let go of beyond this. */
const MAX_QUEUED_BYTES = 64 << 20
/** For commands to take their last words; one that is stopped would keep the peer from ending. */
const CLOSE_GRACE_MS = 1000
/** Bits taken away from the socket's rights, which leaves reading and writing to its owner. */
const SOCKET_UMASK = 0o177

/** Runs a command line and answers its exit code; must not throw. */
export type RunCommand = (argv: readonly string[], io: Io, signal: AbortSignal) => Promise<0 | 1>

export interface AttachServer {
  /** Cancels what runs, waits for it to end, and removes the socket. */
  close(): Promise<void>
}

/** Listens at `path`. The caller owns the profile, so whatever socket is there is left over from a process that died. */
export async function serveCommands(path: string, run: RunCommand): Promise<AttachServer> {
  if (process.platform !== 'win32') await removeStale(path)
  const running = new Map<Socket, { controller: AbortController; done: Promise<void> }>()
  const server = createServer((socket) => {
    const controller = new AbortController()
    running.set(socket, { controller, done: serveOne(socket, run, controller) })
    socket.once('close', () => running.delete(socket))
  })
  server.maxConnections = MAX_CONNECTIONS
  await listen(server, path)
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const ending = [...running.values()].map(({ controller, done }) => {
        controller.abort()
        return done
      })
      await Promise.all(ending)
      const impatience = setTimeout(() => running.forEach((_, socket) => socket.destroy()), CLOSE_GRACE_MS)
      await closed
      clearTimeout(impatience)
    },
  }
}

async function serveOne(socket: Socket, run: RunCommand, controller: AbortController): Promise<void> {
  const send = (reply: Reply): void => {
    if (socket.writable) socket.write(encodeLine(reply))
    if (socket.writableLength > MAX_QUEUED_BYTES) socket.destroy()
  }
  const first = Promise.withResolvers<(Request & { type: 'run' }) | undefined>()
  const input = new RequestedInput(() => send({ type: 'read' }))
  const screen = new RemoteScreen(send)
  const lines = new LineReader(MAX_REQUEST_BYTES)
  let hasRun = false
  const receive = (request: Request): void => {
    if ((request.type === 'run') === hasRun) throw new BadLine('out of turn')
    if (request.type === 'run') {
      hasRun = true
      first.resolve(request)
    } else if (request.type === 'cancel') controller.abort()
    else if (request.type === 'keys' || request.type === 'resize') screen.receive(request)
    else input.give(request.type === 'input' ? request.data : undefined)
  }
  const gone = (): void => {
    first.resolve(undefined)
    controller.abort()
    input.give(undefined)
  }
  socket.on('data', (bytes) => {
    try {
      for (const line of lines.push(bytes)) receive(parseRequest(line))
    } catch (error) {
      if (!(error instanceof BadLine)) throw error
      // Whoever speaks like this is no command of ours; it is told so, and what it may have begun is cancelled.
      send({ type: 'err', line: `parley: the request was refused (${error.message})` })
      send({ type: 'exit', code: 1 })
      socket.destroySoon()
      gone()
    }
  })
  socket.on('close', gone)
  // A connection that breaks is closed right after; `gone` deals with it.
  socket.on('error', gone)
  controller.signal.addEventListener('abort', () => first.resolve(undefined))

  const request = await first.promise
  if (request !== undefined) {
    const io: Io = {
      out: (line) => send({ type: 'out', line }),
      err: (line) => send({ type: 'err', line }),
      input: () => input.pieces(),
      terminal: { columns: request.columns, timeZone: request.timeZone, hasColour: request.hasColour },
      openScreen: request.hasScreen ? screen.open : undefined,
      folder: request.folder,
    }
    // Cancelled in the same breath: then it never ran, which is what was wanted.
    send({ type: 'exit', code: controller.signal.aborted ? 1 : await run(request.argv, io, controller.signal) })
  }
  socket.destroySoon()
}

/** The terminal of the other process, which takes it over and gives it back as it is told. How large it is comes right after. */
class RemoteScreen {
  readonly #send: (reply: Reply) => void
  #size: Size = { columns: 0, rows: 0 }
  #listener: ScreenListener | undefined

  constructor(send: (reply: Reply) => void) {
    this.#send = send
  }

  readonly open: OpenScreen = (listener) => {
    this.#listener = listener
    this.#send({ type: 'screen', on: true })
    const isOpen = (): boolean => this.#listener === listener
    const size = (): Size => this.#size
    return {
      get size() {
        return size()
      },
      write: (data) => {
        if (isOpen()) this.#send({ type: 'draw', data })
      },
      close: () => {
        if (!isOpen()) return
        this.#listener = undefined
        this.#send({ type: 'screen', on: false })
      },
    }
  }

  /** What was typed before the screen was closed there may come after it was closed here. */
  receive(request: Extract<Request, { type: 'keys' | 'resize' }>): void {
    if (request.type === 'keys') return this.#listener?.keys(request.data)
    this.#size = { columns: request.columns, rows: request.rows }
    this.#listener?.resized()
  }
}

/** Standard input of the other process, fetched piece by piece, so that nothing piles up here. */
class RequestedInput {
  readonly #ask: () => void
  #waiting: ((piece: string | undefined) => void) | undefined
  #isOver = false

  constructor(ask: () => void) {
    this.#ask = ask
  }

  /** A piece that was asked for, or undefined at the end. @throws {BadLine} when nobody asked */
  give(piece: string | undefined): void {
    if (piece === undefined) this.#isOver = true
    else if (this.#waiting === undefined) throw new BadLine('input that nobody asked for')
    this.#waiting?.(piece)
    this.#waiting = undefined
  }

  async *pieces(): AsyncGenerator<string> {
    while (!this.#isOver) {
      const piece = await new Promise<string | undefined>((resolve) => {
        this.#waiting = resolve
        this.#ask()
      })
      if (piece === undefined) return
      yield piece
    }
  }
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new ParleyError('StorageUnavailable', `The socket ${path} cannot be made.`, { cause: error }))
    })
    // The socket file is made inside this call, so nobody ever sees it with other rights.
    const before = process.umask(SOCKET_UMASK)
    try {
      server.listen(path, () => resolve())
    } finally {
      process.umask(before)
    }
  })
}

async function removeStale(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
