/**
 * What somebody may send to do harm: it is shown as what it is, starts nothing and asks nobody, and the policy of the page would stop it anyway.
 */
import { expect } from '@playwright/test'
import { MEETING_MS, Person } from './person.ts'
import { test } from './world.ts'

const ELEMENT = '<img src=x onerror="document.title=1">'
const OVERRIDE = '\u202e'
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>document.title=2</script><rect onload="document.title=3"/></svg>'

test('hostile names, texts, links and files are shown as text, on both sides; no script of theirs can run', async ({ newBrowser, web }) => {
  const alice = await Person.open(await newBrowser(), web.url, ELEMENT)
  await alice.createGroup('<b>bold</b>')
  const link = await alice.takeInviteLink()
  const bob = await Person.open(await newBrowser(), link, `${OVERRIDE}bob`)
  await bob.acceptInvite('<b>bold</b>')
  const asked: string[] = []
  bob.page.on('request', (request) => void asked.push(request.url()))
  bob.page.on('dialog', (dialog) => void asked.push(dialog.message()))

  await alice.say(ELEMENT)
  await alice.say('javascript:alert(1) https://example.org/a(b). data:text/html,x vbscript:x //evil.example')
  await alice.say('[press me](javascript:alert(1)) <javascript:alert(2)> ![](https://evil.example/x.png)')
  await alice.say(`${OVERRIDE}txt.exe ${'\u{1f468}\u200d\u{1f469}\u200d'.repeat(60)} ${'a\u0300\u0301\u0302'.repeat(100)}`)
  await alice.page.locator('input[type=file]').setInputFiles([
    { name: 'x"><script>document.title=4</script>.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(SVG) },
    { name: `photo${OVERRIDE}gpj.exe`, mimeType: 'image/png', buffer: Buffer.from(`MZ${ELEMENT}`) },
    { name: '../../page.html', mimeType: 'image/png', buffer: Buffer.from(`<!doctype html>${ELEMENT}<script>document.title=5</script>`) },
  ])
  await alice.composer.fill('Three files')
  await alice.composer.press('Enter')
  await bob.hears('Three files')
  await expect(bob.timeline.getByRole('button', { name: /^Download/ })).toHaveCount(3, { timeout: MEETING_MS })

  for (const { page, timeline } of [alice, bob]) {
    await expect(page.getByRole('heading', { name: '<b>bold</b>' }).first()).toBeVisible()
    await expect(timeline.getByText(ELEMENT, { exact: true }).last()).toBeVisible()
    await expect(timeline.getByRole('link')).toHaveText(['https://example.org/a(b)', 'https://evil.example/x.png'])
    const address = timeline.getByRole('link').first()
    await expect(address).toHaveAttribute('href', 'https://example.org/a(b)')
    await expect(address).toHaveAttribute('rel', /noopener/)
    await expect(timeline.locator('img, script, iframe, object, embed')).toHaveCount(0)
    await expect(page).toHaveTitle(/^(\(\d+\) )?Parley$/)
    expect(await timeline.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true)
  }
  const names = await bob.timeline
    .getByRole('button', { name: /^Download/ })
    .evaluateAll((buttons) => buttons.map((button) => button.ariaLabel))
  expect(names.join(), 'no name hides its ending, or leads out of a folder').not.toMatch(/[\u202a-\u202e\u2066-\u2069/\\]/)

  // The files come as downloads, whatever they call themselves.
  const saving = bob.page.waitForEvent('download')
  await bob.timeline.getByRole('button', { name: /^Download .*svg$/ }).click()
  await saving
  expect(asked.filter((url) => !url.startsWith(web.url) && !url.startsWith('blob:'))).toEqual([])

  // Even one who could write into the page could neither start a script nor fetch one from elsewhere.
  const stopped = await bob.page.evaluate(async () => {
    const violations: string[] = []
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => void violations.push(effectiveDirective))
    const inline = document.createElement('script')
    inline.textContent = 'document.title = 6'
    const foreign = document.createElement('script')
    foreign.src = 'https://evil.example/x.js'
    const handler = document.createElement('div')
    handler.innerHTML = '<button onclick="document.title = 7">x</button><svg onload="document.title = 8"></svg>'
    document.body.append(inline, foreign, handler)
    handler.querySelector('button')!.click()
    while (new Set(violations).size < 2) await new Promise((resolve) => setTimeout(resolve, 20))
    return [...new Set(violations)].toSorted()
  })
  expect(stopped).toEqual(['script-src-attr', 'script-src-elem'])
  await expect(bob.page).toHaveTitle(/^(\(\d+\) )?Parley$/)
})
