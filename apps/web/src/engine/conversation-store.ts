/**
 * What the screens show of one conversation besides its messages, as one snapshot that changes only when something in it does.
 */
import type { Conversation, ConversationState, Member, Message, Metadata, Role, SyncState, User } from '@parley/chat'
import { Cell } from './cell.ts'
import type { Readable } from './cell.ts'
import { keep } from './equal.ts'
import type { FormerMember, History } from './types.ts'

export interface ConversationInfo {
  readonly id: ReturnType<Conversation['getId']>
  readonly kind: Conversation['kind']
  readonly title: string
  /** A URL that an image can show, empty when none. */
  readonly avatar: string
  readonly description: string
  readonly metadata: Metadata
  readonly state: ConversationState
  readonly refusal: Error | undefined
  readonly sync: SyncState
  readonly unread: number
  readonly unreadMentions: number
  readonly isMuted: boolean
  /** The own role; undefined when not a member. */
  readonly role: Role | undefined
  readonly history: History
  readonly members: readonly Member[]
  readonly formerMembers: readonly FormerMember[]
  readonly lastMessage: Message | undefined
  /** Who types now, in the order in which they began. */
  readonly typing: readonly User[]
}

/** The metadata key under which this app keeps what a group is for. */
export const DESCRIPTION_KEY = 'description'

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

class ConversationStore implements Readable<ConversationInfo> {
  readonly #conversation: Conversation
  readonly #cell: Cell<ConversationInfo>
  readonly #typing = new Map<User['id'], User>()
  #stop: (() => void) | undefined

  constructor(conversation: Conversation) {
    this.#conversation = conversation
    this.#cell = new Cell(this.#read())
  }

  readonly getSnapshot = (): ConversationInfo => this.#cell.getSnapshot()

  readonly subscribe = (listener: () => void): (() => void) => {
    const unsubscribe = this.#cell.subscribe(listener)
    this.#stop ??= this.#follow()
    this.refresh()
    return () => {
      unsubscribe()
      if (this.#cell.observed) return
      this.#stop?.()
      this.#stop = undefined
    }
  }

  /** Reads everything again; listeners hear of it only if something changed. */
  readonly refresh = (): void => {
    const before = this.#cell.getSnapshot()
    const now = this.#read()
    const kept = Object.fromEntries(Object.entries(now).map(([key, value]) => [key, keep(before[key as keyof ConversationInfo], value)]))
    this.#cell.set(keep(before, { ...now, ...kept }))
  }

  #read(): ConversationInfo {
    const conversation = this.#conversation
    const metadata = conversation.getMetadata()
    const description = metadata[DESCRIPTION_KEY]
    return {
      id: conversation.getId(),
      kind: conversation.kind,
      title: conversation.getTitle(),
      avatar: conversation.getAvatar(),
      description: typeof description === 'string' ? description : '',
      metadata,
      state: conversation.state,
      refusal: conversation.refusal,
      sync: conversation.syncState,
      unread: conversation.unread,
      unreadMentions: conversation.unreadMentions,
      isMuted: conversation.isMuted,
      role: conversation.role,
      history: conversation.history,
      members: conversation.members(),
      formerMembers: conversation.formerMembers(),
      lastMessage: conversation.getLastMessage(),
      typing: [...this.#typing.values()],
    }
  }

  #follow(): () => void {
    const conversation = this.#conversation
    const setTyping = (user: User, typing: boolean): void => {
      if (typing) this.#typing.set(user.id, user)
      else this.#typing.delete(user.id)
      this.refresh()
    }
    const stops = [
      ...CHANGES.map((name) => conversation.on(name, this.refresh)),
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

const stores = new WeakMap<Conversation, ConversationStore>()

/** The store of a conversation, always the same one. */
export function conversationStore(conversation: Conversation): ConversationStore {
  const store = stores.get(conversation) ?? new ConversationStore(conversation)
  stores.set(conversation, store)
  return store
}

export type { ConversationStore }
