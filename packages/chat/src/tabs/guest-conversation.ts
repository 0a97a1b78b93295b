/** A conversation in a guest: the whole API, over the line to the host. */
import {
  Emitter,
  type Conversation,
  type ConversationEvents,
  type Message,
  type MessagePage,
  type Timeline,
  type TimelineOptions,
  type TimelineSnapshot,
} from '@parley/core'
import type { ConversationId, DeviceId } from '@parley/protocol'
import { ARCHIVE_PLAN, EXPORT_CALL } from './archive.ts'
import { streamOf } from './attachments.ts'
import { closedError, facade } from './facade.ts'
import type { GuestLine } from './guest-line.ts'
import { GuestTimeline } from './guest-timeline.ts'
import { GuestView } from './guest-view.ts'
import { WINDOW_CALL, type HostMessage, type Reads } from './messages.ts'
import { CONVERSATION, type CallPlan } from './plan.ts'
import { ToldMessages } from './told.ts'
import { fromPlain, same, toPlain, type Finding } from './values.ts'

export interface GuestConversationInit {
  readonly id: ConversationId
  readonly line: GuestLine
  readonly finding: Finding
  device(): DeviceId
  isOpen(): boolean
  report(error: unknown, where: string): void
}

/** A window that was opened again where it was moves again. */
const WINDOW_PLAN: CallPlan = { kind: 'call', again: 'same' }

/** Members of the snapshot that come with an event, which a listener would miss when they change between two hosts. */
const ANNOUNCED = { state: 'state', syncState: 'syncState', getMetadata: 'metadataUpdated' } as const

export class GuestConversation {
  readonly conversation: Conversation
  readonly #init: GuestConversationInit
  readonly #events: Emitter<ConversationEvents>
  readonly #listens = new Map<keyof ConversationEvents, number>()
  readonly #reads = new Map<string, unknown>()
  readonly #told: ToldMessages
  /** Live windows that somebody still holds; those that nobody does are given up. */
  readonly #windows = new Map<number, WeakRef<GuestTimeline>>()
  readonly #dropped = new FinalizationRegistry<number>((window) => {
    this.#windows.delete(window)
    this.#init.line.say({ kind: 'unwindow', subject: this.#init.id, window })
  })
  #lastWindow = 0
  /** Made when somebody first looks. */
  #view: GuestView | undefined

  constructor(init: GuestConversationInit) {
    this.#init = init
    this.#events = new Emitter((error, event) => init.report(error, `listener of ${event}`))
    this.#told = new ToldMessages({
      device: init.device,
      getMessages: (page) => init.line.call(init.id, 'getMessages', CONVERSATION.getMessages, [page], []) as Promise<MessagePage>,
      tell: (message) => this.#events.emit('message', message),
    })
    this.conversation = this.#facade()
  }

  /** Members of the snapshot that changed. */
  patch(reads: Reads): void {
    for (const [name, value] of Object.entries(reads)) this.#reads.set(name, fromPlain(value, this.#init.finding))
  }

  /** Another host: its snapshot in full. What listeners and watchers had asked the last one for is asked of it. */
  adopt(reads: Reads): void {
    const before = new Map(this.#reads)
    this.patch(reads)
    for (const event of this.#listens.keys()) this.#init.line.say({ kind: 'listen', subject: this.#init.id, event })
    if (this.#view !== undefined) this.#init.line.say({ kind: 'watch', subject: this.#init.id })
    for (const [window, held] of this.#windows) {
      const timeline = held.deref()
      if (timeline !== undefined) this.#openWindow(window, timeline)
    }
    if (this.#listens.has('message')) this.#told.lookBack().catch((error: unknown) => this.#reportOpen(error, 'messages of the last host'))
    for (const [name, event] of Object.entries(ANNOUNCED))
      if (!same(before.get(name), this.#reads.get(name))) this.#events.emit(event, this.#reads.get(name) as never)
  }

  onEvent(event: keyof ConversationEvents, args: readonly unknown[]): void {
    if (event === 'message') this.#told.hear(args[0] as Message)
    else this.#events.emit(event, ...(args as never))
  }

  onView(message: Extract<HostMessage, { kind: 'doc' | 'people' | 'shown' }>): void {
    if (message.kind === 'shown') {
      const snapshot = fromPlain(message.snapshot, this.#init.finding) as TimelineSnapshot
      return this.#windows.get(message.window)?.deref()?.show(snapshot, message.isReady)
    }
    if (message.kind === 'doc') this.#view?.applyDoc(message.update, message.whole)
    else this.#view?.applyPeople(message.states, message.whole)
  }

  emitError(error: Error): void {
    this.#events.emit('error', error)
  }

  close(): void {
    this.#events.clear()
    this.#view?.destroy()
  }

  #facade(): Conversation {
    const { id, line, isOpen, report } = this.#init
    const view = (): GuestView => this.#watched()
    return facade(
      CONVERSATION,
      {
        getId: () => id,
        on: (name, listener) => this.#on(name, listener),
        timeline: (options = {}) => this.#timeline(options),
        exportConversation: (options = {}) => {
          if (!isOpen()) throw closedError()
          return streamOf(() => line.call(id, EXPORT_CALL, ARCHIVE_PLAN, [options], []) as Promise<Blob>)
        },
        get doc() {
          return view().doc
        },
        get awareness() {
          return view().awareness
        },
      },
      {
        call: (name, plan, args) => line.call(id, name, plan, args, []),
        tell: (name, args) => {
          if (!isOpen()) throw closedError()
          line.say({ kind: 'tell', subject: id, name, args })
        },
        read: (name) => this.#reads.get(name),
        onCallbackError: (error) => report(error, 'callback'),
      },
    )
  }

  /** @throws {Closed} */
  #timeline(options: TimelineOptions): Timeline {
    const { id, line, isOpen, report } = this.#init
    if (!isOpen()) throw closedError()
    const window = ++this.#lastWindow
    const timeline = new GuestTimeline({
      options,
      ask: (method, args) => line.call(id, WINDOW_CALL, WINDOW_PLAN, [window, method, ...args], []) as Promise<void>,
      report: (error) => report(error, 'listener of a window'),
    })
    this.#windows.set(window, new WeakRef(timeline))
    this.#dropped.register(timeline, window)
    this.#openWindow(window, timeline)
    return timeline
  }

  #openWindow(window: number, timeline: GuestTimeline): void {
    this.#init.line.say({ kind: 'window', subject: this.#init.id, window, options: toPlain(timeline.reopening()) })
  }

  #watched(): GuestView {
    if (this.#view === undefined) {
      this.#view = new GuestView()
      this.#init.line.say({ kind: 'watch', subject: this.#init.id })
    }
    return this.#view
  }

  /** The host is asked for an event while somebody listens to it. */
  #on<K extends keyof ConversationEvents>(event: K, listener: ConversationEvents[K]): () => void {
    const { id: subject, line } = this.#init
    const off = this.#events.on(event, listener)
    const count = (this.#listens.get(event) ?? 0) + 1
    this.#listens.set(event, count)
    if (count === 1) {
      line.say({ kind: 'listen', subject, event })
      if (event === 'message') this.#told.begin().catch((error: unknown) => this.#reportOpen(error, 'messages that are there'))
    }
    let isOn = true
    return () => {
      if (!isOn) return
      isOn = false
      off()
      const left = (this.#listens.get(event) ?? 1) - 1
      if (left > 0) return void this.#listens.set(event, left)
      this.#listens.delete(event)
      line.say({ kind: 'unlisten', subject, event })
    }
  }

  /** After `close` nobody waits for what was under way. */
  #reportOpen(error: unknown, where: string): void {
    if (this.#init.isOpen()) this.#init.report(error, where)
  }
}
