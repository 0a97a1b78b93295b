/** Who tries to keep somebody with a good link out, or lets them in without keys: they come in by the first honest member all the same. */
import { encodeControl, encodeInviteLink, EntryKind, messageIdBytes, parseInviteLink, toBase32, type LinkMessage } from '@parley/protocol'
import { createManualClock } from '@parley/testing'
import type { Conversation } from '@parley/core'
import { expect, test } from 'vitest'
import { proofsOf, type Proof } from '../../packages/core/src/network/handshake.ts'
import { REFUSAL_WAIT_MS, UNKNOWN_INVITE_MS } from '../../packages/core/src/network/joining.ts'
import { createGroupOn, createWorld, heard, passUntil, until } from '../../packages/core/test/support.ts'
import { createHostileMember, type HostileLink, type HostileMember } from './hostile-member.ts'
import { createVictims, settle } from './victims.ts'

type InviteProof = Extract<Proof, { kind: 'invite' }>

/** Mallory proves to hold the invite, as any holder can, and does with the request that comes what a test wants. */
function answerJoiners(
  mallory: HostileMember,
  onJoin: (link: HostileLink, proof: InviteProof, join: Extract<LinkMessage, { type: 'join' }>) => void,
): void {
  const proofs = proofsOf(mallory.replica).filter((proof): proof is InviteProof => proof.kind === 'invite')
  for (const link of mallory.links) {
    const listen = link.onMessage
    const offered = new Map<string, InviteProof>()
    const hear = (message: LinkMessage): void => {
      for (const tag of message.type === 'proofs' ? message.tags : [])
        for (const proof of proofs) {
          if (toBase32(tag) !== toBase32(link.handshake.tag(proof, 'theirs'))) continue
          const mine = link.handshake.tag(proof, 'mine')
          offered.set(toBase32(mine), proof)
          link.send({ type: 'proofs', tags: [mine] })
        }
      if (message.type !== 'join') return
      const proof = offered.get(toBase32(message.tag))
      if (proof !== undefined) onJoin(link, proof, message)
    }
    for (const message of link.of('proofs')) hear(message)
    link.onMessage = (message) => {
      listen(message)
      hear(message)
    }
  }
}

test(
  'a liar who refuses, with nobody else there: told so, and let in by the first honest member that comes',
  { timeout: 60_000 },
  async () => {
    const victims = await createVictims()
    const link = await victims.hers.invite({ uses: 9 })
    const mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
    const eve = await victims.world.peer('eve', { transports: [victims.world.network.transport('eve')] })
    victims.world.network.partition(['eve', 'mallory'])
    const joined = await eve.join(link)
    await eve.connect('memory:mallory')
    await until(() => mallory.links.some((l) => l.channel.remote === 'memory:eve' && l.of('proofs').length > 0))
    answerJoiners(mallory, (to, _proof, { tag }) => to.send({ type: 'refuse', tag, code: 'InviteUsedUp' }))
    await expect(joined.admitted()).rejects.toMatchObject({ code: 'InviteUsedUp' })
    expect(joined.state).toBe('refused')
    victims.world.network.heal()
    eve.wake()
    await until(() => joined.state === 'member')
    await until(async () => (await joined.getMessages()).totalMessages === (await victims.hers.getMessages()).totalMessages)
    await victims.expectUnharmed()
    await mallory.stop()
    await victims.close()
  },
)

test('a liar who refuses while an honest member lets in: nothing is seen of it', async () => {
  const victims = await createVictims()
  const link = await victims.hers.invite({ uses: 9 })
  const mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
  const eve = await victims.world.peer('eve')
  const joined = await eve.join(link)
  const states = heard(joined, 'state')
  await eve.connect('memory:mallory')
  answerJoiners(mallory, (to, _proof, { tag }) => to.send({ type: 'refuse', tag, code: 'InviteUsedUp' }))
  await joined.admitted()
  expect(states.flat()).not.toContain('refused')
  await mallory.stop()
  await victims.close()
})

test(
  'whoever lets in with boxes that do not open has gained nothing: the next member hands out the keys',
  { timeout: 60_000 },
  async () => {
    const victims = await createVictims()
    const link = await victims.hers.invite({ uses: 9 })
    const mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
    const eve = await victims.world.peer('eve')
    victims.world.network.partition(['eve', 'mallory'])
    const joined = await eve.join(link)
    await eve.connect('memory:mallory')
    await until(() => mallory.links.some((l) => l.channel.remote === 'memory:eve' && l.of('proofs').length > 0))
    const { replica, context } = mallory
    let isAdmitted = false
    answerJoiners(mallory, (to, proof, { sealed }) => {
      void (async () => {
        const { cert, joinProof } = await to.handshake.readRequest(proof, sealed)
        const boxes = replica.epochs.all().map(({ id }) => ({ epoch: id, box: context.random.bytes(112) }))
        const payload = encodeControl({
          op: 'admit',
          invite: messageIdBytes(proof.invite.ref),
          cert: cert.bytes,
          proof: joinProof,
          boxes,
          from: 0,
          after: replica.controls.membership.frontier,
        })
        if (!isAdmitted) await replica.commit(() => ({ kind: EntryKind.control, payload, epoch: undefined }))
        isAdmitted = true
        to.send({ type: 'controls', handle: to.handle, entries: replica.controls.carriers() })
      })()
    })
    await until(() => isAdmitted)
    await settle()
    expect(joined.state).toBe('joining')
    // The admission gets around before eve does.
    victims.world.network.partition(['eve'])
    const honest = await mallory.dial('memory:alice')
    honest.send({ type: 'controls', handle: honest.handle, entries: replica.controls.carriers(context.me.deviceId) })
    await until(() => victims.hers.members().some((m) => m.id === eve.me.id))
    expect(joined.state).toBe('joining')
    victims.world.network.partition(['eve', 'alice'])
    eve.wake()
    await joined.admitted()
    victims.world.network.heal()
    await until(async () => (await joined.getMessages()).totalMessages === (await victims.hers.getMessages()).totalMessages)
    await victims.expectUnharmed()
    await mallory.stop()
    await victims.close()
  },
)

test(
  'a liar who answers a joiner with an entry that is broken behind good ones: the next member lets them in [I3]',
  { timeout: 60_000 },
  async () => {
    const victims = await createVictims()
    const link = await victims.hers.invite({ uses: 9 })
    const mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
    const eve = await victims.world.peer('eve')
    victims.world.network.partition(['eve', 'mallory'])
    const joined = await eve.join(link)
    await eve.connect('memory:mallory')
    await until(() => mallory.links.some((l) => l.channel.remote === 'memory:eve' && l.of('proofs').length > 0))
    answerJoiners(mallory, (to) => {
      const entries = mallory.replica.controls.carriers()
      const broken = entries.at(-1)!.entry.slice()
      broken[broken.length - 1]! ^= 1
      to.send({ type: 'controls', handle: to.handle, entries: [...entries.slice(0, -1), { ...entries.at(-1)!, entry: broken }] })
    })
    await until(() => Object.values(eve.inspect().rejected).some((times) => times > 0))
    expect(joined.state).toBe('joining')
    victims.world.network.heal()
    eve.wake()
    await joined.admitted()
    await until(async () => (await joined.getMessages()).totalMessages === (await victims.hers.getMessages()).totalMessages)
    await mallory.stop()
    await victims.close()
  },
)

test('a link whose secret is wrong: whoever made it does not know it, and the joiner is told', { timeout: 60_000 }, async () => {
  const clock = createManualClock()
  const world = createWorld(clock)
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const [hers] = (await createGroupOn(clock, alice, bob)) as [Conversation]
  const parsed = parseInviteLink(await hers.invite({ hints: ['memory:alice'] }))
  const eve = await world.peer('eve')
  const joined = await eve.join(encodeInviteLink('x', { ...parsed, seed: new Uint8Array(parsed.seed.length).fill(7) }))
  let told: unknown
  joined.admitted().catch((error: unknown) => (told = error))
  await clock.advance(UNKNOWN_INVITE_MS - 5_000)
  expect([joined.state, told]).toEqual(['joining', undefined])
  for (let i = 0; i < 10; i++) await clock.advance(500)
  await passUntil(clock, () => told !== undefined)
  expect(told).toMatchObject({ code: 'InviteInvalid' })
  expect(joined.state).toBe('refused')
  // The right link is another try.
  await eve.join(await hers.invite({ hints: ['memory:alice'] }))
  await passUntil(clock, () => joined.state === 'member')
  expect(REFUSAL_WAIT_MS).toBeLessThan(UNKNOWN_INVITE_MS)
  await world.close()
})
