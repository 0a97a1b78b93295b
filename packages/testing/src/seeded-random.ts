import type { Random } from '@parley/core'

/** Reproducible numbers: the same seed gives the same sequence on every machine. Never for keys outside tests. */
export interface SeededRandom extends Random {
  /** From 0 inclusive to 1 exclusive, 32 bits of resolution. */
  float(): number
  /** A whole number from 0 to `below - 1`. */
  integer(below: number): number
  /** One of `items`. @throws {RangeError} when there are none. */
  pick<T>(items: readonly T[]): T
}

/** A generator seeded with a whole number (mulberry32: 32 bits of state, enough for a simulation, nothing for secrets). */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const integer = (below: number): number => Math.floor((word() / 0x1_0000_0000) * below)
  return {
    bytes: (length) => Uint8Array.from({ length }, () => word() >>> 24),
    float: () => word() / 0x1_0000_0000,
    integer,
    pick(items) {
      if (items.length === 0) throw new RangeError('nothing to pick from')
      return items[integer(items.length)] as (typeof items)[number]
    },
  }
}
