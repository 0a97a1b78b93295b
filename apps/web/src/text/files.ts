/**
 * Files in words.
 */
import type { PlainText } from '../i18n/translate.ts'

/** Said while nobody who has a file can be reached. */
export const WAITING_WORDS: PlainText = 'Nobody who has this file is online. It comes as soon as somebody is.'
