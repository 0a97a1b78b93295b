/** What must hold at every step (DESIGN.md, section 8), looked at from outside: the public API of each peer against the naive fold. */
import type { Conversation, Message } from '@parley/core'
import type { UserId } from '@parley/protocol'
import type { Ledger } from './ledger.ts'
import { naiveFold, type Expected, type ExpectedMessage } from './naive-fold.ts'
import type { Secrecy } from './secrecy.ts'
import type { SimPeer } from './sim-peer.ts'

/** Messages of a page (API.md). */
const PAGE = 25
/** Messages in the view document. */
const VIEW = 100
/** Bytes that may wait on one link: the traffic of a simulation is small, so much more means that a queue is not drained. */
const MAX_QUEUED_BYTES = 1_048_576
/** Timers of one peer: a few for each link and each member; many more means that they leak. */
const MAX_TIMERS = 400

type Violate = (invariant: string, what: string) => void

/** What one peer showed when it was looked at. */
export interface Shown {
  readonly peer: SimPeer
  /** Equal for those that must show the same. */
  readonly vector: string
  /** Members, metadata and messages as one text. */
  readonly text: string
  readonly expected: Expected
}

/**
 * Looks at one peer at rest that is a member: totals, the page `pick` (modulo their number), members, metadata. `allPages` reads the whole
 * history.
 */
export async function checkPeer(
  peer: SimPeer,
  { ledger, secrecy }: { readonly ledger: Ledger; readonly secrecy: Secrecy },
  pick: number,
  allPages: boolean,
  violate: Violate,
): Promise<Shown | undefined> {
  const { conversation } = peer
  if (conversation === undefined) return undefined
  const expected = naiveFold(ledger, peer.held)
  const report = (what: string): void => violate('I2', `${peer.name} ${what}`)
  const total = expected.messages.length
  const pages = Math.max(1, Math.ceil(total / PAGE))
  for (const page of allPages ? Array.from({ length: pages }, (_, index) => index + 1) : [1 + (pick % pages)]) {
    // A page beyond the last is refused; then the newest one tells what is wrong.
    const { messages, totalMessages, totalPages } = await conversation.getMessages(page).catch(() => conversation.getMessages())
    if (totalMessages !== total || totalPages !== pages) {
      report(`shows ${totalMessages} messages on ${totalPages} pages; its logs hold ${total} on ${pages}`)
      return undefined
    }
    const end = total - (page - 1) * PAGE
    secrecy.checkShown(peer.name, conversation, peer.held, messages)
    comparePage(messages, expected.messages.slice(Math.max(0, end - PAGE), end), (what) => report(`page ${page}: ${what}`))
  }
  compareView(conversation, expected, report)
  await compareLast(conversation, expected, report)
  checkResources(peer, violate)
  const text = JSON.stringify([conversation.getMembers(), conversation.getMetadata(), conversation.getTitle(), total])
  return { peer, vector: expected.vector, text, expected }
}

/** The view document of a peer that has been at rest for some frames of a screen shows the newest messages. */
export function checkDocument(peer: SimPeer, ledger: Ledger, violate: Violate): void {
  const rows = peer.conversation?.doc.getArray<{ id: string; text: string }>('messages').map(({ id, text }) => `${id} ${text}`) ?? []
  const due = naiveFold(ledger, peer.held)
    .messages.slice(-VIEW)
    .map(({ id, text }) => `${id} ${text}`)
  const at = rows.length === due.length ? rows.findIndex((row, index) => row !== due[index]) : Math.min(rows.length, due.length)
  if (rows.length === due.length && at < 0) return
  violate(
    'I2',
    `${peer.name} has ${rows.length} messages in its view document instead of ${due.length}; at ${at}: ${rows[at]} instead of ${due[at]}`,
  )
}

/** I2 in its own words: who holds the same shows the same. */
export function compareShown(shown: readonly Shown[], violate: Violate): void {
  const byVector = new Map<string, Shown>()
  for (const one of shown) {
    const other = byVector.get(one.vector)
    if (other === undefined) byVector.set(one.vector, one)
    else if (other.text !== one.text)
      violate('I2', `${one.peer.name} and ${other.peer.name} hold the same and show it differently:\n  ${one.text}\n  ${other.text}`)
  }
}

function comparePage(shown: readonly Message[], expected: readonly ExpectedMessage[], report: (what: string) => void): void {
  if (shown.length !== expected.length) return report(`${shown.length} messages instead of ${expected.length}`)
  for (const [index, message] of shown.entries()) {
    const due = expected[index] as ExpectedMessage
    if (!isAsDue(message, due)) {
      const wanted = essence({ ...due, author: { id: due.author } })
      return report(`message ${index} is ${JSON.stringify(essence(message))} instead of ${JSON.stringify(wanted)}`)
    }
  }
}

function compareView(conversation: Conversation, expected: Expected, report: (what: string) => void): void {
  const members = conversation.members().map(({ id, name, role }) => ({ id, name, role }))
  if (JSON.stringify(members) !== JSON.stringify(expected.members)) {
    report(`shows the members ${JSON.stringify(members)} instead of ${JSON.stringify(expected.members)}`)
  }
  if (JSON.stringify(conversation.getMembers()) !== JSON.stringify(expected.members.map((m) => m.id)))
    report('getMembers() differs from members()')
  if (sorted(conversation.getMetadata()) !== sorted(expected.metadata)) {
    report(`shows the metadata ${sorted(conversation.getMetadata())} instead of ${sorted(expected.metadata)}`)
  }
  if (conversation.getTitle() !== expected.title) report(`shows the title "${conversation.getTitle()}" instead of "${expected.title}"`)
}

async function compareLast(conversation: Conversation, expected: Expected, report: (what: string) => void): Promise<void> {
  const last = expected.messages.at(-1)
  if (conversation.getLastMessage()?.id !== last?.id)
    report(`has ${conversation.getLastMessage()?.id} as its last message instead of ${last?.id}`)
  if (last === undefined) return
  const found = await conversation.getMessage(last.id)
  if (found?.text !== last.text) report(`getMessage gives "${found?.text}" for its last message instead of "${last.text}"`)
}

/** I6: queues and timers stay bounded, and honest peers are never rejected. */
function checkResources(peer: SimPeer, violate: Violate): void {
  const { parley, clock } = peer
  if (parley === undefined || clock === undefined) return
  const { links } = parley.inspect()
  for (const link of links)
    if (link.queuedBytes > MAX_QUEUED_BYTES) violate('I6', `${peer.name} has ${link.queuedBytes} bytes waiting for ${link.remote}`)
  if (clock.pending > MAX_TIMERS) violate('I6', `${peer.name} has ${clock.pending} timers`)
}

/** What all peers must agree on; the state of delivery is everybody's own. */
function isAsDue(message: Message, due: ExpectedMessage): boolean {
  return (
    message.id === due.id &&
    message.author.id === due.author &&
    message.text === due.text &&
    message.sentAt === due.sentAt &&
    message.editedAt === due.editedAt &&
    message.replyTo === due.replyTo &&
    message.replies === due.replies &&
    message.isPinned === due.isPinned &&
    message.isHidden === due.isHidden &&
    (message.reactions.length + due.reactions.length === 0 || JSON.stringify(message.reactions) === JSON.stringify(due.reactions)) &&
    sorted(message.metadata) === sorted(due.metadata)
  )
}

/** The same, to be read by people. */
function essence(message: Omit<ExpectedMessage, 'author'> & { author: { id: UserId } }): unknown[] {
  const { id, author, text, metadata, sentAt, editedAt, replyTo, replies, reactions, isPinned, isHidden } = message
  return [id, author.id, text, sorted(metadata), sentAt, editedAt ?? null, replyTo ?? null, replies, reactions, isPinned, isHidden]
}

function sorted(values: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)))
}
