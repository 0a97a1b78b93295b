import { createManualClock, type ManualClock } from '@parley/testing'
import { beforeEach, expect, test } from 'vitest'
import { IDLE_LINK_MS, KeepAlive, PING_EVERY_MS, PROBE_MS } from '../src/network/keep-alive.ts'
import { Link } from '../src/network/link.ts'

let clock: ManualClock
let keepAlive: KeepAlive
let pings: number[]
let closed: string[]
/** Lets some bytes come from the other end, of a message that is not complete yet. */
let receive: () => void

beforeEach(() => {
  clock = createManualClock({ start: 0 })
  pings = []
  closed = []
  const link = new Link(
    {
      transport: 'fake',
      remote: 'fake:bob',
      binding: new Uint8Array(0),
      bufferedBytes: 0,
      closed: false,
      send: () => void pings.push(clock.now()),
      drained: async () => undefined,
      onFrame: (listener) => {
        receive = () => listener(Uint8Array.of(3, 1, 2))
      },
      onClose: () => undefined,
      close: (reason = '') => void closed.push(reason),
    },
    { handle: async () => undefined, onReject: () => undefined, onFault: () => undefined, onClose: () => undefined },
  )
  keepAlive = new KeepAlive(clock, link)
})

test('a link on which nothing is heard is pinged, and closed after a while', async () => {
  await clock.advance(IDLE_LINK_MS)
  expect([pings, closed]).toEqual([[1, 2, 3].map((n) => n * PING_EVERY_MS), []])
  await clock.advance(PING_EVERY_MS)
  expect([closed, keepAlive.isSilent]).toEqual([['no sign of life'], true])
})

test('a link that is in doubt is pinged at once, once, and closed much sooner', async () => {
  keepAlive.probe()
  await clock.advance(PROBE_MS - 1)
  keepAlive.probe()
  expect([pings, closed, keepAlive.isSilent]).toEqual([[0], [], false])
  await clock.advance(1)
  expect([closed, keepAlive.isSilent]).toEqual([['no sign of life'], true])
})

test('the smallest sign of life ends the doubt, also a part of a long message', async () => {
  keepAlive.probe()
  receive()
  await clock.advance(PROBE_MS)
  expect([closed, keepAlive.isSilent]).toEqual([[], false])
  keepAlive.probe()
  expect(pings).toEqual([0, PROBE_MS])
  keepAlive.stop()
  await clock.advance(IDLE_LINK_MS * 2)
  expect([closed, clock.pending]).toEqual([[], 0])
})
