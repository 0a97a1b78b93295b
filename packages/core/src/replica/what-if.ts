/** What would follow from other control entries than those that are here: asked of the pure fold, which computes everything anew. */
import { compareHlc, deviceIdOf, type ControlPayload, type DeviceId, type Hlc } from '@parley/protocol'
import { isNameable, opKey, resolveMembership, type Membership, type MembershipChecks, type MembershipFact } from '../membership/index.ts'
import type { ControlEntries } from './control-entries.ts'
import type { ControlFacts } from './control-facts.ts'
import type { Forks } from './forks.ts'

/**
 * Devices of which it is found out, from one change of membership to the next, when they ceased to be in: each takes a dozen folds of everything, and
 * who was put out can let in as many as they like. The others are told nothing until the next change.
 */
export const MAX_SEARCHES = 8

export class WhatIf {
  readonly #entries: ControlEntries
  readonly #facts: ControlFacts
  readonly #checks: MembershipChecks
  readonly #forks: () => Forks
  /** What was found out about devices, and the membership for which it holds. */
  #found: { readonly membership: Membership; readonly ends: Map<DeviceId, Hlc | undefined>; searches: number } | undefined

  constructor(options: { entries: ControlEntries; facts: ControlFacts; checks: MembershipChecks; forks: () => Forks }) {
    this.#entries = options.entries
    this.#facts = options.facts
    this.#checks = options.checks
    this.#forks = options.forks
  }

  /** Whether an operation that this device wrote after everything else would have effect. */
  wouldHold(device: DeviceId, payload: ControlPayload, latestMs: number): boolean {
    const list = this.#entries.of(device)
    const last = list.at(-1)
    if (last === undefined) return false
    const hlc = { ms: Math.max(latestMs, last.hlc.ms) + 1, ctr: 0 }
    const id = new Uint8Array(32).fill(0xff)
    const prev = list.findLast((e) => e.payload !== undefined && isNameable(e.payload.op))?.id
    const { deviceBytes, seq } = last
    const fact: MembershipFact = { id, device, deviceBytes, seq: seq + 1, hlc, payload, certs: [], prev, acks: [], isCounted: true }
    return !resolveMembership([...this.#all(), fact], this.#checks).verdicts.has(opKey(id))
  }

  /**
   * The clock of the operation, or the proof of a fork, that took its effect from what let in a device: who is told everything up to it knows that it is not in. Undefined
   * when nothing ever let it in, or what did is without effect by its own past; no honest member lets in anybody so.
   */
  voidSince(device: DeviceId, membership: Membership): Hlc | undefined {
    if (membership.devices.get(device)?.isActive === true) return undefined
    if (this.#found?.membership !== membership) this.#found = { membership, ends: new Map(), searches: 0 }
    const { ends } = this.#found
    if (!ends.has(device)) {
      const arrivals = this.#voidArrivals(device, membership)
      const isLookedFor = arrivals.length > 0 && ++this.#found.searches <= MAX_SEARCHES
      ends.set(device, isLookedFor ? this.#search(device, arrivals) : undefined)
    }
    return ends.get(device)
  }

  /** Operations without effect that would have let in the device. */
  #voidArrivals(device: DeviceId, { verdicts }: Membership): MembershipFact[] {
    return this.#entries.unsorted().flatMap((entry) => {
      const { payload, certs } = entry
      if (payload?.op !== 'admit' && payload?.op !== 'device-add' && payload?.op !== 'grant') return []
      const isNamed =
        certs.some(({ deviceId }) => deviceId === device) ||
        (payload.op === 'grant' && payload.pins.some(({ log }) => deviceIdOf(log) === device))
      const verdict = isNamed ? verdicts.get(opKey(entry.id)) : undefined
      return verdict === undefined || verdict === 'pending' ? [] : (this.#facts.of(entry) ?? [])
    })
  }

  /** It knows what its arrivals follow. Of the rest, in order, as much as it takes: up to one operation the device is in, and with it no more. */
  #search(device: DeviceId, arrivals: readonly MembershipFact[]): Hlc | undefined {
    const all = this.#all()
    const known = withPast(arrivals, all)
    const rest = all.filter((fact) => !known.has(fact))
    const isIn = (count: number): boolean =>
      resolveMembership([...known, ...rest.slice(0, count)], this.#checks).devices.get(device)?.isActive === true
    if (!isIn(0)) return this.#searchForks(device, known)
    let least = 0
    let most = rest.length
    while (most - least > 1) {
      const middle = (least + most) >>> 1
      if (isIn(middle)) least = middle
      else most = middle
    }
    return rest[most - 1]?.hlc
  }

  /** What let it in follows what a device said that forked: the proof of that is what it is told. */
  #searchForks(device: DeviceId, known: ReadonlySet<MembershipFact>): Hlc | undefined {
    const counted = [...known].map((fact) => ({ ...fact, isCounted: true }))
    if (resolveMembership(counted, this.#checks).devices.get(device)?.isActive !== true) return undefined
    let latest: Hlc | undefined
    for (const fact of known) {
      const proof = fact.isCounted
        ? undefined
        : this.#forks()
            .proofs(fact.device)
            .find(({ fork }) => fork.seq <= fact.seq)
      if (proof !== undefined && (latest === undefined || compareHlc(proof.hlc, latest) > 0)) latest = proof.hlc
    }
    return latest
  }

  /** All facts in the order of the folds. */
  #all(): MembershipFact[] {
    return this.#entries.sorted().flatMap((entry) => this.#facts.of(entry) ?? [])
  }
}

/** These, and all that they follow. */
function withPast(facts: readonly MembershipFact[], all: readonly MembershipFact[]): ReadonlySet<MembershipFact> {
  const byKey = new Map(all.map((fact) => [opKey(fact.id), fact]))
  const past = new Set<MembershipFact>()
  const open = facts.map(({ id }) => opKey(id))
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    const fact = byKey.get(key)
    if (fact === undefined || past.has(fact)) continue
    past.add(fact)
    if ('after' in fact.payload) open.push(...fact.payload.after.map(opKey))
    if (fact.prev !== undefined) open.push(opKey(fact.prev))
  }
  return past
}
