/** What was typed in one conversation and not sent: kept in a row of the store, so that it is there again after a restart. */
import {
  decodeCbor,
  encodeCbor,
  MAX_TEXT_BYTES,
  messageIdBytes,
  messageIdFromBytes,
  parseMessageId,
  type MessageId,
} from '@parley/protocol'
import type { Draft } from '../api.ts'
import type { Context } from '../context.ts'
import type { Keyspace } from '../replica/keyspace.ts'
import { checkObject, checkText } from './arguments.ts'

/** A draft is stored so long after the first keystroke that is not: a crash costs half a second of typing, and typing costs no disk. */
export const DRAFT_AFTER_MS = 500

/** A write that has to follow. */
interface Due {
  readonly done: Promise<void>
  readonly now: () => void
}

export class Drafts {
  readonly #context: Context
  readonly #keys: Keyspace
  #draft: Draft | undefined
  /** The write that has to follow, for everybody who waits for it. */
  #due: Due | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(context: Context, keys: Keyspace) {
    this.#context = context
    this.#keys = keys
  }

  get value(): Draft | undefined {
    return this.#draft
  }

  async load(): Promise<void> {
    const row = await this.#context.store.get(this.#keys.draft())
    const value = row === undefined ? undefined : decodeCbor(row)
    if (!Array.isArray(value)) return
    const [text, replyTo] = value as unknown[]
    if (typeof text !== 'string') return
    this.#draft = Object.freeze({ text, replyTo: replyTo instanceof Uint8Array ? messageIdFromBytes(replyTo) : undefined })
  }

  /** Resolves once it is stored; what is set meanwhile is stored with it. @throws {InvalidArgument, TooLarge, StorageFull} */
  set(draft: { text: string; replyTo?: MessageId | undefined } | undefined): Promise<void> {
    this.#draft = draft === undefined ? undefined : checked(draft)
    this.#due ??= this.#schedule()
    return this.#due.done
  }

  /** Stores what is not yet. Who called `set` hears of a failure. */
  async flush(): Promise<void> {
    this.#due?.now()
    await Promise.allSettled([this.#writing])
  }

  #schedule(): Due {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const now = (): void => {
      cancel()
      this.#due = undefined
      this.#writing = Promise.allSettled([this.#writing]).then(() => this.#write())
      this.#writing.then(resolve, reject)
    }
    const cancel = this.#context.clock.setTimeout(now, DRAFT_AFTER_MS)
    return { done: promise, now }
  }

  async #write(): Promise<void> {
    const key = this.#keys.draft()
    const draft = this.#draft
    if (draft === undefined) {
      await this.#context.store.write([{ type: 'delete', key }])
      // What was typed lies in clear: it would outlive the message that was made of it.
      this.#context.store.scrub?.([key])
      return
    }
    const value = encodeCbor([draft.text, draft.replyTo === undefined ? null : messageIdBytes(draft.replyTo)])
    await this.#context.store.write([{ type: 'put', key, value }])
  }
}

/** A draft as one text, for the other devices of this user; null for none. */
export function draftText(draft: { text: string; replyTo?: MessageId | undefined } | undefined): string | null {
  const known = draft === undefined ? undefined : checked(draft)
  return known === undefined ? null : JSON.stringify([known.text, known.replyTo ?? null])
}

/** The same, read; undefined for what is none. */
export function draftOf(value: unknown): { text: string; replyTo?: MessageId } | undefined {
  const [text, replyTo] = typeof value === 'string' ? (JSON.parse(value) as unknown[]) : []
  if (typeof text !== 'string') return undefined
  return typeof replyTo === 'string' ? { text, replyTo: parseMessageId(replyTo) } : { text }
}

function checked(draft: { text: string; replyTo?: MessageId | undefined }): Draft | undefined {
  checkObject(draft, 'draft')
  const text = checkText(draft.text, 'draft', Number.POSITIVE_INFINITY, MAX_TEXT_BYTES)
  const replyTo = draft.replyTo === undefined ? undefined : parseMessageId(draft.replyTo)
  return text === '' && replyTo === undefined ? undefined : Object.freeze({ text, replyTo })
}
