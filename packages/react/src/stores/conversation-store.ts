/**
 * What a screen shows of one conversation besides its messages, as one snapshot that changes only when something in it does.
 */
import type { Conversation, ConversationState, FormerMember, Member, Message, Metadata, Parley, Role, SyncState, User } from '@parley/chat'
import { Cell } from '../support/cell.ts'
import { keepParts } from '../support/keep.ts'
import { cachedStore } from './parley-store.ts'

/** A conversation at a glance. Parts that did not change are the same objects as before. */
export interface ConversationInfo {
  /** Names it in every call. */
  readonly id: ReturnType<Conversation['getId']>
  /** Of two people, or of many. */
  readonly kind: Conversation['kind']
  /** May be empty. */
  readonly title: string
  /** A URL that an image can show, empty when none. */
  readonly avatar: string
  /** Additional information, as all members see it. */
  readonly metadata: Metadata
  /** What this user is in it. */
  readonly state: ConversationState
  /** Why `state` is `refused`. */
  readonly refusal: Error | undefined
  /** How it is connected. */
  readonly sync: SyncState
  /** Messages of others that this user has not seen. */
  readonly unread: number
  /** How many of them mention this user. */
  readonly unreadMentions: number
  /** Whether this user wants no attention drawn to it. */
  readonly isMuted: boolean
  /** The own role; undefined when not a member. */
  readonly role: Role | undefined
  /** What newcomers can read. */
  readonly history: Conversation['history']
  /** The founder first, then by the order of admission. */
  readonly members: readonly Member[]
  /** Who were members, the last to go first. */
  readonly formerMembers: readonly FormerMember[]
  /** Those members of whom a device is connected. */
  readonly online: readonly User['id'][]
  /** The newest message. */
  readonly lastMessage: Message | undefined
  /** Who types now, in the order in which they began. */
  readonly typing: readonly User[]
}

/** Everything after which something in the snapshot may be another; the client says the rest (`conversations`). */
const CHANGES = [
  'message',
  'messageUpdated',
  'messageDeleted',
  'messageState',
  'seen',
  'memberAdded',
  'memberRemoved',
  'memberChanged',
  'memberStatus',
  'metadataUpdated',
  'state',
  'syncState',
] as const

class ConversationStore {
  readonly #conversation: Conversation
  readonly #cell: Cell<ConversationInfo>
  readonly #typing = new Map<User['id'], User>()
  #stop: (() => void) | undefined

  constructor(conversation: Conversation) {
    this.#conversation = conversation
    this.#cell = new Cell(this.#read())
  }

  readonly getSnapshot = (): ConversationInfo => this.#cell.getSnapshot()

  /** For `useSyncExternalStore`: `parley` is the client that the conversation is of. */
  subscribe(parley: Parley, listener: () => void): () => void {
    const unsubscribe = this.#cell.subscribe(listener)
    this.#stop ??= this.#follow(parley)
    this.#refresh()
    return () => {
      unsubscribe()
      if (this.#cell.observed) return
      this.#stop?.()
      this.#stop = undefined
    }
  }

  /** Reads everything again; listeners hear of it only if something changed. */
  readonly #refresh = (): void => this.#cell.set(keepParts(this.#cell.getSnapshot(), this.#read()))

  #read(): ConversationInfo {
    const conversation = this.#conversation
    const members = conversation.members()
    return {
      id: conversation.getId(),
      kind: conversation.kind,
      title: conversation.getTitle(),
      avatar: conversation.getAvatar(),
      metadata: conversation.getMetadata(),
      state: conversation.state,
      refusal: conversation.refusal,
      sync: conversation.syncState,
      unread: conversation.unread,
      unreadMentions: conversation.unreadMentions,
      isMuted: conversation.isMuted,
      role: conversation.role,
      history: conversation.history,
      members,
      formerMembers: conversation.formerMembers(),
      online: members.filter(({ status }) => status === 'ONLINE').map(({ id }) => id),
      lastMessage: conversation.getLastMessage(),
      typing: [...this.#typing.values()],
    }
  }

  #follow(parley: Parley): () => void {
    const conversation = this.#conversation
    const setTyping = (user: User, typing: boolean): void => {
      if (typing) this.#typing.set(user.id, user)
      else this.#typing.delete(user.id)
      this.#refresh()
    }
    const stops = [
      ...CHANGES.map((name) => conversation.on(name, this.#refresh)),
      parley.on('conversations', this.#refresh),
      conversation.on('typing', (user) => setTyping(user, true)),
      conversation.on('typingStopped', (user) => setTyping(user, false)),
      conversation.on('message', (message) => setTyping(message.author, false)),
    ]
    return () => {
      for (const stop of stops) stop()
      this.#typing.clear()
    }
  }
}

/** The store of a conversation, always the same one. */
export const conversationStore = cachedStore((conversation: Conversation) => new ConversationStore(conversation))
