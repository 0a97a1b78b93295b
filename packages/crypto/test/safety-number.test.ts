import { userIdOf } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { isSameSafetyNumber, nobleProvider, safetyNumber, type SafetyParty } from '../src/index.ts'
import { nodeProvider } from '../src/provider.node.ts'
import { bytesOf, flipBit } from './bytes.ts'

const provider = nodeProvider()
const hash = (bytes: Uint8Array): Uint8Array => provider.sha256(bytes)
const partyOf = (name: string): SafetyParty => ({ userId: userIdOf(bytesOf(`${name} user`, 32)), rootKeys: [bytesOf(`${name} root`, 32)] })
const [alice, bob, carol] = ['alice', 'bob', 'carol'].map(partyOf) as [SafetyParty, SafetyParty, SafetyParty]
const numberOf = (one: SafetyParty, other: SafetyParty): Promise<string> => safetyNumber(hash, one, other)

describe('safety numbers', () => {
  test('are 12 groups of 5 digits, the same for both', async () => {
    const number = await numberOf(alice, bob)
    expect(number).toMatch(/^([0-9]{5} ){11}[0-9]{5}$/)
    expect(await numberOf(bob, alice)).toBe(number)
    const noble = nobleProvider()
    expect(await safetyNumber((bytes) => noble.sha256(bytes), bob, alice)).toBe(number)
  })

  test('another user id, another key or another person changes the half of that person', async () => {
    const halves = (number: string): string[] => [number.slice(0, 35), number.slice(36)]
    const number = await numberOf(alice, bob)
    for (const other of [
      carol,
      { ...bob, userId: carol.userId },
      { ...bob, rootKeys: [flipBit(bob.rootKeys[0] as Uint8Array, 0)] },
      { ...bob, rootKeys: [...bob.rootKeys, bytesOf('further', 32)] },
      { ...bob, rootKeys: [] },
    ]) {
      const changed = await numberOf(alice, other)
      expect(changed).not.toBe(number)
      expect(halves(changed).filter((half) => halves(number).includes(half))).toHaveLength(1)
    }
  })

  test('the order of keys does not matter', async () => {
    const keys = ['one', 'two', 'three'].map((name) => bytesOf(name, 32))
    expect(await numberOf(alice, { ...bob, rootKeys: keys })).toBe(await numberOf(alice, { ...bob, rootKeys: keys.toReversed() }))
  })

  test('the event loop turns while they are made', async () => {
    let turns = 0
    const yieldNow = async (): Promise<void> => void turns++
    expect(await safetyNumber(hash, alice, bob, { yieldNow })).toBe(await numberOf(alice, bob))
    expect(turns).toBe(14)
  })

  test('are compared as typed, and only whole', async () => {
    const number = await numberOf(alice, bob)
    for (const typed of [number, number.replaceAll(' ', ''), `\n${number.replaceAll(' ', '-')} `, number.replaceAll(' ', '\n')])
      expect(isSameSafetyNumber(number, typed)).toBe(true)
    const digit = number.startsWith('1') ? '2' : '1'
    for (const typed of [
      '',
      number.slice(1),
      `${number}0`,
      digit + number.slice(1),
      `${number}x`,
      number.replaceAll(/[0-9]/g, '٣'),
      await numberOf(alice, carol),
    ])
      expect(isSameSafetyNumber(number, typed)).toBe(false)
  })
})
