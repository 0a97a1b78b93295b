/**
 * What the tabs of one profile say to each other over BroadcastChannel. Everything is checked on arrival: another version of the application,
 * or something else altogether, may use a channel of this name.
 */
import type { ConversationId } from '@parley/protocol'
import type { Plain } from './values.ts'

/** Raised when a message or its meaning changes: tabs of different versions do not understand each other. */
export const BRIDGE_VERSION = 1

/** Longest name, id or reason in an envelope; the values inside are as long as the API allows. */
const MAX_TEXT_CHARACTERS = 4_096
/** Arguments of a call: more than any member of the API takes. */
const MAX_ARGUMENTS = 8

/** Members that are read from the snapshot, by name. */
export type Reads = Readonly<Record<string, Plain>>
/** Beside the members of the client: the blocked ones among the people that it knows. */
export const BLOCKED = 'blocked'
/** The call by which a guest moves a live window, beside those of the API. Its arguments: window, method, argument. */
export const WINDOW_CALL = 'window'
/** A conversation, or undefined for the client object itself. */
export type Subject = ConversationId | undefined

/** On the channel that all tabs of a profile share. */
export type HallMessage =
  /** A tab without the engine asks to be served. It listens on the channel of its name, and holds the lock of that name. */
  | { kind: 'attach'; version: number; guest: string }
  /** A tab has taken the lock, and its engine is being opened, or is there. */
  | { kind: 'opening' | 'host'; version: number; host: string }

/** From a guest, on its own channel. `host` is who it is meant for. */
export type GuestMessage = { host: string } & (
  | { kind: 'call'; call: number; subject: Subject; name: string; args: readonly Plain[]; again: boolean; known: readonly string[] }
  | { kind: 'abort'; call: number; reason: Plain }
  | { kind: 'tell'; subject: Subject; name: string; args: readonly Plain[] }
  | { kind: 'listen' | 'unlisten'; subject: Subject; event: string }
  /** Wants the view document and who is there. */
  | { kind: 'watch'; subject: Subject }
  /** Opens a live window, or gives it up. */
  | { kind: 'window'; subject: ConversationId; window: number; options: Plain }
  | { kind: 'unwindow'; subject: ConversationId; window: number }
  /** Wants members of the snapshot that move without an event. */
  | { kind: 'refresh' }
  | { kind: 'bye' }
)

/** To a guest, on its channel. */
export type HostMessage = { host: string } & (
  | { kind: 'welcome'; reads: Reads; order: readonly ConversationId[]; conversations: readonly (readonly [ConversationId, Reads])[] }
  | { kind: 'refuse'; reason: string }
  /** Members of snapshots that changed; `order` when the list did. */
  | {
      kind: 'patch'
      reads: Reads
      order: readonly ConversationId[] | undefined
      conversations: readonly (readonly [ConversationId, Reads])[]
    }
  | { kind: 'event'; subject: Subject; event: string; args: readonly Plain[] }
  | { kind: 'answer' | 'failure'; call: number; value: Plain }
  | { kind: 'callback'; call: number; callback: number; args: readonly Plain[] }
  /** What a live window shows. */
  | { kind: 'shown'; subject: ConversationId; window: number; snapshot: Plain; isReady: boolean }
  /** An update of the view document; `whole` begins a new one. */
  | { kind: 'doc'; subject: ConversationId; update: Uint8Array; whole: boolean }
  /** Awareness states by client; null when gone. */
  | { kind: 'people'; subject: ConversationId; states: readonly (readonly [number, Plain])[]; whole: boolean }
  | { kind: 'bye' }
)

/** The lock that a host holds for as long as it lives. */
export const hostLock = (scope: string, host: string): string => `${scope}:host:${host}`

/** Reads a message of the shared channel; undefined when it is none. */
export function readHallMessage(data: unknown): HallMessage | undefined {
  if (!isRecord(data) || !Number.isSafeInteger(data['version'])) return undefined
  const { kind, guest, host } = data
  if (kind === 'attach' && isText(guest)) return data as unknown as HallMessage
  if ((kind === 'opening' || kind === 'host') && isText(host)) return data as unknown as HallMessage
  return undefined
}

const GUEST_MESSAGES: Readonly<Record<GuestMessage['kind'], (message: Record<string, unknown>) => boolean>> = {
  call: ({ call, subject, name, args, again, known }) =>
    isNumber(call) && isSubject(subject) && isText(name) && isArguments(args) && typeof again === 'boolean' && isList(known, isText),
  abort: ({ call }) => isNumber(call),
  tell: ({ subject, name, args }) => isSubject(subject) && isText(name) && isArguments(args),
  listen: ({ subject, event }) => isSubject(subject) && isText(event),
  unlisten: ({ subject, event }) => isSubject(subject) && isText(event),
  watch: ({ subject }) => isText(subject),
  window: ({ subject, window, options }) => isText(subject) && isNumber(window) && isRecord(options),
  unwindow: ({ subject, window }) => isText(subject) && isNumber(window),
  refresh: () => true,
  bye: () => true,
}

const HOST_MESSAGES: Readonly<Record<HostMessage['kind'], (message: Record<string, unknown>) => boolean>> = {
  welcome: ({ reads, order, conversations }) => isRecord(reads) && isList(order, isText) && isList(conversations, isNamedReads),
  refuse: ({ reason }) => typeof reason === 'string',
  patch: ({ reads, order, conversations }) =>
    isRecord(reads) && (order === undefined || isList(order, isText)) && isList(conversations, isNamedReads),
  event: ({ subject, event, args }) => isSubject(subject) && isText(event) && isArguments(args),
  answer: ({ call }) => isNumber(call),
  failure: ({ call }) => isNumber(call),
  callback: ({ call, callback, args }) => isNumber(call) && isNumber(callback) && isArguments(args),
  shown: ({ subject, window, snapshot, isReady }) =>
    isText(subject) && isNumber(window) && isRecord(snapshot) && typeof isReady === 'boolean',
  doc: ({ subject, update, whole }) => isText(subject) && update instanceof Uint8Array && typeof whole === 'boolean',
  people: ({ subject, states, whole }) => isText(subject) && isList(states, isState) && typeof whole === 'boolean',
  bye: () => true,
}

/** Reads what a guest says; undefined when it is nothing. */
export function readGuestMessage(data: unknown): GuestMessage | undefined {
  return isMessage(data, GUEST_MESSAGES) ? (data as GuestMessage) : undefined
}

/** Reads what a host says; undefined when it is nothing. */
export function readHostMessage(data: unknown): HostMessage | undefined {
  return isMessage(data, HOST_MESSAGES) ? (data as HostMessage) : undefined
}

function isMessage(data: unknown, kinds: Readonly<Record<string, (message: Record<string, unknown>) => boolean>>): boolean {
  if (!isRecord(data) || !isText(data['host'])) return false
  const kind = data['kind']
  return typeof kind === 'string' && Object.hasOwn(kinds, kind) && kinds[kind]!(data)
}

function isRecord(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT_CHARACTERS
const isNumber = (value: unknown): boolean => Number.isSafeInteger(value)
const isSubject = (value: unknown): boolean => value === undefined || isText(value)
const isList = (value: unknown, isItem: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(isItem)
const isArguments = (value: unknown): boolean => Array.isArray(value) && value.length <= MAX_ARGUMENTS
const isNamedReads = (value: unknown): boolean => Array.isArray(value) && value.length === 2 && isText(value[0]) && isRecord(value[1])
const isState = (value: unknown): boolean => Array.isArray(value) && value.length === 2 && isNumber(value[0])
