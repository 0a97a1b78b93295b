/** The real command line on a local network with no server: what it is not told it finds by multicast DNS, unless that is switched off. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Person } from './parley-process.ts'

/** Every command is a process that starts Node and the engine, on a machine that may be busy. */
const TIMEOUT = 120_000

let folder: string
let alice: Person
let bob: Person
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-lan-'))
  alice = new Person(join(folder, 'alice'))
  bob = new Person(join(folder, 'bob'))
})
afterEach(async () => {
  await Promise.all([alice.endAll(), bob.endAll()])
  await rm(folder, { recursive: true })
})

test('two processes on one network need no address, no rendezvous and no relay to meet', { timeout: TIMEOUT }, async () => {
  await alice.run('new', 'Picnic')
  // Made while nothing listens, so that the link names no address.
  const { link } = (await alice.one('invite', 'Picnic')) as unknown as { link: string }
  await alice.start('daemon', '--listen', '/ip4/127.0.0.1/tcp/0').line()
  const alone = bob.start('join', link, '--no-mdns', '--wait', '2s')
  expect([await alone.ended(), alone.lines]).toMatchObject([1, [{ error: { code: 'Unreachable' } }]])
  expect(await bob.one('join', link, '--wait', '30s')).toMatchObject({ title: 'Picnic', state: 'member' })
})
