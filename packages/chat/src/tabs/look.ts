/** Finds out what became of a call that the last host may or may not have finished, where making it twice would leave two things behind. */
import type { Conversation, Parley } from '@parley/core'
import { same } from './values.ts'

/** The outcome of the call if it is here, which is then the answer. `known` are the conversations that there were when it was made. */
type Look = (engine: Parley, args: readonly unknown[], known: ReadonlySet<string>) => Conversation | undefined

interface GroupInit {
  readonly title?: string
  readonly avatar?: string
  readonly metadata?: object
}

const LOOKS: Readonly<Record<string, Look>> = {
  // A group appears whole, with its title and metadata, or not at all. Two equal ones made at once by two tabs are as good as each other.
  createGroup: (engine, [init], known) => {
    const { title = '', avatar = '', metadata = {} } = (init ?? {}) as GroupInit
    return engine.conversations.find(
      (conversation) =>
        !known.has(conversation.getId()) &&
        conversation.members()[0]?.id === engine.me.id &&
        conversation.getTitle() === title &&
        conversation.getAvatar() === avatar &&
        same(conversation.getMetadata(), metadata),
    )
  },
}

/** Undefined when the call has to be made again. */
export function lookFor(engine: Parley, name: string, args: readonly unknown[], known: readonly string[]): Conversation | undefined {
  return Object.hasOwn(LOOKS, name) ? LOOKS[name]?.(engine, args, new Set(known)) : undefined
}
