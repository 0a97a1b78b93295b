/**
 * The folds a second time, as plainly as they can be said: sort everything, walk through it once. No index, no cache, no order of arrival.
 */
import type { Membership } from '@parley/core'
import { deviceIdOf, messageIdFromBytes, toBase32, type DeviceId, type MessageId, type UserId } from '@parley/protocol'
import { inOrder, type Ledger, type LedgerEntry } from './ledger.ts'
import { membershipOf } from './membership.ts'
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
  readonly replies: number
  readonly reactions: readonly { emoji: string; users: readonly UserId[] }[]
  readonly isPinned: boolean
  readonly isHidden: boolean
}

/** What a peer that holds certain entries has to show. */
export interface Expected {
  /** All messages, oldest first. */
  readonly messages: readonly ExpectedMessage[]
  /** The founder first, then in the order of admission. */
  readonly members: readonly { id: UserId; name: string; role: string }[]
  readonly metadata: Readonly<Record<string, unknown>>
  readonly title: string
  readonly membership: Membership
  /** Equal for two peers that hold the same entries. */
  readonly held: string
  /** Equal for two peers that must show the same: the same entries, the same keys, and bodies purged ahead of the deletion that is yet to come. */
  readonly vector: string
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
  const controls = counting(ledger, held)
  const membership = membershipOf(ledger, held, controls)
  const counted = voicedEntries(ledger, held, membership)
  const deleted = new Set<MessageId>()
  const edits = new Map<MessageId, LedgerEntry>()
  const choices = new Map<MessageId, LedgerEntry[]>()
  for (const [entry, hasBody] of counted) {
    const { said } = entry
    if (said.what === 'delete') deleted.add(said.target)
    if (said.what === 'react' && hasBody) choices.set(said.target, [...(choices.get(said.target) ?? []), entry])
    if (said.what !== 'edit' || !hasBody) continue
    const other = edits.get(said.target)
    if (other === undefined || inOrder(other, entry) < 0) edits.set(said.target, entry)
  }
  const messages: Omit<ExpectedMessage, 'replies'>[] = []
  const purgedAhead: string[] = []
  const replies = new Map<MessageId, number>()
  for (const post of ledger.posts()) {
    const hasBody = counted.get(post)
    if (post.said.what !== 'post' || hasBody === undefined || deleted.has(post.said.id)) continue
    if (!hasBody) {
      purgedAhead.push(post.said.id)
      continue
    }
    const { id, content: posted } = post.said
    const edit = edits.get(id)
    const content = edit?.said.what === 'edit' ? edit.said.content : posted
    if (posted.reply !== undefined) {
      const target = messageIdFromBytes(posted.reply)
      replies.set(target, (replies.get(target) ?? 0) + 1)
    }
    messages.push({
      id,
      author: ledger.userOf(post.device) ?? ('' as UserId),
      text: content.text,
      metadata: content.metadata,
      sentAt: post.hlc.ms,
      editedAt: edit?.hlc.ms,
      replyTo: content.reply === undefined ? undefined : messageIdFromBytes(content.reply),
      reactions: reactionsOf(ledger, choices.get(id) ?? []),
      isPinned: membership.pinned.has(id),
      isHidden: membership.hidden.has(id),
    })
  }
  const entries = held.vector((device) => membership.devices.get(device)?.spans.at(-1)?.to ?? 0)
  return {
    messages: messages.map((message) => ({ ...message, replies: replies.get(message.id) ?? 0 })),
    membership,
    held: entries,
    vector: JSON.stringify([entries, [...held.epochs].map(String).sort(), purgedAhead]),
    ...foldControls(ledger, held, membership, controls),
  }
}

/** The last word of each user on each emoji, in the order in which they were said. */
function reactionsOf(ledger: Ledger, choices: readonly LedgerEntry[]): ExpectedMessage['reactions'] {
  if (choices.length === 0) return []
  const last = new Map<string, LedgerEntry>()
  for (const choice of [...choices].sort(inOrder))
    if (choice.said.what === 'react') last.set(`${ledger.userOf(choice.device)} ${choice.said.emoji}`, choice)
  const shown = new Map<string, UserId[]>()
  for (const { said, device } of [...last.values()].sort(inOrder)) {
    const user = ledger.userOf(device)
    if (said.what === 'react' && said.on && user !== undefined) shown.set(said.emoji, [...(shown.get(said.emoji) ?? []), user])
  }
  return [...shown].map(([emoji, users]) => ({ emoji, users }))
}

/** The entries here that count, for their author might write there and then, and that the keys here open; and whether their body is there. */
function voicedEntries(ledger: Ledger, held: HeldRows, membership: Membership): ReadonlyMap<LedgerEntry, boolean> {
  const voiced = new Map<LedgerEntry, boolean>()
  for (const [entry, hasBody] of countedEntries(ledger, held)) {
    if (entry.said.what === 'control') continue
    const role = membership.roleAt(entry.device, entry.seq)
    if (role !== undefined && role !== 'reader' && held.canRead(entry)) voiced.set(entry, hasBody)
  }
  return voiced
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

function foldControls(
  ledger: Ledger,
  held: HeldRows,
  membership: Membership,
  controls: readonly LedgerEntry[],
): Pick<Expected, 'members' | 'metadata' | 'title'> {
  const names = new Map<UserId, string>()
  const metadata = new Map<string, unknown>()
  let title = ''
  for (const entry of controls) {
    const { said, device, seq } = entry
    const user = ledger.userOf(device)
    const role = membership.roleAt(device, seq)
    if (said.what !== 'control' || user === undefined || role === undefined || !held.canRead(entry)) continue
    const { payload } = said
    if (payload.op === 'profile') names.set(user, payload.name)
    if (payload.op !== 'metadata' || role === 'reader') continue
    for (const [key, value] of Object.entries(payload.values)) {
      if (payload.scope === 'conversation') title = key === 'title' ? String(value) : title
      else if (value === null) metadata.delete(key)
      else metadata.set(key, value)
    }
  }
  const members = [...membership.members.values()].map(({ user, role }) => ({ id: user, name: names.get(user) ?? '', role }))
  return { members, metadata: Object.fromEntries(metadata), title }
}
