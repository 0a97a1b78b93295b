/** Random histories: people who invite, promote, demote and remove one another without hearing of it in time, and some who lie. */
import { compareBytes, deviceIdBytes, messageIdBytes, userIdBytes, type HeadPin, type RoleNumber } from '@parley/protocol'
import type { DeviceCert } from '@parley/crypto'
import type { MembershipFact } from '../../src/membership/index.ts'
import { bytesFrom, epochOf, pinAt, randomOf, refOf, World, type Actor } from './membership-world.ts'

export function randomHistory(seed: number): World {
  const random = randomOf(seed)
  const below = (count: number): number => Math.floor(random() * count)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  const world = new World(seed)
  const users = 3 + below(6)
  for (let user = 0; user < users; user++) {
    const first = world.actor(user, 0)
    for (let device = 1, count = 1 + below(3); device < count; device++)
      world.actor(user, device, random() < 0.8 ? first : world.actors.at(-1))
  }
  const { actors } = world
  const founder = actors[0] as Actor
  world.genesis(founder, pick(['full', 'joined'] as const))
  const epochs = [{ id: epochOf(0), gen: 0 }]
  const invites: MembershipFact[] = []
  const marks = [1, 2].map((number) => bytesFrom(36, 5, number))
  const firstOf = (user: number): Actor => actors.find((actor) => actor.user === world.userId(user)) as Actor
  for (let user = 1; user < users; user++)
    if (random() < 0.6)
      world.grant(founder, world.userId(user), pick(['reader', 'writer', 'moderator', 'admin', 'admin'] as const), [firstOf(user)])
  if (random() < 0.7) invites.push(world.invite(founder, { key: 1, role: below(3) as RoleNumber, maxUses: 1 + below(4) }))
  world.tell(founder, ...actors.filter(() => random() < 0.9))

  const pins = (): HeadPin[] =>
    actors
      .filter(() => random() < 0.3)
      .map((actor) => pinAt(actor, below(12)))
      .sort((a, b) => compareBytes(a.log, b.log))
  const boxes = (): { epoch: Uint8Array; box: Uint8Array }[] => (random() < 0.5 ? [{ epoch: pick(epochs).id, box: new Uint8Array(1) }] : [])

  for (let step = 0, steps = 4 + below(22); step < steps; step++) {
    const actor = pick(actors.filter((a) => a.known.size > 0))
    const target = pick(actors)
    const user = userIdBytes(target.user)
    if (random() < 0.3) actor.seq += below(3)
    const lie = random()
    const change: Parameters<World['act']>[2] = {}
    const frontier = world.frontier(actor.known)
    // Some name less than they know, something that is not there, or an older date.
    if (lie < 0.05) change.after = frontier.filter(() => random() < 0.5)
    else if (lie < 0.07) change.after = [bytesFrom(16, 6, step)]
    else if (lie < 0.12) change.hlc = { ms: 1_000 + below(30), ctr: below(2) }
    else if (lie < 0.14) change.isCounted = false
    else if (lie < 0.17) change.acks = []
    const certs = (...list: DeviceCert[]): Parameters<World['act']>[2] => ({ ...change, certs: list })
    const act = below(20)
    if (act < 4) world.act(actor, (after) => ({ op: 'remove', user, pins: pins(), after }), change)
    else if (act < 8) {
      const role = pick([0, 1, 2, 3, 3, 3]) as RoleNumber
      const list = actors.filter((a) => a.user === target.user && random() < 0.6).map(({ cert }) => cert)
      world.act(actor, (after) => ({ op: 'grant', user, role, certs: [], pins: pins(), after }), certs(...list))
    } else if (act < 9) world.act(actor, (after) => ({ op: 'leave', pins: pins(), after }), change)
    else if (act < 11) {
      const own = pick(actors.filter((a) => a.user === actor.user || random() < 0.1))
      world.act(actor, (after) => ({ op: 'device-add', cert: new Uint8Array(1), boxes: boxes(), after }), certs(own.cert))
    } else if (act < 13) {
      const own = random() < 0.6 ? pick(actors.filter((a) => a.user === actor.user)) : target
      world.act(actor, (after) => ({ op: 'device-remove', pin: pinAt(own, below(8)), after }), change)
    } else if (act < 14) {
      const expiresMs = pick([1e6, 1e6, 1_015])
      const key = 1 + below(3)
      const invite = world.act(
        actor,
        (after) => ({
          op: 'invite',
          publicKey: new Uint8Array(32).fill(key),
          role: below(3) as RoleNumber,
          maxUses: 1 + below(2),
          expiresMs,
          after,
        }),
        change,
      )
      invites.push(invite)
    } else if (act < 16) {
      const invite = invites.length === 0 ? undefined : pick(invites)
      if (invite?.payload.op !== 'invite') continue
      const proof = new Uint8Array(64).fill(random() < 0.9 ? (invite.payload.publicKey[0] as number) : 9)
      const ref = messageIdBytes(refOf(invite))
      const from = random() < 0.5 ? 0 : below(8)
      world.act(
        actor,
        (after) => ({ op: 'admit', invite: ref, cert: new Uint8Array(1), proof, boxes: boxes(), from, after }),
        certs(target.cert),
      )
    } else if (act < 17) {
      if (invites.length > 0) world.act(actor, (after) => ({ op: 'revoke', invite: messageIdBytes(refOf(pick(invites))), after }), change)
      else world.act(actor, (after) => ({ op: 'policy', history: pick(['full', 'joined'] as const), after }), change)
    } else if (act < 19) {
      const parents = epochs.filter(() => random() < 0.5)
      const gen = Math.max(0, ...parents.map((parent) => parent.gen)) + (random() < 0.95 ? 1 : 2)
      const commitment = bytesFrom(32, 4, random() < 0.9 ? epochs.length : below(epochs.length))
      const to = actors.filter(() => random() < 0.4)
      world.act(
        actor,
        (after) => ({
          op: 'epoch',
          gen,
          parents: parents.map(({ id }) => id),
          commitment,
          boxes: to.map(({ device }) => ({ device: deviceIdBytes(device), box: new Uint8Array(1) })),
          back: parents.filter(() => random() < 0.8).map(({ id }) => ({ parent: id, ctl: new Uint8Array(1), msg: undefined })),
          after,
        }),
        change,
      )
      epochs.push({ id: commitment.slice(0, 16), gen })
    } else if (random() < 0.3)
      world.act(
        actor,
        () => ({ op: 'reseal', epoch: pick(epochs).id, boxes: [{ device: deviceIdBytes(target.device), box: new Uint8Array(1) }] }),
        change,
      )
    else world.act(actor, (after) => ({ op: pick(['hide', 'pin'] as const), target: pick(marks), on: random() < 0.7, after }), change)
    if (random() < 0.6) world.tell(actor, ...actors.filter(() => random() < 0.5))
  }
  return world
}

/** The same facts in another order. */
export function shuffled<T>(list: readonly T[], seed: number): T[] {
  const random = randomOf(seed)
  const result = [...list]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[result[i], result[j]] = [result[j] as T, result[i] as T]
  }
  return result
}
