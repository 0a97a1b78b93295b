/// <reference types="vite/client" />
/**
 * Tabs that are killed, whose database is taken away, or that run out of room, in the middle of writing, editing and deleting: each next one finds
 * everything that was told to be done, and nothing damaged. More points: `VITE_PARLEY_CRASH_POINTS=50`.
 */
import { yieldToEventLoop } from '@parley/crypto'
import { seededRandom } from '@parley/testing'
import { expect, onTestFinished, test } from 'vitest'
import { deleteProfile, type ParleyInit } from '../src/index.browser.ts'
import { Ledger } from './support/ledger.ts'
import { onlyConversation, openTab, type OpenTab } from './support/open-tab.ts'
import { evictDatabases, Room } from './support/room.ts'

/** As many as fit into a CI run. */
const POINTS = Number(import.meta.env['VITE_PARLEY_CRASH_POINTS'] ?? 6)
const MS_EACH = 15_000
/** Operations at a time: some are written, some are not, and of some nobody knows. */
const LANES = 3
/** Operations after which it happens. */
const MOST_OPERATIONS = 30
/** Turns of the event loop after the last of them: an operation takes tens of them. */
const MOST_TURNS = 60
const FAULTS = ['killed', 'version change', 'no room'] as const

/** What an engine of this origin that knows nothing of our lock does to a database that is open: begins to upgrade it, and thinks better of it. */
async function changeVersion(database: string): Promise<void> {
  const request = indexedDB.open(database, 99)
  request.addEventListener('upgradeneeded', () => request.transaction!.abort())
  const reason = await new Promise((resolve) => request.addEventListener('error', () => resolve(request.error?.name)))
  expect(reason).toBe('AbortError')
}

/** Every lane ended so. */
function refusedWith(code: string, codes: readonly unknown[]): void {
  expect(codes).toEqual(Array.from({ length: LANES }, () => code))
}

test(
  `[I1] ${POINTS} times a tab or its store goes in the middle of work: nothing is lost, doubled or damaged`,
  {
    timeout: (POINTS + 2) * MS_EACH,
  },
  async ({ annotate }) => {
    const profile = `crash-${crypto.randomUUID()}`
    const init: ParleyInit = { profile, name: 'alice', offline: true }
    const random = seededRandom(7)
    const ledger = new Ledger(random)
    const room = await Room.open()
    onTestFinished(async () => {
      await room.close()
      await deleteProfile(profile)
    })
    /** Works in a tab until `fault` has been done to it; resolves with why each lane ended. */
    const workUntil = async ({ parley }: OpenTab, fault: () => unknown, isKilling = false): Promise<unknown[]> => {
      const reached = ledger.more(1 + random.integer(MOST_OPERATIONS))
      let isDead = false
      const lanes = Array.from({ length: LANES }, () => ledger.talk(onlyConversation(parley), () => isDead))
      await Promise.race([reached, ...lanes])
      for (let turns = random.integer(MOST_TURNS); turns > 0; turns--) await yieldToEventLoop()
      isDead = isKilling
      await fault()
      return isKilling ? [] : Promise.all(lanes)
    }

    const first = await openTab(init)
    await first.parley.createGroup({ title: 'Crash' })
    first.kill()
    for (let point = 0; point < POINTS; point++) {
      const tab = await openTab(init)
      await ledger.check(tab.parley)
      await room.some()
      switch (FAULTS[point % FAULTS.length]!) {
        case 'killed':
          await workUntil(tab, () => tab.kill(), true)
          break
        case 'version change':
          refusedWith('StorageUnavailable', await workUntil(tab, () => changeVersion(`parley:${profile}`)))
          tab.kill()
          break
        case 'no room':
          refusedWith('StorageFull', await workUntil(tab, () => room.none()))
          await room.some()
          // The same engine goes on where it was.
          await ledger.check(tab.parley)
          await ledger.send(onlyConversation(tab.parley))
          await tab.parley.close()
          tab.kill()
      }
    }
    const last = await openTab(init)
    await ledger.check(last.parley)
    expect(ledger.messages).toBeGreaterThan(POINTS)
    await annotate(`${ledger.messages} messages were told to be sent`)

    // The browser throws the database away: the tab is told so, and the next one is somebody new.
    refusedWith('StorageUnavailable', await workUntil(last, evictDatabases))
    last.kill()
    const anew = await openTab(init)
    expect(anew.parley.conversations).toEqual([])
    expect((await anew.parley.verify()).damages).toEqual([])
    await anew.parley.close()
  },
)
