/**
 * Files in words.
 */
import type { PlainText } from '../i18n/translate.ts'

/** The most files of one message, as the engine has it. */
export const MAX_FILES = 10
/** The largest file, as the engine has it: 2 GiB. */
export const MAX_FILE_BYTES = 2 ** 31

/** Said while nobody who has a file can be reached. */
export const WAITING_WORDS: PlainText = 'Nobody who has this file is online. It comes as soon as somebody is.'
