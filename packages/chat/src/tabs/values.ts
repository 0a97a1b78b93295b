/**
 * Values on their way between tabs. Structured clone carries nearly everything, Blob, File and Uint8Array included; what it would lose or
 * refuse is replaced by a marked object: errors with their code, conversations, callbacks and abort signals.
 */
import type { Conversation } from '@parley/core'
import { attachmentFacts, isAttachment } from './attachments.ts'
import { isParleyError, ParleyError, type ConversationId, type ErrorCode } from '@parley/protocol'

/** What structured clone carries as it is. */
export type Plain = unknown

/** The key of marked objects. A plain object that has it is wrapped, so that no metadata of a peer can pass for one. */
const MARK = '$parley'
/** Deeper values are refused: the API has none, so it is a cycle. */
const MAX_DEPTH = 32

type Marked =
  | { kind: 'plain'; value: Record<string, unknown> }
  | { kind: 'error'; name: string; message: string; code: string | undefined; cause: Plain }
  | { kind: 'conversation'; id: ConversationId }
  | { kind: 'attachment'; subject: ConversationId | undefined; facts: Record<string, unknown> }
  | { kind: 'callback'; callback: number }
  | { kind: 'signal'; aborted: boolean; reason: Plain }

/** How the things that only live in one tab are named. What a side does not offer is refused. */
export interface Naming {
  /** The conversation that the value is about. */
  readonly subject?: ConversationId | undefined
  callback?(callback: (...args: unknown[]) => unknown): number
  signal?(signal: AbortSignal): void
}

/** How names become things again. */
export interface Finding {
  conversation(id: ConversationId): Conversation | undefined
  attachment?(subject: ConversationId | undefined, facts: Readonly<Record<string, unknown>>): object
  callback?(callback: number): (...args: unknown[]) => void
  signal?(aborted: boolean, reason: unknown): AbortSignal
}

/** @throws {InvalidArgument} for what cannot be said to another tab. */
export function toPlain(value: unknown, naming: Naming = {}, depth = 0): Plain {
  if (typeof value === 'function') {
    if (naming.callback === undefined) throw unspeakable('a function')
    return marked({ kind: 'callback', callback: naming.callback(value as (...args: unknown[]) => unknown) })
  }
  if (typeof value === 'symbol') throw unspeakable('a symbol')
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_DEPTH) throw unspeakable('a value that deep')
  if (value instanceof Error) return errorToPlain(value, depth)
  if (isSignal(value)) {
    naming.signal?.(value)
    return marked({ kind: 'signal', aborted: value.aborted, reason: toPlain(value.reason, {}, depth + 1) })
  }
  if (Array.isArray(value)) return value.map((item) => toPlain(item, naming, depth + 1))
  if (isConversation(value)) return marked({ kind: 'conversation', id: value.getId() })
  if (isAttachment(value)) return marked({ kind: 'attachment', subject: naming.subject, facts: attachmentFacts(value) })
  if (!isPlainObject(value)) return value
  const named = isMessage(value) ? { ...naming, subject: value.conversationId } : naming
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item, named, depth + 1)]))
  return Object.hasOwn(value, MARK) ? marked({ kind: 'plain', value: copy }) : copy
}

/** The value again, frozen as the engine's are. @throws {InvalidArgument} for what names nothing here. */
export function fromPlain(value: Plain, finding: Finding): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Object.freeze(value.map((item) => fromPlain(item, finding)))
  if (!isPlainObject(value)) return value
  if (Object.hasOwn(value, MARK)) return fromMarked(value[MARK] as Marked, finding)
  return fromEntries(value, finding)
}

function fromEntries(value: Readonly<Record<string, unknown>>, finding: Finding): unknown {
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromPlain(item, finding)])))
}

function fromMarked(mark: Marked, finding: Finding): unknown {
  switch (mark.kind) {
    case 'plain':
      return fromEntries(mark.value, finding)
    case 'error':
      return errorFromPlain(mark, finding)
    case 'conversation': {
      const conversation = finding.conversation(mark.id)
      if (conversation === undefined) throw new ParleyError('InvalidArgument', 'there is no such conversation')
      return conversation
    }
    case 'attachment':
      if (finding.attachment === undefined) throw unspeakable('a file')
      return finding.attachment(mark.subject, mark.facts)
    case 'callback':
      if (finding.callback === undefined) throw unspeakable('a function')
      return finding.callback(mark.callback)
    case 'signal':
      if (finding.signal === undefined) throw unspeakable('a signal')
      return finding.signal(mark.aborted, fromPlain(mark.reason, finding))
    default:
      throw unspeakable('a value of another version')
  }
}

function errorToPlain(error: Error, depth: number): Plain {
  const cause = error.cause === undefined || depth > 2 ? undefined : causeToPlain(error.cause, depth)
  return marked({ kind: 'error', name: error.name, message: error.message, code: isParleyError(error) ? error.code : undefined, cause })
}

/** A cause explains; what of it cannot be carried is told as text. */
function causeToPlain(cause: unknown, depth: number): Plain {
  return cause instanceof Error ? errorToPlain(cause, depth + 1) : String(cause)
}

function errorFromPlain({ name, message, code, cause }: Extract<Marked, { kind: 'error' }>, finding: Finding): Error {
  const options = cause === undefined ? {} : { cause: fromPlain(cause, finding) }
  if (typeof code === 'string') return new ParleyError(code as ErrorCode, message, options)
  const error = new Error(message, options)
  error.name = name
  return error
}

const marked = (mark: Marked): Plain => ({ [MARK]: mark })

const unspeakable = (what: string): ParleyError => new ParleyError('InvalidArgument', `${what} cannot be handed to another tab`)

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || (prototype as object).constructor?.name === 'Object'
}

/** By shape: the signal of another realm is one too. */
function isSignal(value: object): value is AbortSignal {
  return Object.prototype.toString.call(value) === '[object AbortSignal]'
}

function isConversation(value: object): value is Conversation {
  return typeof (value as Partial<Conversation>).getId === 'function' && typeof (value as Partial<Conversation>).sendMessage === 'function'
}

/** By shape: what a search over all conversations finds says itself where it belongs. */
function isMessage(value: object): value is { conversationId: ConversationId } {
  const { conversationId, attachments } = value as { conversationId?: unknown; attachments?: unknown }
  return typeof conversationId === 'string' && Array.isArray(attachments)
}

/** Whether two values of the API are the same, member by member. Bytes and Blobs are the same only when they are one. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => same(item, b[index]))
  if (Array.isArray(b) || !isPlainObject(a) || !isPlainObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
}
