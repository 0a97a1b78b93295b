import type { Channel, Clock, Topic, Transport, TransportHost } from '@parley/core'
import { transportAcceptance } from '@parley/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { tabsTransport } from '../src/index.ts'
import type { Guest } from './guest.ts'

const TOPIC: Topic = { name: 'topic', secret: 'secret' }

const PATIENCE = { timeout: 10_000, interval: 10 }

transportAcceptance('tabs', {
  quietMs: 100,
  async createPair() {
    const scope = crypto.randomUUID()
    return { a: tabsTransport({ scope }), b: tabsTransport({ scope }), sever: () => stealLocks(scope) }
  },
})

/** Takes every session of a scope its lock away, which is what the others see of a tab that dies. */
async function stealLocks(scope: string): Promise<void> {
  const { held = [] } = await navigator.locks.query()
  for (const { name } of held) if (name?.startsWith(scope)) await navigator.locks.request(name, { steal: true }, () => undefined)
}

const clock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, ms) {
    const id = setTimeout(callback, ms)
    return () => clearTimeout(id)
  },
}

interface Peer {
  transport: Transport
  channels: Channel[]
  closed: string[]
  log: string[]
}

async function startPeer(transport: Transport, topics: Topic[] = [TOPIC]): Promise<Peer> {
  const peer: Peer = { transport, channels: [], closed: [], log: [] }
  const note = (event: string): void => void peer.log.push(event)
  transport.setTopics(topics)
  await transport.start({
    clock,
    random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
    logger: { debug: note, warn: note, error: note },
    onChannel(channel) {
      peer.channels.push(channel)
      channel.onClose((reason) => peer.closed.push(reason))
    },
  })
  onTestFinished(() => transport.stop())
  return peer
}

/** Another tab: an iframe with a window of its own. */
async function openTab(): Promise<{ guest: Guest; frame: HTMLIFrameElement }> {
  const frame = document.createElement('iframe')
  const ready = new Promise((resolve) => frame.addEventListener('guest', resolve, { once: true }))
  frame.srcdoc = `<script type="module" src="${new URL('./guest.ts', import.meta.url).href}"></script>`
  document.body.append(frame)
  onTestFinished(() => frame.remove())
  await ready
  return { guest: (frame.contentWindow as unknown as { guest: Guest }).guest, frame }
}

test('a tab that dies without a word is noticed, and its successor is met', async () => {
  const scope = crypto.randomUUID()
  const alice = await startPeer(tabsTransport({ scope }))
  const { guest, frame } = await openTab()
  frame.contentWindow?.addEventListener('pagehide', (event) => event.stopImmediatePropagation())
  const bob = await startPeer(guest.tabsTransport({ scope }))
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([1, 1]), PATIENCE)
  frame.remove()
  await vi.waitFor(() => expect(alice.closed).toEqual(['the tab is gone']), PATIENCE)
  const again = await startPeer((await openTab()).guest.tabsTransport({ scope }))
  await vi.waitFor(() => expect([alice.channels.length, again.channels.length]).toEqual([2, 1]), PATIENCE)
})

test('a page that is hidden says goodbye, and comes back when it is shown again', async () => {
  const scope = crypto.randomUUID()
  const alice = await startPeer(tabsTransport({ scope }))
  const { guest, frame } = await openTab()
  const bob = await startPeer(guest.tabsTransport({ scope }))
  await vi.waitFor(() => expect(alice.channels.length).toBe(1), PATIENCE)
  frame.contentWindow?.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))
  await vi.waitFor(() => expect(alice.closed).toEqual(['the tab was closed']), PATIENCE)
  frame.contentWindow?.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([2, 2]), PATIENCE)
})

test('tabs of different scopes do not meet', async () => {
  const [one, two] = [crypto.randomUUID(), crypto.randomUUID()]
  const alice = await startPeer(tabsTransport({ scope: one }))
  const bob = await startPeer(tabsTransport({ scope: two }))
  const carol = await startPeer(tabsTransport({ scope: one }))
  const dave = await startPeer(tabsTransport({ scope: two }))
  const peers = [alice, bob, carol, dave]
  await vi.waitFor(() => expect(peers.map((peer) => peer.channels.length)).toEqual([1, 1, 1, 1]), PATIENCE)
})

test('everybody meets everybody, with a binding for each pair', async () => {
  const scope = crypto.randomUUID()
  const peers = await Promise.all(Array.from({ length: 4 }, () => startPeer(tabsTransport({ scope }))))
  await vi.waitFor(() => expect(peers.map((peer) => peer.channels.length)).toEqual([3, 3, 3, 3]), PATIENCE)
  const bindings = peers.flatMap((peer) => peer.channels.map((channel) => channel.binding.join()))
  expect(new Set(bindings).size).toBe(6)
})

test('a channel that was closed on purpose is made again after a wake, not at once', async () => {
  const scope = crypto.randomUUID()
  const alice = await startPeer(tabsTransport({ scope }))
  const bob = await startPeer(tabsTransport({ scope }))
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([1, 1]), PATIENCE)
  alice.channels[0]?.close('one is enough')
  await vi.waitFor(() => expect(bob.closed).toEqual(['one is enough']), PATIENCE)
  bob.transport.setTopics([TOPIC])
  const carol = await startPeer(tabsTransport({ scope }))
  await vi.waitFor(() => expect([alice, bob, carol].map((peer) => peer.channels.length)).toEqual([2, 2, 2]), PATIENCE)
  bob.transport.wake?.()
  alice.transport.wake?.()
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([3, 3]), PATIENCE)
})

test('noise on the shared channel does no harm', async () => {
  const scope = crypto.randomUUID()
  const alice = await startPeer(tabsTransport({ scope }))
  const noise = new BroadcastChannel(scope)
  for (const message of [
    null,
    1,
    'hello',
    {},
    { kind: 'hello', from: 'x' },
    { kind: 'hello', from: '', topics: [] },
    { kind: 'call', from: 'x', to: 1 },
  ])
    noise.postMessage(message)
  noise.postMessage({ kind: 'hello', from: 'no-such-tab', topics: [TOPIC.name] })
  const bob = await startPeer(tabsTransport({ scope }))
  await vi.waitFor(() => expect([alice.channels.length, bob.channels.length]).toEqual([1, 1]), PATIENCE)
  noise.close()
})

test('1,000 times a tab comes and goes: no lock is left, and the next one is met', { timeout: 120_000 }, async () => {
  const scope = crypto.randomUUID()
  let came = Promise.withResolvers<Channel>()
  const host = (onChannel: (channel: Channel) => void): TransportHost => ({
    clock,
    random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
    logger: { debug: () => undefined, warn: () => undefined, error: () => undefined },
    onChannel,
  })
  const alice = tabsTransport({ scope })
  alice.setTopics([TOPIC])
  await alice.start(host((channel) => came.resolve(channel)))
  const locks = async (): Promise<number> => {
    const { held = [], pending = [] } = await navigator.locks.query()
    return [...held, ...pending].filter(({ name }) => name?.startsWith(scope)).length
  }
  let before: number | undefined
  for (let cycle = 0; cycle < 1_000; cycle++) {
    came = Promise.withResolvers()
    const bob = tabsTransport({ scope })
    bob.setTopics([TOPIC])
    await bob.start(host(() => undefined))
    const channel = await came.promise
    const over = new Promise((resolve) => channel.onClose(resolve))
    await bob.stop()
    await over
    if (before !== undefined) continue
    await vi.waitFor(async () => expect(await locks()).toBe(1), PATIENCE)
    before = await locks()
  }
  await vi.waitFor(async () => expect(await locks()).toBe(before), PATIENCE)
  await alice.stop()
  await vi.waitFor(async () => expect(await locks()).toBe(0), PATIENCE)
})
