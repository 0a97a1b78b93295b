/**
 * Who is a member by what a disk holds. The rules themselves are the core's pure resolver, given everything at once: it is held against an oracle of its own
 * elsewhere, and what it is to be compared with here is what running engines make of the same operations one by one, across crashes and key changes. What
 * goes into it is put together by a code of its own.
 */
import { resolveMembership, type Membership, type MembershipFact } from '@parley/core'
import { epochIdOf } from '@parley/crypto'
import { conversationIdBytes, deviceIdBytes, equalBytes, isClearControl, type DeviceId } from '@parley/protocol'
import { certsIn, type Ledger, type LedgerEntry } from './ledger.ts'
import type { HeldRows } from './store-rows.ts'

/** What says nothing about who is a member. */
const ASIDE: ReadonlySet<string> = new Set(['metadata', 'profile', 'fork'])
/** Answers remembered of one ledger: peers that hold the same operations get the same one. */
const MAX_KEPT = 2_000

/** By ledger, what came of which operations. */
const answers = new WeakMap<Ledger, Map<string, Membership>>()
const facts = new WeakMap<LedgerEntry, MembershipFact>()
const numbers = new WeakMap<LedgerEntry, number>()
let nextNumber = 0

/** The membership that follows from the control entries `held`; of those that are not in `counting`, being on a branch that does not count, nothing does. */
export function membershipOf(ledger: Ledger, held: Pick<HeldRows, 'controls' | 'canRead'>, counting: readonly LedgerEntry[]): Membership {
  const counted = new Set(counting)
  const here = [...held.controls].filter((entry) => isOperation(entry) && held.canRead(entry))
  const key = here
    .map((entry) => (counted.has(entry) ? numberOf(entry) : -numberOf(entry)))
    .sort((a, b) => a - b)
    .join()
  let known = answers.get(ledger)
  if (known === undefined) answers.set(ledger, (known = new Map<string, Membership>()))
  const name = `${ledger.certificates} ${key}`
  let answer = known.get(name)
  if (answer === undefined) {
    if (known.size >= MAX_KEPT) known.clear()
    answer = resolveMembership(
      here.map((entry) => {
        const fact = factOf(ledger, entry)
        return counted.has(entry) ? fact : { ...fact, isCounted: false }
      }),
      {
        // Joiners here prove honestly.
        proofHolds: () => true,
        epochId: (commitment) => epochIdOf(conversationIdBytes(ledger.conversation!), commitment),
        isDirect: () => false,
      },
    )
    known.set(name, answer)
  }
  return answer
}

function isOperation({ said }: LedgerEntry): boolean {
  return said.what === 'control' && !ASIDE.has(said.payload.op)
}

function numberOf(entry: LedgerEntry): number {
  let number = numbers.get(entry)
  if (number === undefined) numbers.set(entry, (number = ++nextNumber))
  return number
}

function factOf(ledger: Ledger, entry: LedgerEntry): MembershipFact {
  const { said } = entry
  if (said.what !== 'control') throw new TypeError('a control entry')
  const before = facts.get(entry)
  const certs = certsIn(said.payload).flatMap((bytes) => ledger.certIn(bytes) ?? [])
  if (before !== undefined && before.certs.length === certs.length) return before
  const past: LedgerEntry[] = []
  for (let at = entry.before; at !== undefined; at = at.before) past.unshift(at)
  const fact: MembershipFact = {
    id: entry.id,
    device: entry.device,
    deviceBytes: deviceIdBytes(entry.device),
    seq: entry.seq,
    hlc: entry.hlc,
    payload: said.payload,
    certs,
    prev: past.findLast(
      (e) => isOperation(e) && e.said.what === 'control' && e.said.payload.op !== 'reseal' && isClearControl(e.said.payload.op),
    )?.id,
    acks: acksOf(ledger, [...past, entry]),
    isCounted: true,
  }
  facts.set(entry, fact)
  return fact
}

/** How much of other devices the author had acknowledged in control entries by then. */
function acksOf(ledger: Ledger, entries: readonly LedgerEntry[]): MembershipFact['acks'] {
  const latest = new Map<DeviceId, number>()
  for (const { deps, said } of entries) {
    if (said.what !== 'control') continue
    for (const { device8, seq } of deps)
      for (const device of ledger.devices())
        if (equalBytes(deviceIdBytes(device).subarray(0, 8), device8)) latest.set(device, Math.max(seq + 1, latest.get(device) ?? 0))
  }
  return [...latest]
}
