import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { closed, nextFrame, startPeer, stopPeers } from './peer.ts'

const PEER = fileURLToPath(new URL('./process-peer.ts', import.meta.url))

afterEach(stopPeers)

async function startProcess() {
  const child = spawn(process.execPath, ['--conditions=@parley/source', PEER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [address] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { child, address, exit: once(child, 'exit') }
}

test('two processes talk, and stop lets the other process end by itself', async () => {
  const { address, exit } = await startProcess()
  const alice = await startPeer()
  await alice.transport.dial(address)
  const channel = await alice.channel(0)
  const echo = nextFrame(channel)
  channel.send(Uint8Array.of(1, 2, 3))
  expect(await echo).toEqual(Uint8Array.of(1, 2, 3))
  channel.close('enough')
  expect(await exit).toEqual([0, null])
})

test('a process that is killed closes the channel', async () => {
  const { child, address, exit } = await startProcess()
  const alice = await startPeer()
  await alice.transport.dial(address)
  const channel = await alice.channel(0)
  child.kill('SIGKILL')
  await closed(channel)
  expect(await exit).toEqual([null, 'SIGKILL'])
})
