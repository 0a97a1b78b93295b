/** When the view document follows what happened, and what it then shows. */
import { equalBytes, type UserId } from '@parley/protocol'
import type { Message, Metadata } from '../api.ts'
import type { Context } from '../context.ts'
import type { Content } from '../replica/content-cache.ts'
import type { Replica } from '../replica/replica.ts'
import type { InOrder } from './in-order.ts'
import type { Members } from './members.ts'
import type { Messages } from './messages.ts'
import type { NewestMessages } from './newest.ts'
import type { Presence } from './presence.ts'
import type { Standing } from './standing.ts'
import type { View } from './view.ts'

/** The view document follows at most so often while much happens, for each time costs a look at all that it shows; what comes alone shows at once. */
const VIEW_EVERY_MS = 50

/** And while a history comes in, when every look costs reading it again. */
const VIEW_WHILE_SYNCING_MS = 200

export class ViewUpdates {
  readonly #context: Context
  readonly #replica: Replica
  readonly #view: View
  readonly #newest: NewestMessages
  readonly #messages: Messages
  readonly #members: Members
  readonly #presence: Presence
  readonly #standing: Standing
  readonly #inOrder: InOrder
  readonly #isSyncing: () => boolean
  #cancel: (() => void) | undefined
  /** Messages as they are shown, while nothing happens that makes them look different. */
  #shown: ReadonlyMap<Content, Message> = new Map()
  /** Whether the document is to follow, and does not yet. */
  #isDue = false
  #shownAt = Number.NEGATIVE_INFINITY

  /** `isSyncing`: a history comes in. */
  constructor(options: {
    context: Context
    replica: Replica
    view: View
    newest: NewestMessages
    messages: Messages
    members: Members
    presence: Presence
    standing: Standing
    inOrder: InOrder
    isSyncing: () => boolean
  }) {
    this.#context = options.context
    this.#replica = options.replica
    this.#view = options.view
    this.#newest = options.newest
    this.#messages = options.messages
    this.#members = options.members
    this.#presence = options.presence
    this.#standing = options.standing
    this.#inOrder = options.inOrder
    this.#isSyncing = options.isSyncing
  }

  stop(): void {
    this.#cancel?.()
  }

  /** Shows the newest messages now, each looked at anew. */
  showMessages(): Promise<void> {
    this.#shown = new Map()
    return this.#showMessages()
  }

  async #showMessages(): Promise<void> {
    await this.#newest.settle()
    if (this.#standing.isClosed) return
    this.#shownAt = this.#context.clock.now()
    this.#isDue = false
    const before = this.#shown
    // What is known of a file changes by itself.
    const known = (content: Content): Message | undefined => (content.payload.attachments.length > 0 ? undefined : before.get(content))
    this.#shown = new Map(this.#newest.contents.map((content) => [content, known(content) ?? this.#messages.message(content)]))
    this.#view.show({ messages: [...this.#shown.values()] })
  }

  /** Whether the document, as far as it is to follow by now, shows what the timeline says; it does afterwards. */
  async verify(): Promise<boolean> {
    for (;;) {
      // What is written is folded, and what is folded told.
      const heads = await this.#replica.whenStill(async () => this.#replica.sum())
      await this.#inOrder.idle()
      if (this.#isDue) {
        this.#cancel?.()
        this.#cancel = undefined
        await this.showMessages()
      }
      const before = this.#view.messages()
      const { stamp } = this.#newest
      await this.#newest.load()
      // Something happened to the messages in between.
      if (stamp !== this.#newest.stamp) continue
      await this.showMessages()
      if (equalBytes(heads, this.#replica.sum())) return before === this.#view.messages()
    }
  }

  /** Shows the newest messages soon; `isNews`: messages came, went or changed, and nothing else did that shows in them. */
  schedule({ isNews = false } = {}): void {
    if (!isNews) this.#shown = new Map()
    if (this.#standing.isClosed) return
    this.#isDue = true
    const every = this.#isSyncing() ? VIEW_WHILE_SYNCING_MS : VIEW_EVERY_MS
    // Never longer than the interval: the clock may have been set back since.
    const wait = Math.min(every, Math.max(0, this.#shownAt + every - this.#context.clock.now()))
    this.#cancel ??= this.#context.clock.setTimeout(() => {
      this.#cancel = undefined
      this.#inOrder.run(() => this.#showMessages(), 'view')
    }, wait)
  }

  /** Shows who is in the conversation. */
  showMembers(): void {
    this.#view.show({ members: this.#members.all() })
  }

  /** The same, with the metadata. */
  showControl(metadata: Metadata): void {
    this.#view.show({ metadata: { ...metadata }, members: this.#members.all() })
  }

  /** Shows what a person does. */
  showPresence(user: UserId): void {
    const { id, name } = this.#members.user(user)
    this.#view.present(user, this.#presence.isOnline(user) ? { user: { id, name }, typing: this.#presence.isTyping(user) } : undefined)
  }
}
