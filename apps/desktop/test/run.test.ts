import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { objectsOf, setUpCli } from './cli.ts'

const cli = setUpCli()
const { json } = cli
const parley = cli.parley.bind(cli)

describe('output', () => {
  test('with --json is the objects of the interface', async () => {
    expect(await json('id')).toEqual({
      code: 0,
      objects: [{ userId: 'alice-id', deviceId: 'device', card: expect.stringMatching(/^parley-card:/) }],
    })
    expect(await json('new', 'Hike')).toEqual({ code: 0, objects: [{ id: 'Hike-id', title: 'Hike' }] })
    expect(await json('list')).toEqual({
      code: 0,
      objects: [{ id: 'Hike-id', title: 'Hike', state: 'member', unread: 3, lastMessage: null }],
    })
    const sent = await json('send', 'Hike', 'hello', '--meta', 'n=1')
    expect(sent.objects).toMatchObject([{ id: 'message-0', text: 'hello', metadata: { n: 1 }, state: 'stored' }])
    expect((await json('messages', 'Hike')).objects).toMatchObject([
      { page: 1, totalMessages: 1, totalPages: 1, messages: [{ text: 'hello' }] },
    ])
    expect((await json('members', 'Hike')).objects).toEqual([
      { id: 'alice-id', name: 'Alice', role: 'founder', status: 'ONLINE', devices: ['device'] },
    ])
    expect((await json('edit', 'Hike', 'message-0', 'bye')).objects).toMatchObject([{ text: 'bye' }])
  })

  test('without it is for people', async () => {
    await parley(['new', 'Hike']).done
    await parley(['send', 'Hike', 'hello']).done
    const { out, done } = parley(['messages', 'Hike'])
    expect(await done).toBe(0)
    expect(out).toEqual([
      '— Thursday 1 January 1970 —',
      '00:00  Alice             hello',
      `${' '.repeat(25)}(stored)`,
      'page 1 of 1, 1 messages',
    ])
    expect(await cli.text('messages', 'Hike', '--ids')).toContain('\n       message-0\n')
  })

  test('failures are objects too, or words on standard error', async () => {
    await json('new', 'Hike')
    for (const [code, ...argv] of [
      ['InvalidArgument', 'nonsense'],
      ['InvalidArgument', 'send'],
      ['NotFound', 'send', 'Dinner', 'hello'],
      ['PageOutOfRange', 'messages', 'Hike', '--page', '7'],
      ['PageOutOfRange', 'messages', 'Hike', '--page', 'x'],
      ['MessageNotFound', 'edit', 'Hike', 'message-9', 'bye'],
      ['InvalidArgument', 'edit', 'Hike', 'message-9'],
      ['Unreachable', 'join', 'link', '--wait', '0s'],
    ] as const) {
      expect(await json(...argv)).toEqual({ code: 1, objects: [{ error: { code, message: expect.any(String) } }] })
    }
    const { out, err, done } = parley(['send', 'Dinner', 'hello'])
    expect([await done, out, err]).toEqual([1, [], [expect.stringMatching(/^parley: There is no conversation "Dinner"/)]])
    expect(cli.engines.opened.every((one) => one.isClosed)).toBe(true)
  })

  test('help needs no profile', async () => {
    const { out, done } = parley(['--help'])
    expect([await done, out[0]?.split('\n')[0], cli.engines.opened.length]).toEqual([0, 'Usage: parley [options] [command]', 0])
  })
})

describe('standard input', () => {
  test('is one message, or one for each line that is not empty', async () => {
    await json('new', 'Hike')
    await parley(['send', 'Hike', '-'], ['two\nli', 'nes\n']).done
    const { out, err, done } = parley(['--json', 'send', 'Hike', '--lines'], ['a\nb\r', '\n\nc'])
    expect(await done).toBe(0)
    expect(objectsOf(out).map((message) => message['text'])).toEqual(['a', 'b', 'c'])
    expect(err).toContain('1 empty lines were left out.')
    expect(cli.engines.opened[0]?.conversations[0]?.sent.map((message) => message.text)).toEqual(['two\nlines', 'a', 'b', 'c'])
  })

  test('a line that is refused ends it; what was printed is stored', async () => {
    await json('new', 'Hike')
    const { out, done } = parley(['--json', 'send', 'Hike', '--lines'], ['a\nrefused\n', 'never\n'])
    expect(await done).toBe(1)
    expect(objectsOf(out)).toMatchObject([{ text: 'a' }, { error: { code: 'TooLarge' } }])
  })

  test('an interrupt ends the wait for a line that never comes', async () => {
    await json('new', 'Hike')
    const never = (async function* () {
      yield 'a\n'
      await new Promise(() => undefined)
    })()
    const { lines, interrupt, done } = parley(['--json', 'send', 'Hike', '--lines'], never)
    await lines(1)
    interrupt()
    expect(await done).toBe(1)
  })
})

describe('staying online', () => {
  test('the engine is told where to go, or to stay', async () => {
    await json('new', 'Hike')
    await json('send', 'Hike', 'x', '--offline', '--peer', '/a')
    await json('send', 'Hike', 'x', '--peer', '/a', '--listen', '/b', '--wait', '0')
    await json('invite', 'Hike', '--listen', '/b', '--no-mdns')
    expect(cli.engines.opened.map((one) => ({ ...one.init, profile: '' }))).toEqual([
      { profile: '', offline: true },
      { profile: '', offline: true },
      { profile: '', peers: ['/a'], listen: ['/b'], mdns: true },
      { profile: '', listen: ['/b'], mdns: false },
    ])
  })

  test('send waits until a member has it', async () => {
    await json('new', 'Hike')
    const { lines, err, done } = parley(['--json', 'send', 'Hike', 'x', '--wait', '20d'])
    await lines(1)
    cli.engines.opened.at(-1)?.conversations[0]?.deliver('message-0')
    expect(await done).toBe(0)
    expect(err).toEqual(['Delivered to a device of another member.'])
    expect(cli.engines.opened[0]?.conversations[0]?.emitter.count('messageState')).toBe(0)
  })

  test('send gives up when the time is over, and says that it is stored', async () => {
    await json('new', 'Hike')
    const { err, done } = parley(['--json', 'send', 'Hike', 'x', '--wait', '1ms'])
    expect([await done, err]).toEqual([0, ['Stored here. Nobody has it yet; it goes out when a later command is online.']])
  })
})

describe('one profile, several commands', () => {
  test('a daemon serves the others, and closes when interrupted', async () => {
    const daemon = parley(['--json', 'daemon', '--listen', '/b'])
    expect(objectsOf(await daemon.lines(1))).toEqual([{ listening: ['/b'] }])
    expect((await json('new', 'Hike')).objects).toEqual([{ id: 'Hike-id', title: 'Hike' }])
    const { out, done } = parley(['--json', 'send', 'Hike', '--lines'], ['a\nb\n'])
    expect(await done).toBe(0)
    expect(objectsOf(out)).toMatchObject([{ text: 'a' }, { text: 'b' }])
    expect(await json('daemon')).toMatchObject({ code: 1, objects: [{ error: { code: 'ProfileLocked' } }] })
    expect(await json('send', 'Dinner', 'x')).toMatchObject({ code: 1, objects: [{ error: { code: 'NotFound' } }] })
    expect(cli.engines.opened.length).toBe(1)
    daemon.interrupt()
    expect(await daemon.done).toBe(0)
    expect(cli.engines.opened[0]?.isClosed).toBe(true)
  })

  test('tail prints events, here and through a daemon, and serves as well', async () => {
    await json('new', 'Hike')
    const first = parley(['--json', 'tail', 'Hike'])
    while (first.err.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const second = parley(['--json', 'tail'])
    const conversation = cli.engines.opened[1]?.conversations[0]
    while (conversation?.emitter.count('typing') !== 2) await new Promise((resolve) => setImmediate(resolve))
    conversation.emitter.emit('typing', { id: 'bob-id', name: 'Bob', avatar: '' })
    conversation.emitter.emit('memberStatus', 'bob-id', 'ONLINE')
    const expected = [
      { event: 'typing', conversation: 'Hike-id', user: { id: 'bob-id', name: 'Bob', avatar: '' } },
      { event: 'memberStatus', conversation: 'Hike-id', memberId: 'bob-id', status: 'ONLINE' },
    ]
    expect(objectsOf(await first.lines(2))).toEqual(expected)
    expect(objectsOf(await second.lines(2))).toEqual(expected)
    second.interrupt()
    expect(await second.done).toBe(0)
    expect(conversation.emitter.count('typing')).toBe(1)
    first.interrupt()
    expect(await first.done).toBe(0)
    expect(conversation.emitter.count('typing')).toBe(0)
  })

  test('a short command waits for another to end', async () => {
    const held = await cli.engines.open({ profile: join(cli.folder, 'profile') })
    const { done } = parley(['--json', 'id'])
    await new Promise((resolve) => setImmediate(resolve))
    await held.close()
    expect(await done).toBe(0)
  })

  test('and says who is in the way when it does not end', async () => {
    await cli.engines.open({ profile: join(cli.folder, 'profile') })
    const { done, out, interrupt } = parley(['--json', 'id'])
    interrupt()
    expect(await done).toBe(1)
    expect(objectsOf(out)).toMatchObject([
      { error: { code: 'ProfileLocked', message: expect.stringContaining('Another parley command') as string } },
    ])
  })
})
