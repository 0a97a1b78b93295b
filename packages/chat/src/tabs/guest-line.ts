/**
 * A guest's line to whichever tab hosts the engine: calls and their answers, across the deaths of hosts. What a host leaves unanswered is
 * asked of the next one.
 */
import type { Logger } from '@parley/core'
import { isParleyError, ParleyError } from '@parley/protocol'
import { watchLock } from './locks.ts'
import {
  BRIDGE_VERSION,
  hostLock,
  readHallMessage,
  readHostMessage,
  type GuestMessage,
  type HallMessage,
  type HostMessage,
  type Subject,
} from './messages.ts'
import { CALL_LIMIT, type CallPlan } from './plan.ts'
import { fromPlain, toPlain, type Finding, type Plain } from './values.ts'

type Said<M> = M extends unknown ? Omit<M, 'host'> : never
type Callback = (...args: unknown[]) => unknown

interface Pending {
  readonly subject: Subject
  readonly name: string
  readonly plan: CallPlan
  readonly args: readonly Plain[]
  readonly callbacks: readonly Callback[]
  /** Conversations that there were when the call was made; for `look` only. */
  readonly known: readonly string[]
  resolve(value: unknown): void
  reject(error: Error): void
  /** The host that has been asked; undefined while nobody has. */
  asked: string | undefined
  /** How many hosts have been asked. */
  asks: number
  /** The caller gave up, which the host has been told. */
  isAborted: boolean
  readonly signals: readonly AbortSignal[]
  readonly onAbort: () => void
}

export interface GuestLineInit {
  readonly scope: string
  /** Name of this guest: of its channel, and of the lock that it holds. */
  readonly name: string
  readonly logger: Logger
  readonly finding: Finding
  /** Everything anew: the first host, or the next one. */
  onWelcome(message: Extract<HostMessage, { kind: 'welcome' }>): void
  /** What a host says that is no answer. */
  onNews(message: Extract<HostMessage, { kind: 'patch' | 'event' | 'doc' | 'people' | 'shown' }>): void
  onRefused(reason: string): void
  /** A host says that it is on its way. */
  onOpening(): void
  /** A callback of a caller threw. */
  onCallbackError(error: unknown): void
}

export class GuestLine {
  readonly #init: GuestLineInit
  readonly #hall: BroadcastChannel
  readonly #channel: BroadcastChannel
  readonly #pending = new Map<number, Pending>()
  #lastCall = 0
  #host: string | undefined
  #garbage = 0
  #closed: ParleyError | undefined
  #stopWatching: () => void = () => undefined

  constructor(init: GuestLineInit) {
    this.#init = init
    this.#hall = new BroadcastChannel(init.scope)
    this.#hall.onmessage = ({ data }: MessageEvent<unknown>) => this.#hearHall(data)
    this.#channel = new BroadcastChannel(init.name)
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => this.#hear(data)
  }

  /** The host that serves us; undefined before the first, and between two. */
  get host(): string | undefined {
    return this.#host
  }

  /** Messages of other tabs that meant nothing. */
  get garbage(): number {
    return this.#garbage
  }

  /** Asks whoever hosts to serve this tab. The lock of our name must be held. */
  attach(): void {
    this.#hall.postMessage({ kind: 'attach', version: BRIDGE_VERSION, guest: this.#init.name } satisfies HallMessage)
  }

  /** Says something that is not answered; when nobody is there, the caller sees to it in `onWelcome`. */
  say(message: Said<GuestMessage>): void {
    if (this.#host !== undefined && this.#closed === undefined) this.#channel.postMessage({ host: this.#host, ...message })
  }

  call(subject: Subject, name: string, plan: CallPlan, args: readonly unknown[], known: readonly string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) throw this.#closed
      const call = ++this.#lastCall
      const callbacks: Callback[] = []
      const signals: AbortSignal[] = []
      const naming = {
        callback: (callback: Callback) => callbacks.push(callback) - 1,
        signal: (signal: AbortSignal) => void signals.push(signal),
      }
      const plain = args.map((arg) => toPlain(arg, naming))
      const aborted = signals.find((signal) => signal.aborted)
      if (aborted !== undefined) throw abortedError(aborted.reason)
      const onAbort = (): void => this.#abort(call)
      for (const signal of signals) signal.addEventListener('abort', onAbort)
      this.#pending.set(call, {
        ...{ subject, name, plan, args: plain, callbacks, known, resolve, reject, signals, onAbort },
        ...{ asked: undefined, asks: 0, isAborted: false },
      })
      this.#askAll()
    })
  }

  /** No more hosts: everything that waits is refused with `error`, as is what comes. */
  close(error: ParleyError): void {
    if (this.#closed !== undefined) return
    this.say({ kind: 'bye' })
    this.#closed = error
    this.#stopWatching()
    this.#hall.close()
    this.#channel.close()
    for (const [call, pending] of this.#pending) this.#settle(call, () => pending.reject(error))
  }

  /** Asks for what nobody has been asked for, in the order of the calls, as far as the limit allows. */
  #askAll(): void {
    const host = this.#host
    if (host === undefined) return
    let room = CALL_LIMIT
    for (const [call, pending] of this.#pending) {
      if (room-- === 0) return
      if (pending.asked === host) continue
      if (pending.isAborted) this.#giveUp(call, pending)
      else this.#ask(call, pending, host)
    }
  }

  #ask(call: number, pending: Pending, host: string): void {
    const { subject, name, args, known, asks } = pending
    pending.asked = host
    pending.asks++
    try {
      this.say({ kind: 'call', call, subject, name, args, again: asks > 0, known })
    } catch (error) {
      // What structured clone refuses.
      const reason = new ParleyError('InvalidArgument', 'an argument cannot be handed to another tab', { cause: error })
      this.#settle(call, () => pending.reject(reason))
    }
  }

  #abort(call: number): void {
    const pending = this.#pending.get(call)
    if (pending === undefined || pending.isAborted) return
    pending.isAborted = true
    // With nobody to tell, the caller is told by us.
    if (this.#host === undefined || pending.asked !== this.#host) this.#giveUp(call, pending)
    else this.say({ kind: 'abort', call, reason: toPlain(asError(reasonOf(pending))) })
  }

  #giveUp(call: number, pending: Pending): void {
    this.#settle(call, () => pending.reject(abortedError(reasonOf(pending))))
  }

  #hearHall(data: unknown): void {
    const message = readHallMessage(data)
    if (message === undefined) return this.#onGarbage()
    if (message.kind === 'attach' || message.host === this.#host || this.#closed !== undefined) return
    if (message.kind === 'opening') return this.#init.onOpening()
    this.attach()
  }

  #hear(data: unknown): void {
    const message = readHostMessage(data)
    if (message === undefined) return this.#onGarbage()
    if (this.#closed !== undefined) return
    if (message.kind === 'welcome') return this.#onWelcome(message)
    if (message.kind === 'refuse') return this.#init.onRefused(message.reason)
    // The last words of the host before.
    if (message.host !== this.#host) return
    switch (message.kind) {
      case 'answer':
      case 'failure':
        return this.#onAnswer(message)
      case 'callback':
        return this.#onCallback(message)
      case 'bye':
        return this.#lose()
      default:
        return this.#init.onNews(message)
    }
  }

  #onWelcome(message: Extract<HostMessage, { kind: 'welcome' }>): void {
    // Said twice when our asking and its announcement crossed.
    if (message.host === this.#host) return
    this.#stopWatching()
    this.#stopWatching = watchLock(hostLock(this.#init.scope, message.host), () => this.#lose())
    this.#host = message.host
    this.#init.onWelcome(message)
    this.#askAll()
  }

  /** The host is gone: nobody is asked anything until the next one announces itself. */
  #lose(): void {
    this.#stopWatching()
    this.#host = undefined
  }

  #onAnswer({ call, kind, value }: Extract<HostMessage, { kind: 'answer' | 'failure' }>): void {
    const pending = this.#pending.get(call)
    if (pending === undefined) return
    this.#settle(call, () => {
      try {
        const result = fromPlain(value, this.#init.finding)
        if (kind === 'answer') return pending.resolve(result)
        // The host before had done it, and did not live to say so.
        if (pending.asks > 1 && pending.plan.again === 'gone' && isGone(result)) return pending.resolve(undefined)
        pending.reject(asError(result))
      } catch (error) {
        pending.reject(asError(error))
      }
    })
    this.#askAll()
  }

  #onCallback({ call, callback, args }: Extract<HostMessage, { kind: 'callback' }>): void {
    try {
      const result = this.#pending.get(call)?.callbacks[callback]?.(...args.map((arg) => fromPlain(arg, this.#init.finding)))
      if (result instanceof Promise) result.catch((error: unknown) => this.#init.onCallbackError(error))
    } catch (error) {
      this.#init.onCallbackError(error)
    }
  }

  #settle(call: number, settle: () => void): void {
    const pending = this.#pending.get(call)
    for (const signal of pending?.signals ?? []) signal.removeEventListener('abort', pending!.onAbort)
    this.#pending.delete(call)
    settle()
  }

  #onGarbage(): void {
    this.#garbage++
    this.#init.logger.debug('tabs.garbage', { count: this.#garbage })
  }
}

const reasonOf = (pending: Pending): unknown => pending.signals.find((signal) => signal.aborted)?.reason

const abortedError = (reason: unknown): ParleyError => new ParleyError('Aborted', 'the caller no longer waits', { cause: reason })

/** What a second deletion says. */
const isGone = (error: unknown): boolean => isParleyError(error, 'MessageNotFound') || isParleyError(error, 'NotFound')

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
