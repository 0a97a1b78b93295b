/** A browser and the real `parley` in one conversation: directly over WebSockets, and through the relay where that cannot be. */
import { expect, type Page } from '@playwright/test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Message } from '@parley/chat'
import type { Relay } from '@parley/relay'
import { Person as Desktop } from '../interop/parley-process.ts'
import { startRelay } from '../support/servers.ts'
import { KEYS, openTestTerminal } from '../support/terminal.ts'
import { MEETING_MS } from './person.ts'
import type { Tab } from './tabs-page/page.ts'
import { serveBuilt } from '../support/serve-built.ts'
import { test as base } from './world.ts'

const test = base.extend<{ meeting: Relay; desktop: Desktop; open(query?: string): Promise<Page> }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of fixtures from the pattern.
  meeting: async ({}, use) => {
    const relay = await startRelay({ circuit: true })
    await use(relay)
    await relay.close()
  },
  // oxlint-disable-next-line no-empty-pattern -- as above
  desktop: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-desktop-'))
    const desktop = new Desktop(folder)
    await desktop.run('id', '--name', 'Dora')
    await use(desktop)
    await desktop.endAll()
    await rm(folder, { recursive: true })
  },
  open: async ({ newBrowser, meeting }, use) => {
    const site = await serveBuilt(new URL('tabs-page/', import.meta.url))
    await use(async (query = '') => {
      const page = await (await newBrowser()).newPage()
      await page.goto(`${site.url}?name=bob&rendezvous=${encodeURIComponent(meeting.url)}${query}`)
      return page
    })
    await site.close()
  },
})

/** Runs in the page, with its client. */
async function inPage<T, A = undefined>(page: Page, run: (tab: Tab, argument: A) => T | Promise<T>, argument?: A): Promise<T> {
  const tab = await page.evaluateHandle(() => (globalThis as unknown as { tab: Promise<Tab> }).tab)
  return tab.evaluate(run as (tab: Tab, argument: unknown) => T | Promise<T>, argument)
}

/** The desktop founds a group, the browser joins by its link, and each says something that the other hears. */
async function talk(desktop: Desktop, page: Page): Promise<void> {
  await desktop.one('new', 'Hike')
  const { link } = (await desktop.one('invite', 'Hike')) as unknown as { link: string }
  const tail = desktop.start('tail', 'Hike')
  await inPage(page, async ({ parley }, link: string) => (await parley.join(link)).admitted(), link)
  await inPage(page, (tab) => tab.listen())
  await desktop.run('send', 'Hike', 'From a terminal')
  await expect.poll(() => inPage(page, ({ told }) => told), { timeout: MEETING_MS }).toContain('From a terminal')
  await inPage(page, async ({ group }) => void (await group.sendMessage({ text: 'From a browser' })))
  await tail.line((line) => (line as unknown as { message?: Message }).message?.text === 'From a browser')
}

const remotes = (page: Page): Promise<string[]> =>
  inPage(page, ({ parley }) => parley.inspect().links.flatMap(({ remote, device }) => (device === undefined ? [] : [remote])))

test.setTimeout(180_000)

test('directly: the browser dials where a person sits at a terminal, and without the link too when both come back', async ({
  desktop,
  meeting,
  open,
}) => {
  const listen = ['--listen', '/ip4/127.0.0.1/tcp/0', '--listen', '/ip4/127.0.0.1/tcp/0/ws', '--rendezvous', meeting.url]
  const argv = ['chat', '--profile', desktop.profile, ...listen]
  const terminal = await openTestTerminal({ argv, folder: desktop.profile, columns: 80, rows: 24 })
  await terminal.sees('/help')
  const page = await open()
  await talk(desktop, page)
  expect(await remotes(page)).toEqual([expect.stringMatching(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/ws\/p2p\/[^/]+$/)])
  await terminal.press(KEYS.tab, KEYS.down, KEYS.enter)
  await terminal.sees(/Hike · 2 members, bob online[^]*From a browser/)
  await terminal.say('From the keyboard')
  await expect.poll(() => inPage(page, ({ told }) => told), { timeout: MEETING_MS }).toContain('From the keyboard')

  // On other ports from now on, which only the rendezvous tells of.
  await terminal.press(KEYS.leave)
  expect(await terminal.ended()).toBe(0)
  await terminal.close()
  await inPage(page, async ({ group }) => void (await group.sendMessage({ text: 'While you were away' })))
  const again = desktop.start('daemon', ...listen)
  await again.line()
  await expect
    .poll(async () => JSON.stringify(await desktop.run('messages', 'Hike')), { timeout: MEETING_MS })
    .toContain('While you were away')
})

test('through the relay at first: the desktop listens where no browser can dial; then over WebRTC, without the relay', async ({
  desktop,
  meeting,
  open,
}) => {
  const [relay = ''] = meeting.multiaddrs
  const daemon = desktop.start('daemon', '--listen', '/ip4/127.0.0.1/tcp/0', '--relay', relay, '--rendezvous', meeting.url)
  await daemon.line()
  const page = await open(`&relay=${encodeURIComponent(relay)}`)
  await talk(desktop, page)
  expect(await remotes(page)).toContainEqual(expect.stringContaining('/p2p-circuit/'))
  await expect.poll(() => remotes(page), { timeout: MEETING_MS }).toContainEqual(expect.stringContaining('/webrtc/'))
  await meeting.close()
  // Two, when both looked for a way at once.
  await expect.poll(async () => (await remotes(page)).every((remote) => remote.includes('/webrtc/')), { timeout: MEETING_MS }).toBe(true)
  await desktop.run('send', 'Hike', 'With the relay gone')
  await expect.poll(() => inPage(page, ({ told }) => told), { timeout: MEETING_MS }).toContain('With the relay gone')
})
