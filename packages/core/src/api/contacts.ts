/** Contacts, direct conversations and requests, as applications see them. */
import type { UserId } from '@parley/protocol'
import type { Conversation } from '../api.ts'

/** Somebody whom this user knows by their card, or whose request they accepted. A frozen snapshot. */
export interface Contact {
  /** Who it is. */
  readonly id: UserId
  /** As they call themselves now, or did when they were added; may be empty. */
  readonly name: string
  /** A URL that an `<img>` can show, empty when none. */
  readonly avatar: string
  readonly isBlocked: boolean
  /** Milliseconds since 1970. */
  readonly addedAt: number
}

/** The part of `Parley` about people. */
export interface ContactCalls {
  /** In the order in which they were added. */
  readonly contacts: readonly Contact[]
  /** What strangers asked and nobody has answered, the latest first: conversations in the state `request`. */
  readonly requests: readonly Conversation[]
  /**
   * The text to give away, as text or QR code: whoever has it can find this user and write to them.
   * @example
   * ```ts
   * console.log(`Write to me: ${await parley.contactCard()}`)
   * ```
   */
  contactCard(): Promise<string>
  /**
   * Makes all cards given away so far useless: only with a new one this user can be found and asked.
   * @example
   * ```ts
   * await parley.renewContactCard()
   * ```
   */
  renewContactCard(): Promise<void>
  /**
   * Adds the person of a card, or takes their newer card; a request of theirs is accepted with it. @throws {CardInvalid}
   * @example
   * ```ts
   * const { id, name } = await parley.addContact(card)
   * ```
   */
  addContact(card: string): Promise<Contact>
  /**
   * They are a contact no more; the conversation with them stays.
   * @example
   * ```ts
   * await parley.removeContact(userId)
   * ```
   */
  removeContact(id: UserId): Promise<void>
  /**
   * Here alone, and nobody is told: their direct conversation is silent, their messages elsewhere are marked, and they can ask nothing.
   * @example
   * ```ts
   * await parley.block(userId)
   * ```
   */
  block(id: UserId): Promise<void>
  /**
   * Takes it back.
   * @example
   * ```ts
   * await parley.unblock(userId)
   * ```
   */
  unblock(id: UserId): Promise<void>
  /**
   * Whether this user has blocked that person.
   * @example
   * ```ts
   * if (parley.isBlocked(userId)) await parley.unblock(userId)
   * ```
   */
  isBlocked(id: UserId): boolean
  /**
   * The conversation with a contact; the same two people always get the same one, even if both begin it while offline. They are told once they
   * can be reached, also after a restart. @throws {ContactUnknown}
   * @example
   * ```ts
   * const { id } = await parley.addContact(card)
   * const direct = await parley.createConversation({ with: id })
   * await direct.sendMessage({ text: 'Hello!' })
   * ```
   */
  createConversation(init: { with: UserId }): Promise<Conversation>
}

/** The part of `ParleyEvents` about people. */
export interface ContactEvents {
  /** Somebody who is no contact asks for a conversation. */
  request: (conversation: Conversation) => void
  /** A contact came, went or changed, or somebody was blocked. */
  contacts: () => void
}

/** The part of `Conversation` about requests. */
export interface RequestCalls {
  /** Whether it is between two people, whose title and picture are the other person's. */
  readonly kind: 'group' | 'direct'
  /**
   * Takes part; whoever asked becomes a contact. @throws {NotAllowed} when it is no request.
   * @example
   * ```ts
   * parley.on('request', (request) => void request.accept())
   * ```
   */
  accept(): Promise<void>
  /**
   * Forgets it; that person's further requests are not heard until they are added. @throws {NotAllowed} when it is no request.
   * @example
   * ```ts
   * for (const request of parley.requests) await request.decline()
   * ```
   */
  decline(): Promise<void>
}
