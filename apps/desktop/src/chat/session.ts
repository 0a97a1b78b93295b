/**
 * The conversation that is open: its messages, where one is in them, who types, and what is being written.
 */
import type { Conversation, Message, Timeline, User } from '@parley/core'
import type { MessageId, UserId } from '@parley/protocol'
import { EMPTY, edit } from './editor.ts'
import type { Edited } from './editor.ts'
import type { Top } from './scroll.ts'

/** What the text that is written will be when it is sent. */
export interface Writing {
  readonly edited: Edited
  readonly replyTo: Message | undefined
  /** The message of one's own whose text it replaces. */
  readonly replaces: Message | undefined
  /** Paths of files that go with it. */
  readonly files: readonly string[]
}

export const NOTHING_WRITTEN: Writing = { edited: EMPTY, replyTo: undefined, replaces: undefined, files: [] }

export class Session {
  readonly conversation: Conversation
  readonly timeline: Timeline
  readonly typing = new Map<UserId, User>()
  /** What is shown first; undefined at the end, where what is new is shown as it comes. */
  top: Top | undefined
  selected: MessageId | undefined
  writing: Writing = NOTHING_WRITTEN
  readonly #stops: (() => void)[]

  /** Opens where the unread messages begin. `changed` is called whenever there is something new to show. */
  constructor(conversation: Conversation, changed: () => void) {
    this.conversation = conversation
    const { firstUnread, draft } = conversation
    this.timeline = conversation.timeline({ around: 'firstUnread' })
    this.top = firstUnread === undefined ? undefined : { id: firstUnread, row: 0 }
    if (draft !== undefined) this.writing = { ...NOTHING_WRITTEN, edited: edit(draft.text) }
    const heard = (user: User, isTyping: boolean): void => {
      if (isTyping) this.typing.set(user.id, user)
      else this.typing.delete(user.id)
      changed()
    }
    this.#stops = [
      this.timeline.subscribe(changed),
      conversation.on('typing', (user) => heard(user, true)),
      conversation.on('typingStopped', (user) => heard(user, false)),
      ...(['memberStatus', 'memberAdded', 'memberRemoved', 'memberChanged', 'metadataUpdated', 'state', 'syncState'] as const).map(
        (event) => conversation.on(event, changed),
      ),
    ]
  }

  get messages(): readonly Message[] {
    return this.timeline.getSnapshot().messages
  }

  message(id: MessageId | undefined): Message | undefined {
    return this.messages.find((message) => message.id === id)
  }

  /** The message before or after the one that is selected, or the last one. */
  select(by: number): void {
    const { messages } = this
    const at = messages.findIndex(({ id }) => id === this.selected)
    const next = at === -1 ? messages.length - 1 : Math.max(0, Math.min(messages.length - 1, at + by))
    this.selected = messages[next]?.id
  }

  /** Keeps what is written for the next time, but for an edit, which is none of a message to be sent. */
  async keepDraft(): Promise<void> {
    const { edited, replyTo, replaces } = this.writing
    if (replaces !== undefined) return
    await this.conversation.setDraft(edited.text === '' ? undefined : { text: edited.text, replyTo: replyTo?.id })
  }

  close(): void {
    for (const stop of this.#stops) stop()
    this.conversation.stopTyping()
  }
}
