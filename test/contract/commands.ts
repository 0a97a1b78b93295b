/** What a test asks of a peer that runs somewhere else, and what it hears back: everything that travels is data. */
import type { ConversationEvents } from '@parley/core'

/** `on` is `parley`, the id of a conversation, or `CONVERSATION/ATTACHMENT`; a member that is no function is read. */
export interface MemberCall {
  readonly on: string
  readonly member: string
  readonly args: readonly unknown[]
}

export type Command =
  | ({ do: 'call' } & MemberCall)
  /** Calls, and tells what kind of object came back instead of what it holds. */
  | ({ do: 'shape' } & MemberCall)
  | { do: 'abort'; signal: number }
  /** How many events of the conversation were heard so far; from the first time on they are recorded. */
  | { do: 'listen'; conversation: string }
  /** Those from `from` on; waits for one when there is none yet. */
  | { do: 'events'; conversation: string; from: number }
  /** Adds listeners of `message` that throw, reject, and were taken away again. */
  | { do: 'misbehave'; conversation: string }
  /** Messages of the `error` events of the peer so far. */
  | { do: 'errors' }
  /** The disk has room again. */
  | { do: 'widen' }

export interface HeardEvent {
  readonly name: keyof ConversationEvents
  readonly args: readonly unknown[]
  /** Of `message`: whether it could be read by `getMessages` when it was announced. */
  readonly isReadable?: boolean
}

/** What kind of object a call gave. */
export interface Shape {
  /** With all that it holds. */
  readonly isFrozen: boolean
  /** It is of no class. */
  readonly isPlain: boolean
  readonly keys: readonly string[]
}

export interface Answer {
  readonly value?: unknown
  readonly error?: { readonly name: string; readonly message: string; readonly code: unknown; readonly retryable: unknown }
  /** The calls of functions among the arguments, by their numbers. */
  readonly calls: readonly { readonly number: number; readonly args: readonly unknown[] }[]
}

/** In place of a function among the arguments. */
export interface FunctionMark {
  readonly $function: number | 'throws'
}

/** In place of a signal. */
export interface SignalMark {
  readonly $signal: number
  readonly isAborted: boolean
}

/** In place of a `File`. */
export interface FileMark {
  readonly $file: Uint8Array
  readonly name: string
  readonly type: string
}
