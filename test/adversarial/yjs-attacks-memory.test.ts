/** The attacks that fill a Y.Doc with what never goes away again, 201 times over: alice's memory is where it was. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { project } from '@parley/protocol'
import { until } from '../../packages/core/test/support.ts'
import { forge, hash, sendIn, sendUpdate } from './hostile-member.ts'
import { LANE } from './raw-peer.ts'
import { laySiege, memoryInUse, type Siege } from './siege.ts'
import { claimItems, docOf, lackingPredecessor, manyRoots, nestedArrays, runLengthBomb } from './yjs-bytes.ts'

/** A multiple of three, for the third ends a link. */
const TIMES = 201
/** Before anything is measured, so that code is compiled and pools are full. */
const WARM_UP = 15
/**
 * Far above what links and their closing leave behind until the test ends, far below the smallest attack if it were kept: 201 times the
 * 10 kB of nested arrays are 2 MB, and the others have 28 MB and more.
 */
const MAX_GROWTH_BYTES = 1_500_000

let siege: Siege
beforeEach(async () => {
  siege = await laySiege()
})
afterEach(async () => {
  await siege.expectUnharmed()
  await siege.lift()
})

/** How much memory grew by an attack, the second time that it was mounted. */
async function growth(attack: (times: number) => Promise<void>): Promise<number> {
  await attack(WARM_UP)
  const before = await memoryInUse()
  await attack(TIMES)
  return (await memoryInUse()) - before
}

const times = (bytes: Uint8Array) => (count: number) => Array.from({ length: count }, () => bytes)

describe('201 times, with a ban after every third', () => {
  test.each([
    ['[E5] 10,000 roots', 'BadShape', manyRoots(12_345, 10_000)],
    ['[E6] a missing predecessor', 'BadShape', lackingPredecessor(12_345, 1)],
    ['[E7] 2^24 structs', 'LimitExceeded', claimItems(12_345, 2 ** 24)],
    ['[E8] a run-length bomb', undefined, runLengthBomb(4_000_000)],
    ['[E9] arrays nested 5,000 deep', 'BadShape', nestedArrays(12_345, 5_000)],
  ])('%s', { timeout: 60_000 }, async (_what, code, bytes) => {
    const grown = await growth((count) => siege.expectRefused(code, times(bytes)(count)))
    expect(grown).toBeLessThan(MAX_GROWTH_BYTES)
    expect(Object.values(siege.rejected())).toEqual([WARM_UP + TIMES])
  })
})

describe('in the shape of honest updates', () => {
  /** Resolves once alice has handled all that was sent to her. */
  const handled = async (): Promise<void> => {
    const pongs = siege.link.of('pong').length
    siege.link.send({ type: 'ping', nonce: 1 }, LANE.history)
    await until(() => siege.link.of('pong').length > pongs)
    siege.link.received.length = 0
    siege.link.frames.length = 0
  }

  test('[E5] chunks of devices that nobody knows', { timeout: 60_000 }, async () => {
    const { replica, context } = siege.mallory
    const roots = (count: number): Uint8Array => {
      const entries = [Uint8Array.of(1)]
      return project(
        hash,
        replica.bytes,
        Array.from({ length: count }, () => ({ device: context.random.bytes(16), seq: 0, entries })),
      )
    }
    expect(docOf(roots(500)).share.size).toBe(500)
    await siege.expectRefused(
      'LimitExceeded',
      [0, 1, 2].map(() => roots(1_025)),
    )
    const grown = await growth(async (count) => {
      for (let i = 0; i < count; i++) sendIn(siege.link, { type: 'update', bytes: roots(100) }, LANE.live)
      await handled()
    })
    expect(grown).toBeLessThan(MAX_GROWTH_BYTES)
    expect(siege.rejected()).toEqual({ LimitExceeded: 3, OutOfOrder: WARM_UP + TIMES })
  })

  test('[E6] places that the log does not reach', { timeout: 60_000 }, async () => {
    const { mallory } = siege.devices
    const state = siege.mallory.replica.log.state(mallory)
    const { bytes } = await forge(siege.mallory, mallory, { state })
    const grown = await growth(async (count) => {
      for (let i = 0; i < 10 * count; i++) sendUpdate(siege.mallory, siege.link, mallory, state.nextSeq + 1 + (i % 200), [bytes])
      await handled()
    })
    expect(grown).toBeLessThan(MAX_GROWTH_BYTES)
    expect(siege.rejected()).toEqual({ OutOfOrder: 10 * (WARM_UP + TIMES) })
  })

  test(
    '[E6] a run without a signature that goes on and on: what waits is not looked at again without end',
    { timeout: 60_000 },
    async () => {
      const { mallory } = siege.devices
      let state = siege.mallory.replica.log.state(mallory)
      const first = state.nextSeq
      const entries: Uint8Array[] = []
      while (state.nextSeq < 250) {
        const next = await forge(siege.mallory, mallory, { state, signature: 'none' })
        entries.push(next.bytes)
        state = next.state
      }
      const grown = await growth(async (count) => {
        for (let i = 0; i < count; i++) sendUpdate(siege.mallory, siege.link, mallory, first + i, [entries[i]!])
        await handled()
      })
      expect(grown).toBeLessThan(MAX_GROWTH_BYTES)
      const { RateLimited: cut, OutOfOrder: dropped } = siege.rejected()
      // The seventeenth piece in a row falls, and with it what comes after.
      expect([cut, dropped]).toEqual([1, TIMES - 17])
      expect(siege.link.channel.closed).toBe(false)
    },
  )
})
