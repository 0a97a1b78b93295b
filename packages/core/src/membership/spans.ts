/**
 * Which entries of a device count, and under which role. Operations say where: a removal pins how far the log counts, so that no entry needs
 * a walk through the causes, and none can be slipped in later with an old date.
 */
import { ROLES, type RoleNumber } from '@parley/protocol'
import type { Role } from '../api.ts'
import type { RoleSpan } from './types.ts'

/** Role names by their number. */
export const ROLE_NAMES = Object.keys(ROLES) as Role[]

/** One stay of the device: from an admission to the end of it. */
interface Stay {
  readonly from: number
  /** Where each role begins, in the order of the operations that gave them. */
  readonly roles: { readonly at: number; readonly role: RoleNumber }[]
  /** The highest pin of what ended it; undefined while it goes on. */
  to: number | undefined
}

export class Stays {
  readonly #stays: Stay[] = []
  /** The highest pin of what removed the device itself. */
  #cut: number | undefined

  get isOpen(): boolean {
    return this.#cut === undefined && this.#stays.length > 0 && this.#stays.at(-1)?.to === undefined
  }

  /** Begins a stay at `from`, by default and at the earliest where the last one ended. */
  open(from: number | undefined, role: RoleNumber): void {
    const earliest = this.#stays.at(-1)?.to ?? 0
    const at = Math.max(from ?? earliest, earliest)
    this.#stays.push({ from: at, roles: [{ at, role }], to: undefined })
  }

  /** From `at` on the role is another. */
  change(at: number, role: RoleNumber): void {
    const stay = this.#stays.at(-1)
    stay?.roles.push({ at: Math.max(at, stay.roles.at(-1)?.at ?? stay.from), role })
  }

  /** Ends the last stay before `to`; of several ends the latest counts. */
  end(to: number): void {
    const stay = this.#stays.at(-1)
    if (stay !== undefined) stay.to = Math.max(to, stay.from, stay.to ?? 0)
  }

  /** Ends the device before `to`, whatever its stays say; of several such ends the latest counts. */
  cut(to: number): void {
    this.#cut = Math.max(to, this.#cut ?? 0)
  }

  /** Ascending, apart from each other, none empty, equal neighbours joined. */
  spans(): RoleSpan[] {
    const spans: RoleSpan[] = []
    for (const { roles, to } of this.#stays) {
      const end = Math.min(to ?? Number.POSITIVE_INFINITY, this.#cut ?? Number.POSITIVE_INFINITY)
      for (const [i, { at, role }] of roles.entries()) {
        const until = Math.min(roles[i + 1]?.at ?? Number.POSITIVE_INFINITY, end)
        if (until <= at) continue
        const last = spans.at(-1)
        const name = ROLE_NAMES[role] as Role
        if (last !== undefined && last.to === at && last.role === name) spans[spans.length - 1] = { ...last, to: until }
        else spans.push({ from: at, to: until, role: name })
      }
    }
    return spans
  }
}

/** The role under which the entry counts; undefined when it does not. */
export function roleIn(spans: readonly RoleSpan[] | undefined, seq: number): Role | undefined {
  return spans?.find(({ from, to }) => seq >= from && seq < to)?.role
}
