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

test('a channel that was closed on purpose is not made again at once, but after a wake', async () => {
  const { alice, bob, toBob, topic } = await aliceAndBob()
  toBob.close('one is enough')
  await vi.waitFor(() => expect(bob.closed).toEqual(['one is enough']), PATIENCE)
  await vi.waitFor(() => expect(openConnections()).toBe(0), PATIENCE)
  // Something that takes both through the rendezvous and a connection: whatever the close had set off would be there by now.
  const other = newTopic()
  alice.transport.setTopics([topic, other])
  bob.transport.setTopics([topic, other])
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([2, 2]), PATIENCE)
  expect(alice.channels.map((channel) => channel.closed)).toEqual([true, false])
  bob.transport.wake?.()
  alice.transport.wake?.()
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([3, 3]), PATIENCE)
})

test('a peer that writes into the lobby document is dropped, and others are not', async () => {
  const { alice, toBob, line, topic } = await aliceAndBob()
  const { Doc, WebrtcProvider } = await guest()
  const document = new Doc()
  document.getText('poison').insert(0, 'something')
  const mallory = new WebrtcProvider(topic.name, document, { signaling: [line.url], password: topic.secret, filterBcConns: false })
  onTestFinished(() => {
    mallory.disconnect()
    mallory.destroy()
  })
  await vi.waitFor(() => expect(alice.log).toContain('webrtc.lobby-poisoned'), PATIENCE)
  await vi.waitFor(() => expect(openConnections()).toBe(1), PATIENCE)
  // Mallory's connection may have carried a channel for a moment.
  expect(alice.channels.filter((channel) => !channel.closed)).toEqual([toBob])
})

test('who knows the topic cannot slip under an open channel by offering in the name of the peer', async () => {
  const { alice, bob, toBob, toAlice, line, topic } = await aliceAndBob()
  const { Doc, WebrtcProvider } = await guest()
  const mallory = new WebrtcProvider(topic.name, new Doc(), { signaling: [line.url], password: topic.secret, filterBcConns: false })
  onTestFinished(() => {
    mallory.disconnect()
    mallory.destroy()
  })
  mallory.on('status', () => {
    if (mallory.room !== null) Object.assign(mallory.room, { peerId: toBob.remote.replace('webrtc:', '') })
  })
  await vi.waitFor(() => {
    alice.transport.wake?.()
    expect(alice.log).toContain('webrtc.second-description')
  }, PATIENCE)
  toBob.send(Uint8Array.of(1))
  toAlice.send(Uint8Array.of(2))
  await vi.waitFor(() => expect([bob.frames, alice.frames]).toEqual([[1], [2]]), PATIENCE)
  expect([toBob.closed, toAlice.closed]).toEqual([false, false])
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
