/** The parts of one open conversation, put together: who needs whom, in which order they start, and how they end. */
import type { ConversationId, MessageId } from '@parley/protocol'
import type { ConversationEvents } from '../api.ts'
import type { Attachments } from '../attachments/attachments.ts'
import { ConversationAttachments } from '../attachments/conversation-attachments.ts'
import type { Context } from '../context.ts'
import type { Network } from '../network/network.ts'
import type { Shared } from '../network/session-line.ts'
import type { Replica } from '../replica/replica.ts'
import type { SearchBudget } from '../search/budget.ts'
import { ConversationSearch } from '../search/conversation-search.ts'
import { Emitter } from '../support/emitter.ts'
import { Announcements } from './announcements.ts'
import type { Forwarded } from './compose.ts'
import { Delivery } from './delivery.ts'
import { Details } from './details.ts'
import { Drafts } from './drafts.ts'
import { InOrder } from './in-order.ts'
import { Invites } from './invites.ts'
import { MemberChanges } from './member-changes.ts'
import { Members } from './members.ts'
import { MessageActions } from './message-actions.ts'
import { Messages } from './messages.ts'
import { NewestMessages } from './newest.ts'
import type { People } from './people.ts'
import { ConversationPreferences } from './preferences.ts'
import { Presence } from './presence.ts'
import { Receipts } from './receipts.ts'
import { ShownChanges } from './shown-changes.ts'
import { Standing } from './standing.ts'
import { SyncProgress } from './sync-progress.ts'
import { ViewUpdates } from './view-updates.ts'
import { View } from './view.ts'
import type * as Y from 'yjs'

/** The folds are written down so long after the last change. */
const CHECKPOINT_AFTER_MS = 2_000

/** What is older than is to be kept goes so long after opening, and so often. */
const LET_GO_AFTER_MS = 10_000
const LET_GO_EVERY_MS = 3_600_000

/** Keeps a copy of the view document somewhere, so that it can be shown before the engine is up. */
export interface ViewCache {
  open(conversation: ConversationId, doc: Y.Doc): CachedView
}

export interface CachedView {
  /** Resolves once the document has what was kept. */
  readonly loaded: Promise<void>
  /** Forgets what the document does not say any more: a message was deleted. */
  purge(): Promise<void>
  close(): Promise<void>
}

export interface ConversationInit {
  context: Context
  replica: Replica
  network: Network
  /** The files of the profile; undefined when it has no place for them. */
  attachments: Attachments | undefined
  /** Contacts, and whom this user does not want to hear. */
  people: People
  viewCache: ViewCache | undefined
  /** What the search may hold in memory, of all conversations. */
  searchBudget: SearchBudget
  /** Finds a message that is to be forwarded, in any conversation of the profile. */
  findForward(id: MessageId): Promise<Forwarded | undefined>
  /** Says to the other devices of this user what they share of this conversation. */
  share(what: SharedDetail, value: string | boolean | null): void
  /** What a conversation list shows of it changed. */
  onListChange(): void
}

/** What the devices of a person share of each conversation, beside what is said in it. */
export type SharedDetail = 'muted' | 'draft'

export class ConversationParts {
  readonly context: Context
  readonly replica: Replica
  readonly people: People
  readonly events: Emitter<ConversationEvents>
  readonly standing: Standing
  readonly details: Details
  readonly presence: Presence
  readonly receipts: Receipts
  readonly preferences: ConversationPreferences
  readonly drafts: Drafts
  readonly newest: NewestMessages
  readonly messages: Messages
  readonly actions: MessageActions
  readonly files: ConversationAttachments
  readonly search: ConversationSearch
  readonly members: Members
  readonly changes: MemberChanges
  readonly invites: Invites
  readonly delivery: Delivery
  readonly progress: SyncProgress
  readonly view = new View()
  readonly announcements: Announcements
  readonly shown: ShownChanges
  readonly share: ConversationInit['share']
  readonly #inOrder: InOrder
  readonly #views: ViewUpdates
  readonly blobs: Attachments | undefined
  readonly #viewCache: CachedView | undefined
  #isPurgeDue = false
  #cancelCheckpoint: (() => void) | undefined
  #cancelLetGo = (): void => undefined

  constructor({
    context,
    replica,
    network,
    attachments,
    viewCache,
    searchBudget,
    findForward,
    people,
    share,
    onListChange,
  }: ConversationInit) {
    const { view } = this
    const preferences = new ConversationPreferences(context, replica.keys, () => this.announcements.onPreferences())
    const receipts = new Receipts(context, replica, preferences)
    const presence = new Presence(context, replica)
    const newest = new NewestMessages(context, replica, receipts, preferences, (user) => people.isBlocked(user))
    const events = new Emitter<ConversationEvents>((error, event) => context.report(error, `listener of ${event}`))
    const standing = new Standing(replica, events)
    const details = new Details({ replica, people, standing })
    const inOrder = new InOrder(context, events, standing)
    const members = new Members({ context, replica, presence, people })
    const delivery = new Delivery({
      context,
      replica,
      events,
      inOrder,
      onChange: () => this.#views.schedule(),
      onDelivered: () => this.#scheduleCheckpoint(),
    })
    const files = new ConversationAttachments(context, replica, attachments)
    const messages = new Messages({
      context,
      replica,
      receipts,
      presence,
      members,
      delivery,
      standing,
      inOrder,
      attachments: files,
      preferences,
      people,
      findForward,
    })
    const progress = new SyncProgress(replica, network, events)
    const isSyncing = (): boolean => progress.state.phase === 'syncing'
    const views = new ViewUpdates({ context, replica, view, newest, messages, members, presence, standing, inOrder, isSyncing })
    this.announcements = new Announcements({
      context,
      replica,
      receipts,
      presence,
      events,
      inOrder,
      newest,
      messages,
      members,
      delivery,
      views,
      preferences,
      people,
      details,
      onListChange,
    })
    this.context = context
    this.share = share
    this.replica = replica
    this.people = people
    this.events = events
    this.standing = standing
    this.details = details
    this.presence = presence
    this.receipts = receipts
    this.preferences = preferences
    this.drafts = new Drafts(context, replica.keys)
    this.newest = newest
    this.messages = messages
    this.actions = new MessageActions({ context, replica, messages, members, receipts, delivery, standing, inOrder })
    this.files = files
    this.search = new ConversationSearch({ context, replica, messages, attachments: files, people, standing, budget: searchBudget })
    this.members = members
    this.changes = new MemberChanges({ context, replica, standing, people })
    this.invites = new Invites({ context, replica, network, standing })
    this.delivery = delivery
    this.progress = progress
    this.shown = new ShownChanges({ replica, receipts, events })
    this.#inOrder = inOrder
    this.#views = views
    this.blobs = attachments
    this.#viewCache = viewCache?.open(replica.id, view.doc)
  }

  /** Reads what is stored and begins to listen. `onProgress` hears that entries came or are missing. */
  async open(onProgress: () => void): Promise<Shared> {
    const { context, replica, receipts, presence, delivery, newest } = this
    await this.preferences.load()
    await this.drafts.load()
    await receipts.load()
    await delivery.load()
    await this.invites.load()
    await this.#viewCache?.loaded
    this.announcements.listen()
    replica.events.on('entries', () => this.#scheduleCheckpoint())
    replica.events.on('timeline', (changes) => {
      if (changes.length === 0 || changes.some(({ type }) => type === 'deleted')) this.#purgeView()
    })
    await newest.load()
    await this.files.open()
    delivery.noteOwn(newest.contents.map((content) => content.key))
    await this.#views.showMessages()
    this.announcements.noteControl()
    presence.start()
    this.#scheduleLetGo(LET_GO_AFTER_MS)
    return {
      context,
      replica,
      receipts,
      presence,
      blobs: this.blobs,
      onStored: (device, nextSeq, from) => delivery.noteStored(device, nextSeq, from),
      onProgress,
    }
  }

  /** Whether the view document shows what the timeline says; it does afterwards. */
  verifyView(): Promise<boolean> {
    return this.#views.verify()
  }

  /** Ends everything; safe to call twice. */
  async close(): Promise<void> {
    if (this.standing.isClosed) return
    this.standing.close()
    this.#cancelCheckpoint?.()
    this.#cancelLetGo()
    this.#views.stop()
    this.files.close()
    this.search.close()
    try {
      await this.presence.stop()
      await this.drafts.flush()
      await this.replica.close()
    } finally {
      await this.#inOrder.idle()
      await this.#viewCache?.close()
      this.events.clear()
      this.view.destroy()
    }
  }

  /** What is gone is not shown any more, and not kept to be shown; once for all that goes until then. */
  #purgeView(): void {
    if (this.#viewCache === undefined || this.#isPurgeDue) return
    this.#isPurgeDue = true
    this.#inOrder.run(async () => {
      this.#isPurgeDue = false
      await this.#views.showMessages()
      await this.#viewCache?.purge()
    }, 'view cache')
  }

  #scheduleLetGo(afterMs: number): void {
    const { clock, replicate = 'all' } = this.context
    if (typeof replicate === 'string') return
    this.#cancelLetGo = clock.setTimeout(() => {
      this.#scheduleLetGo(LET_GO_EVERY_MS)
      this.replica
        .whenStill(() => this.replica.history.letGo())
        .then((isGone) => (isGone ? this.blobs?.sweep() : undefined))
        .catch((error: unknown) => this.context.report(error, 'letting go of the past'))
    }, afterMs)
  }

  #scheduleCheckpoint(): void {
    if (this.standing.isClosed) return
    this.#cancelCheckpoint ??= this.context.clock.setTimeout(() => {
      this.#cancelCheckpoint = undefined
      Promise.all([this.replica.checkpoint(), this.context.store.write([this.delivery.row()])]).catch((error: unknown) =>
        this.context.report(error, 'checkpoint'),
      )
    }, CHECKPOINT_AFTER_MS)
  }
}
