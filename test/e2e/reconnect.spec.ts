/**
 * Two people in two browsers, of whom one loses the network, sleeps, or loses the rendezvous: they come back by themselves, and nothing is lost, doubled or
 * in another order. `PARLEY_RECONNECT_ROUNDS=10` does each ten times.
 */
import { expect, type Page } from '@playwright/test'
import { layCable, REAL_ADDRESSES } from '../support/cable.ts'
import { CHROMIUM_ARGS, findChromium } from '../support/chromium.ts'
import { serveBuilt } from '../support/serve-built.ts'
import { startRelay } from '../support/servers.ts'
import { MEETING_MS } from './person.ts'
import type { Tab } from './tabs-page/page.ts'
import { test } from './world.ts'

const ROUNDS = Number(process.env['PARLEY_RECONNECT_ROUNDS'] ?? 1)

/** Conversations that the two share. */
const GROUPS = 10

/** Longer than a hiccup, shorter than what a browser takes for a loss. */
const MOMENT_MS = 1_000

const executablePath = findChromium()
test.use({ launchOptions: { args: [...CHROMIUM_ARGS, REAL_ADDRESSES], ...(executablePath === undefined ? {} : { executablePath }) } })

/** Runs in a page, with its client. */
async function inTab<T, A = undefined>(page: Page, run: (tab: Tab, argument: A) => T | Promise<T>, argument?: A): Promise<T> {
  const tab = await page.evaluateHandle(() => (globalThis as unknown as { tab: Promise<Tab> }).tab)
  return tab.evaluate(run as (tab: Tab, argument: unknown) => T | Promise<T>, argument)
}

/** What a person could see of the network. */
function sight(page: Page): Promise<{ phase: string; peers: number; links: number; rendezvous: boolean[] }> {
  return inTab(page, ({ parley, group }) => ({
    phase: group.syncState.phase,
    peers: group.syncState.peers,
    links: parley.inspect().links.length,
    rendezvous: parley.inspect().rendezvous.map(({ connected }) => connected),
  }))
}

const LIVE = { phase: 'live', peers: 1, links: 1, rendezvous: [true] }

function sees(page: Page, what: Awaited<ReturnType<typeof sight>>): Promise<void> {
  return expect.poll(() => sight(page), { timeout: MEETING_MS, intervals: [50] }).toEqual(what)
}

/** Counts connections of WebRTC in a page. */
function countConnections(): void {
  const made: RTCPeerConnection[] = []
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      made.push(this)
    }
  }
  Object.assign(globalThis, { connections: () => made.filter((pc) => pc.connectionState === 'connected').length })
}

const connections = (page: Page): Promise<number> => page.evaluate(() => (globalThis as unknown as { connections(): number }).connections())

test('one connection for ten groups; cut, asleep and without a rendezvous, they find each other again and miss nothing', async ({
  newBrowser,
}, info) => {
  test.setTimeout(60_000 + ROUNDS * 60_000)
  let relay = await startRelay()
  const site = await serveBuilt(new URL('tabs-page/', import.meta.url))
  const cable = await layCable(relay.url)
  const open = async (name: string, url: string): Promise<Page> => {
    const context = await newBrowser()
    await context.addInitScript(countConnections)
    const page = await context.newPage()
    await cable.lead(page)
    await page.goto(`${site.url}?name=${name}&rendezvous=${encodeURIComponent(url)}`)
    return page
  }
  try {
    const [alice, bob] = [await open('alice', cable.url), await open('bob', relay.url)]
    for (let group = 0; group < GROUPS; group++) {
      const link = await inTab(alice, async ({ parley }) => (await parley.createGroup({ title: 'One of many' })).invite())
      await inTab(bob, async (tab, link: string) => (await tab.parley.join(link)).admitted(), link)
    }
    for (const page of [alice, bob]) await sees(page, LIVE)
    expect([await connections(alice), await connections(bob)]).toEqual([1, 1])

    // Both write all the time, also when nobody can hear it.
    for (const [page, name] of [[alice, 'alice'] as const, [bob, 'bob'] as const])
      await inTab(
        page,
        (tab, name: string) => {
          tab.listen()
          tab.start(name)
        },
        name,
      )
    const times: Record<string, number[]> = {}
    /** Until each has heard what the other wrote after this moment. */
    const recover = async (what: string): Promise<void> => {
      const from = performance.now()
      const last = (page: Page): Promise<string> =>
        inTab(page, async (tab) => (await tab.group.sendMessage({ text: `mark ${performance.now()} ${tab.parley.me.name}` })).text)
      const [atAlice, atBob] = await Promise.all([last(alice), last(bob)])
      const hears = (page: Page, text: string): Promise<void> =>
        expect
          .poll(() => inTab(page, (tab, text: string) => tab.told.includes(text), text), { timeout: MEETING_MS, intervals: [50] })
          .toBe(true)
      await Promise.all([hears(alice, atBob), hears(bob, atAlice)])
      ;(times[what] ??= []).push(Math.round(performance.now() - from))
    }
    const cdp = await alice.context().newCDPSession(alice)

    for (let round = 0; round < ROUNDS; round++) {
      cable.pull()
      await alice.context().setOffline(true)
      await alice.waitForTimeout(MOMENT_MS)
      cable.plug()
      await alice.context().setOffline(false)
      await recover('a moment offline')

      cable.pull()
      await alice.context().setOffline(true)
      await sees(alice, { phase: 'offline', peers: 0, links: 0, rendezvous: [false] })
      await sees(bob, { phase: 'connecting', peers: 0, links: 0, rendezvous: [true] })
      cable.plug()
      await alice.context().setOffline(false)
      await recover('offline until both had noticed')
      for (const page of [alice, bob]) await sees(page, LIVE)
      expect([await connections(alice), await connections(bob)]).toEqual([1, 1])

      await cdp.send('Page.setWebLifecycleState', { state: 'frozen' })
      await alice.evaluate((ms) => {
        const end = performance.now() + ms
        while (performance.now() < end);
      }, MOMENT_MS)
      await cdp.send('Page.setWebLifecycleState', { state: 'active' })
      await recover('frozen')

      const { port } = new URL(relay.url)
      await relay.close()
      for (const page of [alice, bob]) await sees(page, { ...LIVE, rendezvous: [false] })
      await recover('without a rendezvous')
      relay = await startRelay({ port: Number(port) })
      for (const page of [alice, bob]) await sees(page, LIVE)
      await recover('with a new one')
    }

    const sent = (await Promise.all([alice, bob].map((page) => inTab(page, (tab) => tab.stop())))).flat()
    const all = (page: Page): Promise<string[]> => inTab(page, (tab) => tab.texts())
    await expect.poll(async () => (await all(bob)).length === (await all(alice)).length, { timeout: MEETING_MS }).toBe(true)
    const texts = await all(alice)
    expect(await all(bob)).toEqual(texts)
    expect(new Set(texts).size, 'no message twice').toBe(texts.length)
    const present = new Set(texts)
    expect(
      sent.filter((text) => !present.has(text)),
      'no message lost',
    ).toEqual([])
    for (const page of [alice, bob]) {
      const told = await inTab(page, (tab) => tab.told)
      expect(new Set(told).size, 'each told of once').toBe(told.length)
    }
    const figures = Object.entries(times).map(([what, ms]) => `${what} ${ms.toSorted((a, b) => a - b).join(' ')}`)
    info.annotations.push({ type: 'recovery', description: `ms: ${figures.join('; ')}; ${texts.length} messages` })
    if (process.env['PARLEY_RECONNECT_ROUNDS'] !== undefined) process.stdout.write(`${figures.join('\n')}\n`)
  } finally {
    cable.close()
    await site.close()
    await relay.close()
  }
})
