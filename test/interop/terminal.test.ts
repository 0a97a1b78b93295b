/**
 * Two people with `parley chat`, one on a terminal of 80x24 and one of 200x50: from the first start through everything that they do together.
 */
import { createParley } from '@parley/chat'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../packages/core/test/support.ts'
import { KEYS, openTestTerminal, TERMINAL_KIND } from '../support/terminal.ts'
import type { TestTerminal } from '../support/terminal.ts'

const LISTEN = ['--listen', '/ip4/127.0.0.1/tcp/0']
/** Two processes start, and find each other, on a machine that may be busy. */
const TIMEOUT = 90_000

let folder: string
const terminals: [name: string, terminal: TestTerminal][] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-terminal-'))
})
afterEach(async ({ task }) => {
  for (const [name, terminal] of terminals) {
    // What was on the screens when something was waited for in vain.
    if (task.result?.state === 'fail') process.stderr.write(`${name}:\n${await terminal.text()}\n`)
    await terminal.close()
  }
  terminals.length = 0
  await rm(folder, { recursive: true, maxRetries: 5 })
})

async function sit(name: string, columns: number, rows: number, ...argv: string[]): Promise<TestTerminal> {
  const words = ['chat', '--profile', join(folder, name), ...argv]
  const terminal = await openTestTerminal({ argv: words, folder, columns, rows })
  terminals.push([name, terminal])
  await terminal.sees('/help')
  return terminal
}

/** The link on the screen, which is broken where the screen ends, up to the advice below it. */
async function linkOn(terminal: TestTerminal, prefix = 'parley://join#', below = 'Give it to one person'): Promise<string> {
  const rows = (await terminal.sees(prefix)).split('\n')
  const first = rows.findIndex((row) => row.includes(prefix))
  const advice = rows.findIndex((row) => row.includes(below))
  return rows.slice(first, advice).join('').replace(/\s/g, '')
}

test(`on ${TERMINAL_KIND}: create, invite, join, talk, scroll, search, send files, resize, leave`, { timeout: TIMEOUT }, async () => {
  const [alice, bob] = await Promise.all([sit('alice', 80, 24, ...LISTEN), sit('bob', 200, 50)])
  await alice.say('/name Alice')
  await bob.say('/name Bob')
  await alice.say('/new Sunday hike')
  await alice.sees('Nothing said yet')
  await alice.say('/invite')
  const link = await linkOn(alice)
  await alice.press(KEYS.escape)
  await bob.sees('Parley · Bob')
  await bob.say(`/join ${link}`)
  await bob.sees(/Sunday hike · 2 members, Alice online · up to date with 1 device/)
  await alice.sees(/2 members, Bob online · up to date/)

  await alice.say('Shall we meet at nine?')
  await bob.sees(/Alice {2}\d\d:\d\d\n.*Shall we meet at nine\?/)
  await alice.sees('(seen by Bob)')
  await bob.press('I am')
  await alice.sees('Bob is typing')
  await bob.say(' in 👍🏽 日本語')
  await alice.sees(/Bob {2}\d\d:\d\d\n.*I am in 👍🏽 日本語/)

  // Many at once, as when they are pasted line by line; then back to what was said before them.
  await bob.press(...Array.from({ length: 30 }, (_, i) => `line ${i + 1}${KEYS.enter}`))
  await alice.sees('line 30')
  expect(await alice.text()).not.toContain('meet at nine')
  await alice.press(KEYS.pageUp, KEYS.pageUp, KEYS.pageUp)
  await alice.sees('Shall we meet at nine?')
  await alice.press(KEYS.tab, KEYS.end, KEYS.escape)
  await alice.sees(/line 30[^]*Enter sends/)
  await alice.say('/search NINE')
  await alice.sees('Search: NINE · 1 of 1')
  await alice.press(KEYS.enter)
  await alice.sees('> Shall we meet at nine?')

  await writeFile(join(folder, 'map.txt'), 'to the north')
  await bob.say('/attach map.txt')
  await bob.sees('With ')
  await bob.say('the way')
  await alice.sees('1 new further down')
  await alice.press(KEYS.end)
  await alice.sees('> [map.txt, 12 B]')
  await alice.press('s')
  await alice.sees('under this name')
  await alice.press(KEYS.clear, 'saved.txt', KEYS.enter)
  await alice.sees('Saved as')
  expect(await readFile(join(folder, 'saved.txt'), 'utf8')).toBe('to the north')

  await alice.resize(200, 50)
  await bob.resize(80, 24)
  await alice.press(KEYS.escape)
  // An Esc and a letter in one breath would be a key of its own.
  await alice.sees('Enter sends')
  await alice.say('from the large one')
  await bob.sees('from the large one')
  await alice.sees(/line 1\n[^]*from the large one/)
  await bob.say('from the small one')
  await alice.sees('from the small one')

  await alice.say('/role Bob reader')
  await alice.sees('Bob is reader now')
  await alice.say('/link')
  let code = ''
  const deviceLink = await linkOn(alice, 'parley-link:', 'On the new device')
  const adding = createParley({
    profile: join(folder, 'tablet'),
    link: deviceLink,
    deviceName: 'tablet',
    onShortCode: (shown) => (code = shown),
  })
  await alice.sees('A device called tablet has come')
  await until(() => code !== '')
  await alice.say(code)
  const tablet = await adding
  await alice.sees('It is yours now')
  await tablet.close()
  await alice.say('/devices')
  await alice.sees('tablet')
  await alice.press(KEYS.escape)

  await bob.press(KEYS.leave)
  expect(await bob.ended()).toBe(0)
  // The terminal is what it was.
  expect((await bob.text()).trimEnd()).toBe('before\nexit 0')
  await alice.sees(/2 members · nobody connected/)
  await alice.press(KEYS.leave)
  expect(await alice.ended()).toBe(0)
})
