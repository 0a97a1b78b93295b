import { createManualClock, seededRandom, silentLogger } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { bindingOf } from '../src/binding.ts'
import { webrtcTransport } from '../src/index.ts'
import { isHarmless } from '../src/lobby-guard.ts'
import { Partings } from '@parley/core'

const fingerprint = (byte: number): string => Array(32).fill(byte.toString(16).padStart(2, '0')).join(':')
const sdp = (...lines: string[]): string => ['v=0', ...lines, 'a=setup:actpass', ''].join('\r\n')

describe('outside a browser', () => {
  test('the transport can be made, and refuses to start', async () => {
    const transport = webrtcTransport({ rendezvous: ['wss://rendezvous.example'] })
    transport.setTopics([{ name: 'topic', secret: 'secret' }])
    const host = { clock: createManualClock(), random: seededRandom(1), logger: silentLogger(), onChannel: () => undefined }
    await expect(transport.start(host)).rejects.toMatchObject({ code: 'Unreachable' })
    await transport.stop()
    expect(transport.rendezvous?.()).toEqual([{ url: 'wss://rendezvous.example', connected: false }])
  })

  test('a rendezvous that is no WebSocket address is refused', () => {
    for (const url of ['https://rendezvous.example', 'rendezvous.example', ''])
      expect(() => webrtcTransport({ rendezvous: [url] })).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  })
})

describe('binding', () => {
  test('is the same from both ends: both fingerprints, the smaller first', () => {
    const [a, b] = [sdp(`a=fingerprint:sha-256 ${fingerprint(0x1f)}`), sdp(`a=fingerprint:SHA-256 ${fingerprint(0xa0).toUpperCase()}`)]
    const expected = new Uint8Array(64).fill(0x1f, 0, 32).fill(0xa0, 32)
    expect(bindingOf(a, b)).toEqual(expected)
    expect(bindingOf(b, a)).toEqual(expected)
  })

  test('takes the same fingerprint in several sections for one', () => {
    const line = `a=fingerprint:sha-256 ${fingerprint(1)}`
    expect(bindingOf(sdp(line, 'm=application', line), sdp(line))).toEqual(new Uint8Array(64).fill(1))
  })

  test.each([
    ['none', []],
    ['two', [`a=fingerprint:sha-256 ${fingerprint(1)}`, `a=fingerprint:sha-256 ${fingerprint(2)}`]],
    ['a weaker hash', [`a=fingerprint:sha-1 ${fingerprint(1)}`]],
    ['a second one of another hash', [`a=fingerprint:sha-256 ${fingerprint(1)}`, `a=fingerprint:sha-512 ${fingerprint(1)}`]],
    ['a short one', ['a=fingerprint:sha-256 01:02']],
  ])('there is none when a description has %s', (_, lines) => {
    const good = sdp(`a=fingerprint:sha-256 ${fingerprint(9)}`)
    expect(bindingOf(sdp(...lines), good)).toBeUndefined()
    expect(bindingOf(good, sdp(...lines))).toBeUndefined()
  })
})

describe('lobby guard', () => {
  test.each([
    ['a question with an empty state vector', [0, 0, 1, 0]],
    ['an empty answer', [0, 1, 2, 0, 0]],
    ['a question for presence', [3]],
  ])('%s is harmless', (_, bytes) => {
    expect(isHarmless(Uint8Array.from(bytes))).toBe(true)
  })

  test.each([
    ['nothing', []],
    ['an answer with content', [0, 1, 3, 1, 1, 5]],
    ['an update, empty or not', [0, 2, 2, 0, 0]],
    ['a delete set', [0, 1, 2, 0, 1]],
    ['presence', [1, 2, 1, 1]],
    ['a BroadcastChannel peer', [4, 1, 0]],
    ['a question with something behind it', [3, 0]],
    ['a long question', [0, 0, ...Array<number>(100).fill(1)]],
    ['an unknown type', [9]],
  ])('%s is not', (_, bytes) => {
    expect(isHarmless(Uint8Array.from(bytes))).toBe(false)
  })
})

describe('partings', () => {
  test('a peer is left alone for a while that doubles, up to five minutes', async () => {
    const clock = createManualClock({ start: 0 })
    const ignored = new Set<string>()
    const over: number[] = []
    const partings = new Partings(clock, ignored, () => over.push(clock.now()))
    const waits: number[] = []
    for (let time = 0; time < 7; time++) {
      const before = clock.now()
      partings.part('bob')
      expect([...ignored]).toEqual(['bob'])
      await clock.advanceUntil(() => ignored.size === 0, 600_000)
      waits.push((clock.now() - before) / 1_000)
    }
    expect(waits).toEqual([15, 30, 60, 120, 240, 300, 300])
    expect(over.length).toBe(7)
  })

  test('forgiving ends every wait', async () => {
    const clock = createManualClock()
    const ignored = new Set<string>()
    const partings = new Partings(clock, ignored, () => undefined)
    partings.part('bob')
    partings.part('carol')
    expect(partings.forgive()).toBe(true)
    expect([ignored.size, clock.pending]).toEqual([0, 0])
    expect(partings.forgive()).toBe(false)
  })

  test('a flood of peers is not remembered without bound', () => {
    const clock = createManualClock()
    const ignored = new Set<string>()
    const partings = new Partings(clock, ignored, () => undefined)
    for (let index = 0; index < 10_000; index++) partings.part(`peer-${index}`)
    expect(ignored.size).toBe(256)
    expect(clock.pending).toBe(256)
  })
})
