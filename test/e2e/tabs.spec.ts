/**
 * Several tabs of one profile and a second person elsewhere: real pages of a real browser, closed and crashed. First with nothing but a client in
 * each page, then with the demo.
 */
import { expect, type BrowserContext, type Page } from '@playwright/test'
import { startRelay } from '../support/servers.ts'
import { inTab } from './in-tab.ts'
import { MEETING_MS, Person, twoPeople } from './person.ts'
import { serveBuilt } from '../support/serve-built.ts'
import { test } from './world.ts'

const KILLS = 10

/** After a take-over the new engine and the other person find each other, and compare what they have: at the latest when they do so anyway, every 30 s. */
const REUNION_MS = 3 * MEETING_MS

/** Ends a tab the way that a person, or a fault, does. */
async function kill(context: BrowserContext, page: Page, how: 'close' | 'crash'): Promise<void> {
  if (how === 'close') return page.close()
  const crashed = page.waitForEvent('crash')
  const session = await context.newCDPSession(page)
  // Never answered: who would answer is gone.
  void session.send('Page.crash').catch(() => undefined)
  await crashed
}

test('ten hosts are closed and crashed while both people write: nothing is lost or doubled', async ({ newBrowser }, info) => {
  test.setTimeout(600_000)
  const relay = await startRelay()
  const site = await serveBuilt(new URL('tabs-page/', import.meta.url))
  try {
    const [atAlice, atBob] = [await newBrowser(), await newBrowser()]
    const open = async (context: BrowserContext, name: string): Promise<Page> => {
      const page = await context.newPage()
      await page.goto(`${site.url}?name=${name}&rendezvous=${encodeURIComponent(relay.url)}`)
      return page
    }
    const first = await open(atAlice, 'alice')
    const link = await inTab(first, async ({ parley }) => (await parley.createGroup({ title: 'Stream' })).invite())
    const bob = await open(atBob, 'bob')
    await inTab(bob, async (tab, link: string) => (await tab.parley.join(link)).admitted(), link)
    const device = await inTab(first, ({ parley }) => parley.inspect().deviceId)

    let pages = [first, await open(atAlice, 'alice'), await open(atAlice, 'alice')]
    let tabs = 0
    const begin = async (page: Page, name: string): Promise<void> => {
      await inTab(page, (tab) => tab.listen())
      await inTab(page, (tab, name: string) => tab.start(name), name)
    }
    await begin(bob, 'bob')
    for (const page of pages) await begin(page, `tab ${tabs++}`)
    const killedSent: string[] = []
    const takeOvers: string[] = []

    for (let round = 0; round < KILLS; round++) {
      // Everybody writes on before the next tab dies.
      const goesOn = async (page: Page): Promise<void> => {
        const before = await inTab(page, ({ sent }) => sent.length)
        await expect.poll(() => inTab(page, ({ sent }) => sent.length), { timeout: MEETING_MS }).toBeGreaterThan(before + 2)
      }
      await Promise.all([bob, ...pages].map(goesOn))
      const heard = await inTab(bob, ({ told }) => told.length)
      await expect.poll(() => inTab(bob, ({ told }) => told.length), { timeout: REUNION_MS }).toBeGreaterThan(heard)
      const roles = await Promise.all(pages.map((page) => inTab(page, (tab) => tab.role())))
      expect(roles.filter((role) => role === 'host')).toHaveLength(1)
      const host = pages[roles.indexOf('host')]!
      pages = pages.filter((page) => page !== host)
      killedSent.push(...(await inTab(host, ({ sent }) => [...sent])))
      const how = round % 2 === 0 ? 'close' : 'crash'
      const at = performance.now()
      await kill(atAlice, host, how)
      const dead = performance.now()
      await Promise.race(pages.map((page) => inTab(page, async ({ group }) => void (await group.getMessages()))))
      takeOvers.push(`${how} ${Math.round(performance.now() - at)} (${Math.round(performance.now() - dead)} after its end)`)
      const devices = await Promise.all(pages.map((page) => inTab(page, ({ parley }) => parley.inspect().deviceId)))
      expect(devices).toEqual([device, device])
      const page = await open(atAlice, 'alice')
      await begin(page, `tab ${tabs++}`)
      pages.push(page)
    }

    const sentByAlice = (await Promise.all(pages.map((page) => inTab(page, (tab) => tab.stop())))).flat()
    const sentByBob = await inTab(bob, (tab) => tab.stop())
    const counts = (): Promise<number[]> =>
      Promise.all([bob, ...pages].map(async (page) => (await inTab(page, (tab) => tab.texts())).length))
    await expect.poll(async () => new Set(await counts()).size, { timeout: REUNION_MS }).toBe(1)
    const texts = await inTab(bob, (tab) => tab.texts())
    for (const page of pages) expect(await inTab(page, (tab) => tab.texts())).toEqual(texts)
    expect(new Set(texts).size, 'no message twice').toBe(texts.length)
    const present = new Set(texts)
    expect(
      [...sentByAlice, ...sentByBob, ...killedSent].filter((text) => !present.has(text)),
      'no message lost',
    ).toEqual([])
    const heardByBob = await inTab(bob, ({ told }) => told)
    expect(new Set(heardByBob).size, 'the other person was told of each once').toBe(heardByBob.length)
    expect(texts.filter((text) => !text.startsWith('bob') && !heardByBob.includes(text))).toEqual([])
    // Each tab was told of all that the other person wrote since it began to listen, once.
    for (const page of pages) {
      const told = await inTab(page, (tab) => tab.told)
      expect(new Set(told).size).toBe(told.length)
      const from = Math.min(...told.map((text) => sentByBob.indexOf(text)))
      expect(sentByBob.slice(from).filter((text) => !told.includes(text))).toEqual([])
    }
    await expect
      .poll(() => inTab(bob, ({ parley }) => [...new Set(parley.inspect().links.map((link) => link.device))]), { timeout: REUNION_MS })
      .toEqual([device])
    const figures = `kill to first answer, ms: ${takeOvers.join(', ')}; ${texts.length} messages, ${sentByBob.length} of the other person`
    info.annotations.push({ type: 'take-over', description: figures })
  } finally {
    await site.close()
    await relay.close()
  }
})

test('the demo in two tabs: both show and write, and the second goes on when the first is closed', async ({ newBrowser, web }) => {
  const [alice, bob] = await twoPeople(newBrowser, web.url, 'Two tabs')
  const second = await alice.page.context().newPage()
  await second.goto(web.url)
  await second.getByRole('button', { name: /Two tabs/ }).click()
  const again = Person.at(second, 'alice')
  await alice.say('From the first tab')
  await again.hears('From the first tab')
  await again.say('From the second tab')
  await alice.hears('From the second tab')
  await bob.say('Which one are you?')
  await alice.hears('Which one are you?')
  await again.hears('Which one are you?')
  await alice.page.close()
  await again.say('The second')
  await bob.hears('The second')
  await bob.say('I see')
  await again.hears('I see')
  expect(await again.texts()).toEqual(await bob.texts())
})

test('where tabs cannot talk to each other, a second one says that the profile is open, and can be used after the first is closed', async ({
  context,
  web,
}) => {
  // As in some embedded web views.
  await context.addInitScript(() => Reflect.deleteProperty(globalThis, 'BroadcastChannel'))
  const alice = await Person.open(context, web.url, 'alice')
  await alice.createGroup('One at a time')
  await alice.takeInviteLink()
  const second = await context.newPage()
  await second.goto(web.url)
  await expect(second.getByRole('heading', { name: 'Parley is open in another tab' })).toBeVisible()
  await alice.page.close()
  await expect(async () => {
    await second.getByRole('button', { name: 'Use this tab' }).click({ timeout: 500 })
    await expect(second.getByRole('main', { name: 'One at a time' })).toBeVisible({ timeout: 1_000 })
  }).toPass()
})
