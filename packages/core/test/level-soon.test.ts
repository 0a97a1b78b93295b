/** Whoever has everything says so soon, whatever is written while two devices meet: phase `live` does not wait for the next comparison. */
import { afterEach, expect, test } from 'vitest'
import { createDistantPair, passUntil, type World } from './support.ts'

/** Far less than the 30 s after which heads are compared anyway. */
const SOON_MS = 5_000
const LATENCY_MS = 20
/** After the network is back: when the one writes, so that some of it falls between its sum and what it hears of the other. */
const MOMENTS_MS = Array.from({ length: 6 }, (_, i) => i * 5)

let world: World
afterEach(() => world.close())

test('one writes while two devices that hold the same meet again: both are live soon', { timeout: 60_000 }, async () => {
  const pair = await createDistantPair(LATENCY_MS)
  ;({ world } = pair)
  const { clock, network, hers, his } = pair
  const phases = (): string[] => [hers, his].map((conversation) => conversation.syncState.phase)
  const areLive = (): boolean => phases().every((phase) => phase === 'live')
  const late: string[] = []
  for (const moment of MOMENTS_MS) {
    network.partition(['alice'], ['bob'])
    await passUntil(clock, () => hers.syncState.peers === 0 && his.syncState.peers === 0)
    network.heal()
    await passUntil(clock, () => hers.syncState.peers > 0 || his.syncState.peers > 0)
    for (let passed = 0; passed < moment; passed += 5) await clock.advance(5)
    await hers.sendMessage({ text: `after ${moment}` })
    const end = clock.now() + SOON_MS
    await passUntil(clock, () => clock.now() >= end || areLive())
    if (!areLive()) late.push(`${moment} ms: ${phases().join(' and ')}`)
    while (!areLive()) await clock.advance(1000)
  }
  expect(late).toEqual([])
})
