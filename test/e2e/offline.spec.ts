/**
 * The demo as an app: it starts and works without a network, and changes to a new version when the person says so.
 */
import { serveWeb } from '@parley/web/server'
import { expect, type Page } from '@playwright/test'
import { appendFile, cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { complaints } from './complaints.ts'
import { MEETING_MS, Person, twoPeople } from './person.ts'
import { test } from './world.ts'

const DIST = fileURLToPath(new URL('../../apps/web/dist', import.meta.url))

/** Waits until the files of the page are kept. */
async function kept(page: Page): Promise<void> {
  await page.evaluate(() => navigator.serviceWorker.ready)
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller?.state)).toBe('activated')
}

test('without a network: started, read, searched, written, a file attached; it leaves by itself when the network is back', async ({
  newBrowser,
  web,
}) => {
  const [alice, bob] = await twoPeople(newBrowser, web.url, 'On the train')
  await bob.say('Before the tunnel')
  await alice.hears('Before the tunnel')
  await kept(alice.page)
  await alice.page.context().setOffline(true)
  await alice.page.reload()
  await alice.hears('Before the tunnel')
  await alice.say('In the tunnel')
  await expect(alice.message('In the tunnel')).toContainText('Kept here')
  await alice.page.locator('input[type=file]').setInputFiles({ name: 'tunnel.txt', mimeType: 'text/plain', buffer: Buffer.from('dark') })
  await alice.composer.fill('What it looks like')
  await alice.composer.press('Enter')
  await expect(alice.message('What it looks like')).toBeVisible()
  await alice.page.reload()
  await expect(alice.message('In the tunnel')).toBeVisible()
  await alice.page.keyboard.press('Control+K')
  await alice.page.getByRole('searchbox', { name: 'Words to look for' }).fill('tunnel')
  const found = alice.page.getByRole('list', { name: 'Messages that were found' }).getByRole('listitem')
  await expect(found).toHaveCount(3)
  await found.filter({ hasText: 'Before the' }).click()
  await expect(alice.message('Before the tunnel')).toBeFocused()
  expect(await bob.texts()).toEqual(['Before the tunnel'])
  await alice.page.context().setOffline(false)
  await bob.hears('In the tunnel')
  await bob.hears('What it looks like')
  const saving = bob.page.waitForEvent('download')
  await bob.timeline.getByRole('button', { name: 'Download tunnel.txt' }).click()
  expect(await readFile(await (await saving).path(), 'utf8')).toBe('dark')
  await expect(alice.message('In the tunnel')).toContainText(/Delivered|Seen/, { timeout: MEETING_MS })
})

test('the browser has nothing against it, it can be installed, and a new version waits to be taken', async ({ context, relay }) => {
  const root = await mkdtemp(join(tmpdir(), 'parley-site-'))
  await cp(DIST, root, { recursive: true })
  const site = { root, rendezvous: [relay.url] }
  let web = await serveWeb({ port: 0, ...site })
  try {
    const page = await context.newPage()
    const complained = await complaints(page)
    await page.goto(web.url)
    const alice = await Person.introduce(page, 'alice')
    await alice.createGroup('Nothing to complain about')
    await alice.takeInviteLink()
    await alice.say('Hello')
    await kept(alice.page)
    expect(await complained()).toEqual([])
    const manifest: { icons: { src: string; type: string }[] } = JSON.parse(
      await (await fetch(new URL('manifest.webmanifest', web.url))).text(),
    )
    expect(manifest).toMatchObject({ name: 'Parley', display: 'standalone', start_url: '/' })
    for (const { src, type } of manifest.icons) {
      const icon = await fetch(new URL(src, web.url))
      expect(icon.headers.get('content-type'), src).toBe(type)
    }

    await web.close()
    await appendFile(join(root, 'service-worker.js'), '\n// another build')
    for (const ending of ['br', 'gz']) await rm(join(root, `service-worker.js.${ending}`))
    web = await serveWeb({ port: Number(new URL(alice.page.url()).port), ...site })
    await alice.page.reload()
    const notice = alice.page.getByRole('complementary', { name: 'New version' })
    await notice.getByRole('button', { name: 'Use it now' }).click()
    await expect(notice).toHaveCount(0)
    await expect(alice.conversations).toBeVisible()
    await kept(alice.page)
  } finally {
    await web.close()
    await rm(root, { recursive: true })
  }
})
