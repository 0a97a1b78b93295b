/** `search`, `export` and `import` with the real engine and a real disk, offline. */
import { createParley } from '@parley/chat'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCli } from '../src/run.ts'
import { objectsOf } from './cli.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-archive-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function run(profile: string, ...argv: string[]): Promise<{ code: 0 | 1; out: string[]; err: string[] }> {
  const out: string[] = []
  const err: string[] = []
  const io = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    async *input() {},
    terminal: { columns: 80, timeZone: 'UTC', hasColour: false },
    folder,
  }
  const signal = new AbortController().signal
  const code = await runCli(['--profile', join(folder, profile), ...argv], io, signal, ({ profile: path }) =>
    createParley({ profile: path, offline: true }),
  )
  return { code, out, err }
}

const json = async (profile: string, ...argv: string[]): Promise<Record<string, unknown>[]> =>
  objectsOf((await run(profile, '--json', ...argv)).out)
const refusal = async (profile: string, ...argv: string[]): Promise<unknown> => {
  const { code, out } = await run(profile, '--json', ...argv)
  return code === 1 ? (objectsOf(out).at(-1)?.['error'] as { code: string } | undefined)?.code : undefined
}

beforeEach(async () => {
  await json('alice', 'new', 'Hike')
  await writeFile(join(folder, 'map.txt'), 'north')
  for (const text of ['bring your boots', 'the other plan']) await json('alice', 'send', 'Hike', text)
  await json('alice', 'send', 'Hike', 'the way', '--file', 'map.txt')
})

test('search prints what it finds, with where to go on, and refuses what is no search', async () => {
  const [found] = await json('alice', 'search', 'Hike', 'BOOT')
  expect(found).toMatchObject({
    total: 1,
    isComplete: true,
    results: [{ message: { text: 'bring your boots' }, highlights: [{ field: 'text', start: 11, end: 16 }] }],
  })
  expect(await json('alice', 'search', 'Hike', 'map', '--files')).toMatchObject([{ total: 1 }])
  expect(await json('alice', 'search', 'Hike', 'plan', '--after', '2100-01-01')).toMatchObject([{ total: 0 }])
  const text = (await run('alice', 'search', 'Hike', 'the', '--limit', '1', '--ids')).out.join('\n')
  expect(text).toMatch(/the way[^]*1 of 2[^]*more with --cursor \S+/)
  const cursor = /--cursor (\S+)/.exec(text)?.[1] ?? ''
  expect((await run('alice', 'search', 'Hike', 'the', `--cursor=${cursor}`)).out.join('\n')).toContain('the other plan')
  expect(await refusal('alice', 'search', 'Dinner', 'x')).toBe('NotFound')
  expect(await refusal('alice', 'search', 'Hike', 'x'.repeat(300))).toBe('TooLarge')
  expect(await refusal('alice', 'search', 'Hike', 'x', '--before', 'soon')).toBe('InvalidArgument')
  expect(await refusal('alice', 'search', 'Hike', 'x', '--author', 'nobody')).toBe('NotFound')
})

test('export writes a file that import reads in another profile, with messages and files', async () => {
  const [exported] = await json('alice', 'export', 'Hike', 'hike.ndjson')
  const path = join(folder, 'hike.ndjson')
  expect(exported).toEqual({ id: expect.any(String) as string, path, size: (await readFile(path)).length })
  expect(await json('bob', 'import', 'hike.ndjson')).toEqual([{ id: exported?.['id'], title: 'Hike', state: 'archive' }])
  const [page] = await json('bob', 'messages', 'Hike')
  expect(page).toMatchObject({ totalMessages: 3 })
  await json('bob', 'save', 'Hike', 'map.txt', 'out.txt')
  expect(await readFile(join(folder, 'out.txt'), 'utf8')).toBe('north')
  expect(await refusal('bob', 'send', 'Hike', 'hello')).toBe('NotAMember')
  expect((await run('alice', 'import', 'hike.ndjson')).out.join()).toContain('up to date')
})

test('export replaces nothing unless it is told to, and import refuses what was changed or is not there', async () => {
  await json('alice', 'export', 'Hike', 'hike.ndjson', '--no-files')
  expect(await refusal('alice', 'export', 'Hike', 'hike.ndjson')).toBe('InvalidArgument')
  expect(await json('alice', 'export', 'Hike', 'hike.ndjson', '--force')).toHaveLength(1)
  const archive = await readFile(join(folder, 'hike.ndjson'), 'utf8')
  await writeFile(join(folder, 'forged.ndjson'), archive.replace('bring your boots', 'bring your money'))
  expect(await refusal('bob', 'import', 'forged.ndjson')).toBe('ArchiveInvalid')
  expect(await json('bob', 'list')).toEqual([])
  expect(await refusal('bob', 'import', 'nowhere.ndjson')).toBe('NotFound')
  expect(await refusal('bob', 'import', '.')).toBe('InvalidArgument')
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([])
})
