/**
 * Devices of a user, before any question of roles: which ones a certificate and an operation brought in, and which ones were removed. Whether
 * a user is a member is decided elsewhere; that a removed device does nothing any more is decided here.
 */
import { deviceIdOf, type DeviceId, type UserId } from '@parley/protocol'
import { compareOps, isBefore, type Op } from './causality.ts'

/** An operation that brings a device. */
interface Arrival {
  readonly op: Op
  readonly user: UserId
  readonly issuer: DeviceId | undefined
}

/** The removal of a device by an admin, with the authority (an operation that made an admin) it was made with. */
interface DeviceKill {
  readonly op: Op
  readonly rank: Op
}

/** The devices of one user in the light of removals up to some rank. */
interface Fleet {
  /** Removals by the user's own devices that hold. */
  readonly own: ReadonlyMap<DeviceId, readonly Op[]>
  readonly ownOps: ReadonlySet<Op>
}

/** Everybody's removals, whatever their rank. */
export const ALL = undefined

export class Devices {
  readonly #arrivals = new Map<DeviceId, Arrival[]>()
  readonly #ownRemovals = new Map<UserId, Op[]>()
  readonly #kills = new Map<DeviceId, DeviceKill[]>()
  readonly #fleets = new Map<UserId, Map<Op | undefined, Fleet>>()
  readonly #isRoot: (op: Op) => boolean
  /** Visits of operations, for tests of cost. */
  visits = 0

  /** `isRoot`: whether the operation brings the device that wrote it. */
  constructor(isRoot: (op: Op) => boolean) {
    this.#isRoot = isRoot
  }

  /** Notes what the operation says about devices, and says whose device wrote it. Its past must have been noted before. */
  note(op: Op): void {
    const { payload, certs, device } = op.fact
    if (this.#isRoot(op)) {
      op.user = certs[0]?.userId
      op.binding = op
    } else {
      const arrival = this.#first(device, op)
      op.user = arrival?.user
      op.binding = arrival?.op
    }
    if (payload.op === 'device-remove') {
      op.targetUser = this.#first(deviceIdOf(payload.pin.log), op)?.user
      if (op.user !== undefined && op.targetUser === op.user) {
        push(this.#ownRemovals, op.user, op)
        this.#fleets.delete(op.user)
      }
    }
    if (!hasEffect(op)) return
    const brings = payload.op === 'genesis' || payload.op === 'direct' ? this.#isRoot(op) : true
    if (!brings || (payload.op === 'device-add' && op.user === undefined)) return
    for (const { deviceId, userId, issuer } of certs) {
      if (payload.op === 'device-add' && userId !== op.user) continue
      const list = this.#arrivals.get(deviceId) ?? []
      list.push({ op, user: userId, issuer: payload.op === 'device-add' ? undefined : issuer })
      list.sort((a, b) => compareOps(a.op, b.op))
      this.#arrivals.set(deviceId, list)
    }
  }

  /** An admin's removal of somebody's device holds. */
  kill(op: Op, rank: Op): void {
    if (op.fact.payload.op !== 'device-remove' || op.targetUser === undefined) return
    push(this.#kills, deviceIdOf(op.fact.payload.pin.log), { op, rank })
    this.#fleets.delete(op.targetUser)
  }

  /** Forgets the removals by admins, before they are decided anew. */
  reset(): void {
    this.#kills.clear()
    this.#fleets.clear()
  }

  /** Whether the author is a device of its user there, and was not removed by anything that it precedes not. `rank`: only admins senior to it are heard. */
  isSound(op: Op, rank: Op | undefined): boolean {
    return hasEffect(op) && op.user !== undefined && this.#isSound(op, op.user, rank, this.#fleet(op.user, rank))
  }

  /** Whether a removal of that device holds that does not have `op` in its past. */
  isRemoved(device: DeviceId, user: UserId, op: Op, rank: Op | undefined): boolean {
    return this.#isRemoved(device, op, rank, this.#fleet(user, rank))
  }

  /** Whether a removal of a device of the author's own user holds. */
  isOwnRemoval(op: Op): boolean {
    return op.user !== undefined && this.#fleet(op.user, ALL).ownOps.has(op)
  }

  /** Whether anything brought that device for that user before `op`. */
  isKnown(device: DeviceId, user: UserId, op: Op): boolean {
    return this.#first(device, op)?.user === user
  }

  #first(device: DeviceId, op: Op): Arrival | undefined {
    return this.#arrivals.get(device)?.find((arrival) => isBefore(arrival.op, op))
  }

  #isSound(op: Op, user: UserId, rank: Op | undefined, fleet: Fleet): boolean {
    if (this.#isRemoved(op.fact.device, op, rank, fleet)) return false
    // Upwards through the devices that added one another: each step goes to an earlier operation. A loop, for the way may be long.
    const open = [op]
    const done = new Set<Op>()
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (this.#isRoot(at) && this.#isArrivalGood({ op: at, user, issuer: at.fact.certs[0]?.issuer }, at.fact.device, rank, fleet))
        return true
      for (const arrival of this.#arrivals.get(at.fact.device) ?? []) {
        this.visits++
        if (arrival.user !== user || done.has(arrival.op) || !isBefore(arrival.op, at)) continue
        if (!this.#isArrivalGood(arrival, at.fact.device, rank, fleet)) continue
        if (arrival.op.fact.payload.op !== 'device-add') return true
        if (this.#isRemoved(arrival.op.fact.device, arrival.op, rank, fleet)) continue
        done.add(arrival.op)
        open.push(arrival.op)
      }
    }
    return false
  }

  #isArrivalGood({ op, issuer }: Arrival, device: DeviceId, rank: Op | undefined, fleet: Fleet): boolean {
    return !this.#isRemoved(device, op, rank, fleet) && (issuer === undefined || !this.#isRemoved(issuer, op, rank, fleet))
  }

  #isRemoved(device: DeviceId, op: Op, rank: Op | undefined, fleet: Fleet): boolean {
    for (const removal of fleet.own.get(device) ?? []) {
      this.visits++
      if (!isBefore(op, removal)) return true
    }
    for (const kill of this.#kills.get(device) ?? []) {
      this.visits++
      if (isHeard(kill.rank, rank) && !isBefore(op, kill.op)) return true
    }
    return false
  }

  #fleet(user: UserId, rank: Op | undefined): Fleet {
    let fleets = this.#fleets.get(user)
    if (fleets === undefined) this.#fleets.set(user, (fleets = new Map<Op | undefined, Fleet>()))
    let fleet = fleets.get(rank)
    if (fleet === undefined) fleets.set(rank, (fleet = this.#judge(user, rank)))
    return fleet
  }

  /** Decides the removals among the devices of one user: causes first, of concurrent ones that by the oldest device. */
  #judge(user: UserId, rank: Op | undefined): Fleet {
    const own = new Map<DeviceId, Op[]>()
    const ownOps = new Set<Op>()
    const fleet: Fleet = { own, ownOps }
    for (const op of byAge(this.#ownRemovals.get(user) ?? [])) {
      const { payload, device } = op.fact
      if (payload.op !== 'device-remove' || !hasEffect(op)) continue
      const target = deviceIdOf(payload.pin.log)
      if (target === device || !this.#isSound(op, user, rank, fleet)) continue
      push(own, target, op)
      ownOps.add(op)
    }
    return fleet
  }
}

/** What is neither too late nor on a branch that does not count. */
export function hasEffect({ isLate, fact }: Op): boolean {
  return !isLate && fact.isCounted
}

function isHeard(rank: Op, limit: Op | undefined): boolean {
  return limit === ALL || compareOps(rank, limit) < 0
}

/** A linear extension of causality in which, of those that could come next, the one by the oldest device comes first. */
function byAge(ops: readonly Op[]): Op[] {
  const rest = [...ops].sort(
    (a, b) => (a.binding === undefined || b.binding === undefined ? 0 : compareOps(a.binding, b.binding)) || compareOps(a, b),
  )
  const waits = new Map(rest.map((op) => [op, rest.filter((other) => isBefore(other, op)).length]))
  const sorted: Op[] = []
  while (rest.length > 0) {
    const [next] = rest.splice(
      rest.findIndex((op) => waits.get(op) === 0),
      1,
    )
    sorted.push(next as Op)
    for (const op of rest) if (isBefore(next as Op, op)) waits.set(op, (waits.get(op) as number) - 1)
  }
  return sorted
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
