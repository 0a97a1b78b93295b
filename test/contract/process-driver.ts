/** Peers in processes of their own, that meet over libp2p. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Answer } from './commands.ts'
import type { Driver } from './driver.ts'
import { Peer } from './peer.ts'
import type { ProcessPeerInit, Request, Response } from './process-peer.ts'

const CHILD = fileURLToPath(new URL('process-peer.ts', import.meta.url))

export async function createProcessDriver(): Promise<Driver> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-contract-'))
  const children: ChildProcess[] = []
  return {
    async open(name, { offline = false, roomBytes } = {}) {
      const init: ProcessPeerInit = { profile: join(folder, name), name, offline, roomBytes }
      const child = fork(CHILD, [JSON.stringify(init)], { execArgv: ['--conditions=@parley/source'], serialization: 'advanced' })
      children.push(child)
      return connect(child)
    },
    async close() {
      await Promise.all(children.map(end))
      await rm(folder, { recursive: true })
    },
  }
}

async function connect(child: ChildProcess): Promise<Peer> {
  const answers = new Map<number, (answer: Answer) => void>()
  let number = 0
  const up = new Promise<void>((resolve, reject) => {
    answers.set(0, () => resolve())
    child.once('exit', (code) => reject(new Error(`the peer ended with ${code}`)))
  })
  child.on('message', (response: Response) => {
    answers.get(response.number)?.(response.answer)
    answers.delete(response.number)
  })
  await up
  return new Peer((command) => {
    const request: Request = { number: ++number, command }
    return new Promise((resolve) => {
      answers.set(number, resolve)
      child.send(request)
    })
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.disconnect()
  await exit
}
