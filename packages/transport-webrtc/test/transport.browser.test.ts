import { MAX_FRAME_BYTES } from '@parley/core'
import type { Channel, Topic } from '@parley/core'
import { expect, onTestFinished, test, vi } from 'vitest'
import { webrtcTransport } from '../src/index.ts'
import { trackPeerConnections } from './peer-connections.ts'
import { newTopic, openGuest, openLine, startPeer } from './stage.ts'
import type { Line, Peer } from './stage.ts'
import type { Guest } from './guest.ts'

const peerConnections = trackPeerConnections()

/** Connections of this page that were not given up. */
const openConnections = (): number => peerConnections.filter((pc) => pc.connectionState !== 'closed').length

/** Longest wait for what WebRTC does on a busy machine. */
const PATIENCE = { timeout: 25_000, interval: 20 }
const UNHURRIED = { timeout: 25_000, interval: 1_000 }

/** Alice in this page and bob in an iframe, connected over one rendezvous. */
async function aliceAndBob(): Promise<{ alice: Peer; bob: Peer; toBob: Channel; toAlice: Channel; line: Line; topic: Topic }> {
  const line = await openLine()
  const topic = newTopic()
  const alice = await startPeer(webrtcTransport({ rendezvous: [line.url] }), topic)
  const bob = await startPeer((await guest()).webrtcTransport({ rendezvous: [line.url] }), topic)
  onTestFinished(async () => {
    await alice.transport.stop()
    await bob.transport.stop()
  })
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([1, 1]), PATIENCE)
  return { alice, bob, toBob: alice.channels[0] as Channel, toAlice: bob.channels[0] as Channel, line, topic }
}

async function guest(): Promise<Guest> {
  const opened = await openGuest()
  onTestFinished(opened.close)
  return opened.guest
}

test('a channel goes on when the rendezvous is stopped, and the transport says how the rendezvous is', async () => {
  const { alice, bob, toBob, line } = await aliceAndBob()
  expect(alice.transport.rendezvous?.()).toEqual([{ url: line.url, connected: true }])
  await line.cut()
  await vi.waitFor(() => expect(alice.transport.rendezvous?.()).toEqual([{ url: line.url, connected: false }]), PATIENCE)
  const frames = 2 ** 20 / MAX_FRAME_BYTES
  for (let index = 0; index < frames; index++) {
    toBob.send(new Uint8Array(MAX_FRAME_BYTES).fill(index))
    await toBob.drained()
  }
  await vi.waitFor(() => expect(bob.frames).toEqual(Array.from({ length: frames }, (_, index) => index)), PATIENCE)
  expect(toBob.closed).toBe(false)
})

test('peers meet once the rendezvous is back', async () => {
  const line = await openLine()
  await line.cut()
  const topic = newTopic()
  const alice = await startPeer(webrtcTransport({ rendezvous: [line.url] }), topic)
  const bob = await startPeer((await guest()).webrtcTransport({ rendezvous: [line.url] }), topic)
  onTestFinished(() => Promise.all([alice.transport.stop(), bob.transport.stop()]).then(() => undefined))
  await line.mend()
  alice.transport.wake?.()
  bob.transport.wake?.()
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([1, 1]), PATIENCE)
})

test('one rendezvous of several suffices', async () => {
  const [dead, line] = [await openLine(), await openLine()]
  await dead.cut()
  const topic = newTopic()
  const rendezvous = [dead.url, line.url]
  const alice = await startPeer(webrtcTransport({ rendezvous }), topic)
  const bob = await startPeer((await guest()).webrtcTransport({ rendezvous }), topic)
  onTestFinished(() => Promise.all([alice.transport.stop(), bob.transport.stop()]).then(() => undefined))
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([1, 1]), PATIENCE)
  expect(alice.transport.rendezvous?.().map((state) => state.connected)).toEqual([false, true])
})

test('a channel that was closed on purpose is not made again at once, but for a new topic, or after a wake', async () => {
  const { alice, bob, toBob, topic, line } = await aliceAndBob()
  const other = newTopic()
  alice.transport.setTopics([topic, other])
  toBob.close('one is enough')
  await vi.waitFor(() => expect(bob.closed).toEqual(['one is enough']), PATIENCE)
  await vi.waitFor(() => expect(openConnections()).toBe(0), PATIENCE)
  // Something that takes alice through the rendezvous and a connection: whatever the close had set off would be there by now.
  const carol = await startPeer((await guest()).webrtcTransport({ rendezvous: [line.url] }), other)
  onTestFinished(() => carol.transport.stop())
  await vi.waitFor(() => expect(carol.channels.length).toBe(1), PATIENCE)
  expect([alice.channels.length, bob.channels.length]).toEqual([2, 1])
  const later = newTopic()
  alice.transport.setTopics([topic, other, later])
  bob.transport.setTopics([topic, later])
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([3, 2]), PATIENCE)
  bob.channels[1]?.close('again')
  await vi.waitFor(() => expect(alice.channels[2]?.closed).toBe(true), PATIENCE)
  bob.transport.wake?.()
  alice.transport.wake?.()
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([4, 3]), PATIENCE)
})

const nameOf = ({ remote }: Channel): string => remote.replace('webrtc:', '')

/**
 * Somebody with a page of stock y-webrtc who knows the topic and has something in the document; in the room under this name, else under the one of the
 * certificate, which is smaller than `above`: to such a peer nobody makes an offer.
 */
async function mallory({ line, topic }: { line: Line; topic: Topic }, { name, above }: { name?: string; above?: string }): Promise<void> {
  const { Doc, WebrtcProvider, createIdentity } = await guest()
  let identity = await createIdentity()
  while (identity.name > (above ?? identity.name)) identity = await createIdentity()
  const document = new Doc()
  document.getText('poison').insert(0, 'something')
  const provider = new WebrtcProvider(topic.name, document, {
    signaling: [line.url],
    password: topic.secret,
    filterBcConns: false,
    peerOpts: { config: { certificates: [identity.certificate] } },
  })
  provider.on('status', () => {
    if (provider.room !== null) provider.room.peerId = name ?? identity.name
  })
  onTestFinished(() => {
    provider.disconnect()
    provider.destroy()
  })
}

test('a peer that writes into the lobby document is dropped, and others are not', async () => {
  const stage = await aliceAndBob()
  const { alice, toBob, toAlice } = stage
  await mallory(stage, { above: nameOf(toAlice) })
  // Not so often that one attempt is in the way of the next.
  await vi.waitFor(() => {
    alice.transport.wake?.()
    expect(alice.log).toContain('webrtc.lobby-poisoned')
  }, UNHURRIED)
  await vi.waitFor(() => expect(openConnections()).toBe(1), PATIENCE)
  // Mallory's connection may have carried a channel for a moment.
  expect(alice.channels.filter((channel) => !channel.closed)).toEqual([toBob])
})

test('who knows the topic cannot slip under an open channel, nor get one, in the name of another', async () => {
  const stage = await aliceAndBob()
  const { alice, bob, toBob, toAlice } = stage
  await mallory(stage, { name: nameOf(toBob) })
  await mallory(stage, { name: nameOf(toAlice) })
  // Smaller than any other: everybody asks it for an offer and gets one, of another certificate.
  await mallory(stage, { name: '0'.repeat(63) + '1' })
  const refused = (peer: Peer): boolean => peer.log.includes('webrtc.description-refused')
  await vi.waitFor(() => {
    alice.transport.wake?.()
    bob.transport.wake?.()
    expect([refused(alice), refused(bob)]).toEqual([true, true])
  }, PATIENCE)
  toBob.send(Uint8Array.of(1))
  toAlice.send(Uint8Array.of(2))
  await vi.waitFor(() => expect([bob.frames, alice.frames]).toEqual([[1], [2]]), PATIENCE)
  expect([toBob.closed, toAlice.closed, alice.channels.length, bob.channels.length]).toEqual([false, false, 1, 1])
})

test('two browsers with ten topics in common, and some that are not, hold one connection; it outlives topics, and any one finds them again', async () => {
  const line = await openLine()
  const common = Array.from({ length: 10 }, newTopic)
  const before = peerConnections.length
  const alice = await startPeer(webrtcTransport({ rendezvous: [line.url] }), newTopic(), ...common)
  const frame = await guest()
  const bob = await startPeer(frame.webrtcTransport({ rendezvous: [line.url] }), ...common, newTopic())
  onTestFinished(() => Promise.all([alice.transport.stop(), bob.transport.stop()]).then(() => undefined))
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([1, 1]), PATIENCE)
  // Every room is open and has been announced when another one, opened later, has brought somebody.
  const later = newTopic()
  alice.transport.setTopics([...common, later])
  const carol = await startPeer((await guest()).webrtcTransport({ rendezvous: [line.url] }), later)
  onTestFinished(() => carol.transport.stop())
  await vi.waitFor(() => expect([alice.channels.length, carol.channels.length]).toEqual([2, 1]), PATIENCE)
  // Besides one each for the fingerprint, at the start.
  expect([peerConnections.length - before, frame.peerConnections.length]).toEqual([3, 2])
  const last = common.at(-1)!
  alice.transport.setTopics([last])
  bob.transport.setTopics([last])
  for (const pc of frame.peerConnections.splice(0)) pc.close()
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([3, 2]), PATIENCE)
})

test('a TURN server is passed on to the browser', async () => {
  const iceServers = [{ urls: 'turn:turn.example:3478', username: 'alice', credential: 'secret' }]
  const line = await openLine()
  const topic = newTopic()
  const alice = await startPeer(webrtcTransport({ rendezvous: [line.url], iceServers }), topic)
  const bob = await startPeer((await guest()).webrtcTransport({ rendezvous: [line.url] }), topic)
  onTestFinished(() => Promise.all([alice.transport.stop(), bob.transport.stop()]).then(() => undefined))
  await vi.waitFor(() => expect(alice.channels.length).toBe(1), PATIENCE)
  const [server] = peerConnections.at(-1)!.getConfiguration().iceServers ?? []
  expect(server).toMatchObject({ ...iceServers[0], urls: ['turn:turn.example:3478'] })
})

test('two transports of one page take turns with a topic, for y-webrtc has one room of a name', async () => {
  const { alice, bob, line, topic } = await aliceAndBob()
  const carol = await startPeer(webrtcTransport({ rendezvous: [line.url] }), topic)
  onTestFinished(() => carol.transport.stop())
  await alice.transport.stop()
  await vi.waitFor(() => expect([carol.channels.length, bob.channels.length]).toEqual([1, 2]), PATIENCE)
})

test('stop frees the rendezvous and the connections', async () => {
  const { alice } = await aliceAndBob()
  await alice.transport.stop()
  expect(alice.transport.rendezvous?.().map((state) => state.connected)).toEqual([false])
  expect(openConnections()).toBe(0)
})

test('a group meets in full, each pair once, and a peer that vanished is met again', async () => {
  const line = await openLine()
  const topic = newTopic()
  const init = { rendezvous: [line.url] }
  const alice = await startPeer(webrtcTransport(init), topic)
  const others = await Promise.all([1, 2, 3].map(async () => startPeer((await guest()).webrtcTransport(init), topic)))
  onTestFinished(() => Promise.all([alice, ...others].map((peer) => peer.transport.stop())).then(() => undefined))
  await vi.waitFor(() => expect([alice, ...others].map((peer) => peer.channels.length)).toEqual([3, 3, 3, 3]), PATIENCE)
  const bindings = [alice, ...others].flatMap((peer) => peer.channels.map((channel) => channel.binding.join()))
  expect(new Set(bindings).size).toBe(6)
  const gone = await openGuest()
  const dave = await startPeer(gone.guest.webrtcTransport(init), topic)
  await vi.waitFor(() => expect([alice.channels.length, dave.channels.length]).toEqual([4, 4]), PATIENCE)
  gone.close()
  await vi.waitFor(() => expect(alice.closed.length).toBe(1), PATIENCE)
  const again = await startPeer((await guest()).webrtcTransport(init), topic)
  onTestFinished(() => again.transport.stop())
  await vi.waitFor(() => expect([alice.channels.length, again.channels.length]).toEqual([5, 4]), PATIENCE)
})
