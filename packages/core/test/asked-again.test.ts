/** What was asked of somebody who was out before it came is asked anew when they are back. */
import { afterEach, expect, test } from 'vitest'
import { createDistantPair, passUntil, type World } from './support.ts'

/** Far less than the 30 s after which heads are compared anyway. */
const SOON_MS = 5_000
const LATENCY_MS = 20

let world: World
afterEach(() => world.close())

test('somebody is removed while what they wrote is on its way, and comes back: it arrives at once', { timeout: 60_000 }, async () => {
  const pair = await createDistantPair(LATENCY_MS)
  ;({ world } = pair)
  const { clock, network, bob, hers, his } = pair
  network.partition(['alice'], ['bob'])
  await passUntil(clock, () => hers.syncState.peers === 0 && his.syncState.peers === 0)
  for (let i = 0; i < 5; i++) await his.sendMessage({ text: `offline ${i}` })
  network.heal()
  await passUntil(clock, () => hers.syncState.total > 0)
  await hers.removeMember(bob.me.id)
  await passUntil(clock, () => his.state === 'removed')
  let isIn = false
  const comesBack = async (): Promise<void> => {
    await (await bob.join(await hers.invite())).admitted()
    isIn = true
  }
  const back = comesBack()
  await passUntil(clock, () => isIn)
  await back
  await his.sendMessage({ text: 'back' })
  const heard = async (): Promise<boolean> => (await hers.getMessages()).messages.some(({ text }) => text === 'back')
  const end = clock.now() + SOON_MS
  await passUntil(clock, async () => clock.now() >= end || (await heard()))
  expect([await heard(), hers.syncState.phase]).toEqual([true, 'live'])
})
