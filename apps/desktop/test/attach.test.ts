import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { attach, runAttached } from '../src/attach/client.ts'
import { BadLine, LineReader } from '../src/attach/lines.ts'
import { encodeLine, parseReply, parseRequest } from '../src/attach/messages.ts'
import type { Reply, Request } from '../src/attach/messages.ts'
import { serveCommands } from '../src/attach/server.ts'
import type { AttachServer, RunCommand } from '../src/attach/server.ts'
import type { Io } from '../src/printer.ts'
import { socketPath } from '../src/profile.ts'

let folder: string
let path: string
const servers: AttachServer[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-test-'))
  path = await socketPath(folder)
})
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
  await rm(folder, { recursive: true })
})

async function serve(run: RunCommand): Promise<AttachServer> {
  const server = await serveCommands(path, run)
  servers.push(server)
  return server
}

function recordingIo(pieces: string[] = []) {
  const lines: string[] = []
  const io: Io = {
    out: (line) => lines.push(`out ${line}`),
    err: (line) => lines.push(`err ${line}`),
    async *input() {
      for (const piece of pieces) yield piece
    },
    terminal: { columns: 99, timeZone: 'Asia/Tokyo', hasColour: false },
    folder: '/somewhere',
  }
  return { io, lines }
}

async function attached(argv: string[], io: Io, signal = new AbortController().signal): Promise<0 | 1> {
  return runAttached((await attach(path)) as Socket, argv, io, signal)
}

/** Everything the server says to these bytes until it hangs up. */
async function answerTo(...parts: (string | Uint8Array)[]): Promise<string> {
  const socket = connect(path)
  let answer = ''
  socket.on('data', (bytes) => (answer += bytes.toString()))
  for (const part of parts) socket.write(part)
  await new Promise((resolve, reject) => socket.once('close', resolve).once('error', reject))
  return answer
}

const RUN: Request = {
  type: 'run',
  version: 3,
  argv: ['list'],
  columns: 80,
  hasScreen: false,
  hasColour: false,
  timeZone: 'UTC',
  folder: '/somewhere',
}

describe('lines', () => {
  test('come out as they went in, however the bytes are cut', () => {
    const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ' '))
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(200)), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(''))
        const reader = new LineReader(1 << 20)
        const found: string[] = []
        let from = 0
        for (const cut of [...cuts, bytes.length]) {
          found.push(...reader.push(bytes.subarray(from, from + cut)))
          from += cut
        }
        expect(found).toEqual(lines.map((one) => Buffer.from(one).toString()))
      }),
    )
  })

  test('are refused beyond the bound, complete or not, and when they are no UTF-8', () => {
    expect(() => new LineReader(10).push(Buffer.from('12345678901'))).toThrow(BadLine)
    expect(() => new LineReader(10).push(Buffer.from('12345678901\n'))).toThrow(BadLine)
    expect(new LineReader(10).push(Buffer.from('1234567890\n1234567890'))).toEqual(['1234567890'])
    expect(() => new LineReader(10).push(Uint8Array.of(0xc3, 0x28, 10))).toThrow(BadLine)
  })
})

describe('messages', () => {
  test('are read back as they were', () => {
    const requests: Request[] = [RUN, { type: 'input', data: 'a\nb\u2028' }, { type: 'inputEnd' }, { type: 'cancel' }]
    for (const request of requests) expect(parseRequest(encodeLine(request).trimEnd())).toEqual(request)
    const replies: Reply[] = [{ type: 'out', line: 'x\ny' }, { type: 'err', line: '' }, { type: 'read' }, { type: 'exit', code: 1 }]
    for (const reply of replies) expect(parseReply(encodeLine(reply).trimEnd())).toEqual(reply)
  })

  test.each([
    '',
    'null',
    '[]',
    '{}',
    '"run"',
    '{"type":"run"}',
    '{"type":"toString"}',
    '{"type":"__proto__"}',
    '{"type":"cancel","more":1}',
    '{"type":"input","data":5}',
    JSON.stringify({ ...RUN, argv: 'list' }),
    JSON.stringify({ ...RUN, argv: ['list', 5] }),
    JSON.stringify({ ...RUN, argv: Array.from({ length: 5000 }, () => '') }),
    JSON.stringify({ ...RUN, columns: 0 }),
    JSON.stringify({ ...RUN, columns: 1e9 }),
    JSON.stringify({ ...RUN, timeZone: 'Nowhere/Land' }),
    JSON.stringify({ ...RUN, timeZone: 5 }),
    JSON.stringify({ ...RUN, folder: 'relative' }),
    JSON.stringify({ ...RUN, folder: '/a\0b' }),
    JSON.stringify({ ...RUN, folder: `/${'a'.repeat(40_000)}` }),
    JSON.stringify({ ...RUN, uid: 0 }),
    JSON.stringify({ type: 'input', data: 'x'.repeat(70_000) }),
  ])('%.60s is refused', (line) => {
    expect(() => parseRequest(line)).toThrow(BadLine)
  })

  test('any text is refused or read, never anything else', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.record({ type: fc.constantFrom('run', 'input', 'exit', 'out'), line: fc.anything() }).map((one) => JSON.stringify(one)),
    )
    fc.assert(
      fc.property(anything, (line) => {
        for (const parse of [parseRequest, parseReply]) {
          try {
            parse(line)
          } catch (error) {
            expect(error).toBeInstanceOf(BadLine)
          }
        }
      }),
    )
  })
})

describe('a peer that serves', () => {
  test('runs the words of another process, with its input, its terminal and its exit code', async () => {
    await serve(async (argv, io) => {
      io.out(argv.join('|'))
      io.err(JSON.stringify(io.terminal))
      for await (const piece of io.input()) io.out(String(piece.length))
      return 1
    })
    const long = `${'x'.repeat(65_535)}👍`
    const { io, lines } = recordingIo(['one', long])
    expect(await attached(['send', 'a b', '-'], io)).toBe(1)
    expect(lines).toEqual(['out send|a b|-', 'err {"columns":99,"timeZone":"Asia/Tokyo","hasColour":false}', 'out 3', 'out 65535', 'out 2'])
  })

  test('reads nothing of the input before it is asked for', async () => {
    await serve(async () => 0)
    let isRead = false
    const { io } = recordingIo()
    const input = async function* () {
      isRead = true
      yield ''
    }
    expect(await attached(['list'], { ...io, input })).toBe(0)
    expect(isRead).toBe(false)
  })

  test('cancels a command when it is told to, and when the other process goes', async () => {
    let begun = Promise.withResolvers<void>()
    let ended = Promise.withResolvers<void>()
    await serve(async (_argv, _io, signal) => {
      begun.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      ended.resolve()
      return 0
    })
    const controller = new AbortController()
    const running = attached(['tail'], recordingIo().io, controller.signal)
    await begun.promise
    controller.abort()
    expect(await running).toBe(0)
    begun = Promise.withResolvers()
    ended = Promise.withResolvers()
    const socket = connect(path)
    socket.write(encodeLine(RUN))
    await begun.promise
    socket.destroy()
    await ended.promise
  })

  test('tells its commands when it closes, and they say that they may not have ended', async () => {
    const begun = Promise.withResolvers<void>()
    const server = await serve(async (_argv, io, signal) => {
      begun.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      io.err('closing')
      return 0
    })
    const { io, lines } = recordingIo()
    const running = attached(['tail'], io)
    await begun.promise
    await server.close()
    expect(await running).toBe(0)
    expect(lines).toEqual(['err closing'])
    expect(await attach(path)).toBeUndefined()
  })

  test('closes in spite of a connection that says nothing, and one that does not listen', async () => {
    const server = await serve(async (_argv, io) => {
      for (let i = 0; i < 100; i++) io.out('x'.repeat(100_000))
      return 0
    })
    const [silent, deaf] = [(await attach(path)) as Socket, (await attach(path)) as Socket]
    deaf.pause()
    deaf.write(encodeLine(RUN))
    await server.close()
    silent.destroy()
    deaf.destroy()
  })

  test.each([
    ['no JSON', 'GET / HTTP/1.1\r\n\r\n'],
    ['an unknown request', '{"type":"shutdown"}\n'],
    ['input before the command', '{"type":"input","data":"x"}\n'],
    ['a cancel before the command', '{"type":"cancel"}\n'],
    ['bytes that are no UTF-8', Uint8Array.of(0xff, 0xfe, 10)],
    ['a line without end', 'x'.repeat((1 << 20) + 1)],
  ])('refuses %s and runs nothing', async (_what, bytes) => {
    let runs = 0
    await serve(async () => {
      runs++
      return 0
    })
    const answer = await answerTo(bytes)
    expect(answer.trimEnd().split('\n').at(-1)).toBe('{"type":"exit","code":1}')
    expect(runs).toBe(0)
    // And it still serves others.
    expect(await attached(['list'], recordingIo().io)).toBe(0)
    expect(runs).toBe(1)
  })

  test.each([
    ['a second command', encodeLine(RUN)],
    ['noise', Buffer.from([...randomBytes(100), 10])],
    ['input that nobody asked for', encodeLine({ type: 'input', data: 'unasked' })],
  ])('cancels the command of a connection that goes on with %s', async (_what, bytes) => {
    const begun = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    await serve(async (_argv, _io, signal) => {
      begun.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      ended.resolve()
      return 0
    })
    const socket = (await attach(path)) as Socket
    socket.write(encodeLine(RUN))
    await begun.promise
    socket.write(bytes)
    await ended.promise
    socket.destroy()
  })

  test('never begins what is cancelled in the same breath', async () => {
    let runs = 0
    await serve(async () => {
      runs++
      return 0
    })
    expect(await answerTo(encodeLine(RUN) + encodeLine({ type: 'cancel' }))).toBe('{"type":"exit","code":1}\n')
    expect(await answerTo(encodeLine(RUN) + encodeLine(RUN))).toContain('refused')
    expect(runs).toBe(0)
  })

  test('lets go of a command that takes none of its output', async () => {
    const ended = Promise.withResolvers<number>()
    await serve(async (_argv, io, signal) => {
      let sent = 0
      for (; !signal.aborted; sent++) {
        io.out('x'.repeat(1 << 20))
        await new Promise((resolve) => setImmediate(resolve))
      }
      ended.resolve(sent)
      return 0
    })
    const socket = connect(path)
    socket.pause()
    socket.write(encodeLine(RUN))
    expect(await ended.promise).toBeLessThan(70)
    socket.destroy()
  })

  test('refuses a command of another version, in words', async () => {
    await serve(async () => 0)
    expect(await answerTo(`${JSON.stringify({ type: 'run', version: 1, argv: ['list'] })}\n`)).toContain('another version')
  })
})

describe('a command', () => {
  test('finds nobody where nothing is, and where only a dead socket is', async () => {
    expect(await attach(path)).toBeUndefined()
    const server = await serve(async () => 0)
    await server.close()
    expect(await attach(path)).toBeUndefined()
  })

  test('says so when the peer goes away under it, or talks nonsense', async () => {
    await serve(async () => 0)
    const socket = (await attach(path)) as Socket
    const running = runAttached(socket, ['list'], recordingIo().io, new AbortController().signal)
    socket.destroy()
    await expect(running).rejects.toMatchObject({ code: 'Closed' })
  })
})

describe('the socket', () => {
  test('is for its owner only, and replaces a dead one', async () => {
    await serve(async () => 0)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    // A second server finds the name taken, as after a crash.
    await serve(async () => 1)
    expect(await attached(['list'], recordingIo().io)).toBe(1)
  })

  test('has a short name of its own when the profile is too deep for one inside', async () => {
    const deep = join(folder, 'x'.repeat(100))
    const first = await socketPath(deep)
    expect(Buffer.byteLength(first)).toBeLessThan(104)
    expect(await socketPath(`${deep}y`)).not.toBe(first)
    expect(await socketPath(deep)).toBe(first)
    expect((await stat(join(first, '..'))).mode & 0o777).toBe(0o700)
    expect(await socketPath(folder, 'win32')).toMatch(/^\\\\\.\\pipe\\parley-[0-9a-f]{32}$/)
  })
})
