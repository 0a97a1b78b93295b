/** One test for each rule of ADR 0011. */
import {
  deviceIdBytes,
  MAX_DEVICES_PER_USER,
  MAX_OPEN_INVITES,
  ROLES,
  toBase32,
  userIdBytes,
  userIdOf,
  type UserId,
} from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import {
  MembershipResolver,
  opKey,
  resolveMembership,
  type Membership,
  type MembershipFact,
  type Verdict,
} from '../src/membership/index.ts'
import { bytesFrom, checks, epochOf, pinAt, refOf, World, type Actor } from './support/membership-world.ts'

/** alice founded the group, bob and carol are admins in this order, dave writes. Everybody knows. */
function group(history: 'full' | 'joined' = 'full') {
  const world = new World()
  const [alice, bob, carol, dave] = [0, 1, 2, 3].map((user) => world.actor(user, 0)) as [Actor, Actor, Actor, Actor]
  world.genesis(alice, history)
  world.grant(alice, bob.user, 'admin', [bob])
  world.grant(alice, carol.user, 'admin', [carol])
  world.grant(alice, dave.user, 'writer', [dave])
  world.tellAll()
  const look = (): Membership => resolveMembership(world.facts, checks)
  const verdict = (fact: MembershipFact): Verdict | undefined => look().verdicts.get(opKey(fact.id))
  const has = (user: UserId): boolean => look().members.has(user)
  return { world, alice, bob, carol, dave, look, verdict, has }
}

describe('authority', () => {
  test('the founder comes first, then whoever was made a member, in order', () => {
    const { look, alice, bob, carol, dave } = group()
    expect([...look().members.values()].map(({ user, role, addedBy }) => [user, role, addedBy])).toEqual([
      [alice.user, 'founder', undefined],
      [bob.user, 'admin', alice.user],
      [carol.user, 'admin', alice.user],
      [dave.user, 'writer', alice.user],
    ])
  })

  test('strong remove: what an admin did beside their removal is void, what they did before it stays', () => {
    const { world, alice, bob, dave, verdict, has } = group()
    const before = world.invite(bob)
    world.tell(bob, alice)
    world.remove(alice, bob.user)
    const beside = world.remove(bob, dave.user)
    expect(verdict(before)).toBeUndefined()
    expect(verdict(beside)).toBe('no authority')
    expect([has(bob.user), has(dave.user)]).toEqual([false, true])
  })

  test('seniority: of two admins who remove each other the senior stays', () => {
    const { world, bob, carol, verdict, has } = group()
    const up = world.remove(carol, bob.user)
    const down = world.remove(bob, carol.user)
    expect([verdict(up), verdict(down)]).toEqual(['no authority', undefined])
    expect([has(bob.user), has(carol.user)]).toEqual([true, false])
  })

  test('nobody removes or demotes the founder, who can leave', () => {
    const { world, alice, bob, verdict, look } = group()
    const facts = [world.remove(bob, alice.user), world.grant(bob, alice.user, 'reader'), world.grant(bob, alice.user, 'admin')]
    expect(facts.map(verdict)).toEqual(['senior target', 'senior target', 'senior target'])
    world.leave(alice)
    expect(look().former.get(alice.user)).toMatchObject({ by: alice.user, how: 'left' })
  })

  test('nobody promotes themselves, and writers promote nobody', () => {
    const { world, bob, dave, carol, verdict } = group()
    expect(verdict(world.grant(dave, dave.user, 'admin'))).toBe('no authority')
    expect(verdict(world.grant(dave, carol.user, 'reader'))).toBe('no authority')
    expect(verdict(world.grant(bob, bob.user, 'admin'))).toBe('bad target')
  })

  test('recursive voiding: who was made an admin beside the removal of who made them was never one, nor what they did', () => {
    const { world, alice, carol, dave, verdict, has } = group()
    const erin = world.actor(4, 0)
    const promoted = world.grant(carol, dave.user, 'admin')
    world.tell(carol, dave)
    const added = world.grant(dave, erin.user, 'admin', [erin])
    world.tell(dave, erin)
    const kicked = world.remove(erin, carol.user)
    world.remove(alice, carol.user)
    expect([promoted, added, kicked].map(verdict)).toEqual(['no authority', 'no authority', 'no authority'])
    expect([has(carol.user), has(dave.user), has(erin.user)]).toEqual([false, true, false])
  })

  test('an admin who was demoted acts no more, also beside the demotion', () => {
    const { world, alice, bob, dave, verdict, look } = group()
    world.grant(alice, bob.user, 'moderator')
    const beside = world.remove(bob, dave.user)
    world.tell(alice, bob)
    const after = world.invite(bob)
    expect([verdict(beside), verdict(after)]).toEqual(['no authority', 'no authority'])
    expect(look().members.get(bob.user)?.role).toBe('moderator')
  })

  test('an admin who leaves acts no more, and what another device did beside it stays', () => {
    const { world, bob, dave, verdict, has } = group()
    const phone = world.actor(1, 1, bob)
    world.addDevice(bob, phone)
    world.tell(bob, phone)
    const beside = world.remove(phone, dave.user)
    world.leave(bob)
    world.tell(bob, phone)
    const after = world.invite(phone)
    expect([verdict(beside), verdict(after)]).toEqual([undefined, 'no authority'])
    expect([has(bob.user), has(dave.user)]).toEqual([false, false])
  })

  test('an operation whose past is not here waits, and what follows it', () => {
    const { world, alice, bob, dave } = group()
    const hidden = world.invite(alice)
    world.tell(alice, bob)
    const after = world.remove(bob, dave.user)
    const without = resolveMembership(
      world.facts.filter((fact) => fact !== hidden),
      checks,
    )
    expect(without.verdicts.get(opKey(after.id))).toBe('pending')
    expect(without.members.has(dave.user)).toBe(true)
    const resolver = new MembershipResolver(checks)
    resolver.add(world.facts.filter((fact) => fact !== hidden))
    expect(resolver.add([hidden]).members.has(dave.user)).toBe(false)
  })

  test('an operation with an older date than its past is void; one that names what cannot be named waits for ever', () => {
    const { world, alice, bob, dave, verdict } = group()
    expect(
      verdict(world.act(alice, (after) => ({ op: 'remove', user: userIdBytes(dave.user), pins: [], after }), { hlc: { ms: 1, ctr: 0 } })),
    ).toBe('clock')
    const mark = world.act(bob, (after) => ({ op: 'hide', target: new Uint8Array(36), on: true, after }))
    const named = world.act(bob, () => ({ op: 'leave', pins: [], after: [mark.id.slice(0, 16)] }))
    expect(verdict(named)).toBe('pending')
  })

  test('nobody un-sees: an operation follows the earlier one of its device though it does not name it', () => {
    const { world, alice, bob, dave, has } = group()
    world.remove(alice, dave.user)
    world.tell(alice, bob)
    world.invite(bob)
    const hidden = world.act(
      bob,
      () => ({ op: 'grant', user: userIdBytes(dave.user), role: ROLES.writer, certs: [], pins: [pinAt(dave, 1)], after: [] }),
      {},
    )
    expect(hidden.payload.op === 'grant' && hidden.payload.after).toEqual([])
    expect(has(dave.user)).toBe(true)
  })
})

describe('coming back', () => {
  test('a re-admission that follows the removal brings a further span; what was written in between stays hidden', () => {
    const { world, alice, bob, dave, look } = group()
    world.remove(alice, dave.user, [pinAt(dave, 5)])
    world.tell(alice, bob)
    const invite = world.invite(bob)
    world.admit(bob, invite, dave, { from: 9 })
    const now = look()
    expect(now.devices.get(dave.device)?.spans).toEqual([
      { from: 0, to: 5, role: 'writer' },
      { from: 9, to: Number.POSITIVE_INFINITY, role: 'writer' },
    ])
    expect([now.roleAt(dave.device, 4), now.roleAt(dave.device, 7), now.roleAt(dave.device, 9)]).toEqual(['writer', undefined, 'writer'])
    expect(now.former.has(dave.user)).toBe(false)
  })

  test('by a link from before the removal nobody comes back, by one that was made after it they do', () => {
    const { world, alice, bob, dave, verdict, has } = group()
    const old = world.invite(bob)
    world.tell(bob, alice)
    world.remove(alice, dave.user)
    world.tell(alice, bob)
    const again = world.admit(bob, old, dave)
    expect([verdict(again), has(dave.user)]).toEqual(['bad invite', false])
    world.admit(bob, world.invite(bob), dave)
    expect(has(dave.user)).toBe(true)
  })

  test('one beside the removal is void', () => {
    const { world, alice, bob, dave, verdict, has } = group()
    world.remove(alice, dave.user)
    const beside = world.grant(bob, dave.user, 'moderator', [dave])
    expect([verdict(beside), has(dave.user)]).toEqual(['concurrent removal', false])
  })

  test('no first entry that the joiner names reaches back before the end of the last stay', () => {
    const { world, alice, dave, look } = group()
    world.remove(alice, dave.user, [pinAt(dave, 5)])
    world.admit(alice, world.invite(alice), dave, { from: 0 })
    expect(look().devices.get(dave.device)?.spans).toEqual([{ from: 0, to: Number.POSITIVE_INFINITY, role: 'writer' }])
    expect(look().devices.get(dave.device)?.isActive).toBe(true)
  })
})

describe('pins', () => {
  test('a removal without pins keeps what its author had acknowledged and named: the floor', () => {
    const { world, alice, bob, dave, look } = group()
    const device = dave.device
    world.remove(alice, dave.user, [pinAt(dave, 1)], [[device, 7]])
    expect(look().devices.get(device)?.spans).toEqual([{ from: 0, to: 7, role: 'writer' }])
    const other = group()
    other.dave.seq = 3
    other.world.epoch(other.dave, 1, 1, [epochOf(0)], [])
    other.world.tell(other.dave, other.alice)
    other.world.remove(other.alice, other.dave.user, [], [])
    expect(other.look().devices.get(other.dave.device)?.spans).toEqual([{ from: 0, to: 4, role: 'writer' }])
    expect(bob.device).toBeDefined()
  })

  test('of several removals the highest pin counts', () => {
    const { world, alice, bob, dave, look } = group()
    world.remove(alice, dave.user, [pinAt(dave, 3)])
    world.remove(bob, dave.user, [pinAt(dave, 8)])
    expect(look().devices.get(dave.device)?.spans).toEqual([{ from: 0, to: 8, role: 'writer' }])
    expect(look().former.get(dave.user)).toMatchObject({ how: 'removed', by: alice.user })
  })

  test('a change of role begins at its pin', () => {
    const { world, alice, dave, look } = group()
    world.grant(alice, dave.user, 'reader', [], [pinAt(dave, 4)])
    world.grant(alice, dave.user, 'moderator', [], [pinAt(dave, 6)])
    expect(look().devices.get(dave.device)?.spans).toEqual([
      { from: 0, to: 4, role: 'writer' },
      { from: 4, to: 6, role: 'reader' },
      { from: 6, to: Number.POSITIVE_INFINITY, role: 'moderator' },
    ])
  })

  test('who leaves keeps everything up to the leave', () => {
    const { world, dave, look } = group()
    dave.seq = 12
    world.leave(dave)
    expect(look().devices.get(dave.device)?.spans).toEqual([{ from: 0, to: 13, role: 'writer' }])
  })
})

describe('invites', () => {
  test('uses: the first in order are in, the others not', () => {
    const { world, alice, bob, verdict } = group()
    const invite = world.invite(alice, { maxUses: 1 })
    world.tell(alice, bob)
    const first = world.admit(bob, invite, world.actor(4, 0))
    const second = world.admit(alice, invite, world.actor(5, 0))
    expect([verdict(first), verdict(second)]).toEqual([undefined, 'bad invite'])
  })

  test('expiry, revocation beside or before, a proof that does not hold, an invite that its author does not know', () => {
    const { world, alice, bob, verdict } = group()
    const expired = world.invite(alice, { expiresMs: 1_000 })
    const invite = world.invite(alice)
    world.tell(alice, bob)
    expect(verdict(world.admit(bob, expired, world.actor(4, 0)))).toBe('bad invite')
    expect(verdict(world.admit(bob, invite, world.actor(5, 0), { key: 2 }))).toBe('bad invite')
    const early = world.admit(bob, invite, world.actor(6, 0))
    world.tell(bob, alice)
    const beside = world.admit(bob, invite, world.actor(7, 0))
    const revoke = world.revoke(alice, invite)
    world.tell(alice, bob)
    const late = world.admit(bob, invite, world.actor(8, 0))
    expect([early, revoke, beside, late].map(verdict)).toEqual([undefined, undefined, 'bad invite', 'bad invite'])
  })

  test('writers admit, readers do not, and only admins invite or revoke', () => {
    const { world, alice, dave, verdict, look } = group()
    const invite = world.invite(alice, { role: ROLES.reader })
    world.tell(alice, dave)
    const erin = world.actor(4, 0)
    expect(verdict(world.admit(dave, invite, erin))).toBeUndefined()
    world.tell(dave, erin)
    expect(verdict(world.admit(erin, invite, world.actor(5, 0)))).toBe('no authority')
    expect([verdict(world.invite(dave)), verdict(world.revoke(dave, invite))]).toEqual(['no authority', 'no authority'])
    expect(look().invites.get(refOf(invite))).toMatchObject({ used: 1, isRevoked: false, role: 'reader', by: alice.user })
  })
})

describe('devices', () => {
  test('a device adds another of its user, not of somebody else', () => {
    const { world, bob, dave, look, verdict } = group()
    const phone = world.actor(3, 1, dave)
    world.addDevice(dave, phone)
    expect(look().members.get(dave.user)?.devices).toEqual([dave.device, phone.device])
    expect(verdict(world.addDevice(dave, world.actor(1, 1, bob)))).toBe('bad target')
  })

  test('of two devices that remove each other the older stays', () => {
    const { world, dave, look, verdict } = group()
    const phone = world.actor(3, 1, dave)
    world.addDevice(dave, phone)
    world.tell(dave, phone)
    const up = world.removeDevice(phone, dave)
    const down = world.removeDevice(dave, phone, 1)
    expect([verdict(up), verdict(down)]).toEqual(['no authority', undefined])
    expect(look().members.get(dave.user)?.devices).toEqual([dave.device])
    expect(look().devices.get(phone.device)).toMatchObject({ isActive: false, spans: [{ from: 0, to: 1, role: 'writer' }] })
  })

  test('a removed device does nothing beside its removal, brings in no other device, and never comes back', () => {
    const { world, alice, bob, carol, dave, look, verdict, has } = group()
    const [stolen, fake] = [world.actor(1, 1, bob), world.actor(1, 2)]
    const issued = { ...fake.cert, issuer: stolen.device }
    world.addDevice(bob, stolen)
    world.tell(bob, stolen)
    world.removeDevice(bob, stolen)
    const kick = world.remove(stolen, dave.user)
    const leave = world.leave(stolen)
    const add = world.act(stolen, (after) => ({ op: 'device-add', cert: new Uint8Array(1), boxes: [], after }), { certs: [issued] })
    world.tell(stolen, fake)
    const byFake = world.removeDevice(fake, bob)
    expect([kick, leave, add, byFake].map(verdict)).toEqual(['no device', 'no device', 'no device', 'no authority'])
    world.tell(bob, alice)
    world.act(alice, (after) => ({ op: 'grant', user: userIdBytes(bob.user), role: ROLES.admin, certs: [], pins: [], after }), {
      certs: [stolen.cert, issued],
    })
    expect(look().members.get(bob.user)?.devices).toEqual([bob.device])
    expect([has(bob.user), has(carol.user), has(dave.user)]).toEqual([true, true, true])
  })

  test('an admin removes a device of a junior, not of a senior; the device cannot undo it by acting beside it', () => {
    const { world, alice, bob, carol, verdict, look } = group()
    const phone = world.actor(2, 1, carol)
    world.addDevice(carol, phone)
    world.tellAll()
    expect(verdict(world.removeDevice(carol, bob))).toBe('senior target')
    const removal = world.removeDevice(alice, phone)
    const back = world.removeDevice(phone, carol)
    expect([verdict(removal), verdict(back)]).toEqual([undefined, 'no authority'])
    expect(look().members.get(carol.user)?.devices).toEqual([carol.device])
  })
})

describe('epochs', () => {
  test('the usable one with the highest generation, of equals the lowest id', () => {
    const { world, alice, bob, carol, dave, look } = group()
    const all = [alice, bob, carol, dave]
    expect(look().currentEpoch).toEqual(epochOf(0))
    world.epoch(alice, 1, 1, [epochOf(0)], all)
    world.epoch(bob, 2, 1, [epochOf(0)], all)
    const [low] = [toBase32(epochOf(1)), toBase32(epochOf(2))].sort()
    expect(toBase32(look().currentEpoch as Uint8Array)).toBe(low)
    world.tellAll()
    world.epoch(dave, 3, 2, [epochOf(1), epochOf(2)], all)
    expect(look().currentEpoch).toEqual(epochOf(3))
  })

  test('two removals beside each other make both new epochs unusable, and the next writer mints', () => {
    const { world, alice, bob, carol, dave, look } = group()
    const erin = world.actor(4, 0)
    world.grant(alice, erin.user, 'writer', [erin])
    world.tellAll()
    world.remove(alice, dave.user)
    world.epoch(alice, 1, 1, [epochOf(0)], [alice, bob, carol, erin])
    world.remove(bob, erin.user)
    world.epoch(bob, 2, 1, [epochOf(0)], [alice, bob, carol, dave])
    expect(look().currentEpoch).toBeUndefined()
    world.tellAll()
    world.epoch(carol, 3, 2, [epochOf(1), epochOf(2)], [alice, bob, carol])
    expect(look().currentEpoch).toEqual(epochOf(3))
    expect([...look().epochs.values()].map(({ isUsable }) => isUsable)).toEqual([false, false, false, true])
  })

  test('who holds an epoch holds what it wraps: a key given too widely spoils its ancestors', () => {
    const { world, alice, bob, carol, dave, look } = group()
    const stranger = world.actor(9, 0)
    world.epoch(alice, 1, 1, [epochOf(0)], [alice, bob, carol, dave])
    world.epoch(alice, 2, 2, [epochOf(1)], [alice, stranger])
    expect([...look().epochs.values()].map(({ isUsable }) => isUsable)).toEqual([false, false, false])
  })

  test('an epoch of before a removal is not written under again when who was removed comes back: it is good only while the one that followed it is', () => {
    const { world, alice, bob, carol, dave, look } = group()
    const usable = (): boolean[] => [...look().epochs.values()].slice(1).map(({ isUsable }) => isUsable)
    world.epoch(alice, 1, 1, [epochOf(0)], [alice, bob, carol, dave])
    world.remove(alice, bob.user)
    world.epoch(alice, 2, 2, [epochOf(1)], [alice, carol, dave])
    expect([usable(), look().currentEpoch]).toEqual([[false, true], epochOf(2)])
    world.tellAll()
    world.grant(alice, bob.user, 'writer', [bob])
    expect([usable(), look().currentEpoch]).toEqual([[true, true], epochOf(2)])
    // Whoever goes now spoils both, and the next writer mints.
    world.tellAll()
    world.remove(carol, dave.user)
    expect([usable(), look().currentEpoch]).toEqual([[false, false], undefined])
  })

  test('an epoch of somebody removed beside it is known and not written under; one with a wrong generation or unknown parent is none', () => {
    const { world, alice, bob, carol, verdict, look } = group()
    world.remove(alice, bob.user)
    const beside = world.epoch(bob, 1, 1, [epochOf(0)], [alice, bob, carol])
    expect(verdict(beside)).toBe('no authority')
    expect(look().epochs.get(toBase32(epochOf(1)))?.isUsable).toBe(false)
    expect(verdict(world.epoch(carol, 2, 7, [epochOf(0)], [carol]))).toBe('bad target')
    expect(verdict(world.epoch(carol, 3, 1, [epochOf(8)], [carol]))).toBe('bad target')
  })

  test('a joiner whose admission turned out void holds the key that was handed out', () => {
    const { world, alice, bob, look } = group()
    const invite = world.invite(alice, { maxUses: 1 })
    world.tell(alice, bob)
    const boxes = [{ epoch: epochOf(0), box: new Uint8Array(1) }]
    world.admit(bob, invite, world.actor(4, 0), { boxes })
    expect(look().currentEpoch).toEqual(epochOf(0))
    world.admit(alice, invite, world.actor(5, 0), { boxes })
    expect(look().currentEpoch).toBeUndefined()
  })
})

describe('marks', () => {
  test('moderators hide and pin, writers do not; the last one says, and a demotion leaves what was done before its pin', () => {
    const { world, alice, bob, dave, look } = group()
    const target = bytesFrom(36, 1)
    const mark = (by: Actor, op: 'hide' | 'pin', on: boolean): MembershipFact => world.act(by, (after) => ({ op, target, on, after }))
    mark(dave, 'hide', true)
    expect(look().hidden.size).toBe(0)
    mark(bob, 'hide', true)
    mark(bob, 'pin', true)
    expect([look().hidden.size, look().pinned.size]).toEqual([1, 1])
    world.tell(bob, alice)
    world.grant(alice, bob.user, 'writer')
    expect(look().hidden.size).toBe(1)
    mark(bob, 'hide', false)
    expect(look().hidden.size).toBe(1)
    mark(alice, 'hide', false)
    expect(look().hidden.size).toBe(0)
  })
})

describe('direct conversations', () => {
  function pair() {
    const world = new World()
    const [alice, bob] = [world.actor(0, 0), world.actor(1, 0)] as [Actor, Actor]
    const both = { ...checks, isDirect: (user: UserId, peer: UserId) => [user, peer].every((u) => u === alice.user || u === bob.user) }
    const begin = (by: Actor, peer: Actor, number: number): MembershipFact =>
      world.act(by, () => ({
        op: 'direct',
        peer: userIdBytes(peer.user),
        cert: new Uint8Array(1),
        epochCommitment: bytesFrom(32, 4, number),
        boxes: [{ device: deviceIdBytes(peer.device), box: new Uint8Array(1) }],
      }))
    return { world, alice, bob, begin, look: (): Membership => resolveMembership(world.facts, both) }
  }

  test('both are writers from the first entry of either, and each can write under the other’s epoch', () => {
    const { world, alice, bob, begin, look } = pair()
    begin(alice, bob, 1)
    expect([...look().members.values()].map(({ user, role, devices }) => [user, role, devices])).toEqual([
      [alice.user, 'writer', [alice.device]],
      [bob.user, 'writer', []],
    ])
    expect(look().currentEpoch).toEqual(epochOf(1))
    begin(bob, alice, 2)
    expect(look().members.get(bob.user)?.devices).toEqual([bob.device])
    world.tellAll()
    world.epoch(bob, 3, 1, [epochOf(1), epochOf(2)], [alice, bob])
    expect(look().currentEpoch).toEqual(epochOf(3))
  })

  test('nobody removes, invites or admits, or leaves; devices come and go; a stranger is not let in', () => {
    const { world, alice, bob, begin, look } = pair()
    begin(alice, bob, 1)
    begin(bob, alice, 2)
    world.tellAll()
    const facts = [world.remove(alice, bob.user), world.grant(alice, world.userId(5), 'writer'), world.invite(alice), world.leave(bob)]
    const carol = world.actor(2, 0)
    facts.push(begin(carol, alice, 3))
    expect(facts.map(({ id }) => look().verdicts.has(opKey(id)))).toEqual([true, true, true, true, true])
    const phone = world.actor(0, 1, alice)
    world.addDevice(alice, phone)
    world.tell(alice, phone)
    expect(look().members.get(alice.user)?.devices).toEqual([alice.device, phone.device])
    world.removeDevice(phone, alice)
    expect([...look().members.values()].map(({ devices }) => devices)).toEqual([[phone.device], [bob.device]])
    expect(look().members.size).toBe(2)
  })

  test('with oneself it is the conversation of one’s own devices', () => {
    const { alice, begin, look } = pair()
    begin(alice, alice, 1)
    expect([...look().members.keys()]).toEqual([alice.user])
  })
})

describe('limits', () => {
  test('devices of one person, in order', () => {
    const { world, dave, look } = group()
    const facts = Array.from({ length: MAX_DEVICES_PER_USER }, (_, i) => world.addDevice(dave, world.actor(3, i + 1, dave)))
    expect(look().members.get(dave.user)?.devices.length).toBe(MAX_DEVICES_PER_USER)
    expect(look().verdicts.get(opKey((facts.at(-1) as MembershipFact).id))).toBe('limit')
  })

  test('open invites: a revoked, a used up and an expired one make room', () => {
    const { world, alice, verdict } = group()
    const invites = Array.from({ length: MAX_OPEN_INVITES }, () => world.invite(alice, { maxUses: 1 }))
    expect(verdict(world.invite(alice))).toBe('limit')
    world.revoke(alice, invites[0] as MembershipFact)
    expect(verdict(world.invite(alice))).toBeUndefined()
    world.admit(alice, invites[1] as MembershipFact, world.actor(4, 0))
    expect(verdict(world.invite(alice, { expiresMs: 1_500 }))).toBeUndefined()
    expect(verdict(world.invite(alice))).toBe('limit')
  })
})

describe('cost', () => {
  /** Admits, epochs, grants and removals in turn, each by somebody who knows everything. */
  function long(count: number): MembershipFact[] {
    const world = new World()
    const alice = world.actor(0, 0)
    world.genesis(alice)
    const invite = world.invite(alice, { maxUses: 1_000_000 })
    let last: Uint8Array = epochOf(0)
    let person = 1
    for (let i = 0; world.facts.length < count; i++) {
      // Alice alone writes: what she knows is the whole frontier. Names are dropped from her memory to keep making the history cheap.
      const newest = world.facts.at(-1) as MembershipFact
      alice.known.clear()
      alice.known.add(newest)
      if (i % 4 === 0) world.admit(alice, invite, world.actor(person++, 0))
      else if (i % 4 === 1) world.grant(alice, world.userId(person - 1), 'moderator')
      else if (i % 4 === 2) {
        world.epoch(alice, i + 1, (i - 2) / 4 + 1, [last], [alice])
        last = epochOf(i + 1)
      } else world.remove(alice, world.userId(person - 1))
    }
    return world.facts
  }

  test('adding one to 5,000 looks at a bounded number of operations and computes nothing anew', () => {
    const facts = long(5_040)
    const resolver = new MembershipResolver(checks)
    resolver.add(facts.slice(0, 5_000))
    const start = resolver.cost
    let most = 0
    for (const fact of facts.slice(5_000)) {
      const before = resolver.cost.visits
      resolver.add([fact])
      most = Math.max(most, resolver.cost.visits - before)
    }
    expect(resolver.cost.rebuilds).toBe(start.rebuilds)
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThan(40)
    expect(start.rebuilds).toBe(1)
  })

  test('somebody who was removed makes nobody compute anything anew', () => {
    const { world, alice, dave } = group()
    world.remove(alice, dave.user)
    const resolver = new MembershipResolver(checks)
    resolver.add(world.facts)
    const { rebuilds } = resolver.cost
    for (let i = 0; i < 20; i++) {
      resolver.add([
        world.remove(dave, alice.user),
        world.addDevice(dave, world.actor(3, i + 1, dave)),
        world.leave(dave),
        world.grant(dave, userIdOf(bytesFrom(32, 9)), 'admin'),
      ])
    }
    expect(resolver.cost.rebuilds).toBe(rebuilds)
  })
})
