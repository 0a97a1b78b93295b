/**
 * How each member of the API gets from the tab that hosts the engine to the other tabs. The tables are exhaustive by their types: a member
 * or an event that is added to an interface of the core fails to compile here until it has its line.
 */
import type { Conversation, ConversationEvents, Parley, ParleyEvents } from '@parley/core'

/**
 * What becomes of a call that was under way when the host went. `same`: it is made again, twice is as good as once. `token`: made again
 * with the token that its first argument carries, by which the engine knows what it has written already. `gone`: made again, and done if the
 * thing is no longer there. `look`: the new host first looks whether its outcome is there (`look.ts`).
 */
export type Again = 'same' | 'token' | 'gone' | 'look'

/** Calls of one guest that may be under way at a time; further ones wait in the guest. The engine remembers more tokens than that. */
export const CALL_LIMIT = 256

/** A promise is waited for. `hands`: the last argument is a callback that gets the result, in the tab that called. */
export interface CallPlan {
  readonly kind: 'call'
  readonly again: Again
  readonly hands?: true
}

/** Returns nothing and is not waited for; a failure becomes an `error` event. */
export interface TellPlan {
  readonly kind: 'tell'
}

/** Read from the mirrored snapshot: a property, or a function without arguments. `fresh`: moves without an event, so reading asks for more. */
export interface ReadPlan {
  readonly kind: 'property' | 'getter'
  readonly fresh?: true
}

/** Written by hand, in `guest-parley.ts` or `guest-conversation.ts`. */
export interface OwnPlan {
  readonly kind: 'own'
}

export type MemberPlan = CallPlan | TellPlan | ReadPlan | OwnPlan

type PlanOf<Member> = [Member] extends [(...args: never[]) => Promise<unknown>]
  ? CallPlan | OwnPlan
  : [Member] extends [() => infer Result]
    ? ([Result] extends [void] ? TellPlan : ReadPlan & { readonly kind: 'getter' }) | OwnPlan
    : [Member] extends [(...args: never[]) => infer Result]
      ? ([Result] extends [void] ? TellPlan : never) | OwnPlan
      : (ReadPlan & { readonly kind: 'property' }) | OwnPlan

/** A line for each member of an interface, of a kind that its type allows. */
export type Plan<Api> = { readonly [Key in keyof Api]-?: PlanOf<Api[Key]> }

/** The members of an interface that its plan leaves to code written by hand. */
export type OwnMembers<Api, P extends Plan<Api>> = Pick<Api, { [Key in keyof Api]-?: P[Key] extends OwnPlan ? Key : never }[keyof Api]>

const OWN = { kind: 'own' } as const
const PROPERTY = { kind: 'property' } as const
const GETTER = { kind: 'getter' } as const
const TELL = { kind: 'tell' } as const
const CALL = { kind: 'call', again: 'same' } as const

export const PARLEY = {
  me: PROPERTY,
  conversations: OWN,
  conversation: OWN,
  on: OWN,
  createGroup: { kind: 'call', again: 'look' },
  join: CALL,
  setProfile: CALL,
  connect: CALL,
  importConversation: OWN,
  storageEstimate: CALL,
  persist: CALL,
  verify: CALL,
  search: CALL,
  wake: TELL,
  inspect: { kind: 'getter', fresh: true },
  contacts: PROPERTY,
  requests: PROPERTY,
  contactCard: CALL,
  renewContactCard: CALL,
  addContact: CALL,
  removeContact: CALL,
  block: CALL,
  unblock: CALL,
  isBlocked: OWN,
  createConversation: CALL,
  devices: PROPERTY,
  deviceLink: PROPERTY,
  recovery: PROPERTY,
  renameDevice: CALL,
  removeDevice: CALL,
  linkDevice: CALL,
  confirmDevice: CALL,
  cancelDeviceLink: CALL,
  createRecovery: CALL,
  safetyNumber: CALL,
  forget: { kind: 'call', again: 'gone' },
  preferences: PROPERTY,
  setPreferences: CALL,
  close: OWN,
} as const satisfies Plan<Parley>

export const CONVERSATION = {
  state: PROPERTY,
  refusal: PROPERTY,
  syncState: PROPERTY,
  unread: PROPERTY,
  firstUnread: PROPERTY,
  unreadMentions: PROPERTY,
  isMuted: PROPERTY,
  mute: CALL,
  unmute: CALL,
  draft: PROPERTY,
  setDraft: CALL,
  timeline: OWN,
  edits: CALL,
  replies: CALL,
  react: CALL,
  unreact: CALL,
  pin: CALL,
  unpin: CALL,
  pinned: CALL,
  hide: CALL,
  unhide: CALL,
  markUnread: CALL,
  receipts: CALL,
  getAttachments: CALL,
  doc: OWN,
  awareness: OWN,
  on: OWN,
  admitted: CALL,
  getId: OWN,
  getTitle: GETTER,
  getAvatar: GETTER,
  kind: PROPERTY,
  accept: CALL,
  decline: { kind: 'call', again: 'gone' },
  role: PROPERTY,
  history: PROPERTY,
  setHistory: CALL,
  getMembers: GETTER,
  members: GETTER,
  formerMembers: GETTER,
  addMember: CALL,
  removeMember: CALL,
  setRole: CALL,
  leave: CALL,
  invites: GETTER,
  revokeInvite: CALL,
  getMetadata: GETTER,
  setMetadata: CALL,
  setTitle: CALL,
  getMessages: CALL,
  getMessage: CALL,
  exportConversation: OWN,
  search: CALL,
  getLastMessage: GETTER,
  sendMessage: { kind: 'call', again: 'token', hands: true },
  updateMessage: { kind: 'call', again: 'same', hands: true },
  deleteMessage: { kind: 'call', again: 'gone' },
  startTyping: TELL,
  stopTyping: TELL,
  seen: CALL,
  invite: CALL,
} as const satisfies Plan<Conversation>

/**
 * Events, and whether the mirrored snapshot of their subject is looked at again when they fire. `message` only reaches those who listen:
 * without a listener the engine does not even read the messages of a history that comes in.
 */
export const PARLEY_EVENTS = {
  conversation: true,
  conversations: true,
  connection: true,
  request: true,
  contacts: true,
  devices: true,
  error: false,
} as const satisfies { readonly [Key in keyof ParleyEvents]: boolean }

export const CONVERSATION_EVENTS = {
  message: false,
  messageUpdated: true,
  messageDeleted: true,
  typing: false,
  typingStopped: false,
  seen: true,
  memberStatus: true,
  memberAdded: true,
  memberRemoved: true,
  memberChanged: true,
  reaction: true,
  pinned: true,
  metadataUpdated: true,
  messageState: true,
  state: true,
  syncState: true,
  error: false,
} as const satisfies { readonly [Key in keyof ConversationEvents]: boolean }

/** The plan of a member by a name that came from another tab. */
export function planOf(subject: string | undefined, name: string): MemberPlan | undefined {
  const plans: Readonly<Record<string, MemberPlan>> = subject === undefined ? PARLEY : CONVERSATION
  return Object.hasOwn(plans, name) ? plans[name] : undefined
}

/** Whether this is an event of the client, or, with a subject, of a conversation. */
export function isEvent(subject: string | undefined, name: string): boolean {
  return Object.hasOwn(subject === undefined ? PARLEY_EVENTS : CONVERSATION_EVENTS, name)
}

/** Names of the members of a plan that are read from the snapshot. */
export function readNames(plan: Readonly<Record<string, MemberPlan>>): readonly string[] {
  return Object.keys(plan).filter((name) => plan[name]?.kind === 'property' || plan[name]?.kind === 'getter')
}
