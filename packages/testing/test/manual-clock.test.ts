import { expect, test } from 'vitest'
import { createManualClock, seededRandom } from '../src/index.ts'

test('timers fire in order of time, equal ones in the order they were set, and time stands at each', async () => {
  const clock = createManualClock({ start: 1_000 })
  const seen: string[] = []
  clock.setTimeout(() => seen.push(`late at ${clock.now()}`), 20)
  clock.setTimeout(() => seen.push(`first at ${clock.now()}`), 10)
  clock.setTimeout(() => seen.push(`second at ${clock.now()}`), 10)
  await clock.advance(15)
  expect(seen).toEqual(['first at 1010', 'second at 1010'])
  expect(clock.now()).toBe(1_015)
  await clock.advance(5)
  expect(seen.at(-1)).toBe('late at 1020')
})

test('promises and timers that a timer starts run within the same advance', async () => {
  const clock = createManualClock()
  const seen: string[] = []
  clock.setTimeout(() => {
    void Promise.resolve()
      .then(() => new Promise<void>((resolve) => clock.setTimeout(resolve, 5)))
      .then(() => seen.push('done'))
  }, 5)
  await clock.advance(10)
  expect(seen).toEqual(['done'])
  expect(clock.pending).toBe(0)
})

test('a cancelled timer does not fire', async () => {
  const clock = createManualClock()
  let fired = 0
  const cancel = clock.setTimeout(() => void fired++, 5)
  cancel()
  await clock.advance(10)
  expect([fired, clock.pending]).toEqual([0, 0])
})

test('advanceUntil stops at the timer that makes it true, and fails when none does', async () => {
  const clock = createManualClock({ start: 0 })
  let fired = 0
  clock.setTimeout(() => void fired++, 5)
  clock.setTimeout(() => void fired++, 50)
  await clock.advanceUntil(() => fired === 1)
  expect(clock.now()).toBe(5)
  await expect(clock.advanceUntil(() => fired === 3)).rejects.toThrow('not within')
})

test('a seed gives its sequence again, another seed another one', () => {
  const draw = (seed: number): number[] => [...seededRandom(seed).bytes(16)]
  expect(draw(1)).toEqual(draw(1))
  expect(draw(1)).not.toEqual(draw(2))
  const random = seededRandom(3)
  const numbers = Array.from({ length: 1_000 }, () => random.integer(10))
  expect([Math.min(...numbers), Math.max(...numbers)]).toEqual([0, 9])
})
