/** Who is reachable, by which path, and what waits. */
import { chmod, realpath } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { DeviceId } from '@parley/protocol'
import { expect, test } from 'vitest'
import { setUpCli } from './cli.ts'
import { alice, bob } from './fake-conversation.ts'

const cli = setUpCli()
const { json, refusal } = cli
const path = {
  device: 'b-device' as DeviceId,
  transport: 'libp2p',
  remote: '/ip4/192.0.2.7/tcp/4001',
  roundTripMs: 11.6,
  queuedBytes: 2048,
}

/** A running peer with a group, in which Bob is linked and has heard all, and a direct conversation that Bob has not answered. */
async function busyPeer(): Promise<void> {
  await json('add-contact', 'parley-card:bob')
  await json('new', 'Hike', '--member', 'Bob')
  const daemon = cli.parley(['--json', 'daemon', '--listen', '/ip4/127.0.0.1/tcp/1'])
  await daemon.lines(1)
  for (const text of ['one', 'two', 'three']) await json('send', 'Hike', text)
  const hike = cli.conversation('Hike')
  hike.deliver('message-0')
  hike.syncState = { phase: 'syncing', peers: 1, done: 3, total: 9 }
  hike.present = hike.present.map((member) => (member.id === bob.id ? { ...member, status: 'ONLINE', devices: [path.device] } : member))
  await json('direct', 'Bob')
  const engine = cli.engines.opened.at(-1)
  if (engine !== undefined)
    engine.links = [
      { ...path, user: bob.id },
      { ...path, device: undefined, user: undefined, roundTripMs: undefined, queuedBytes: 0 },
    ]
}

test('doctor with --json is one object', async () => {
  await busyPeer()
  const hike = {
    id: 'Hike-id',
    title: 'Hike',
    state: 'member',
    syncState: { phase: 'syncing', peers: 1, done: 3, total: 9 },
    undelivered: 2,
    unheard: [],
  }
  const direct = { id: 'direct-bob-id', title: 'Bob', state: 'member', syncState: { phase: 'offline', peers: 0, done: 0, total: 0 } }
  expect(await json('doctor')).toEqual({
    code: 0,
    objects: [
      {
        userId: alice.id,
        deviceId: 'device',
        online: true,
        listening: ['/ip4/127.0.0.1/tcp/1'],
        rendezvous: [],
        people: [{ id: 'bob-id', name: 'Bob', status: 'ONLINE', paths: [path] }],
        strangers: [{ transport: 'libp2p', remote: path.remote, queuedBytes: 0 }],
        conversations: [hike, { ...direct, undelivered: 0, unheard: ['bob-id'] }],
        requests: 0,
        rejected: { BadProof: 2 },
        passedOver: { deferred: 0, held: 0, repeated: 0, waitingBytes: 0 },
        versions: {
          parley: expect.stringMatching(/^\d+\./) as string,
          node: process.version,
          platform: `${process.platform} ${process.arch}`,
        },
        profile: {
          path: join(await realpath(cli.folder), 'profile'),
          isServed: true,
          freeBytes: expect.any(Number) as number,
          isPrivate: true,
        },
        relayed: [],
        findings: [{ code: 'NoMeetingPoint', text: expect.any(String) as string }],
      },
    ],
  })
})

test('without it, it is for people', async () => {
  await busyPeer()
  const [what, standsOn] = (await cli.text('doctor')).split('\nWhat it stands on\n')
  expect(standsOn).toMatch(
    /^ {2}profile .*profile, [\d.]+ [kMGT]?B free, open in a running peer, which answers\n {2}parley [^]*\nTo be looked at\n {2}No rendezvous/,
  )
  expect(what).toBe(
    `This device
  user alice-id
  device device
  listening on /ip4/127.0.0.1/tcp/1
People
  Bob               online    libp2p  /ip4/192.0.2.7/tcp/4001  12 ms  2.0 kB waiting
  (not known)       libp2p  /ip4/192.0.2.7/tcp/4001
Conversations
  Hike-id  Hike  syncing 3 of 9; 1 device connected; 2 of your messages nobody else has yet
  direct-b  Bob  offline; not answered: Bob
Since the start
  refused from peers: BadProof 2`,
  )
})

test('offline it says so, and whom there is no path to', async () => {
  await json('add-contact', 'parley-card:bob')
  const text = await cli.text('doctor', '--offline')
  expect(text).toContain('offline: nobody is reached by this command')
  expect(text).toMatch(/Bob +offline +no path/)
  expect(text).toContain('none yet')
})

test('peers shows the links; words that are none of these commands are refused', async () => {
  await busyPeer()
  const [first] = (await json('peers')).objects
  expect(first).toMatchObject({ ...path, user: 'bob-id' })
  expect(await refusal('peers', '--frob')).toBe('InvalidArgument')
  expect(await refusal('doctor', 'Hike')).toBe('InvalidArgument')
})

test('a doctor of its own waits until those who come are there', async () => {
  await json('add-contact', 'parley-card:bob')
  await json('new', 'Hike', '--member', 'Bob')
  const { out, done } = cli.parley(['--json', 'doctor', '--wait', '20d'])
  while (cli.engines.opened.length < 3) await new Promise((resolve) => setImmediate(resolve))
  const hike = cli.conversation('Hike')
  while (hike.emitter.count('memberStatus') === 0) await new Promise((resolve) => setImmediate(resolve))
  hike.syncState = { phase: 'live', peers: 1, done: 0, total: 0 }
  hike.emitter.emit('syncState', hike.syncState)
  hike.present = hike.present.map((member) => ({ ...member, status: 'ONLINE' }))
  hike.emitter.emit('memberStatus', bob.id, 'ONLINE')
  expect(await done).toBe(0)
  expect(JSON.parse(out[0] as string)).toMatchObject({
    people: [{ id: 'bob-id', status: 'ONLINE' }],
    conversations: [{ syncState: { phase: 'live' } }],
  })
  expect([hike.emitter.count('syncState'), hike.emitter.count('memberStatus')]).toEqual([0, 0])
})

test('what gives trouble is found: the clock, servers that are not reached, a profile that is open to others', async () => {
  const hourAhead = createServer((_request, response) => {
    response.sendDate = false
    response.writeHead(426, { date: new Date(Date.now() + 3_600_000).toUTCString() }).end()
  })
  await new Promise<void>((resolve) => hourAhead.listen(0, '127.0.0.1', resolve))
  try {
    await json('id')
    await chmod(join(cli.folder, 'profile'), 0o755)
    const urls = [`ws://127.0.0.1:${(hourAhead.address() as AddressInfo).port}/`, 'ws://127.0.0.1:1/']
    const servers = ['--relay', '/dns4/r.example/tcp/443/tls/ws/p2p/12D3KooWRelay', ...urls.flatMap((url) => ['--rendezvous', url])]
    const [found] = (await json('doctor', '--wait', '0', ...servers)).objects as {
      findings: { code: string; text: string }[]
      rendezvous: { skewMs?: number }[]
    }[]
    expect(found?.findings.map(({ code }) => code)).toEqual([
      'ProfileOpenToOthers',
      'ClockWrong',
      'RendezvousUnreachable',
      'RelayUnreachable',
    ])
    expect(found?.findings[1]?.text).toContain('60 min behind')
    expect(found?.rendezvous.map(({ skewMs }) => Math.round((skewMs ?? 0) / 3_600_000))).toEqual([1, 0])
    expect(await cli.text('doctor', '--offline')).toContain('chmod 700')
  } finally {
    hourAhead.close()
  }
})
