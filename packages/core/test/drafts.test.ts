/** What a device remembers for its user alone: drafts, muted conversations, and that nobody is told what was seen. */
import {
  createManualClock,
  createMemoryDisk,
  createMemoryStore,
  type ManualClock,
  type MemoryDisk,
  type MemoryStore,
} from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Conversation, Message, Parley } from '../src/index.ts'
import { createWorld, type World } from './support.ts'

let clock: ManualClock
let world: World
let disk: MemoryDisk
let store: MemoryStore
let alice: Parley
let hers: Conversation

async function open(): Promise<void> {
  store = createMemoryStore({ disk })
  alice = await world.peer('alice', { store })
  hers = alice.conversations[0] ?? (await alice.createGroup())
}

async function restart(): Promise<void> {
  await alice.close()
  await open()
}

beforeEach(async () => {
  clock = createManualClock()
  world = createWorld(clock)
  disk = createMemoryDisk()
  await open()
})
afterEach(() => world.close())

describe('a draft', () => {
  test('is there at once, and after a restart', async () => {
    const { id } = await hers.sendMessage({ text: 'who?' })
    expect(hers.draft).toBe(undefined)
    const stored = hers.setDraft({ text: 'I think', replyTo: id })
    expect(hers.draft).toEqual({ text: 'I think', replyTo: id })
    expect(Object.isFrozen(hers.draft)).toBe(true)
    await clock.advance(500)
    await stored
    await restart()
    expect(hers.draft).toEqual({ text: 'I think', replyTo: id })
    const cleared = hers.setDraft(undefined)
    await clock.advance(500)
    await cleared
    expect(hers.draft).toBe(undefined)
    await restart()
    expect(hers.draft).toBe(undefined)
  })

  test('is written once for many keystrokes, and when the profile closes', async () => {
    let writes = 0
    const write = store.write.bind(store)
    store.write = (operations, options) => {
      writes++
      return write(operations, options)
    }
    const typed = Array.from({ length: 40 }, (_, i) => hers.setDraft({ text: 'x'.repeat(i + 1) }))
    await clock.advance(499)
    expect(writes).toBe(0)
    await clock.advance(1)
    await Promise.all(typed)
    expect(writes).toBe(1)
    const last = hers.setDraft({ text: 'last words' })
    await restart()
    await last
    expect(hers.draft).toEqual({ text: 'last words', replyTo: undefined })
  })

  test('is bounded and checked, and a full disk is told', async () => {
    await expect(hers.setDraft({ text: 'é'.repeat(20_001) })).rejects.toMatchObject({ code: 'TooLarge' })
    await expect(hers.setDraft({ text: 7 } as never)).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(hers.setDraft('text' as never)).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(hers.setDraft({ text: 'a', replyTo: 'x' as Message['id'] })).rejects.toMatchObject({ code: 'InvalidArgument' })
    expect(hers.draft).toBe(undefined)
    store.failNextWrites()
    const full = Promise.allSettled([hers.setDraft({ text: 'a' })])
    await clock.advance(500)
    expect(await full).toEqual([{ status: 'rejected', reason: expect.objectContaining({ code: 'StorageFull' }) }])
    const next = hers.setDraft({ text: 'b' })
    await clock.advance(500)
    await next
    await restart()
    expect(hers.draft?.text).toBe('b')
    await alice.close()
    await expect(hers.setDraft({ text: 'c' })).rejects.toMatchObject({ code: 'Closed' })
  })

  test('that is empty is none', async () => {
    const stored = hers.setDraft({ text: '' })
    await clock.advance(500)
    await stored
    expect(hers.draft).toBe(undefined)
  })
})

test('muted conversations stay muted', async () => {
  let changes = 0
  alice.on('conversations', () => changes++)
  expect(hers.isMuted).toBe(false)
  await hers.mute()
  await clock.advance(1)
  expect([hers.isMuted, changes]).toEqual([true, 1])
  await restart()
  expect(hers.isMuted).toBe(true)
  await hers.unmute()
  await restart()
  expect(hers.isMuted).toBe(false)
})

test('preferences are kept with the profile', async () => {
  expect(alice.preferences).toEqual({ sendSeen: true })
  await alice.setPreferences({ sendSeen: false })
  await restart()
  expect(alice.preferences).toEqual({ sendSeen: false })
  await expect(alice.setPreferences({ sendSeen: 1 as never })).rejects.toMatchObject({ code: 'InvalidArgument' })
  await alice.setPreferences({})
  expect(alice.preferences).toEqual({ sendSeen: false })
})
