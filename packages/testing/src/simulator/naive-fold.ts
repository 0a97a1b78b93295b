/**
 * The folds a second time, as plainly as they can be said: sort everything, walk through it once. No index, no cache, no order of arrival.
 */
import { deviceIdOf, messageIdFromBytes, toBase32, type DeviceId, type MessageId, type UserId } from '@parley/protocol'
import { inOrder, type Ledger, type LedgerEntry } from './ledger.ts'
import type { HeldRows } from './store-rows.ts'

/** A message as every peer with these entries has to show it. */
export interface ExpectedMessage {
  readonly id: MessageId
  readonly author: UserId
  readonly text: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly sentAt: number
  readonly editedAt: number | undefined
  readonly replyTo: MessageId | undefined
}

/** What a peer that holds certain entries has to show. */
export interface Expected {
  /** All messages, oldest first. */
  readonly messages: readonly ExpectedMessage[]
  /** The founder first, then in the order of admission. */
  readonly members: readonly { id: UserId; name: string }[]
  readonly metadata: Readonly<Record<string, unknown>>
  readonly title: string
  /** Posts whose body is purged here although the deletion is not here yet: who passed them on had it. */
  readonly purgedAhead: readonly string[]
}

/** The last fold of each disk, as long as it is true. */
const folded = new WeakMap<HeldRows, { version: number; facts: number; expected: Expected }>()

/** Folds what `held` says is there. */
export function naiveFold(ledger: Ledger, held: HeldRows): Expected {
  const before = folded.get(held)
  if (before !== undefined && before.version === held.version && before.facts === ledger.facts) return before.expected
  const expected = foldAll(ledger, held)
  folded.set(held, { version: held.version, facts: ledger.facts, expected })
  return expected
}

function foldAll(ledger: Ledger, held: HeldRows): Expected {
  const deleted = new Set<MessageId>()
  const edits = new Map<MessageId, LedgerEntry>()
  const counted = countedEntries(ledger, held)
  for (const [entry, hasBody] of counted) {
    const { said } = entry
    if (said.what === 'delete') deleted.add(said.target)
    if (said.what !== 'edit' || !hasBody) continue
    const other = edits.get(said.target)
    if (other === undefined || inOrder(other, entry) < 0) edits.set(said.target, entry)
  }
  const messages: ExpectedMessage[] = []
  const purgedAhead: string[] = []
  for (const post of ledger.posts()) {
    const hasBody = counted.get(post)
    if (post.said.what !== 'post' || hasBody === undefined || deleted.has(post.said.id)) continue
    if (!hasBody) {
      purgedAhead.push(post.said.id)
      continue
    }
    const edit = edits.get(post.said.id)
    const content = edit?.said.what === 'edit' ? edit.said.content : post.said.content
    messages.push({
      id: post.said.id,
      author: ledger.userOf(post.device) ?? ('' as UserId),
      text: content.text,
      metadata: content.metadata,
      sentAt: post.hlc.ms,
      editedAt: edit?.hlc.ms,
      replyTo: content.reply === undefined ? undefined : messageIdFromBytes(content.reply),
    })
  }
  return { messages, purgedAhead, ...foldControls(ledger, held) }
}

/**
 * The entries here that count, and whether their body is there. Of a forked device these are what all its histories share, and of each
 * branch what other members have pinned: what only the frozen device holds is shown by nobody.
 */
export function countedEntries(ledger: Ledger, held: HeldRows): ReadonlyMap<LedgerEntry, boolean> {
  const forks = ledger.controls().flatMap((entry) => {
    const { said, device: poster } = entry
    return said.what === 'control' && said.payload.op === 'fork' && held.controls.has(entry) ? [{ poster, fork: said.payload }] : []
  })
  if (forks.length === 0) return held.entries
  const branches = new Set<DeviceId>()
  const ends = new Map<DeviceId, number>()
  const pinned = new Set<string>()
  for (const { poster, fork } of forks) {
    const device = deviceIdOf(fork.device)
    for (const branch of ledger.branchesOf(fork)) branches.add(branch)
    if (poster === device) continue
    for (const { log, nextSeq } of fork.pins) {
      const id = deviceIdOf(log)
      if (pinned.has(`${poster} ${id}`)) continue
      pinned.add(`${poster} ${id}`)
      ends.set(id, Math.max(ends.get(id) ?? 0, nextSeq))
    }
  }
  const counted = new Map<LedgerEntry, boolean>()
  for (const [id, { device, entries }] of held.logs) {
    // What is left of a device's own log is shared by all its histories, or goes another way, and that is not proved yet.
    const end = id === device ? Number.POSITIVE_INFINITY : branches.has(id) ? (ends.get(id) ?? 0) : 0
    for (const [seq, { entry, hasBody }] of entries) if (seq < end) counted.set(entry, hasBody)
  }
  return counted
}

/** Control entries of a device from its first proven fork on count when another device names them in a proof. */
function counting(ledger: Ledger, held: HeldRows): LedgerEntry[] {
  const here = ledger.controls().filter((entry) => held.controls.has(entry))
  const firstFork = new Map<DeviceId, number>()
  const named = new Set<string>()
  for (const { said, device: poster } of here) {
    if (said.what !== 'control' || said.payload.op !== 'fork') continue
    const device = deviceIdOf(said.payload.device)
    firstFork.set(device, Math.min(firstFork.get(device) ?? Number.POSITIVE_INFINITY, said.payload.seq))
    if (poster !== device) for (const id of said.payload.controls) named.add(`${device}/${toBase32(id)}`)
  }
  if (firstFork.size === 0) return here
  return here.filter(
    ({ device, seq, id }) =>
      seq < (firstFork.get(device) ?? Number.POSITIVE_INFINITY) || named.has(`${device}/${toBase32(id.subarray(0, 16))}`),
  )
}

function foldControls(ledger: Ledger, held: HeldRows): Pick<Expected, 'members' | 'metadata' | 'title'> {
  const here = counting(ledger, held)
  const members = new Map<UserId, string>()
  for (const { said, device } of here) {
    if (said.what !== 'control') continue
    const user =
      said.payload.op === 'genesis' ? ledger.userOf(device) : said.payload.op === 'admit' ? ledger.userOfCert(said.payload.cert) : undefined
    if (user !== undefined && !members.has(user)) members.set(user, '')
  }
  const metadata = new Map<string, unknown>()
  let title = ''
  for (const { said, device } of here) {
    const user = ledger.userOf(device)
    if (said.what !== 'control' || user === undefined || !members.has(user)) continue
    const { payload } = said
    if (payload.op === 'profile') members.set(user, payload.name)
    if (payload.op !== 'metadata') continue
    for (const [key, value] of Object.entries(payload.values)) {
      if (payload.scope === 'conversation') title = key === 'title' ? String(value) : title
      else if (value === null) metadata.delete(key)
      else metadata.set(key, value)
    }
  }
  return { members: [...members].map(([id, name]) => ({ id, name })), metadata: Object.fromEntries(metadata), title }
}
