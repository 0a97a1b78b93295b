/**
 * The folds a second time, as plainly as they can be said: sort everything, walk through it once. No index, no cache, no order of arrival.
 */
import { messageIdFromBytes, type MessageId, type UserId } from '@parley/protocol'
import type { Ledger, LedgerEntry } from './ledger.ts'
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

/** Folds what `held` says is there. */
export function naiveFold(ledger: Ledger, held: HeldRows): Expected {
  const deleted = new Set<MessageId>()
  const edits = new Map<MessageId, LedgerEntry>()
  for (const device of held.logs.keys()) {
    for (const entry of ledger.log(device).slice(0, held.logs.get(device)?.nextSeq ?? 0)) {
      const { said } = entry
      if (said.what === 'delete') deleted.add(said.target)
      if (said.what === 'edit' && hasBody(held, entry)) edits.set(said.target, entry)
    }
  }
  const messages: ExpectedMessage[] = []
  const purgedAhead: string[] = []
  for (const post of ledger.posts()) {
    if (post.said.what !== 'post' || !isHeld(held, post) || deleted.has(post.said.id)) continue
    if (!hasBody(held, post)) {
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

function foldControls(ledger: Ledger, held: HeldRows): Pick<Expected, 'members' | 'metadata' | 'title'> {
  const here = ledger.controls().filter((entry) => holdsControl(held, entry))
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

function isHeld(held: HeldRows, entry: LedgerEntry): boolean {
  return entry.seq < (held.logs.get(entry.device)?.nextSeq ?? 0)
}

function hasBody(held: HeldRows, entry: LedgerEntry): boolean {
  return held.logs.get(entry.device)?.bodies.get(entry.seq) === true
}

/** Control entries travel ahead of the log they belong to. */
function holdsControl(held: HeldRows, entry: LedgerEntry): boolean {
  return entry.controlNumber <= (held.logs.get(entry.device)?.controls ?? 0)
}
