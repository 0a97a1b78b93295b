/**
 * The messages of the conversation that is open: which of them are seen, and fetching more as one gets near their end.
 */
import type { MessageId } from '@parley/protocol'
import { nameOf } from '../format.ts'
import type { ChatApp } from './app.ts'
import { messageBlocks } from './message-rows.ts'
import type { Row } from './paint.ts'
import { scrolled, show } from './scroll.ts'
import type { Block } from './scroll.ts'
import type { Session } from './session.ts'

export class MessagePane {
  readonly #app: ChatApp
  #isLoading = false
  #seenUpTo: MessageId | undefined

  constructor(app: ChatApp) {
    this.#app = app
  }

  /** Another conversation is open now. */
  forget(): void {
    this.#isLoading = false
    this.#seenUpTo = undefined
  }

  rows(session: Session, columns: number, rows: number): readonly Row[] {
    const shown = show(this.#blocks(session, columns), rows, session.top, session.selected)
    const { timeline, conversation } = session
    const { hasAfter, hasBefore } = timeline.getSnapshot()
    const isAtEnd = shown.isAtEnd && !hasAfter
    session.top = isAtEnd ? undefined : shown.top
    if (hasBefore && shown.above < rows) this.#loadMore(async () => timeline.loadBefore())
    else if (hasAfter && shown.below < rows) this.#loadMore(async () => timeline.loadAfter())
    if (isAtEnd && conversation.unread > 0) this.#markSeen(session)
    // What is said last stands above where one writes.
    return [...Array.from({ length: rows - shown.rows.length }, () => []), ...shown.rows]
  }

  /** So many rows further down, or up when negative. */
  scroll(session: Session, columns: number, rows: number, by: number): void {
    session.top = scrolled(this.#blocks(session, columns), rows, session.top, by)
  }

  #blocks({ messages, selected, timeline, conversation }: Session, columns: number): Block[] {
    const { init, parley } = this.#app
    const members = conversation.members()
    const people = new Map([...conversation.formerMembers(), ...members].map((one) => [one.id, one]))
    return messageBlocks(messages, {
      terminal: init.terminal,
      columns,
      self: parley.me.id,
      selected,
      firstUnread: timeline.getSnapshot().firstUnread,
      isAlone: members.length < 2,
      who: (id) => nameOf({ id, name: people.get(id)?.name ?? '' }),
    })
  }

  /** Once for each message that comes last: what fails, in a conversation that one has left, would else be tried with every frame. */
  #markSeen({ conversation, messages }: Session): void {
    const last = messages.at(-1)?.id
    if (last === this.#seenUpTo) return
    this.#seenUpTo = last
    this.#app.run(async () => conversation.seen())
  }

  /** One at a time, and none after one that failed. */
  #loadMore(load: () => Promise<void>): void {
    if (this.#isLoading) return
    this.#isLoading = true
    this.#app.run(async () => {
      await load()
      this.#isLoading = false
    })
  }
}
