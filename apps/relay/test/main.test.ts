import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createRelay } from '../src/index.ts'
import { connect } from './raw-client.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

function run(...args: string[]): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, ['--conditions=@parley/source', MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

async function read(stream: Readable): Promise<string> {
  let text = ''
  for await (const part of stream) text += String(part)
  return text
}

test.each(['SIGINT', 'SIGTERM'] as const)('says where it listens, relays, and ends cleanly on %s', async (signal) => {
  const child = run('--port', '0')
  const exit = once(child, 'exit')
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { url } = JSON.parse(line) as { url: string }
  const alice = await connect(url)
  await alice.settled()
  child.kill(signal)
  expect(await alice.closed).toBe(1001)
  expect(await exit).toEqual([0, null])
})

test('a busy port is said plainly', async () => {
  const relay = await createRelay({ port: 0 })
  const child = run('--port', String(relay.port))
  const [text, exit] = await Promise.all([read(child.stderr), once(child, 'exit')])
  await relay.close()
  expect(text).toBe(`relay: Port ${relay.port} is in use. Give another one with --port, or --port 0 for any free one.\n`)
  expect(exit).toEqual([1, null])
})

test.each([['--port', 'x'], ['--port', '70000'], ['--nonsense']])('refuses %s %s', async (...args) => {
  const child = run(...args)
  const [text, exit] = await Promise.all([read(child.stderr), once(child, 'exit')])
  expect(text).toMatch(/^relay: /)
  expect(exit).toEqual([1, null])
})
