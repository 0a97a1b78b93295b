/**
 * The snapshot of the engine that guests read from, kept up to date while there are guests: what changed is found by comparing, when an event
 * or the end of a call says that something may have.
 */
import type { Conversation, ConversationEvents, Parley, ParleyEvents } from '@parley/core'
import type { ConversationId } from '@parley/protocol'
import { BLOCKED, type Reads } from './messages.ts'
import { CONVERSATION, CONVERSATION_EVENTS, PARLEY, PARLEY_EVENTS, readNames } from './plan.ts'
import { same, toPlain, type Plain } from './values.ts'

const PARLEY_READS = readNames(PARLEY)
const CONVERSATION_READS = readNames(CONVERSATION)

/** What changed since the last look. */
export interface MirrorPatch {
  readonly reads: Reads
  readonly order: readonly ConversationId[] | undefined
  readonly conversations: readonly (readonly [ConversationId, Reads])[]
}

interface Followed {
  readonly conversation: Conversation
  reads: Reads
  /** What a list shows of it: compared for every conversation when the engine says that some of them changed. */
  glance: readonly unknown[]
  isDirty: boolean
  stop(): void
}

export class Mirror {
  readonly #engine: Parley
  readonly #onPatch: (patch: MirrorPatch) => void
  readonly #conversations = new Map<ConversationId, Followed>()
  readonly #stops: (() => void)[] = []
  #reads: Reads = {}
  #order: readonly ConversationId[] = []
  #isListDirty = false
  #isFlushDue = false
  #isRunning = false

  /** `onPatch` is called within `flush`, and only when something changed. */
  constructor(engine: Parley, onPatch: (patch: MirrorPatch) => void) {
    this.#engine = engine
    this.#onPatch = onPatch
  }

  start(): void {
    this.#isRunning = true
    for (const [name, marks] of Object.entries(PARLEY_EVENTS))
      if (marks) this.#stops.push(this.#engine.on(name as keyof ParleyEvents, () => this.#markList()))
    this.#reads = this.#readOwn()
    this.#order = this.#follow()
  }

  stop(): void {
    this.#isRunning = false
    for (const stop of this.#stops) stop()
    for (const followed of this.#conversations.values()) followed.stop()
    this.#stops.length = 0
    this.#conversations.clear()
  }

  /** Everything, for a guest that has just come. */
  all(): { reads: Reads; order: readonly ConversationId[]; conversations: readonly (readonly [ConversationId, Reads])[] } {
    this.flush()
    return { reads: this.#reads, order: this.#order, conversations: [...this.#conversations].map(([id, { reads }]) => [id, reads]) }
  }

  /** A call on this conversation ended, or, without one, on the client: its snapshot may be another. */
  mark(subject: ConversationId | undefined): void {
    const followed = subject === undefined ? undefined : this.#conversations.get(subject)
    // What a list does not show of a conversation changes nothing for the others.
    if (followed === undefined || !same(glanceAt(followed.conversation), followed.glance)) this.#isListDirty = true
    if (followed !== undefined) followed.isDirty = true
    this.#flushSoon()
  }

  /** Looks at everything that is marked, now: what is said after this finds the guests up to date. */
  flush(): void {
    this.#isFlushDue = false
    if (!this.#isRunning) return
    const order = this.#isListDirty ? this.#follow() : this.#order
    const reads = this.#isListDirty ? this.#readOwn() : this.#reads
    this.#isListDirty = false
    const conversations: (readonly [ConversationId, Reads])[] = []
    for (const [id, followed] of this.#conversations) {
      if (!followed.isDirty) continue
      followed.isDirty = false
      const now = readAll(followed.conversation, CONVERSATION_READS, id)
      const changed = changes(followed.reads, now)
      followed.reads = now
      if (Object.keys(changed).length > 0) conversations.push([id, changed])
    }
    const changed = changes(this.#reads, reads)
    const isOrderNew = !same(order, this.#order)
    this.#reads = reads
    this.#order = order
    if (!isOrderNew && conversations.length === 0 && Object.keys(changed).length === 0) return
    this.#onPatch({ reads: changed, order: isOrderNew ? order : undefined, conversations })
  }

  /** The conversations in their order; follows new ones, and marks those of which a list shows something else. */
  #follow(): readonly ConversationId[] {
    const { conversations, requests } = this.#engine
    for (const conversation of [...conversations, ...requests]) {
      const id = conversation.getId()
      const followed = this.#conversations.get(id) ?? this.#begin(id, conversation)
      const glance = glanceAt(conversation)
      if (!same(glance, followed.glance)) followed.isDirty = true
      followed.glance = glance
    }
    return conversations.map((conversation) => conversation.getId())
  }

  #readOwn(): Reads {
    const { contacts, conversations } = this.#engine
    const known = new Set([...contacts.map(({ id }) => id), ...conversations.flatMap((conversation) => conversation.getMembers())])
    return { ...readAll(this.#engine, PARLEY_READS), [BLOCKED]: [...known].filter((id) => this.#engine.isBlocked(id)) }
  }

  #begin(id: ConversationId, conversation: Conversation): Followed {
    const followed: Followed = { conversation, reads: {}, glance: [], isDirty: true, stop: () => undefined }
    const mark = (): void => {
      followed.isDirty = true
      this.#flushSoon()
    }
    const names = Object.entries(CONVERSATION_EVENTS).flatMap(([name, marks]) => (marks ? [name as keyof ConversationEvents] : []))
    const stops = names.map((name) => conversation.on(name, mark))
    conversation.doc.on('update', mark)
    followed.stop = () => {
      for (const stop of stops) stop()
      conversation.doc.off('update', mark)
    }
    this.#conversations.set(id, followed)
    return followed
  }

  #markList(): void {
    this.#isListDirty = true
    this.#flushSoon()
  }

  /** Once for everything of this turn. */
  #flushSoon(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    queueMicrotask(() => {
      if (this.#isFlushDue) this.flush()
    })
  }
}

function glanceAt(conversation: Conversation): readonly unknown[] {
  const last = conversation.getLastMessage()
  return [conversation.state, conversation.unread, conversation.isMuted, conversation.getTitle(), last?.id, last?.editedAt, last?.state]
}

function readAll(from: object, names: readonly string[], subject?: ConversationId): Reads {
  return Object.fromEntries(names.map((name) => [name, toPlain(read(from as Record<string, unknown>, name), { subject })]))
}

function read(from: Record<string, unknown>, name: string): Plain {
  const member = from[name]
  return typeof member === 'function' ? (member as () => unknown).call(from) : member
}

function changes(before: Reads, now: Reads): Reads {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => !Object.hasOwn(before, name) || !same(before[name], value)))
}
