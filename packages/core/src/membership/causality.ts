/**
 * Which operation follows which. Operations are laid into chains (one for each history of a device), and each keeps how much of every chain
 * it follows: exact, whatever a device names, and 2 bytes for each chain known when it came, not for each operation.
 */
import { compareBytes, compareHlc, toBase32, type DeviceId, type Hlc, type UserId } from '@parley/protocol'
import { isNameable, type MembershipFact } from './types.ts'

/** An operation whose past is here. */
export interface Op {
  readonly fact: MembershipFact
  /** First 16 bytes of its id in base32. */
  readonly key: string
  readonly chain: number
  readonly index: number
  /** Operations of each chain that it follows. */
  readonly past: Uint16Array
  /** Its clock is not later than its past. */
  readonly isLate: boolean
  /** The latest clock among it and its past. */
  readonly latest: Hlc
  /** Whose device wrote it, by the first operation in its past that says so; undefined when none does. */
  user: UserId | undefined
  /** The operation that says so. */
  binding: Op | undefined
  /** `device-remove`: whose device it removes. */
  targetUser: UserId | undefined
}

/** Nobody's chain: what cannot be named by others. */
const NO_CHAIN = -1
/** Operations of one chain; a longer history goes on in another one. */
const MAX_CHAIN = 0xffff

/** The order of every fold: (clock, entry id). What follows another has a later clock, so this keeps causes before effects. */
export function compareOps({ fact: a }: Op, { fact: b }: Op): number {
  return compareHlc(a.hlc, b.hlc) || compareBytes(a.id, b.id)
}

/** Whether `a` is in the past of `b`. */
export function isBefore(a: Op, b: Op): boolean {
  return a.chain !== NO_CHAIN && (b.past[a.chain] ?? 0) > a.index
}

/** Neither follows the other. */
export function isConcurrent(a: Op, b: Op): boolean {
  return a !== b && !isBefore(a, b) && !isBefore(b, a)
}

export class Causality {
  readonly #ops = new Map<string, Op>()
  readonly #seen = new Set<string>()
  /** Tails of the chains. */
  readonly #tails: Op[] = []
  /** Facts that wait, by one thing that they wait for. */
  readonly #waiting = new Map<string, MembershipFact[]>()
  readonly #pending = new Map<string, DeviceId>()

  get(key: string): Op | undefined {
    return this.#ops.get(key)
  }

  /** Names of the facts whose past is not all here. */
  pending(): Iterable<string> {
    return this.#pending.keys()
  }

  /** Takes in a fact; returns what can be placed now, causes first: it, and what waited for it. A fact that is known already gives nothing. */
  add(fact: MembershipFact): Op[] {
    const key = opKey(fact.id)
    if (this.#seen.has(key)) return []
    this.#seen.add(key)
    this.#pending.set(key, fact.device)
    const placed: Op[] = []
    const ready = [fact]
    for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
      const names = namesOf(next)
      const missing = names.find((name) => !this.#ops.has(name))
      if (missing !== undefined) {
        this.#waiting.set(missing, [...(this.#waiting.get(missing) ?? []), next])
        continue
      }
      const op = this.#place(
        next,
        names.map((name) => this.#ops.get(name) as Op),
      )
      this.#pending.delete(op.key)
      placed.push(op)
      // What cannot be named releases nobody: who names it waits for ever.
      if (op.chain === NO_CHAIN) continue
      this.#ops.set(op.key, op)
      ready.push(...(this.#waiting.get(op.key) ?? []))
      this.#waiting.delete(op.key)
    }
    return placed
  }

  #place(fact: MembershipFact, causes: readonly Op[]): Op {
    const past = new Uint16Array(this.#tails.length)
    let latest: Hlc | undefined
    for (const cause of causes) {
      for (let i = 0; i < cause.past.length; i++) past[i] = Math.max(past[i] as number, cause.past[i] as number)
      past[cause.chain] = Math.max(past[cause.chain] as number, cause.index + 1)
      if (latest === undefined || compareHlc(cause.latest, latest) > 0) latest = cause.latest
    }
    const isLate = latest !== undefined && compareHlc(fact.hlc, latest) <= 0
    const chain = isNameable(fact.payload.op) ? this.#chainAfter(fact) : NO_CHAIN
    const index = chain === NO_CHAIN ? 0 : (this.#tails[chain]?.index ?? -1) + 1
    const op: Op = {
      fact,
      key: opKey(fact.id),
      chain,
      index,
      past,
      isLate,
      latest: isLate ? (latest as Hlc) : fact.hlc,
      user: undefined,
      binding: undefined,
      targetUser: undefined,
    }
    if (chain !== NO_CHAIN) this.#tails[chain] = op
    return op
  }

  /** The chain that ends with the author's previous operation, or a new one. */
  #chainAfter({ prev }: MembershipFact): number {
    const previous = prev === undefined ? undefined : this.#ops.get(opKey(prev))
    if (previous !== undefined && this.#tails[previous.chain] === previous && previous.index < MAX_CHAIN - 1) return previous.chain
    return this.#tails.length
  }
}

/** How an operation is called here: the first 16 bytes of its id in base32. */
export function opKey(id: Uint8Array): string {
  return toBase32(id.subarray(0, 16))
}

function namesOf({ payload, prev }: MembershipFact): string[] {
  const names = 'after' in payload ? payload.after.map(opKey) : []
  return prev === undefined ? names : [...names, opKey(prev)]
}
