import { networkInterfaces } from 'node:os'
import { createManualClock } from '@parley/testing'
import { expect, test, vi } from 'vitest'
import { watchNetwork } from '../src/network-changes.node.ts'

vi.mock('node:os', async (importOriginal) => ({ ...(await importOriginal<object>()), networkInterfaces: vi.fn() }))

const wifi = (address: string) =>
  ({ address, cidr: `${address}/24`, mac: '00:00:00:00:00:01', netmask: '', family: 'IPv4', internal: false }) as const

test('another address, one more and one less are told once each; a computer that slept is as well, and nothing after the end', async () => {
  const clock = createManualClock()
  let told = 0
  const networks = vi.mocked(networkInterfaces).mockReturnValue({ wlan0: [wifi('192.0.2.1')] })
  const stop = watchNetwork(clock, () => told++)
  await clock.advance(60_000)
  expect(told).toBe(0)
  for (const [index, state] of [{ wlan0: [wifi('192.0.2.2')] }, { wlan0: [wifi('192.0.2.2')], tun0: [wifi('192.0.2.9')] }, {}].entries()) {
    networks.mockReturnValue(state)
    await clock.advance(10_000)
    expect(told).toBe(index + 1)
  }
  stop()
  networks.mockReturnValue({ wlan0: [wifi('192.0.2.3')] })
  await clock.advance(60_000)
  expect([told, clock.pending]).toEqual([3, 0])

  // Timers of a computer that sleeps fire late.
  const late: (() => void)[] = []
  let now = 0
  const end = watchNetwork({ now: () => now, setTimeout: (callback) => (late.push(callback), () => undefined) }, () => told++)
  now += 3_600_000
  late.shift()?.()
  expect(told).toBe(4)
  now += 3_000
  late.shift()?.()
  expect(told).toBe(4)
  end()
})
