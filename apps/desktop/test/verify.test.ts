/** What `verify` prints, and how it ends. */
import { expect, test } from 'vitest'
import { setUpCli } from './cli.ts'

const cli = setUpCli()

test('verify says what is wrong, ends with an error while anything is, and takes one conversation', async () => {
  const daemon = cli.parley(['--json', 'daemon', '--listen', '/ip4/127.0.0.1/tcp/1'])
  await daemon.lines(1)
  await cli.json('new', 'Hike')
  expect(await cli.json('verify')).toMatchObject({ code: 0, objects: [{ conversations: 1, damages: [] }] })
  expect(await cli.text('verify', 'Hike')).toBe('1 conversations, 9 entries, 5 messages, 0 files\neverything is as it should be')
  const engine = cli.engines.opened.at(-1)!
  engine.damages = [{ code: 'IndexWrong', what: 'the index lacks 1 row', isRepaired: true }]
  expect(await cli.refusal('verify')).toBe('StorageUnavailable')
  expect(await cli.text('verify')).toContain('WRONG     IndexWrong  the index lacks 1 row')
  expect(await cli.json('verify', '--repair')).toMatchObject({ code: 0, objects: [{ damages: [{ isRepaired: true }] }] })
  engine.damages.push({ code: 'LogBroken', what: 'entries are missing', isRepaired: false })
  expect(await cli.refusal('verify', '--repair')).toBe('StorageUnavailable')
  expect(await cli.text('verify', '--repair')).toContain('repaired  IndexWrong')
  expect(await cli.refusal('verify', 'Nowhere')).toBe('NotFound')
})
