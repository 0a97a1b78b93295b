/** Histories of membership operations for tests: made by devices that each know only part of what the others did. Nothing is signed here. */
import type { DeviceCert } from '@parley/crypto'
import {
  compareBytes,
  deviceIdBytes,
  deviceIdOf,
  messageIdBytes,
  messageIdOf,
  ROLES,
  userIdBytes,
  userIdOf,
  type ControlPayload,
  type DeviceId,
  type HeadPin,
  type Hlc,
  type MessageId,
  type RoleNumber,
  type UserId,
} from '@parley/protocol'
import { isNameable, opKey, type MembershipChecks, type MembershipFact } from '../../src/membership/index.ts'

export const NO_BOXES = { boxes: [] }
const CERT_BYTES = new Uint8Array(1)

/** Repeatable numbers from 0 to below 1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export function bytesFrom(length: number, ...parts: number[]): Uint8Array {
  const next = randomOf(parts.reduce((hash, part) => Math.imul(hash ^ part, 0x01000193) >>> 0, 0x811c9dc5))
  return Uint8Array.from({ length }, () => Math.floor(next() * 256))
}

/** Certificates, proofs and epoch ids that need no keys: a proof holds when it begins with the first byte of the invite key. */
export const checks: MembershipChecks = {
  proofHolds: ({ payload }, key) => payload.op === 'admit' && payload.proof[0] === key[0],
  epochId: (commitment) => commitment.slice(0, 16),
  isDirect: () => false,
}

export interface Actor {
  readonly cert: DeviceCert
  readonly device: DeviceId
  readonly user: UserId
  /** Everything that this device has seen. */
  readonly known: Set<MembershipFact>
  seq: number
  hlc: Hlc
  prev: Uint8Array | undefined
}

export function certOf(user: UserId, device: DeviceId, issuer?: DeviceId): DeviceCert {
  return {
    bytes: CERT_BYTES,
    userId: user,
    deviceId: device,
    signKey: CERT_BYTES,
    agreeKey: CERT_BYTES,
    createdMs: 0,
    issuer,
    isRecovery: false,
  }
}

export class World {
  readonly facts: MembershipFact[] = []
  readonly actors: Actor[] = []
  readonly #salt: number
  #now = 1_000

  constructor(salt = 0) {
    this.#salt = salt
  }

  userId(number: number): UserId {
    return userIdOf(bytesFrom(32, 1, number))
  }

  /** A further device; the first of a user needs no issuer. */
  actor(user: number, device: number, issuer?: Actor): Actor {
    const id = this.userId(user)
    const deviceId = deviceIdOf(bytesFrom(16, 2, user, device))
    const actor: Actor = {
      cert: certOf(id, deviceId, issuer?.device),
      device: deviceId,
      user: id,
      known: new Set(),
      seq: 0,
      hlc: { ms: 0, ctr: 0 },
      prev: undefined,
    }
    this.actors.push(actor)
    return actor
  }

  /** What nobody that the device knows of follows. */
  frontier(known: Iterable<MembershipFact>): Uint8Array[] {
    const list = [...known].filter(({ payload }) => isNameable(payload.op))
    const named = new Set<string>()
    for (const fact of list) for (const name of namesOf(fact)) named.add(name)
    return list
      .filter((fact) => !named.has(nameOf(fact)))
      .map(({ id }) => id.slice(0, 16))
      .sort(compareBytes)
  }

  /** The device does something, knowing what it knows; `change` lets a hostile one lie. */
  act(
    actor: Actor,
    make: (after: Uint8Array[]) => ControlPayload,
    change: { certs?: readonly DeviceCert[]; hlc?: Hlc; after?: Uint8Array[]; isCounted?: boolean; acks?: MembershipFact['acks'] } = {},
  ): MembershipFact {
    this.#now++
    let latest = actor.hlc
    for (const { hlc } of actor.known) if (hlc.ms > latest.ms || (hlc.ms === latest.ms && hlc.ctr > latest.ctr)) latest = hlc
    const hlc = change.hlc ?? (this.#now > latest.ms ? { ms: this.#now, ctr: 0 } : { ms: latest.ms, ctr: latest.ctr + 1 })
    const payload = make(change.after ?? this.frontier(actor.known).slice(0, 32))
    const fact: MembershipFact = {
      id: bytesFrom(32, 3, this.#salt, this.facts.length),
      device: actor.device,
      deviceBytes: deviceIdBytes(actor.device),
      seq: actor.seq,
      hlc,
      payload,
      certs: change.certs ?? (payload.op === 'genesis' || payload.op === 'direct' ? [actor.cert] : []),
      prev: actor.prev,
      acks: change.acks ?? this.acks(actor),
      isCounted: change.isCounted ?? true,
    }
    actor.seq++
    if (hlc.ms > actor.hlc.ms || (hlc.ms === actor.hlc.ms && hlc.ctr > actor.hlc.ctr)) actor.hlc = hlc
    if (isNameable(payload.op)) actor.prev = fact.id
    actor.known.add(fact)
    this.facts.push(fact)
    return fact
  }

  acks(actor: Actor): [DeviceId, number][] {
    const acks = new Map<DeviceId, number>()
    for (const { device, seq } of actor.known) if (device !== actor.device) acks.set(device, Math.max(seq + 1, acks.get(device) ?? 0))
    return [...acks]
  }

  /** `to` hears everything that `from` knows. */
  tell(from: Actor, ...to: Actor[]): void {
    for (const actor of to) for (const fact of from.known) actor.known.add(fact)
  }

  tellAll(): void {
    for (const from of this.actors) this.tell(from, ...this.actors)
  }

  genesis(actor: Actor, history: 'full' | 'joined' = 'full'): MembershipFact {
    return this.act(actor, () => ({
      op: 'genesis',
      founderCert: CERT_BYTES,
      salt: new Uint8Array(32),
      epochCommitment: bytesFrom(32, 4, 0),
      history,
    }))
  }

  grant(by: Actor, user: UserId, role: keyof typeof ROLES, devices: readonly Actor[] = [], pins: readonly HeadPin[] = []): MembershipFact {
    return this.act(
      by,
      (after) => ({ op: 'grant', user: userIdBytes(user), role: ROLES[role], certs: devices.map(() => CERT_BYTES), pins, after }),
      { certs: devices.map(({ cert }) => cert) },
    )
  }

  remove(by: Actor, user: UserId, pins: readonly HeadPin[] = [], acks?: MembershipFact['acks']): MembershipFact {
    return this.act(by, (after) => ({ op: 'remove', user: userIdBytes(user), pins, after }), acks === undefined ? {} : { acks })
  }

  leave(by: Actor): MembershipFact {
    return this.act(by, (after) => ({ op: 'leave', pins: [], after }))
  }

  addDevice(by: Actor, device: Actor, boxes: readonly { epoch: Uint8Array; box: Uint8Array }[] = []): MembershipFact {
    return this.act(by, (after) => ({ op: 'device-add', cert: CERT_BYTES, boxes, after }), { certs: [device.cert] })
  }

  removeDevice(by: Actor, device: Actor, nextSeq = 0): MembershipFact {
    return this.act(by, (after) => ({ op: 'device-remove', pin: pinAt(device, nextSeq), after }))
  }

  invite(by: Actor, init: { key?: number; role?: RoleNumber; maxUses?: number; expiresMs?: number } = {}): MembershipFact {
    const { key = 1, role = ROLES.writer, maxUses = 10, expiresMs = 1e12 } = init
    return this.act(by, (after) => ({ op: 'invite', publicKey: new Uint8Array(32).fill(key), role, maxUses, expiresMs, after }))
  }

  admit(
    by: Actor,
    invite: MembershipFact,
    joiner: Actor,
    init: { key?: number; from?: number; boxes?: readonly { epoch: Uint8Array; box: Uint8Array }[] } = {},
  ): MembershipFact {
    const { key = 1, from = 0, boxes = [] } = init
    const proof = new Uint8Array(64).fill(key)
    return this.act(by, (after) => ({ op: 'admit', invite: messageIdBytes(refOf(invite)), cert: CERT_BYTES, proof, boxes, from, after }), {
      certs: [joiner.cert],
    })
  }

  revoke(by: Actor, invite: MembershipFact): MembershipFact {
    return this.act(by, (after) => ({ op: 'revoke', invite: messageIdBytes(refOf(invite)), after }))
  }

  epoch(by: Actor, number: number, gen: number, parents: readonly Uint8Array[], devices: readonly Actor[]): MembershipFact {
    const box = new Uint8Array(1)
    return this.act(by, (after) => ({
      op: 'epoch',
      gen,
      parents,
      commitment: bytesFrom(32, 4, number),
      boxes: devices.map(({ device }) => ({ device: deviceIdBytes(device), box })),
      back: parents.map((parent) => ({ parent, ctl: box, msg: undefined })),
      after,
    }))
  }
}

const NAMES = new WeakMap<MembershipFact, { own: string; causes: readonly string[] }>()

function remember(fact: MembershipFact): { own: string; causes: readonly string[] } {
  let names = NAMES.get(fact)
  if (names === undefined) {
    const { payload, prev, id } = fact
    names = { own: opKey(id), causes: [...('after' in payload ? payload.after : []), ...(prev === undefined ? [] : [prev])].map(opKey) }
    NAMES.set(fact, names)
  }
  return names
}

const nameOf = (fact: MembershipFact): string => remember(fact).own
const namesOf = (fact: MembershipFact): readonly string[] => remember(fact).causes

/** Id of the epoch with that number; 0 is that of the genesis. */
export function epochOf(number: number): Uint8Array {
  return bytesFrom(32, 4, number).slice(0, 16)
}

export function pinAt({ device }: Actor, nextSeq: number): HeadPin {
  return { log: deviceIdBytes(device), nextSeq, head: new Uint8Array(8) }
}

export function refOf({ deviceBytes, seq, id }: MembershipFact): MessageId {
  return messageIdOf(deviceBytes, seq, id)
}
