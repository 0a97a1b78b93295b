import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HLC_ZERO, MAX_HLC_CTR, MAX_TIME_MS, compareBytes, compareHlc, hlcBytes, hlcFromBytes, nextHlc } from '../src/index.ts'
import { START_MS, cases } from './support/fixtures.ts'

const reading = fc.record({ ms: fc.integer({ min: 0, max: MAX_TIME_MS - 1 }), ctr: fc.integer({ min: 0, max: MAX_HLC_CTR }) })

test('the next reading is always later, whatever the wall clock says', () => {
  fc.assert(
    fc.property(reading, fc.integer({ min: 0, max: MAX_TIME_MS - 1 }), (last, now) => {
      const next = nextHlc(last, now)
      expect(compareHlc(next, last)).toBeGreaterThan(0)
      expect(next.ms).toBeGreaterThanOrEqual(now)
      expect(next.ms - Math.max(now, last.ms)).toBeLessThanOrEqual(1)
    }),
    cases(500),
  )
})

test('a clock that stands still or goes back counts, and a full counter moves the millisecond', () => {
  expect(nextHlc(HLC_ZERO, START_MS)).toEqual({ ms: START_MS, ctr: 0 })
  expect(nextHlc({ ms: START_MS, ctr: 4 }, START_MS - 9_000)).toEqual({ ms: START_MS, ctr: 5 })
  expect(nextHlc({ ms: START_MS, ctr: MAX_HLC_CTR }, START_MS)).toEqual({ ms: START_MS + 1, ctr: 0 })
  expect(nextHlc(HLC_ZERO, START_MS + 0.75)).toEqual({ ms: START_MS, ctr: 0 })
})

test('a clock out of range is said', () => {
  for (const now of [Number.NaN, -1, MAX_TIME_MS + 1, Number.POSITIVE_INFINITY]) {
    expect(() => nextHlc(HLC_ZERO, now)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  }
  expect(() => nextHlc({ ms: MAX_TIME_MS, ctr: MAX_HLC_CTR }, 0)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
})

test('eight bytes come back and order as the readings do', () => {
  fc.assert(
    fc.property(reading, reading, (a, b) => {
      expect(hlcFromBytes(hlcBytes(a))).toEqual(a)
      expect(Math.sign(compareBytes(hlcBytes(a), hlcBytes(b)))).toBe(Math.sign(compareHlc(a, b)))
    }),
    cases(500),
  )
  expect(() => hlcFromBytes(new Uint8Array(7))).toThrow(expect.objectContaining({ code: 'BadShape' }))
})
