/** Devices, recovery and safety numbers on the command line. */
import { expect, test } from 'vitest'
import { setUpCli } from './cli.ts'

const cli = setUpCli()
const { json, refusal } = cli

test('devices are listed, renamed and removed, by id, its beginning, or name', async () => {
  expect((await json('devices')).objects).toMatchObject([
    { id: 'device', isThis: true },
    { id: 'phone-id', name: 'phone' },
  ])
  expect(await cli.text('devices')).toContain('(no name)  [this one]')
  expect((await json('device', 'rename', 'phone', 'my phone')).objects).toMatchObject([{ id: 'phone-id', name: 'my phone' }])
  expect((await json('device', 'remove', 'phon')).objects).toMatchObject([{ id: 'phone-id', status: 'removed' }])
  expect(await cli.text('devices')).toContain('[removed]')
  expect(await refusal('device', 'remove', 'device')).toBe('NotAllowed')
  expect(await refusal('device', 'remove', 'laptop')).toBe('NotFound')
  expect(await refusal('device', 'rename', 'phone-id')).toBe('InvalidArgument')
  expect(await refusal('device', 'frobnicate')).toBe('InvalidArgument')
})

test('device link says the link, asks for the code, and adds the device that shows it', async () => {
  const typed = async function* (): AsyncGenerator<string> {
    yield '123'
    yield '456\nmore'
  }
  const { lines, out, done } = cli.parley(['--json', 'device', 'link'], typed())
  await lines(1)
  cli.engines.opened.at(-1)!.come({ state: 'compare', code: '123456', deviceName: 'phone' })
  expect(await done).toBe(0)
  expect(out.map((line) => JSON.parse(line) as object)).toEqual([
    { state: 'waiting', link: 'parley-link:x', expiresAt: 1 },
    { state: 'compare', deviceName: 'phone' },
    { state: 'done', device: 'phone-id' },
  ])
})

test('another code, nobody who comes, and no network end it with a code of their own', async () => {
  const wrong = cli.parley(['--json', 'device', 'link'], ['654321\n'])
  await wrong.lines(1)
  cli.engines.opened.at(-1)!.come({ state: 'compare', code: '123456' })
  expect([await wrong.done, wrong.out.at(-1)]).toEqual([1, expect.stringContaining('LinkRejected') as string])
  expect(await refusal('device', 'link', '--wait', '1s')).toBe('Unreachable')
  expect(await refusal('--offline', 'device', 'link')).toBe('Unreachable')
})

test('joining and recovering open the profile so, and say the code', async () => {
  const joining = cli.parley(['--json', 'device', 'join', 'parley-link:x'])
  await joining.done
  const { link, deviceName, onShortCode } = cli.engines.opened.at(-1)!.init
  expect([link, deviceName]).toEqual(['parley-link:x', expect.any(String) as string])
  onShortCode?.('123456')
  expect(joining.out.map((line) => JSON.parse(line) as object)).toContainEqual({ code: '123456' })
  expect(await json('recover', 'one', 'two', '--wait', '0')).toEqual({ code: 0, objects: [] })
  expect(cli.engines.opened.at(-1)!.init.recover).toEqual(['one', 'two'])
  expect((await json('recovery')).objects).toEqual([{ words: expect.arrayContaining(['word1', 'word24']) as string[] }])
})

test('safety numbers are of people who are known, or of an id', async () => {
  await json('add-contact', 'parley-card:bob')
  expect((await json('safety', 'Bob')).objects).toMatchObject([{ id: 'bob-id' }])
  expect(await refusal('safety', 'Mallory')).toBe('NotFound')
})
