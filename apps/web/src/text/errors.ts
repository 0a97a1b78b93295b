/**
 * Errors in plain words: what happened and what to do. A code without words does not compile.
 */
import { isParleyError } from '@parley/chat'
import type { ErrorCode } from '@parley/chat'
import { t } from '../i18n/translate.ts'
import type { PlainText } from '../i18n/translate.ts'

const WORDS: Readonly<Record<ErrorCode, PlainText>> = {
  Aborted: 'Stopped.',
  ArchiveInvalid: 'This file is no exported conversation, or it is damaged. Nothing of it was taken.',
  AttachmentUnavailable: 'This file cannot be had any more: it was deleted, or what came of it is broken. Ask for it again.',
  CardInvalid: 'This is not a complete card. Copy the whole card and try again, or ask for a new one.',
  Closed: 'Parley was closed in this tab. Reload the page to go on.',
  ContactUnknown: 'This person is not among your contacts. Ask for their card and add it first.',
  EmptyMessage: 'There is nothing to send yet.',
  Internal: 'Something went wrong inside of Parley. Reload the page and try again.',
  InvalidArgument: 'This cannot be done as it was asked for. Change it and try again.',
  InvalidMetadata: 'This cannot be kept with the conversation. Change it and try again.',
  InviteExpired: 'This invite link has expired. Ask a member for a new one.',
  InviteInvalid: 'This is not a complete invite link. Copy the whole link and try again.',
  InviteUsedUp: 'This invite link has let in as many people as it was made for. Ask a member for a new one.',
  LinkCodeInvalid: 'This is not a complete link for a device. Copy the whole link and try again.',
  LinkExpired: 'This link for a device has expired. Make a new one on your other device.',
  LinkRejected: 'Your other device said no: the digits differed, or it was called off there.',
  LinkUsed: 'This link for a device was used already. Make a new one on your other device.',
  MessageNotFound: 'This message is gone.',
  NotAGroup: 'This is a conversation between two people; that is for groups only.',
  NotAMember: 'You, or this person, are not a member of this group.',
  NotAllowed: 'Your role in this group does not allow that.',
  NotFound: 'That is gone already.',
  NotAuthor: 'Only the person who wrote a message can change it.',
  PageOutOfRange: 'There are no messages so far back.',
  PhraseInvalid: 'These are not the words of a recovery phrase. Look for a word that is misspelt or missing.',
  ProfileForked: 'This profile was used in two places at once, perhaps from a backup. Add this device anew from another device of yours.',
  ProfileLocked: 'Parley is open in another tab, which does not answer. Close it and try again.',
  StorageFull: 'The disk of this device is full. Free some space and try again.',
  StorageUnavailable: 'This browser does not let Parley keep data right now. Try again, or leave private browsing.',
  TooLarge: 'This is too much at once. Send it in smaller parts.',
  Unreachable: 'Nobody can be reached right now. Try again later.',
}

/** One or two sentences for a person. */
export function wordsFor(error: unknown): string {
  // An engine that is newer than this page may have codes that it does not know.
  if (isParleyError(error) && Object.hasOwn(WORDS, error.code)) return t(WORDS[error.code])
  return error instanceof Error && error.message !== '' ? error.message : t('Something went wrong.')
}
