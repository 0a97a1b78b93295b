/**
 * The resolver: all operations at once, or one after the other with the same result.
 *
 * ```ts
 * const resolver = new MembershipResolver(checks)
 * const membership = resolver.add(facts) // a snapshot; `membership.frontier` is what the next operation names
 * ```
 */
import {
  compareBytes,
  MAX_AFTER,
  messageIdFromBytes,
  userIdOf,
  deviceIdOf,
  type DeviceId,
  type HistoryPolicy,
  type MessageId,
  type UserId,
} from '@parley/protocol'
import type { Role } from '../api.ts'
import { Authority, needsAdmin } from './authority.ts'
import { Causality, compareOps, isBefore, type Op } from './causality.ts'
import { Devices, hasEffect } from './devices.ts'
import { earlyVerdict, Roster } from './roster.ts'
import { roleIn } from './spans.ts'
import {
  hasRole,
  isNameable,
  type DeviceRecord,
  type EpochRecord,
  type FormerMember,
  type Invite,
  type MemberRecord,
  type Membership,
  type MembershipChecks,
  type MembershipFact,
  type Verdict,
} from './types.ts'

/** Operations outside the causal order: what counts of them is said by the span that they lie in. */
type Mark = 'hide' | 'pin'

/** The membership that follows from these facts, in whatever order they come. Facts that have no part in it are passed over. */
export function resolveMembership(facts: Iterable<MembershipFact>, checks: MembershipChecks): Membership {
  return new MembershipResolver(checks).add(facts)
}

/** The fold that goes on: each `add` gives what `resolveMembership` would give for everything added so far. */
export class MembershipResolver {
  readonly #checks: MembershipChecks
  readonly #causality = new Causality()
  readonly #devices = new Devices((op) => this.#isRoot(op))
  readonly #authority = new Authority(this.#devices)
  #ops: Op[] = []
  readonly #opsOf = new Map<DeviceId, Op[]>()
  readonly #revocations = new Map<MessageId, Op[]>()
  readonly #reseals = new Map<DeviceId, Op[]>()
  /** By kind and target, in order. */
  readonly #marks: Record<Mark, Map<MessageId, Op[]>> = { hide: new Map(), pin: new Map() }
  readonly #marksOf = new Map<DeviceId, Set<`${Mark} ${MessageId}`>>()

  #roster: Roster
  #isDirect = false
  #hasRoot = false
  #last: Op | undefined
  #frontier: Op[] = []
  /** Without effect of their own, but others depend on them: keys were handed out, or somebody was lowered. What takes something away bears on these too. */
  #echoes: Op[] = []
  #verdicts = new Map<string, Verdict>()
  #marked: Record<Mark, Set<MessageId>> = { hide: new Set(), pin: new Set() }
  #isStale = false
  #rebuilds = 0
  #snapshot: Membership | undefined

  constructor(checks: MembershipChecks) {
    this.#checks = checks
    this.#roster = this.#newRoster()
  }

  /** Takes in facts in any order, those known already passed over, and gives the membership of all. */
  add(facts: Iterable<MembershipFact>): Membership {
    for (const fact of facts) {
      const { op } = fact.payload
      if (op === 'metadata' || op === 'profile' || op === 'fork') continue
      for (const placed of this.#causality.add(fact)) this.#take(placed)
    }
    if (this.#isStale) this.#rebuild()
    this.#settle()
    return (this.#snapshot = this.#look())
  }

  /** What it has cost: operations and epochs looked at, and how often everything was computed anew. */
  get cost(): { readonly visits: number; readonly rebuilds: number } {
    const { visits } = this.#roster
    return { visits: visits + this.#devices.visits + this.#authority.visits + this.#roster.epochs.visits, rebuilds: this.#rebuilds }
  }

  #take(op: Op): void {
    this.#devices.note(op)
    this.#authority.note(op)
    const { payload, device } = op.fact
    if (!isNameable(payload.op)) {
      this.#takeLoose(op)
      return
    }
    push(this.#opsOf, device, op)
    if (payload.op === 'revoke') push(this.#revocations, messageIdFromBytes(payload.invite), op)
    this.#ops.push(op)
    const isLast = this.#last === undefined || compareOps(this.#last, op) < 0
    if (isLast) this.#last = op
    if (this.#isStale) return
    if (!this.#hasRoot) this.#isStale = true
    else if (!this.#extend(op, isLast)) this.#isStale = true
  }

  /** Takes in an operation without computing anything anew; false when that cannot be done. */
  #extend(op: Op, isLast: boolean): boolean {
    const verdict = earlyVerdict(op) ?? this.#verdictAnywhere(op)
    if (verdict !== undefined) {
      this.#verdicts.set(op.key, verdict)
      return true
    }
    // What takes something away bears on everything that it does not follow; the rest only on what comes later in order.
    if (!isLast || (takesAway(op) && ![...this.#frontier, ...this.#echoes].every((known) => isBefore(known, op)))) return false
    if (needsAdmin(op)) this.#authority.commit(op)
    this.#apply(op)
    for (const device of this.#roster.respanned) if (this.#reseals.has(device)) return false
    return true
  }

  /** Why the operation has no effect wherever it lies in the order, if that is so: judged by its past and by what was decided beside it. */
  #verdictAnywhere(op: Op): Verdict | undefined {
    const { payload } = op.fact
    if (needsAdmin(op)) return this.#authority.wouldHold(op) ? undefined : this.#authority.reason(op)
    if (payload.op === 'leave') return this.#authority.isLeave(op) ? undefined : 'no authority'
    if (payload.op === 'device-remove') return this.#devices.isOwnRemoval(op) ? undefined : 'no authority'
    if (payload.op === 'admit' || payload.op === 'device-add') return this.#roster.authorVerdict(op)
    return undefined
  }

  #apply(op: Op): void {
    const verdict = this.#roster.apply(op)
    if (verdict === undefined) {
      this.#verdicts.delete(op.key)
      this.#frontier = [...this.#frontier.filter((known) => !isBefore(known, op)), op]
      this.#echoes = this.#echoes.filter((known) => !isBefore(known, op))
      return
    }
    this.#verdicts.set(op.key, verdict)
    if (this.#hasEcho(op)) this.#echoes.push(op)
  }

  /** Whether an operation that has no effect bears on others all the same. */
  #hasEcho(op: Op): boolean {
    const { payload } = op.fact
    if (needsAdmin(op)) return this.#authority.holds(op)
    if (payload.op === 'leave') return this.#authority.isLeave(op)
    if (payload.op !== 'admit' && payload.op !== 'device-add') return false
    return payload.boxes.length > 0 && this.#roster.authorVerdict(op) === undefined
  }

  #rebuild(): void {
    this.#isStale = false
    this.#rebuilds++
    this.#ops.sort(compareOps)
    const roots = this.#ops.filter((op) => hasEffect(op) && this.#isRoot(op))
    this.#hasRoot = roots.length > 0
    const genesis = roots.find(({ fact }) => fact.payload.op === 'genesis')
    this.#isDirect = genesis === undefined && this.#hasRoot
    this.#authority.decideAll(genesis)
    this.#roster = this.#newRoster()
    this.#frontier = []
    this.#echoes = []
    this.#verdicts = new Map()
    for (const op of this.#ops) this.#apply(op)
    for (const list of this.#reseals.values()) for (const op of list) this.#reseal(op)
    this.#marked = { hide: new Set(), pin: new Set() }
    this.#snapshot = undefined
    for (const kind of ['hide', 'pin'] as const) for (const target of this.#marks[kind].keys()) this.#mark(kind, target)
    this.#roster.respanned.clear()
  }

  /** After operations were taken in one by one: what lies in spans that have changed. */
  #settle(): void {
    for (const device of this.#roster.respanned)
      for (const name of this.#marksOf.get(device) ?? []) {
        const [kind, target] = name.split(' ') as [Mark, MessageId]
        this.#mark(kind, target)
      }
    this.#roster.respanned.clear()
  }

  #takeLoose(op: Op): void {
    const { payload, device } = op.fact
    if (!hasEffect(op)) {
      this.#verdicts.set(op.key, earlyVerdict(op) as Verdict)
      return
    }
    if (payload.op === 'reseal') {
      push(this.#reseals, device, op)
      if (!this.#isStale) this.#reseal(op)
    }
    if (payload.op !== 'hide' && payload.op !== 'pin') return
    const target = messageIdFromBytes(payload.target)
    push(this.#marks[payload.op], target, op)
    this.#marks[payload.op].get(target)?.sort(compareOps)
    const names = this.#marksOf.get(device) ?? new Set()
    this.#marksOf.set(device, names.add(`${payload.op} ${target}`))
    if (!this.#isStale) this.#mark(payload.op, target)
  }

  /** A reseal counts when its author was a member there; who holds a secret may hand it on, with any role. */
  #reseal({ fact: { payload, device, seq } }: Op): void {
    if (payload.op !== 'reseal' || roleIn(this.#roster.devices.get(device)?.spans, seq) === undefined) return
    this.#roster.epochs.handOut(
      payload.epoch,
      payload.boxes.map((box) => deviceIdOf(box.device)),
    )
  }

  /** Of those who may mark a message, the last one says whether it is marked. */
  #mark(kind: Mark, target: MessageId): void {
    const least = kind === 'pin' && this.#isDirect ? 'writer' : 'moderator'
    const last = this.#marks[kind].get(target)?.findLast(({ fact: { device, seq } }) => {
      this.#roster.visits++
      return hasRole(roleIn(this.#roster.devices.get(device)?.spans, seq), least)
    })
    const payload = last?.fact.payload
    const isOn = (payload?.op === 'hide' || payload?.op === 'pin') && payload.on
    if (isOn === this.#marked[kind].has(target)) return
    const next = new Set(this.#marked[kind])
    if (isOn) next.add(target)
    else next.delete(target)
    this.#marked = { ...this.#marked, [kind]: next }
  }

  #isRoot({ fact: { payload, certs, device, seq } }: Op): boolean {
    const cert = certs[0]
    if (cert === undefined || cert.deviceId !== device || seq !== 0) return false
    return payload.op === 'genesis' || (payload.op === 'direct' && this.#checks.isDirect(cert.userId, userIdOf(payload.peer)))
  }

  #newRoster(): Roster {
    return new Roster(
      {
        devices: this.#devices,
        authority: this.#authority,
        checks: this.#checks,
        opsOf: (device) => this.#opsOf.get(device) ?? [],
        revocationsOf: (invite) => this.#revocations.get(invite) ?? [],
      },
      this.#isDirect,
    )
  }

  #look(): Membership {
    const roster = this.#roster
    const before = this.#snapshot
    const { changed } = roster
    const keep = <T>(part: 'members' | 'former' | 'devices' | 'invites', old: T | undefined, copy: () => T): T =>
      old === undefined || changed.has(part) ? copy() : old
    const pending = [...this.#causality.pending()]
    const verdicts =
      pending.length === 0 ? this.#verdicts : new Map([...this.#verdicts, ...pending.map((key) => [key, 'pending'] as const)])
    const snapshot = new Snapshot({
      members: keep('members', before?.members, () => new Map(roster.members)),
      former: keep('former', before?.former, () => new Map(roster.former)),
      devices: keep('devices', before?.devices, () => new Map(roster.devices)),
      invites: keep('invites', before?.invites, () => new Map(roster.invites)),
      policy: before?.policy.history === roster.history ? before.policy : { history: roster.history },
      epochs: roster.epochs.records,
      currentEpoch: roster.epochs.current,
      hidden: this.#marked.hide,
      pinned: this.#marked.pin,
      frontier: frontierIds(this.#frontier),
      verdicts,
      mayAdmit: (invite, user) => roster.mayAdmit(invite, user),
    })
    changed.clear()
    return snapshot
  }
}

/** A membership without what follows from its other parts. */
export type MembershipParts = Omit<Membership, 'roleAt'>

/** The membership that was found before to be so. */
export function membershipOf(parts: MembershipParts): Membership {
  return new Snapshot(parts)
}

class Snapshot implements Membership {
  readonly members: ReadonlyMap<UserId, MemberRecord>
  readonly former: ReadonlyMap<UserId, FormerMember>
  readonly devices: ReadonlyMap<DeviceId, DeviceRecord>
  readonly invites: ReadonlyMap<MessageId, Invite>
  readonly policy: { readonly history: HistoryPolicy }
  readonly epochs: ReadonlyMap<string, EpochRecord>
  readonly currentEpoch: Uint8Array | undefined
  readonly hidden: ReadonlySet<MessageId>
  readonly pinned: ReadonlySet<MessageId>
  readonly frontier: readonly Uint8Array[]
  readonly verdicts: ReadonlyMap<string, Verdict>
  readonly mayAdmit: Membership['mayAdmit']

  constructor(parts: MembershipParts) {
    this.members = parts.members
    this.former = parts.former
    this.devices = parts.devices
    this.invites = parts.invites
    this.policy = parts.policy
    this.epochs = parts.epochs
    this.currentEpoch = parts.currentEpoch
    this.hidden = parts.hidden
    this.pinned = parts.pinned
    this.frontier = parts.frontier
    this.verdicts = parts.verdicts
    this.mayAdmit = parts.mayAdmit
  }

  roleAt(device: DeviceId, seq: number): Role | undefined {
    return roleIn(this.devices.get(device)?.spans, seq)
  }
}

/** The membership of a conversation of which nothing is known yet. */
export const NO_MEMBERSHIP: Membership = new Snapshot({
  members: new Map(),
  former: new Map(),
  devices: new Map(),
  invites: new Map(),
  policy: { history: 'full' },
  epochs: new Map(),
  currentEpoch: undefined,
  hidden: new Set(),
  pinned: new Set(),
  frontier: [],
  verdicts: new Map(),
  mayAdmit: () => false,
})

/** Whether an operation bears on others that do not follow it. */
function takesAway({ fact: { payload } }: Op): boolean {
  const { op } = payload
  return op === 'grant' || op === 'remove' || op === 'leave' || op === 'revoke' || op === 'device-remove'
}

/** The ids of the latest operations, as `after` wants them. */
function frontierIds(frontier: readonly Op[]): Uint8Array[] {
  const latest = frontier.length <= MAX_AFTER ? frontier : [...frontier].sort(compareOps).slice(-MAX_AFTER)
  return latest.map(({ fact }) => fact.id.slice(0, 16)).sort(compareBytes)
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
