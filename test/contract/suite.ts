/** Every test of the contract. */
import { CONVERSATION } from './rows/conversation.ts'
import { MESSAGE_EVENTS } from './rows/message-events.ts'
import { MESSAGES } from './rows/messages.ts'
import { PRESENCE } from './rows/presence.ts'
import { VALUES } from './rows/values.ts'
import type { Case } from './stage.ts'

export const CASES: readonly Case[] = [...MESSAGES, ...VALUES, ...CONVERSATION, ...MESSAGE_EVENTS, ...PRESENCE]

/** The title of a test in every run. */
export const titleOf = ({ row, title }: Case): string => `${row}: ${title}`
