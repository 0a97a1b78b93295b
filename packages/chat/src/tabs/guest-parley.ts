/** The client object in a guest: mirrors the host's snapshot and hands out conversations that outlive hosts. */
import { Emitter, type Conversation, type Logger, type Parley, type ParleyEvents } from '@parley/core'
import { ParleyError, type ConversationId } from '@parley/protocol'
import { ARCHIVE_PLAN, blobOf, IMPORT_CALL } from './archive.ts'
import { ATTACHMENT_CALL, ATTACHMENT_PLAN, guestAttachment } from './attachments.ts'
import { closedError, facade } from './facade.ts'
import { GuestConversation } from './guest-conversation.ts'
import { GuestLine } from './guest-line.ts'
import { BLOCKED, type HostMessage, type Reads, type Subject } from './messages.ts'
import { PARLEY } from './plan.ts'
import { fromPlain, type Finding } from './values.ts'

/** Members that move without an event are asked for at most so often, however often they are read. */
const REFRESH_MS = 250

export interface GuestParleyInit {
  readonly scope: string
  readonly name: string
  readonly logger: Logger
  /** A host serves this tab, the first one or the next. */
  onServed(): void
  /** A host says that it is on its way. */
  onOpening(): void
  /** The host cannot serve this tab, ever. */
  onRefused(reason: string): void
  onClose(): Promise<void>
}

export class GuestParley {
  readonly parley: Parley
  readonly line: GuestLine
  readonly #init: GuestParleyInit
  readonly #events: Emitter<ParleyEvents>
  readonly #listens = new Set<keyof ParleyEvents>()
  readonly #reads = new Map<string, unknown>()
  readonly #conversations = new Map<ConversationId, GuestConversation>()
  readonly #finding: Finding = {
    conversation: (id) => this.#conversations.get(id)?.conversation,
    attachment: (subject, facts) =>
      guestAttachment(facts, (...args) => this.line.call(subject, ATTACHMENT_CALL, ATTACHMENT_PLAN, args, [])),
  }
  #order: readonly Conversation[] = []
  #refreshedAt = Number.NEGATIVE_INFINITY
  #isServed = false
  #closing: Promise<void> | undefined

  constructor(init: GuestParleyInit) {
    this.#init = init
    this.#events = new Emitter((error, event) => init.logger.error('listener failed', { event, error: nameOf(error) }))
    this.line = new GuestLine({
      scope: init.scope,
      name: init.name,
      logger: init.logger,
      finding: this.#finding,
      onWelcome: (message) => this.#adopt(message),
      onNews: (message) => this.#onNews(message),
      onRefused: init.onRefused,
      onOpening: init.onOpening,
      onCallbackError: (error) => this.#report(error, 'callback'),
    })
    this.parley = this.#facade()
  }

  /** There will be no host any more: what waits is refused with the reason, and whoever listens hears it. */
  fail(error: ParleyError): void {
    if (this.#closing !== undefined) return
    this.#closing = this.#end(error, [error])
  }

  #adopt({ reads, order, conversations }: Extract<HostMessage, { kind: 'welcome' }>): void {
    const isNext = this.#isServed
    this.#isServed = true
    const known = new Set(this.#conversations.keys())
    for (const [id] of conversations) this.#follow(id)
    this.#patchOwn(reads)
    for (const [id, its] of conversations) {
      if (known.has(id)) this.#conversations.get(id)?.adopt(its)
      else this.#conversations.get(id)?.patch(its)
    }
    this.#setOrder(order)
    for (const event of this.#listens) this.line.say({ kind: 'listen', subject: undefined, event })
    this.#init.onServed()
    if (!isNext) return
    for (const conversation of this.#order) if (!known.has(conversation.getId())) this.#events.emit('conversation', conversation)
    this.#events.emit('conversations')
    this.#events.emit('connection')
  }

  #onNews(message: Extract<HostMessage, { kind: 'patch' | 'event' | 'doc' | 'people' | 'shown' }>): void {
    switch (message.kind) {
      case 'patch': {
        for (const [id] of message.conversations) this.#follow(id)
        this.#patchOwn(message.reads)
        for (const [id, reads] of message.conversations) this.#conversations.get(id)?.patch(reads)
        return message.order === undefined ? undefined : this.#setOrder(message.order)
      }
      case 'event':
        return this.#onEvent(
          message.subject,
          message.event,
          message.args.map((arg) => fromPlain(arg, this.#finding)),
        )
      case 'doc':
      case 'people':
      case 'shown':
        return this.#conversations.get(message.subject)?.onView(message)
    }
  }

  #onEvent(subject: Subject, event: string, args: readonly unknown[]): void {
    if (subject !== undefined) this.#conversations.get(subject)?.onEvent(event as never, args)
    else this.#events.emit(event as keyof ParleyEvents, ...(args as never))
  }

  #patchOwn(reads: Reads): void {
    for (const [name, value] of Object.entries(reads)) this.#reads.set(name, fromPlain(value, this.#finding))
  }

  #setOrder(order: readonly ConversationId[]): void {
    this.#order = Object.freeze(order.flatMap((id) => this.#conversations.get(id)?.conversation ?? []))
  }

  #follow(id: ConversationId): void {
    if (this.#conversations.has(id)) return
    const conversation = new GuestConversation({
      id,
      line: this.line,
      finding: this.#finding,
      device: () => this.parley.me.deviceId,
      isOpen: () => this.#closing === undefined,
      report: (error, where) => this.#report(error, where),
    })
    this.#conversations.set(id, conversation)
  }

  #facade(): Parley {
    const order = (): readonly Conversation[] => [...this.#order]
    return facade(
      PARLEY,
      {
        get conversations() {
          return order()
        },
        conversation: (id) => this.#conversations.get(id)?.conversation,
        isBlocked: (id) => (this.#reads.get(BLOCKED) as readonly string[]).includes(id),
        on: (name, listener) => this.#on(name, listener),
        importConversation: async (source, options = {}) =>
          (await this.line.call(undefined, IMPORT_CALL, ARCHIVE_PLAN, [await blobOf(source), options], [])) as Conversation,
        close: () => (this.#closing ??= this.#close()),
      },
      {
        call: (name, plan, args) =>
          this.line.call(undefined, name, plan, args, plan.again === 'look' ? [...this.#conversations.keys()] : []),
        // Like the engine, a client that has been closed does not mind being told.
        tell: (name, args) => this.line.say({ kind: 'tell', subject: undefined, name, args }),
        read: (name, plan) => {
          if (plan.fresh === true) this.#refresh()
          return this.#reads.get(name)
        },
        onCallbackError: (error) => this.#report(error, 'callback'),
      },
    )
  }

  #on<K extends keyof ParleyEvents>(event: K, listener: ParleyEvents[K]): () => void {
    if (!this.#listens.has(event)) this.line.say({ kind: 'listen', subject: undefined, event })
    this.#listens.add(event)
    return this.#events.on(event, listener)
  }

  #refresh(): void {
    const now = performance.now()
    if (now - this.#refreshedAt < REFRESH_MS) return
    this.#refreshedAt = now
    this.line.say({ kind: 'refresh' })
  }

  async #close(): Promise<void> {
    await this.#end(closedError(), [])
    await this.#init.onClose()
  }

  async #end(refusal: ParleyError, news: readonly Error[]): Promise<void> {
    this.line.close(refusal)
    for (const error of news) this.#events.emit('error', error)
    for (const conversation of this.#conversations.values()) conversation.close()
    this.#events.clear()
  }

  #report(error: unknown, where: string): void {
    this.#init.logger.error('failure', { where, error: nameOf(error) })
    this.#events.emit('error', error instanceof Error ? error : new Error(String(error)))
  }
}

/** Never the message, which may quote what was said. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)
