/** The terminal interface with the real engine and a real disk, on a terminal that refuses whatever is not ours. */
import { createParley } from '@parley/chat'
import type { Parley } from '@parley/core'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Io } from '../src/printer.ts'
import { runCli } from '../src/run.ts'
import { FakeScreen } from './fake-screen.ts'

const [UP, DOWN, ENTER, ESCAPE, TAB, PAGE_UP, END] = ['\u001b[A', '\u001b[B', '\r', '\u001b', '\t', '\u001b[5~', '\u001b[F']

let folder: string
let screen: FakeScreen
let engine: Parley
const ends: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-chat-'))
  screen = new FakeScreen(80, 24)
})
afterEach(async ({ task }) => {
  // What was on the screen when it was waited for in vain.
  if (task.result?.state === 'fail') console.error(screen.text)
  for (const end of ends.splice(0).toReversed()) await end()
  await rm(folder, { recursive: true })
})

/** Starts `parley` with these words, offline, on the screen if it wants one. */
function parley(...argv: string[]): { out: string[]; err: string[]; done: Promise<0 | 1>; interrupt: () => void } {
  const [out, err]: [string[], string[]] = [[], []]
  const stop = new AbortController()
  const io: Io = {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    async *input() {},
    terminal: { columns: 80, timeZone: 'UTC', hasColour: false },
    openScreen: screen.open,
    folder,
  }
  const done = runCli(
    ['--profile', join(folder, 'profile'), ...argv],
    io,
    stop.signal,
    async ({ profile }) => (engine = await createParley({ profile, offline: true })),
  )
  ends.push(async () => {
    stop.abort()
    await done
  })
  return { out, err, done, interrupt: () => stop.abort() }
}

/** Writes a line and sends it. */
const say = (text: string): void => screen.press(text, ENTER)

/** The card of somebody else. */
async function stranger(name: string): Promise<string> {
  const other = await createParley({ profile: join(folder, 'other'), name, offline: true })
  const card = await other.contactCard()
  await other.close()
  return card
}

async function inGroup(): Promise<ReturnType<typeof parley>> {
  const running = parley('chat')
  await screen.sees('/new TITLE')
  say('/name Alice')
  say('/new Hike')
  await screen.sees('Nothing said yet')
  return running
}

test('from the first start to a conversation: written, answered, edited, reacted to, deleted', async () => {
  const running = await inGroup()
  expect(screen.rows[0]).toBe(' Hike · 1 member · nobody else is in it yet')
  screen.press('hello')
  screen.press('\u001b\r', 'second line', ENTER)
  await screen.sees(/You {2}\d\d:\d\d\n.*hello\n.*second line/)
  say('and another')
  await screen.sees('and another')
  screen.press(UP, UP, 'r')
  await screen.sees('Reply to Alice: hello second line')
  say('an answer')
  await screen.sees(/\| to you: hello second line\n.*an answer/)
  screen.press(UP, '+')
  await screen.sees('Emoji to react with')
  screen.press(ENTER)
  await screen.sees('(👍)')
  screen.press('e')
  await screen.sees('Edit of: an answer')
  say(' indeed')
  await screen.sees(/> an answer indeed|an answer indeed\n.*edited/)
  screen.press(UP, UP, 'd')
  await screen.sees('Type y:')
  say('y')
  await screen.sees('and another', true)
  screen.press('\u0003')
  expect(await running.done).toBe(0)
  expect([screen.isOpen, running.err]).toEqual([false, []])
})

test('what is typed and not sent is there again, in the conversation that is named', async () => {
  const first = await inGroup()
  screen.press('not yet')
  await screen.sees('> not yet')
  say('\u0011')
  await first.done
  const second = parley('chat', 'hike')
  await screen.sees('> not yet')
  second.interrupt()
  expect(await second.done).toBe(0)
  expect(screen.isOpen).toBe(false)
})

test('a file is attached by its path and saved; what is wrong is said and nothing is lost', async () => {
  await inGroup()
  await writeFile(join(folder, 'a map.txt'), 'north')
  say('/attach nowhere.txt')
  await screen.sees('! ')
  expect(screen.text).toContain('nowhere.txt cannot be read.')
  say('/attach "a map.txt"')
  await screen.sees('With ')
  say('the way')
  await screen.sees('[a map.txt, 5 B]')
  screen.press(UP, 's')
  await screen.sees('Save a map.txt (5 B)')
  screen.press('\u0015', 'copy.txt', ENTER)
  await screen.sees('Saved as')
  expect(await readFile(join(folder, 'copy.txt'), 'utf8')).toBe('north')
  screen.press(ESCAPE)
  say('/files')
  await screen.sees('5 B      a map.txt')
  screen.press(ENTER)
  await screen.sees('under this name')
  screen.press('\u0015', 'copy.txt', ENTER)
  await screen.sees('exists. Choose another name')
  screen.press(ESCAPE)
  say('/frobnicate')
  await screen.sees('There is no /frobnicate')
  screen.press('\u0015')
  say('//frobnicate')
  await screen.sees(/ {2}\/frobnicate/)
  say('/join nonsense')
  await screen.sees('! ')
})

test('help, members, the invite to copy, the connection, and the way back from each', async () => {
  await inGroup()
  screen.press('\u001bOP')
  await screen.sees('/attach PATH')
  screen.press(...Array.from({ length: 40 }, () => DOWN))
  await screen.sees('/quit')
  screen.press(ESCAPE)
  say('/members')
  await screen.sees(/Alice \(you\) +founder +online/)
  screen.press('q')
  say('/invite')
  await screen.sees('It names no address of yours')
  screen.press('c')
  await screen.sees('Copied')
  expect(screen.rows.slice(1).join('')).toContain(screen.clipboard)
  expect(screen.clipboard).toMatch(/^parley:\/\/join#/)
  screen.press(ESCAPE)
  say('/connection')
  await screen.sees('This device')
  screen.press(ESCAPE)
  await screen.sees('Nothing said yet')
})

test('people: somebody let in, given a role, blocked and heard again, a message forwarded, a device named', async () => {
  await inGroup()
  const group = engine.conversations[0]!
  await engine.addContact(await stranger('Bob Builder'))
  say('/add Bob Builder')
  await screen.sees('Bob Builder is told of Hike')
  // He has not come yet, and has no name there.
  say('/role bob builder reader')
  await screen.sees('Bob Builder is reader now.')
  expect(group.members().map(({ role }) => role)).toEqual(['founder', 'reader'])
  say('/role Mallory reader')
  await screen.sees('/members shows who is in it')
  say('/role Alice king')
  await screen.sees('! ')
  say('/role Alice')
  await screen.sees('behind the name')
  say('/block Bob Builder')
  await screen.sees('Bob Builder is blocked.')
  say('/unblock Bob Builder')
  await screen.sees('Bob Builder is heard again.')
  expect(engine.contacts.map(({ isBlocked }) => isBlocked)).toEqual([false])
  say('/devices')
  await screen.sees('[this one]')
  screen.press(ENTER)
  await screen.sees('What your other devices call this one')
  screen.press('\u0015', 'laptop', ENTER)
  await screen.sees('laptop  [this one]')
  screen.press(ESCAPE)
  say('/link')
  await screen.sees(/! .*[Oo]nline|! .*offline/)
  say('/new Dinner')
  await screen.sees('Dinner · 1 member')
  say('soup')
  await screen.sees('soup')
  screen.press(UP, 'f')
  await screen.sees('Forward to')
  screen.press(DOWN, ENTER)
  await screen.sees('Forwarded to Hike.')
  expect((await group.getMessages()).messages.at(-1)).toMatchObject({ text: 'soup', forwardedFrom: { author: 'Alice' } })
})

test('a long conversation scrolls, is searched, and shows what comes at its end; the list leads to another', async () => {
  await inGroup()
  const group = engine.conversations[0]
  for (let i = 1; i <= 120; i++) await group?.sendMessage({ text: i === 3 ? 'bring your boots' : `message ${i}` })
  await screen.sees('message 120')
  screen.press(PAGE_UP, PAGE_UP)
  await screen.sees('message 120', true)
  while (!screen.text.includes('message 1\n')) {
    screen.press(PAGE_UP)
    await screen.drawn()
  }
  screen.press(TAB, END)
  await screen.sees('message 120')
  screen.press(ESCAPE)
  say('/search boots')
  await screen.sees('Search: boots · 1 of 1')
  screen.press(ENTER)
  await screen.sees('> bring your boots')
  say('')
  say('at the end')
  await screen.sees(/message 120\n.*at the end/)
  say('/new Dinner')
  await screen.sees('* Dinner')
  // Nothing that is pasted among the messages is taken for commands.
  screen.press(TAB, `\u001b[200~${'d'.repeat(1 << 17)}\u001b[201~`)
  await screen.sees('What is pasted goes where you write')
  screen.press(DOWN)
  await screen.sees('> Hike')
  screen.press(ENTER)
  await screen.sees('at the end')
  screen.press(TAB, TAB, 'n')
  await screen.sees('Title of the new group')
  say('Third')
  await screen.sees('* Third')
})

test('what others wrote acts on no terminal, whatever it is, and at any size', async () => {
  await inGroup()
  const hostile = [
    '\u001b[2J\u001b]52;c;aGk=\u0007\u009b1m',
    '\u202egnp.exe\u2066',
    `z${'\u0301'.repeat(5000)}`,
    '\u{1f468}\u200d\u{1f469}'.repeat(9),
    'ﷺ'.repeat(200),
    'a\tb\r\nc',
    '𒐫'.repeat(90),
  ]
  const group = engine.conversations[0]
  await group?.setTitle('Hi\u001b[31mke\u202e')
  for (const text of hostile) await group?.sendMessage({ text })
  say('the end')
  for (const [columns, rows] of [
    [80, 24],
    [200, 50],
    [40, 10],
    [30, 8],
    [10, 2],
    [1, 1],
    [80, 24],
  ] as const) {
    screen.resize(columns, rows)
    if (columns >= 30) await screen.sees('the end')
    else if (columns === 10) await screen.sees('Make it 3')
    for (const row of screen.rows) expect(row.length).toBeLessThanOrEqual(columns * 10)
  }
  expect(screen.clipboard).toBe('')
  expect(screen.hasColour).toBe(false)
  screen.resize(40, 10)
  screen.press(TAB, TAB)
  await screen.sees('Conversations')
})

test('without a terminal, and for programs, it says what to use instead', async () => {
  const { out, done } = parley('--json', 'chat')
  expect([await done, JSON.parse(out[0] ?? '')]).toMatchObject([
    1,
    { error: { code: 'InvalidArgument', message: expect.stringContaining('parley tail') as string } },
  ])
  const { err, done: unknown } = parley('chat', 'Nowhere')
  expect([await unknown, err[0]]).toEqual([1, expect.stringContaining('There is no conversation "Nowhere"')])
})

test('in a running peer it takes the terminal of the command that attached, and gives it back when the peer ends', async () => {
  const daemon = parley('daemon')
  while (daemon.out.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const running = await inGroup()
  expect(running.err).toEqual([])
  say('hello')
  await screen.sees(/You {2}\d\d:\d\d\n.*hello/)
  screen.resize(100, 30)
  await screen.sees(/hello[^]*\n>\n/)
  expect(screen.rows).toHaveLength(30)
  daemon.interrupt()
  await screen.closes()
  expect(await running.done).toBe(0)
})
