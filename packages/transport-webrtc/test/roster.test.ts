import { createManualClock, type ManualClock } from '@parley/testing'
import { beforeEach, expect, test } from 'vitest'
import { Roster } from '../src/roster.ts'
import type { RtcConnection } from '../src/rtc-connection.ts'

let clock: ManualClock
let roster: Roster
let destroyed: string[]

/** As much of a connection to bob as the roster looks at. */
interface Attempt {
  connection: RtcConnection
  state: { isLive: boolean; isDescribed: boolean }
}

function attempt(label: string): Attempt {
  const madeAt = clock.now()
  const state = { isLive: false, isDescribed: false }
  const connection = {
    name: 'bob',
    get triedMs() {
      return clock.now() - madeAt
    },
    get isLive() {
      return state.isLive
    },
    get isDescribed() {
      return state.isDescribed
    },
    destroy: (_reason: string, ending: string) => void destroyed.push(`${label} ${ending}`),
  }
  roster.rise(connection as unknown as RtcConnection)
  return { connection: connection as unknown as RtcConnection, state }
}

beforeEach(() => {
  clock = createManualClock()
  roster = new Roster(clock)
  destroyed = []
})

test('a peer that is heard in many rooms is offered to once; once more when nothing came of it', async () => {
  expect(roster.isSought('bob')).toBe(true)
  attempt('first')
  await clock.advance(1_000)
  expect([roster.isSought('bob'), roster.mayReplace('bob')]).toEqual([false, false])
  await clock.advance(1)
  expect([roster.isSought('bob'), roster.mayReplace('bob')]).toEqual([true, true])
  attempt('second')
  expect([destroyed, roster.all().length]).toEqual([['first replaced'], 2])
})

test('an attempt that was answered is left alone, unless the rendezvous was lost and reached meanwhile', async () => {
  const { state } = attempt('first')
  state.isDescribed = true
  await clock.advance(5_000)
  expect(roster.isSought('bob')).toBe(false)
  roster.reachedRendezvous()
  expect([roster.isSought('bob'), roster.mayReplace('bob')]).toEqual([true, true])
  state.isLive = true
  expect(roster.isSought('bob')).toBe(false)
})

test('an open connection is not sought again before it is in doubt, and is over when the next one opens', async () => {
  const first = attempt('first')
  first.state.isLive = true
  roster.opened(first.connection)
  roster.reachedRendezvous()
  expect(roster.isSought('bob')).toBe(false)
  first.state.isLive = false
  expect(roster.isSought('bob')).toBe(true)
  const second = attempt('second')
  expect([destroyed, roster.open()]).toEqual([[], [first.connection]])
  roster.opened(second.connection)
  roster.ended(first.connection)
  expect([destroyed, roster.open()]).toEqual([['first replaced'], [second.connection]])
  roster.gone(first.connection)
  roster.gone(second.connection)
  await roster.empty()
  expect([roster.all(), roster.isSought('bob')]).toEqual([[], true])
})

test('a peer is asked for an offer every second, until one comes', async () => {
  expect([roster.mayAsk('bob'), roster.mayAsk('bob'), roster.mayAsk('carol')]).toEqual([true, false, true])
  await clock.advance(1_000)
  expect(roster.mayAsk('bob')).toBe(true)
  attempt('first')
  expect(roster.mayAsk('bob')).toBe(true)
})
