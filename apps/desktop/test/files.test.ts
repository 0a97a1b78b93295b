/** Sending files, listing them, and writing them somewhere. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { Printer } from '../src/printer.ts'
import { progressNotes, sizeText } from '../src/progress.ts'
import { saveFile } from '../src/save.ts'
import { setUpCli } from './cli.ts'

const cli = setUpCli()
const { json, refusal } = cli
const at = (name: string): string => join(cli.folder, name)
const data = { type: 'text/plain', size: 5, sha256: 'ab', thumbnail: '' }
const map = { id: 'message-0.0', messageId: 'message-0', name: 'map.txt', ...data }

beforeEach(async () => {
  await writeFile(at('map.txt'), 'north')
  await mkdir(at('out'))
  await json('new', 'Hike')
})

describe('send', () => {
  test('takes files by paths that begin where the command was started, with and without a text', async () => {
    await writeFile(at('b.txt'), 'south')
    const { objects } = await json('send', 'Hike', 'look', '--file', 'map.txt', '--file', at('b.txt'), '--meta', 'n=1')
    const more = { ...map, id: 'message-0.1', name: 'b.txt' }
    expect(objects).toMatchObject([{ text: 'look', metadata: { n: 1 }, attachments: [map, more] }])
    expect(await json('attachments', 'Hike')).toEqual({ code: 0, objects: [more, map] })
    expect(await cli.text('messages', 'Hike')).toContain('[map.txt, 5 B]')
    expect((await json('send', 'Hike', '--file', 'map.txt')).objects).toMatchObject([{ text: '', attachments: [{ name: 'map.txt' }] }])
  })

  test('refuses files beside --lines', async () => {
    expect(await refusal('send', 'Hike', '--lines', '--file', 'map.txt')).toBe('InvalidArgument')
  })
})

describe('edit', () => {
  test('replaces the files of a message, or removes them, and leaves them otherwise', async () => {
    await json('send', 'Hike', 'look', '--file', 'map.txt')
    await writeFile(at('b.txt'), 'south')
    expect((await json('edit', 'Hike', 'message-0', 'see')).objects).toMatchObject([{ text: 'see', attachments: [map] }])
    const replaced = await json('edit', 'Hike', 'message-0', '--file', 'b.txt')
    expect(replaced.objects).toMatchObject([{ text: 'see', attachments: [{ name: 'b.txt' }] }])
    expect((await json('edit', 'Hike', 'message-0', '--no-files')).objects).toMatchObject([{ text: 'see', attachments: [] }])
    expect(await refusal('edit', 'Hike', 'message-0', '--no-files', '--file', 'b.txt')).toBe('InvalidArgument')
    expect(await refusal('edit', 'Hike', 'message-0')).toBe('InvalidArgument')
  })
})

describe('attachments', () => {
  test('are listed by type, and only of conversations that are here', async () => {
    await json('send', 'Hike', '--file', 'map.txt')
    expect((await json('attachments', 'Hike', '--type', 'text')).objects).toEqual([map])
    expect((await json('attachments', 'Hike', '--type', 'image')).objects).toEqual([])
    expect(await refusal('attachments', 'Dinner')).toBe('NotFound')
    expect(await refusal('attachments', 'Hike', '--limit', '0')).toBe('InvalidArgument')
  })
})

describe('save', () => {
  beforeEach(async () => {
    await json('send', 'Hike', '--file', 'map.txt')
  })

  test('writes what is meant by id, message or name, to a path or into a folder, and leaves nothing else', async () => {
    const wanted = { id: 'message-0.0', size: 5, sha256: 'ab' }
    for (const [which, path, written] of [
      ['message-0.0', 'out/a', 'out/a'],
      ['message-0', at('out/b'), 'out/b'],
      ['map.txt', 'out', 'out/map.txt'],
    ] as const) {
      expect(await json('save', 'Hike', which, path)).toEqual({ code: 0, objects: [{ ...wanted, path: at(written) }] })
      expect(await readFile(at(written), 'utf8')).toBe('north')
    }
    expect((await readdir(at('out'))).sort()).toEqual(['a', 'b', 'map.txt'])
  })

  test('replaces nothing unless it is told to', async () => {
    await writeFile(at('out/a'), 'mine')
    expect(await refusal('save', 'Hike', 'map.txt', 'out/a')).toBe('InvalidArgument')
    expect(await readFile(at('out/a'), 'utf8')).toBe('mine')
    expect((await json('save', 'Hike', 'map.txt', 'out/a', '--force')).code).toBe(0)
    expect(await readFile(at('out/a'), 'utf8')).toBe('north')
  })

  test('refuses what is not there, or is there twice', async () => {
    expect(await refusal('save', 'Hike', 'nothing.txt', 'out')).toBe('NotFound')
    expect(await refusal('save', 'Hike', 'map.txt', 'no/such/folder')).toBe('NotFound')
    await json('send', 'Hike', '--file', 'map.txt')
    expect(await refusal('save', 'Hike', 'map.txt', 'out')).toBe('InvalidArgument')
  })

  test('without anybody who has it: at once when offline, in time with --wait, and by an interrupt', async () => {
    cli.conversation('Hike').holders = 0
    expect(await refusal('save', 'Hike', 'map.txt', 'out', '--offline')).toBe('AttachmentUnavailable')
    expect(await refusal('save', 'Hike', 'map.txt', 'out', '--wait', '1ms')).toBe('AttachmentUnavailable')
    const patient = cli.parley(['--json', 'save', 'Hike', 'map.txt', 'out'])
    while (patient.err.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(patient.err).toEqual(['Looking for a member who is online and has it; interrupt to end.'])
    patient.interrupt()
    expect([await patient.done, patient.out.join()]).toEqual([1, expect.stringContaining('"Aborted"')])
    expect(await readdir(at('out'))).toEqual([])
  })

  test('through a running peer, paths are those of whoever asks', async () => {
    const daemon = cli.parley(['--json', 'daemon'])
    await daemon.lines(1)
    expect((await json('send', 'Hike', '--file', 'map.txt')).objects).toMatchObject([{ attachments: [{ name: 'map.txt' }] }])
    expect((await json('save', 'Hike', 'message-1.0', 'out/far')).objects).toMatchObject([{ path: at('out/far') }])
  })
})

describe('a file that is written', () => {
  const pieces = async function* (...texts: string[]) {
    for (const text of texts) {
      if (text === 'fail') throw new Error('cut off')
      yield Buffer.from(text)
    }
  }

  test('has its name only once all of it is there', async () => {
    const writing = async function* () {
      yield Buffer.from('nor')
      // By now part of it is on the disk.
      expect(await stat(at('out/map')).catch((error: NodeJS.ErrnoException) => error.code)).toBe('ENOENT')
      yield Buffer.from('th')
    }
    expect(await saveFile(at('out/map'), 'x', writing(), { force: false })).toBe(at('out/map'))
    expect(await readFile(at('out/map'), 'utf8')).toBe('north')
  })

  test('leaves what was there when it fails, and nothing of itself', async () => {
    await writeFile(at('out/map'), 'mine')
    await expect(saveFile(at('out/map'), 'x', pieces('nor', 'fail'), { force: true })).rejects.toThrow('cut off')
    expect([await readdir(at('out')), await readFile(at('out/map'), 'utf8')]).toEqual([['map'], 'mine'])
  })

  test('does not replace what came to be there meanwhile', async () => {
    const slow = async function* () {
      yield Buffer.from('north')
      await writeFile(at('out/map'), 'mine')
    }
    await expect(saveFile(at('out/map'), 'x', slow(), { force: false })).rejects.toMatchObject({ code: 'InvalidArgument' })
    expect([await readdir(at('out')), await readFile(at('out/map'), 'utf8')]).toEqual([['map'], 'mine'])
  })
})

test('progress is told at each tenth, of files that take a while', () => {
  const err: string[] = []
  const io = {
    out: () => undefined,
    err: (line: string) => err.push(line),
    input: () => [] as never,
    terminal: { columns: 80, timeZone: 'UTC', hasColour: false },
    folder: '/',
  }
  const tell = progressNotes(new Printer(io, true), 'fetching', 'a\u001b.bin')
  for (let done = 0; done <= 20_000_000; done += 500_000) tell(done, 20_000_000)
  expect(err).toHaveLength(10)
  expect(err[4]).toBe('fetching a\ufffd.bin: 10 MB of 20 MB (50 %)')
  tell(1000, 1000)
  expect(err).toHaveLength(10)
  expect([0, 999, 1000, 1449, 9949, 9950, 999_499, 999_500, 2e9].map(sizeText)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '1.4 kB',
    '9.9 kB',
    '10 kB',
    '999 kB',
    '1.0 MB',
    '2.0 GB',
  ])
})
