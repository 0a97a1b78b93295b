/**
 * Two desktops in networks of their own, and a relay that both can reach. Where no such networks can be made the test says so, and what it would
 * have shown is shown in one process by `packages/transport-libp2p/test/route.test.ts`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Hosts } from './namespaces.ts'
import { NetPeer, until } from './net-process.ts'

const RELAY = fileURLToPath(new URL('../../apps/relay/src/main.ts', import.meta.url))
const RENDEZVOUS_PORT = 4444
const CIRCUIT_PORT = 4001
/** Everything that leaves either desktop, where the kernel can do that. */
const DELAY_MS = 100
const LOSS_PERCENT = 2
const MESSAGES = 10
const TIMEOUT = 120_000

const isRelayed = (remote: string): boolean => remote.includes('p2p-circuit')

test('through a relay, then directly as soon as there is a way, then without the relay', { timeout: TIMEOUT }, async ({ annotate }) => {
  const hosts = new Hosts()
  const obstacle = await hosts.open(['alice', 'bob', 'relay'])
  if (obstacle !== undefined) {
    await annotate(`no networks can be made here: ${obstacle}`, 'namespaces')
    // Nobody may believe that it was shown where it could have been.
    expect(process.platform !== 'linux' || process.getuid?.() !== 0 || /ENOENT|not permitted|denied/i.test(obstacle)).toBe(true)
    return
  }
  const ways = { alice: (await hosts.connect('relay', 'alice'))[0], bob: (await hosts.connect('relay', 'bob'))[0] }
  const relay = await startRelay(hosts.via('relay'))
  const peers = (['alice', 'bob'] as const).map((name) => {
    const relays = [`/ip4/${ways[name]}/tcp/${CIRCUIT_PORT}/p2p/${relay.peerId}`]
    const init = { name, listen: ['/ip4/0.0.0.0/tcp/0'], rendezvous: [`ws://${ways[name]}:${RENDEZVOUS_PORT}`], relays }
    return new NetPeer(init, hosts.via(name))
  })
  const [alice, bob] = [peers[0]!, peers[1]!]
  let said = 0
  /** One message each way. */
  const talk = async (): Promise<void> => {
    const [hers, his] = [`alice ${said}`, `bob ${said++}`]
    await Promise.all([alice.send(hers), bob.send(his)])
    await until(() => alice.heard.some(({ text }) => text === his) && bob.heard.some(({ text }) => text === hers))
  }
  /** Whether both have links, and of what kind each of them is: both may have dialled, and then one link stands by. */
  const links = async (): Promise<{ both: boolean; relayed: boolean; direct: boolean }> => {
    const [hers, his] = await Promise.all(peers.map(async (peer) => (await peer.look()).links.map(isRelayed)))
    const of = (kind: boolean): boolean => hers!.includes(kind) && his!.includes(kind)
    return { both: hers!.length > 0 && his!.length > 0, relayed: of(true), direct: of(false) }
  }
  try {
    await Promise.all(peers.map((peer) => peer.ready()))
    await bob.join(await alice.invite(1))
    await talk()
    expect(await links()).toEqual({ both: true, relayed: true, direct: false })

    const since = Date.now()
    await hosts.connect('alice', 'bob')
    await until(async () => (await links()).direct)
    await annotate(`a direct link ${Date.now() - since} ms after there was a way`, 'namespaces')
    await talk()

    relay.stop()
    await until(async () => !(await links()).relayed)
    expect(await links()).toEqual({ both: true, relayed: false, direct: true })
    await talk()

    const noLoss = (await hosts.worsen('alice', DELAY_MS, LOSS_PERCENT)) ?? (await hosts.worsen('bob', DELAY_MS, LOSS_PERCENT))
    await annotate(noLoss === undefined ? `with ${LOSS_PERCENT} % loss` : `the kernel loses nothing on purpose: ${noLoss}`, 'namespaces')
    for (let i = 0; i < MESSAGES; i++) await talk()
    const [hers, his] = await Promise.all(peers.map((peer) => peer.look()))
    expect(hers!.texts).toHaveLength(2 * said)
    expect(his!.texts).toEqual(hers!.texts)
    expect(peers.map(({ heard }) => heard.length)).toEqual([said, said])
  } finally {
    await Promise.all(peers.map((peer) => peer.end()))
    relay.stop()
    await relay.ended
    await hosts.close()
  }
})

async function startRelay(via: readonly string[]) {
  const [command, ...args] = [...via, process.execPath, '--conditions=@parley/source', RELAY, '--json', '--host', '0.0.0.0']
  const more = ['--port', `${RENDEZVOUS_PORT}`, '--circuit', `/ip4/0.0.0.0/tcp/${CIRCUIT_PORT}`, '--log-level', 'error']
  const child = spawn(command, [...args, ...more], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const [ready] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { peerId: (JSON.parse(ready) as { peerId: string }).peerId, stop: () => child.kill('SIGKILL'), ended }
}
