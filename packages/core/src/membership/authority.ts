/**
 * Who may act as an admin. Authority is held by an *incarnation*: a user, and the operation that made them admin. Incarnations have a total
 * order, the founder first, then by (clock, id), and are decided in it: what ends one comes from more senior ones only, so that nobody can
 * win a duel by concurrency, and there are no circles.
 */
import { ROLES, userIdOf, type RoleNumber, type UserId } from '@parley/protocol'
import { compareOps, isBefore, isConcurrent, type Op } from './causality.ts'
import { ALL, hasEffect, type Devices } from './devices.ts'
import type { Verdict } from './types.ts'

interface Incarnation {
  readonly user: UserId
  /** The genesis, or the grant. */
  readonly op: Op
}

/** A decided operation that puts out a user, or gives them less than admin. */
interface Lowering {
  readonly op: Op
  /** The incarnation's operation under which it was decided. */
  readonly rank: Op
  /** Undefined for a removal. */
  readonly role: RoleNumber | undefined
}

export class Authority {
  readonly #devices: Devices
  /** By user, operations that need an admin. */
  readonly #acts = new Map<UserId, Op[]>()
  readonly #leaves = new Map<UserId, Op[]>()
  /** By user, operations that name them as a member to be. */
  readonly #named = new Map<UserId, Op[]>()
  #candidates: Incarnation[] = []

  /** Decided so far. */
  readonly #incarnations = new Map<UserId, Incarnation[]>()
  readonly #lowerings = new Map<UserId, Lowering[]>()
  readonly #granted = new Set<Op>()
  readonly #reasons = new Map<Op, Verdict>()
  /** Visits of operations, for tests of cost. */
  visits = 0

  constructor(devices: Devices) {
    this.#devices = devices
  }

  /** Takes in an operation without deciding anything. Its past must have been noted before. */
  note(op: Op): void {
    const { payload, certs } = op.fact
    if (!hasEffect(op)) return
    for (const { userId } of certs) push(this.#named, userId, op)
    if (payload.op === 'grant') push(this.#named, userIdOf(payload.user), op)
    if (op.user === undefined) return
    if (payload.op === 'leave') push(this.#leaves, op.user, op)
    if (needsAdmin(op)) push(this.#acts, op.user, op)
  }

  /** Decides everything anew; `genesis` is the founder's operation, undefined in a direct conversation. */
  decideAll(genesis: Op | undefined): void {
    this.#devices.reset()
    for (const map of [this.#incarnations, this.#lowerings, this.#reasons]) map.clear()
    this.#granted.clear()
    this.#candidates = []
    for (const acts of this.#acts.values()) for (const op of acts) this.#propose(op)
    this.#candidates.sort((a, b) => compareOps(a.op, b.op))
    if (genesis?.user !== undefined) this.#candidates.unshift({ user: genesis.user, op: genesis })
    for (const incarnation of this.#candidates) {
      if (incarnation.op !== genesis && !this.#isRaised(incarnation)) continue
      push(this.#incarnations, incarnation.user, incarnation)
      for (const op of this.#acts.get(incarnation.user) ?? []) if (!this.#granted.has(op)) this.#decideUnder(op, incarnation)
    }
  }

  /** Whether the newest operation, noted but not decided, holds. `commit` takes it in. */
  wouldHold(op: Op): boolean {
    return this.#authorityFor(op) !== undefined
  }

  /** Decides an operation that follows all others that have effect, or on which nothing else can depend. */
  commit(op: Op): void {
    const incarnation = this.#authorityFor(op)
    if (incarnation === undefined) return
    this.#take(op, incarnation)
    const raised = incarnationOf(op)
    if (raised !== undefined && this.#isRaised(raised)) push(this.#incarnations, raised.user, raised)
  }

  /** Whether an operation that needs an admin holds. */
  holds(op: Op): boolean {
    return this.#granted.has(op)
  }

  /** Why it does not. */
  reason(op: Op): Verdict {
    return this.#reasons.get(op) ?? 'no authority'
  }

  /** Whether a removal of the user holds that neither follows nor precedes `op`. */
  isRemovedBeside(user: UserId, op: Op): boolean {
    return this.#some(this.#lowerings.get(user), (l) => l.role === undefined && isConcurrent(l.op, op))
  }

  /** Whether the user was put out, before `op` where one is given, and `made` does not know of it. */
  isRemovedSince(user: UserId, made: Op, op?: Op): boolean {
    const isPast = (removal: Op): boolean => op === undefined || isBefore(removal, op)
    return this.#some(this.#lowerings.get(user), (l) => l.role === undefined && isPast(l.op) && !isBefore(l.op, made))
  }

  /** Whether the user was put out or given less than `least` beside `op`. */
  isLoweredBeside(user: UserId, op: Op, least: RoleNumber): boolean {
    return this.#some(this.#lowerings.get(user), (l) => (l.role ?? -1) < least && isConcurrent(l.op, op))
  }

  /** Whether the user left beside `op`. */
  hasLeftBeside(user: UserId, op: Op, rank: Op | undefined = ALL): boolean {
    return this.#some(this.#leaves.get(user), (leave) => isConcurrent(leave, op) && this.isLeave(leave, rank))
  }

  /** Whether that leave holds: by a device in order, of somebody whom nobody removed beside it. */
  isLeave(leave: Op, rank: Op | undefined = ALL): boolean {
    const { user } = leave
    if (user === undefined || !this.#devices.isSound(leave, rank)) return false
    return !this.#some(
      this.#lowerings.get(user),
      (l) => l.role === undefined && (rank === ALL || compareOps(l.rank, rank) < 0) && isConcurrent(l.op, leave),
    )
  }

  /** Whether a grant of admin gave its user an incarnation. */
  hasRaised(op: Op): boolean {
    const raised = incarnationOf(op)
    return raised !== undefined && this.#some(this.#incarnations.get(raised.user), (i) => i.op === op)
  }

  #propose(op: Op): void {
    const raised = incarnationOf(op)
    if (raised !== undefined) this.#candidates.push(raised)
  }

  #authorityFor(op: Op): Incarnation | undefined {
    for (const incarnation of this.#incarnations.get(op.user as UserId) ?? [])
      if (this.#objection(op, incarnation) === undefined) return incarnation
    return undefined
  }

  #decideUnder(op: Op, incarnation: Incarnation): void {
    const objection = this.#objection(op, incarnation)
    if (objection === undefined) this.#take(op, incarnation)
    else this.#reasons.set(op, objection)
  }

  #take(op: Op, { op: rank }: Incarnation): void {
    this.#granted.add(op)
    const { payload } = op.fact
    if (payload.op === 'remove') push(this.#lowerings, userIdOf(payload.user), { op, rank, role: undefined })
    if (payload.op === 'grant' && payload.role < ROLES.admin)
      push(this.#lowerings, userIdOf(payload.user), { op, rank, role: payload.role })
    if (payload.op === 'device-remove') this.#devices.kill(op, rank)
  }

  /** What speaks against the operation under that authority. */
  #objection(op: Op, incarnation: Incarnation): Verdict | undefined {
    this.visits++
    if (!isBefore(incarnation.op, op)) return 'no authority'
    if (!this.#devices.isSound(op, incarnation.op)) return 'no device'
    if (this.#isEnded(incarnation, op, incarnation.op)) return 'no authority'
    return this.#targetObjection(op, incarnation)
  }

  #targetObjection(op: Op, incarnation: Incarnation): Verdict | undefined {
    const target = targetOf(op)
    if (target === undefined) return undefined
    if (target === 'nobody' || target === op.user) return 'bad target'
    const { payload } = op.fact
    if (payload.op === 'remove' && !this.#some(this.#named.get(target), (named) => isBefore(named, op))) return 'bad target'
    const isSenior = this.#some(
      this.#incarnations.get(target),
      (other) => compareOps(other.op, incarnation.op) < 0 && !isBefore(op, other.op) && !this.#isOver(other, op, incarnation.op),
    )
    return isSenior ? 'senior target' : undefined
  }

  /** Whether the incarnation has ended for an operation of its user: by what that operation is not the cause of, or by its user's own leave. */
  #isEnded(incarnation: Incarnation, op: Op, rank: Op): boolean {
    return (
      this.#some(
        this.#lowerings.get(incarnation.user),
        (l) => isSeniorTo(l.rank, rank) && !isBefore(op, l.op) && !isBefore(l.op, incarnation.op),
      ) ||
      this.#some(
        this.#leaves.get(incarnation.user),
        (leave) => isBefore(leave, op) && !isBefore(leave, incarnation.op) && this.isLeave(leave, rank),
      )
    )
  }

  /** Whether somebody else who writes `op` knows that the incarnation has ended. */
  #isOver(incarnation: Incarnation, op: Op, rank: Op): boolean {
    return (
      this.#some(
        this.#lowerings.get(incarnation.user),
        (l) => isSeniorTo(l.rank, rank) && isBefore(l.op, op) && !isBefore(l.op, incarnation.op),
      ) ||
      this.#some(
        this.#leaves.get(incarnation.user),
        (leave) => isBefore(leave, op) && !isBefore(leave, incarnation.op) && this.isLeave(leave, rank),
      )
    )
  }

  /** Whether the grant holds and nothing beside it took away what it gives. */
  #isRaised({ user, op }: Incarnation): boolean {
    if (!this.#granted.has(op)) return false
    const isLowered = this.#some(this.#lowerings.get(user), (l) => isSeniorTo(l.rank, op) && isConcurrent(l.op, op))
    return !isLowered && !this.hasLeftBeside(user, op, op)
  }

  #some<T>(list: readonly T[] | undefined, test: (item: T) => boolean): boolean {
    if (list === undefined) return false
    return list.some((item) => {
      this.visits++
      return test(item)
    })
  }
}

/** Whether the operation is one of those that only an admin may do. */
export function needsAdmin({ fact: { payload }, user, targetUser }: Op): boolean {
  switch (payload.op) {
    case 'invite':
    case 'grant':
    case 'remove':
    case 'policy':
    case 'revoke':
      return true
    case 'device-remove':
      return targetUser !== user
    default:
      return false
  }
}

function targetOf({ fact: { payload }, targetUser }: Op): UserId | 'nobody' | undefined {
  if (payload.op === 'grant' || payload.op === 'remove') return userIdOf(payload.user)
  return payload.op === 'device-remove' ? (targetUser ?? 'nobody') : undefined
}

function incarnationOf(op: Op): Incarnation | undefined {
  const { payload } = op.fact
  return payload.op === 'grant' && payload.role === ROLES.admin ? { user: userIdOf(payload.user), op } : undefined
}

function isSeniorTo(rank: Op, other: Op): boolean {
  return compareOps(rank, other) < 0
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
