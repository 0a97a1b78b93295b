/**
 * What the components say. An application replaces what it wants said otherwise, or in another language.
 */
import type { ConversationState, MessageState, Role, SyncState } from '@parley/chat'

/** Every word that the components show or name things by. */
export interface Words {
  /** The language of times and days, as `Intl` names it; `undefined` for that of the browser. */
  readonly locale: string | undefined
  /** Somebody whose name is not known yet. */
  readonly somebody: string
  /** This user, as author. */
  readonly you: string
  /** A conversation without a title. */
  readonly untitled: string
  /** The name of the list of conversations. */
  readonly conversations: string
  /** Where there are none. */
  readonly noConversations: string
  /** Where nothing was said yet. */
  readonly noMessages: string
  /** How many messages are unread. */
  readonly unread: (count: number) => string
  /** A conversation that draws no attention. */
  readonly muted: string
  /** What stands in the place of the last message when this user is no member. */
  readonly states: Readonly<Record<Exclude<ConversationState, 'member'>, string>>
  /** The name of the timeline. */
  readonly messages: string
  /** How one gets around in the timeline by keyboard. */
  readonly messagesHelp: string
  /** Older or newer messages are on their way. */
  readonly loading: string
  /** Above the first unread message. */
  readonly newMessages: string
  /** The way to the newest message. */
  readonly toNewest: string
  /** The same when so many came in since the reader left it. */
  readonly newBelow: (count: number) => string
  /** A message by this person at this time. */
  readonly messageBy: (name: string, time: string) => string
  /** What can be done with a message. */
  readonly actions: string
  /** Begins an answer. */
  readonly reply: string
  /** Begins an edit of an own message. */
  readonly edit: string
  /** Deletes an own message. */
  readonly remove: string
  /** The second press of two. */
  readonly removeForSure: string
  /** Puts a sign on a message. */
  readonly react: (emoji: string) => string
  /** The name of the list of signs on a message. */
  readonly reactions: string
  /** A message that was edited. */
  readonly edited: string
  /** In the place of a message that a moderator hid. */
  readonly hidden: string
  /** In the place of a message by somebody whom this user blocked. */
  readonly blocked: string
  /** An answered message that is not here. */
  readonly gone: string
  /** How far an own message has come. */
  readonly messageStates: Readonly<Record<MessageState, string>>
  /** Who types, by their names. */
  readonly typing: (names: string) => string
  /** Bob; Bob and Carol. */
  readonly names: (names: readonly string[]) => string
  /** The form of the composer. */
  readonly write: string
  /** The field of the composer. */
  readonly message: string
  /** How to send and to begin a new line. */
  readonly composerHelp: string
  /** Sends what is written. */
  readonly send: string
  /** Ends an edit. */
  readonly save: string
  /** Ends an answer or an edit without it. */
  readonly cancel: string
  /** Above the text of an answer. */
  readonly replyingTo: (name: string) => string
  /** Above the text of an edit. */
  readonly editing: string
  /** Picks files. */
  readonly attach: string
  /** The name of the list of picked files. */
  readonly files: string
  /** Takes a picked file away. */
  readonly removeFile: (name: string) => string
  /** More files were picked than a message carries. */
  readonly tooManyFiles: (most: number) => string
  /** A file was picked that no message carries. */
  readonly fileTooLarge: string
  /** Files are encrypted before they are sent. */
  readonly sealing: string
  /** Stops that. */
  readonly stop: string
  /** Brings a file here and saves it. */
  readonly download: (name: string) => string
  /** Stops bringing it. */
  readonly stopFetching: (name: string) => string
  /** A file is on its way. */
  readonly fetching: (name: string) => string
  /** Nobody who has a file is online. */
  readonly waiting: string
  /** A file could not be had. */
  readonly failed: string
  /** The name of the list of members. */
  readonly members: string
  /** A member of whom a device is connected. */
  readonly online: string
  /** A member of whom none is. */
  readonly offline: string
  /** What members may do. */
  readonly roles: Readonly<Record<Role, string>>
  /** The name of the search, and of its field. */
  readonly search: string
  /** How many messages were found; more may come while `isComplete` is false. */
  readonly found: (total: number, isComplete: boolean) => string
  /** Adds the next page of results. */
  readonly more: string
  /** How a conversation is connected. */
  readonly sync: Readonly<Record<SyncState['phase'], string>>
}

/**
 * The words that are used unless told.
 * @example
 * ```tsx
 * const german = { ...ENGLISH, locale: 'de', send: 'Senden', reply: 'Antworten' }
 * ```
 */
export const ENGLISH: Words = {
  locale: undefined,
  somebody: 'Somebody',
  you: 'You',
  untitled: 'Untitled',
  conversations: 'Conversations',
  noConversations: 'No conversations yet',
  noMessages: 'No messages yet',
  unread: (count) => `${count} unread`,
  muted: 'muted',
  states: {
    joining: 'Waiting to be let in',
    refused: 'The invite did not work',
    left: 'You left',
    removed: 'You were removed',
    request: 'Wants to talk with you',
    archive: 'From an archive',
  },
  messages: 'Messages',
  messagesHelp: 'Arrow up and down walk through messages, arrow left and right through what you can do with one.',
  loading: 'Loading…',
  newMessages: 'New messages',
  toNewest: 'Go to the newest message',
  newBelow: (count) => (count === 1 ? '1 new message' : `${count} new messages`),
  messageBy: (name, time) => `${name} at ${time}`,
  actions: 'What you can do with this message',
  reply: 'Reply',
  edit: 'Edit',
  remove: 'Delete',
  removeForSure: 'Delete for everybody?',
  react: (emoji) => `React with ${emoji}`,
  reactions: 'Reactions',
  edited: 'Edited',
  hidden: 'Hidden by a moderator',
  blocked: 'From somebody you blocked',
  gone: 'A message that is not here',
  messageStates: { stored: 'Not sent yet', sent: 'Sent', delivered: 'Delivered', seen: 'Seen' },
  typing: (names) => `${names} typing…`,
  names: (names) => names.join(', '),
  write: 'Write a message',
  message: 'Message',
  composerHelp: 'Enter sends, Shift and Enter begin a new line. Arrow up edits your last message.',
  send: 'Send',
  save: 'Save',
  cancel: 'Cancel',
  replyingTo: (name) => `Reply to ${name}`,
  editing: 'Editing your message',
  attach: 'Attach files',
  files: 'Files to send',
  removeFile: (name) => `Do not send ${name}`,
  tooManyFiles: (most) => `A message can carry at most ${most} files. Send the others in another one.`,
  fileTooLarge: 'A file can have at most 2 GiB.',
  sealing: 'Preparing the files',
  stop: 'Stop',
  download: (name) => `Download ${name}`,
  stopFetching: (name) => `Stop fetching ${name}`,
  fetching: (name) => `Fetching ${name}`,
  waiting: 'Nobody who has this file is online',
  failed: 'This file cannot be had',
  members: 'Members',
  online: 'Online',
  offline: 'Offline',
  roles: { founder: 'Founder', admin: 'Admin', moderator: 'Moderator', writer: 'Writer', reader: 'Reads only' },
  search: 'Search',
  found: (total, isComplete) => `${total} found${isComplete ? '' : ' so far'}`,
  more: 'Show older ones',
  sync: { offline: 'Offline', connecting: 'Connecting', syncing: 'Catching up', live: 'Connected' },
}
