import { createManualClock, seededRandom, type ManualClock } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BACKOFF_MAX_MS, KeepConnected } from '../src/support/keep-connected.ts'

let clock: ManualClock
let keeper: KeepConnected
let dials: number[]
let connected: boolean
let answers: boolean

beforeEach(() => {
  clock = createManualClock({ start: 0 })
  dials = []
  connected = false
  answers = false
  keeper = new KeepConnected({
    clock,
    random: seededRandom(1),
    isConnected: () => connected,
    dial: async () => {
      dials.push(clock.now())
      if (!answers) throw new Error('nobody there')
      connected = true
    },
  })
})

afterEach(() => keeper.stop())

function waits(): number[] {
  return dials.slice(1).map((at, index) => at - (dials[index] ?? 0))
}

test('waits twice as long after every failure, from 1 s up to 60 s', async () => {
  keeper.start()
  await clock.advanceUntil(() => dials.length === 12, 3_600_000)
  waits().forEach((wait, index) => {
    const longest = Math.min(BACKOFF_MAX_MS, 2_000 * 2 ** index)
    expect(wait).toBeGreaterThanOrEqual(longest / 2)
    expect(wait).toBeLessThanOrEqual(longest)
  })
  expect(new Set(waits().slice(6)).size).toBeGreaterThan(1)
})

test('dials no more once connected', async () => {
  answers = true
  keeper.start()
  await clock.advance(3_600_000)
  expect([dials, clock.pending]).toEqual([[0], 0])
})

test('does not dial a peer that dialled first', async () => {
  connected = true
  keeper.start()
  await clock.advance(3_600_000)
  expect(dials).toEqual([])
})

test('after a channel that lasted, the first wait is short again; after one that did not, it grows', async () => {
  keeper.start()
  await clock.advanceUntil(() => dials.length === 6, 3_600_000)
  answers = true
  await clock.advanceUntil(() => connected, 3_600_000)
  connected = false
  keeper.lost(60_000)
  const lostAt = clock.now()
  await clock.advanceUntil(() => connected)
  expect(clock.now() - lostAt).toBeLessThanOrEqual(2_000)

  const short: number[] = []
  for (let i = 0; i < 5; i++) {
    connected = false
    keeper.lost(0)
    const from = clock.now()
    await clock.advanceUntil(() => connected)
    short.push(clock.now() - from)
  }
  expect(short[4]).toBeGreaterThanOrEqual(16_000)
})

test('wake dials at once and forgets the back-off', async () => {
  keeper.start()
  await clock.advanceUntil(() => dials.length === 8, 3_600_000)
  const at = clock.now()
  keeper.wake()
  expect(dials.at(-1)).toBe(at)
  await clock.advanceUntil(() => dials.length === 10)
  expect(clock.now() - at).toBeLessThanOrEqual(2_000)
})

test('a channel that is lost while another one is left is no loss', async () => {
  answers = true
  keeper.start()
  await clock.advance(0)
  keeper.lost(0)
  expect(clock.pending).toBe(0)
})

test('stop ends it, also in the middle of a dial', async () => {
  keeper.start()
  keeper.stop()
  await clock.advance(3_600_000)
  keeper.wake()
  keeper.lost(0)
  expect([dials, clock.pending]).toEqual([[0], 0])
})

test('hurry dials at once, but not soon after the last dial, and leaves the waits as they are', async () => {
  keeper.start()
  await clock.advance(20_000)
  const before = dials.length
  const wait = (dials.at(-1) ?? 0) + 5_000 - clock.now()
  for (let i = 0; i < 10; i++) keeper.hurry()
  await clock.advance(Math.max(0, wait) - 1)
  expect(dials.length).toBe(before)
  await clock.advance(1)
  expect(dials.length).toBe(before + 1)
  await clock.advance(4_999)
  expect(dials.length).toBe(before + 1)
})
