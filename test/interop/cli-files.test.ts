/**
 * Files with the real command line: from one disk over libp2p to another, byte for byte.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Person } from './parley-process.ts'

/** Every command is a process that starts Node and the engine, on a machine that may be busy. */
const TIMEOUT = 120_000
/** Several chunks, and enough for progress to be told. */
const FILE_BYTES = 3_000_000

let folder: string
let alice: Person
let bob: Person

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-cli-'))
  alice = new Person(join(folder, 'alice'))
  bob = new Person(join(folder, 'bob'))
})
afterEach(async () => {
  await Promise.all([alice.endAll(), bob.endAll()])
  await rm(folder, { recursive: true })
})

test(
  'a file is sent, listed and saved on the other side; without its holder it is waited for, and then said to be unavailable',
  { timeout: TIMEOUT },
  async () => {
    const bytes = randomBytes(FILE_BYTES)
    const [sent, saved] = [join(folder, 'map.bin'), join(folder, 'saved.bin')]
    await writeFile(sent, bytes)
    const { daemon, address } = await alice.goOnline()
    await alice.run('new', 'Hike')
    const { link } = (await alice.one('invite', 'Hike')) as unknown as { link: string }
    await bob.run('join', link, '--wait', '60s')
    const his = await bob.goOnline('--peer', address)
    const tail = bob.start('tail', 'Hike')
    await tail.noted('Watching')

    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const attachment = { name: 'map.bin', size: FILE_BYTES, sha256 }
    const other = join(folder, 'other.bin')
    await writeFile(other, randomBytes(FILE_BYTES))
    expect(await alice.one('send', 'Hike', 'the map', '--file', sent, '--file', other)).toMatchObject({
      text: 'the map',
      attachments: [attachment, { name: 'other.bin' }],
    })
    await tail.line((line) => (line as unknown as { event: string }).event === 'message')
    const [, listed] = await bob.run('attachments', 'Hike')
    expect(listed).toMatchObject(attachment)
    expect(await alice.one('verify')).toMatchObject({ isSound: true, conversations: 1, messages: 1, files: 2, damages: [] })

    const saving = bob.start('save', 'Hike', 'map.bin', saved)
    expect(await saving.ended()).toBe(0)
    expect(saving.lines).toMatchObject([{ path: saved, size: FILE_BYTES, sha256 }])
    expect(saving.errors).toContain('fetching map.bin: 3.0 MB of 3.0 MB (100 %)')
    expect(bytes.equals(await readFile(saved))).toBe(true)
    expect(await alice.refusal('send', 'Hike', '--file', join(folder, 'nowhere'))).toBe('NotFound')
    expect(await bob.refusal('save', 'Hike', 'map.bin', saved)).toBe('InvalidArgument')

    expect(await daemon.interrupt()).toBe(0)
    const before = await readdir(folder)
    const alone = bob.start('save', 'Hike', 'other.bin', join(folder, 'never.bin'), '--wait', '1s')
    expect([await alone.ended(), alone.lines]).toMatchObject([1, [{ error: { code: 'AttachmentUnavailable' } }]])
    expect(await readdir(folder)).toEqual(before)
    // What is here is read with nobody online.
    await bob.run('save', 'Hike', 'map.bin', saved, '--force')
    expect(await his.daemon.interrupt()).toBe(0)
  },
)
