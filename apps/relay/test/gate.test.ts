import type { Connection, PeerId } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test, vi } from 'vitest'
import { Gate, type Guarded } from '../src/circuit/gate.ts'
import { DEFAULT_CIRCUIT_LIMITS } from '../src/circuit/limits.ts'

type Reservation = NonNullable<ReturnType<Guarded['reservations']['get']>>

test('a reservation that is renewed starts over, for libp2p would let it end when the first renewal does', () => {
  const alice = 'alice' as unknown as PeerId
  const addr = multiaddr('/ip4/192.0.2.1/tcp/1')
  const clear = vi.fn<() => void>()
  const reservations = new Map([[alice, { addr, signal: { clear } } as unknown as Reservation]])
  const gate = new Gate({ ...DEFAULT_CIRCUIT_LIMITS, reservations: 1, reservationsPerHost: 1 })
  gate.guard({ connections: () => [{ remoteAddr: addr, streams: [] } as unknown as Connection], reservations })
  expect(gate.denyInboundRelayReservation(alice)).toBe(false)
  expect(clear).toHaveBeenCalledOnce()
  expect(reservations.size).toBe(0)
  expect(gate.stats()).toMatchObject({ reserved: 1, refused: { ReservationsFull: 0, HostReservations: 0 } })
})

test('a relay lets itself dial nobody', () => {
  const gate = new Gate(DEFAULT_CIRCUIT_LIMITS)
  expect([gate.denyDialPeer(), gate.denyDialMultiaddr()]).toEqual([true, true])
})
