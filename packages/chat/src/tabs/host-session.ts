/** One guest, as the tab with the engine serves it. */
import type { Conversation, ConversationEvents, ImportOptions, Parley, ParleyEvents, TimelineOptions } from '@parley/core'
import { ParleyError, type ConversationId } from '@parley/protocol'
import * as Y from 'yjs'
import { ARCHIVE_PLAN, exportBlob, EXPORT_CALL, IMPORT_CALL } from './archive.ts'
import { askAttachment, ATTACHMENT_CALL, ATTACHMENT_PLAN } from './attachments.ts'
import { HostWindows } from './host-windows.ts'
import { lookFor } from './look.ts'
import { readGuestMessage, WINDOW_CALL, type GuestMessage, type HostMessage, type Subject } from './messages.ts'
import type { Mirror } from './mirror.ts'
import { CALL_LIMIT, isEvent, planOf, type CallPlan } from './plan.ts'
import { fromPlain, toPlain, type Finding, type Plain } from './values.ts'

type Listener = (...args: unknown[]) => void
type Said<M> = M extends unknown ? Omit<M, 'host'> : never
type Member = (...args: unknown[]) => unknown

export interface HostSessionInit {
  readonly engine: Parley
  readonly mirror: Mirror
  /** Name of this host, in every message. */
  readonly host: string
  /** The guest's channel, which it listens on already. */
  readonly channel: BroadcastChannel
  /** Bytes of the guest's channel that mean nothing. */
  onGarbage(): void
  onBye(): void
}

export class HostSession {
  readonly #init: HostSessionInit
  /** Calls under way, with what aborts them. */
  readonly #calls = new Map<number, AbortController>()
  readonly #listens = new Map<string, () => void>()
  readonly #watches = new Map<ConversationId, () => void>()
  readonly #windows: HostWindows
  #isEnded = false

  constructor(init: HostSessionInit) {
    this.#init = init
    this.#windows = new HostWindows((subject, window, snapshot, isReady) => this.say({ kind: 'shown', subject, window, snapshot, isReady }))
    init.channel.onmessage = ({ data }: MessageEvent<unknown>) => this.#hear(data)
  }

  say(message: Said<HostMessage>): void {
    if (!this.#isEnded) this.#init.channel.postMessage({ host: this.#init.host, ...message })
  }

  /** The guest is gone, or we are: nothing more is said, and what it waits for is aborted. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#init.channel.close()
    for (const stop of [...this.#listens.values(), ...this.#watches.values()]) stop()
    this.#windows.closeAll()
    for (const call of this.#calls.values()) call.abort()
    this.#calls.clear()
  }

  #hear(data: unknown): void {
    const message = readGuestMessage(data)
    if (message === undefined) return this.#init.onGarbage()
    // Meant for the host before this one: the guest says it again once it knows.
    if (message.host !== this.#init.host || this.#isEnded) return
    switch (message.kind) {
      case 'call':
        return void this.#call(message)
      case 'abort':
        return this.#calls.get(message.call)?.abort(fromPlain(message.reason, this.#finding()))
      case 'tell':
        return void this.#tell(message)
      case 'listen':
        return this.#listen(message.subject, message.event)
      case 'unlisten':
        return this.#unlisten(message.subject, message.event)
      case 'watch':
        return this.#watch(message.subject)
      case 'window':
        return this.#openWindow(message)
      case 'unwindow':
        return this.#windows.close(message.subject, message.window)
      case 'refresh':
        this.#init.mirror.mark(undefined)
        return this.#init.mirror.flush()
      case 'bye':
        return this.#init.onBye()
    }
  }

  async #call(message: Extract<GuestMessage, { kind: 'call' }>): Promise<void> {
    const { call, subject, name } = message
    const plan = extraPlan(subject, name) ?? planOf(subject, name)
    if (plan?.kind !== 'call' || this.#calls.has(call)) return this.#init.onGarbage()
    const abort = new AbortController()
    try {
      if (this.#calls.size >= CALL_LIMIT) throw new ParleyError('TooLarge', 'too many calls of one tab are under way')
      this.#calls.set(call, abort)
      const args = message.args.map((arg) => fromPlain(arg, this.#finding(call, abort)))
      const made = message.again && plan.again === 'look' ? lookFor(this.#init.engine, name, args, message.known) : undefined
      const value = made ?? (await this.#member(subject, name)(...args))
      this.#answer(call, subject, toPlain(value, { subject }), 'answer')
    } catch (error) {
      this.#answer(call, subject, toPlain(asError(error)), 'failure')
    }
  }

  /** Whoever hears of the end of a call finds everything that it changed in the snapshot. */
  #answer(call: number, subject: Subject, value: Plain, kind: 'answer' | 'failure'): void {
    this.#calls.delete(call)
    if (this.#isEnded) return
    this.#init.mirror.mark(subject)
    this.#init.mirror.flush()
    try {
      this.say({ kind, call, value })
    } catch (error) {
      // What structured clone refuses. The call is done, only its result cannot be told.
      this.say({
        kind: 'failure',
        call,
        value: toPlain(new ParleyError('Internal', 'the result cannot be handed to another tab', { cause: error })),
      })
    }
  }

  async #tell({ subject, name, args }: Extract<GuestMessage, { kind: 'tell' }>): Promise<void> {
    if (planOf(subject, name)?.kind !== 'tell') return this.#init.onGarbage()
    try {
      await this.#member(subject, name)(...args.map((arg) => fromPlain(arg, this.#finding())))
    } catch (error) {
      this.say({ kind: 'event', subject, event: 'error', args: [toPlain(asError(error))] })
    }
  }

  #member(subject: Subject, name: string): Member {
    const target = subject === undefined ? this.#init.engine : this.#init.engine.conversation(subject)
    if (target === undefined) throw new ParleyError('NotFound', 'there is no such conversation')
    if (name === IMPORT_CALL) return (source, options) => this.#init.engine.importConversation(source as Blob, options as ImportOptions)
    if (name === EXPORT_CALL) return (...args) => exportBlob(target as Conversation, args)
    if (name === WINDOW_CALL) return (...args) => this.#windows.ask(subject!, args)
    if (name === ATTACHMENT_CALL) return (...args) => askAttachment(target as Conversation, args)
    const member = (target as unknown as Record<string, Member | undefined>)[name]
    if (member === undefined) throw new ParleyError('Internal', `the engine has no ${name}`)
    return member.bind(target)
  }

  #listen(subject: Subject, event: string): void {
    const key = listenKey(subject, event)
    if (!isEvent(subject, event)) return this.#init.onGarbage()
    if (this.#listens.has(key)) return
    const forward: Listener = (...args) => {
      this.#init.mirror.mark(subject)
      this.#init.mirror.flush()
      this.say({ kind: 'event', subject, event, args: args.map((arg) => toPlain(arg, { subject })) })
    }
    const { engine } = this.#init
    const stop =
      subject === undefined
        ? engine.on(event as keyof ParleyEvents, forward)
        : engine.conversation(subject)?.on(event as keyof ConversationEvents, forward)
    if (stop !== undefined) this.#listens.set(key, stop)
  }

  #unlisten(subject: Subject, event: string): void {
    const key = listenKey(subject, event)
    this.#listens.get(key)?.()
    this.#listens.delete(key)
  }

  /** From here on the guest gets every update of the view document and of who is there. */
  #watch(subject: Subject): void {
    const conversation = subject === undefined ? undefined : this.#init.engine.conversation(subject)
    if (conversation === undefined || subject === undefined || this.#watches.has(subject)) return
    const { doc, awareness } = conversation
    const onDoc = (update: Uint8Array): void => this.say({ kind: 'doc', subject, update, whole: false })
    const onPeople = (change: { added: number[]; updated: number[]; removed: number[] }): void => {
      const states = [...change.added, ...change.updated, ...change.removed].map((client) => stateOf(conversation, client))
      this.say({ kind: 'people', subject, states, whole: false })
    }
    this.say({ kind: 'doc', subject, update: Y.encodeStateAsUpdate(doc), whole: true })
    this.say({
      kind: 'people',
      subject,
      states: [...awareness.getStates().keys()].map((client) => stateOf(conversation, client)),
      whole: true,
    })
    doc.on('update', onDoc)
    awareness.on('update', onPeople)
    this.#watches.set(subject, () => {
      doc.off('update', onDoc)
      awareness.off('update', onPeople)
    })
  }

  #openWindow({ subject, window, options }: Extract<GuestMessage, { kind: 'window' }>): void {
    const conversation = this.#init.engine.conversation(subject)
    if (conversation === undefined) return
    try {
      this.#windows.open(conversation, window, fromPlain(options, this.#finding()) as TimelineOptions)
    } catch (error) {
      this.say({ kind: 'shown', subject, window, snapshot: { ...NO_WINDOW, error: toPlain(asError(error)) }, isReady: true })
    }
  }

  #finding(call?: number, abort?: AbortController): Finding {
    return {
      conversation: (id) => this.#init.engine.conversation(id),
      ...(call === undefined || abort === undefined
        ? {}
        : {
            callback:
              (callback) =>
              (...args: unknown[]) =>
                this.say({ kind: 'callback', call, callback, args: args.map((arg) => toPlain(arg)) }),
            signal: (aborted: boolean, reason: unknown) => {
              if (aborted) abort.abort(reason)
              return abort.signal
            },
          }),
    }
  }
}

/** What a window shows that could not be opened. */
const NO_WINDOW = { messages: [], total: 0, offset: 0, hasBefore: false, hasAfter: false, isLoading: false }

/** How calls that are beside the API are made again. */
function extraPlan(subject: Subject, name: string): CallPlan | undefined {
  if (subject === undefined) return name === IMPORT_CALL ? ARCHIVE_PLAN : undefined
  if (name === EXPORT_CALL) return ARCHIVE_PLAN
  return name === ATTACHMENT_CALL || name === WINDOW_CALL ? ATTACHMENT_PLAN : undefined
}

const listenKey = (subject: Subject, event: string): string => `${event} ${subject ?? ''}`

function stateOf(conversation: Conversation, client: number): readonly [number, Plain] {
  return [client, conversation.awareness.getStates().get(client) ?? null]
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
