import type { Conversation } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import type { ChatApp } from './app.ts'

/** One command that is written like a message. `argument` is what stands behind its name, trimmed. */
export interface SlashCommand {
  readonly usage: string
  readonly summary: string
  readonly run: (app: ChatApp, argument: string) => Promise<void> | void
}

/** @throws {InvalidArgument} when nothing stands behind the command */
export function given(argument: string, what: string): string {
  if (argument === '') throw new ParleyError('InvalidArgument', `Say ${what} behind it.`)
  return argument
}

/** @throws {NotFound} when no conversation is open */
export function opened(app: ChatApp): Conversation {
  if (app.session === undefined) throw new ParleyError('NotFound', 'Open a conversation first: Tab goes to the list.')
  return app.session.conversation
}
