import { createManualClock, seededRandom, silentLogger } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { tabsTransport } from '../src/index.ts'
import { readHallMessage, readPairMessage } from '../src/messages.ts'
import { TabChannel } from '../src/tab-channel.ts'
import type { PairMessage } from '../src/messages.ts'

test('outside a browser the transport can be made, and refuses to start', async () => {
  const transport = tabsTransport()
  const host = { clock: createManualClock(), random: seededRandom(1), logger: silentLogger(), onChannel: () => undefined }
  await expect(transport.start(host)).rejects.toMatchObject({ code: 'Unreachable' })
  await transport.stop()
})

describe('messages', () => {
  test.each([
    { kind: 'hello', from: 'a', topics: ['t'] },
    { kind: 'hello', from: 'a', topics: [], to: 'b' },
    { kind: 'call', from: 'a', to: 'b', pair: 'p' },
  ])('%j is read', (message) => {
    expect(readHallMessage(message)).toEqual(message)
  })

  test.each([
    undefined,
    { kind: 'hello', from: 'a', topics: [1] },
    { kind: 'hello', from: 'a'.repeat(257), topics: [] },
    { kind: 'hello', from: 'a', topics: Array(10_001).fill('t') },
    { kind: 'call', from: 'a', to: 'b' },
    { kind: 'other', from: 'a' },
  ])('message %# is not', (message) => {
    expect(readHallMessage(message)).toBeUndefined()
  })

  test('of a pair: what is no message is none, and a long reason is cut', () => {
    for (const message of [null, 'ready', { kind: 'frame', frame: [1] }, { kind: 'got', bytes: 1.5 }, { kind: 'bye' }]) {
      expect(readPairMessage(message)).toBeUndefined()
    }
    expect(readPairMessage({ kind: 'bye', reason: 'x'.repeat(1_000) })).toEqual({ kind: 'bye', reason: 'x'.repeat(256) })
  })
})

describe('a channel ends as misbehaved when the other tab', () => {
  const end = (...messages: PairMessage[]): string[] => {
    const endings: string[] = []
    const channel = new TabChannel({
      remote: 'tab:x',
      binding: Uint8Array.of(1),
      post: () => undefined,
      onEnd: (ending) => endings.push(ending),
    })
    channel.send(new Uint8Array(100))
    for (const message of messages) channel.receive(message)
    return endings
  }

  test.each<[string, PairMessage[]]>([
    ['sends an empty frame', [{ kind: 'frame', frame: new Uint8Array(0) }]],
    ['sends too large a frame', [{ kind: 'frame', frame: new Uint8Array(16_385) }]],
    ['has got what was not sent', [{ kind: 'got', bytes: 101 }]],
    [
      'has got less than before',
      [
        { kind: 'got', bytes: 100 },
        { kind: 'got', bytes: 99 },
      ],
    ],
    ['floods before anybody listens', Array.from({ length: 65 }, () => ({ kind: 'frame', frame: new Uint8Array(16_384) }) as const)],
  ])('%s', (_, messages) => {
    expect(end(...messages)).toEqual(['misbehaved'])
  })

  test('not when it keeps the rules', () => {
    expect(end({ kind: 'frame', frame: new Uint8Array(16_384) }, { kind: 'got', bytes: 50 }, { kind: 'got', bytes: 100 })).toEqual([])
  })
})
