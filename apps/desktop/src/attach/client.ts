/**
 * A command's side: hands its words to the running peer and passes on what it says.
 */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { ParleyError } from '@parley/protocol'
import type { Io } from '../printer.ts'
import type { Screen } from '../screen.ts'
import { BadLine, LineReader } from './lines.ts'
import { ATTACH_VERSION, encodeLine, MAX_INPUT_PIECE, MAX_REPLY_BYTES, parseReply } from './messages.ts'
import type { Request } from './messages.ts'

/** No peer runs, or it is just ending: nothing is there, nobody listens, or nobody does any more. */
const NOBODY: ReadonlySet<unknown> = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'])

/** A connection to the running peer of the profile, or undefined when there is none. @throws {StorageUnavailable} */
export async function attach(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const failed = (error: Error): void => {
      if ('code' in error && NOBODY.has(error.code)) resolve(undefined)
      else reject(new ParleyError('StorageUnavailable', `The running peer cannot be reached at ${path}.`, { cause: error }))
    }
    socket.once('error', failed)
    socket.once('connect', () => {
      socket.off('error', failed)
      resolve(socket)
    })
  })
}

/** Runs the command line there, on the terminal here if it asks for that. An abort is passed on; the peer then ends the command. @throws {Closed} when the peer goes away meanwhile */
export async function runAttached(socket: Socket, argv: readonly string[], io: Io, signal: AbortSignal): Promise<0 | 1> {
  const send = (request: Request): void => {
    if (socket.writable) socket.write(encodeLine(request))
  }
  const cancel = (): void => send({ type: 'cancel' })
  const { promise, resolve, reject } = Promise.withResolvers<0 | 1>()
  const lost = (cause?: unknown): void =>
    reject(new ParleyError('Closed', 'The running peer went away before the command ended. Look whether it took effect.', { cause }))
  const lines = new LineReader(MAX_REPLY_BYTES)
  const input = piecesOf(io)
  const answerRead = async (): Promise<void> => {
    const { value, done } = await input.next()
    send(done === true ? { type: 'inputEnd' } : { type: 'input', data: value })
  }
  let screen: Screen | undefined
  const setScreen = (isOn: boolean): void => {
    screen?.close()
    screen = undefined
    if (!isOn) return
    if (io.openScreen === undefined) return lost(new BadLine('no screen here'))
    const opened = io.openScreen({
      keys: (text) => piecesOfText(text).forEach((data) => send({ type: 'keys', data })),
      resized: () => send({ type: 'resize', ...opened.size }),
    })
    screen = opened
    send({ type: 'resize', ...opened.size })
  }
  socket.on('data', (bytes) => {
    try {
      for (const line of lines.push(bytes)) {
        const reply = parseReply(line)
        if (reply.type === 'out') io.out(reply.line)
        else if (reply.type === 'err') io.err(reply.line)
        else if (reply.type === 'read') void answerRead().catch(lost)
        else if (reply.type === 'screen') setScreen(reply.on)
        else if (reply.type === 'draw') screen?.write(reply.data)
        else resolve(reply.code)
      }
    } catch (error) {
      if (!(error instanceof BadLine)) throw error
      lost(error)
    }
  })
  socket.once('error', lost)
  socket.once('close', () => lost())
  const hasScreen = io.openScreen !== undefined
  send({ type: 'run', version: ATTACH_VERSION, argv, ...io.terminal, hasScreen, folder: io.folder })
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel)
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', cancel)
    setScreen(false)
    socket.destroy()
  }
}

/** Standard input in pieces that fit a request. Begins to read at the first call of `next`. */
async function* piecesOf(io: Io): AsyncGenerator<string, undefined> {
  for await (const piece of io.input()) yield* piecesOfText(piece)
  return undefined
}

function piecesOfText(text: string): string[] {
  const pieces: string[] = []
  for (let from = 0; from < text.length;) {
    let to = Math.min(text.length, from + MAX_INPUT_PIECE)
    // Halves of a surrogate pair would not survive the way through UTF-8.
    if (to < text.length && /[\ud800-\udbff]/.test(text[to - 1] as string)) to--
    pieces.push(text.slice(from, to))
    from = to
  }
  return pieces
}
