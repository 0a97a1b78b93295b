/**
 * An engine that keeps everything in memory and knows nobody else: enough to see what commands ask of it and print. Profiles live as long as
 * the fake, and are locked like real ones.
 */
import type { Conversation, ConversationEvents, Message, Parley, SendMessageInit, UpdateMessageInit } from '@parley/core'
import type { ConversationId, MessageId, UserId } from '@parley/protocol'
import { ParleyError } from '@parley/protocol'
import type { EngineInit, OpenEngine } from '../src/run.ts'

type Listener = (...args: never[]) => void

class Emitter {
  readonly #listeners = new Map<string, Set<Listener>>()

  on(name: string, listener: Listener): () => void {
    const all = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, all.add(listener))
    return () => all.delete(listener)
  }

  emit(name: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(...(args as never[]))
  }

  count(name: string): number {
    return this.#listeners.get(name)?.size ?? 0
  }
}

const alice = { id: 'alice-id' as UserId, name: 'Alice', avatar: '' }

export class FakeConversation {
  readonly emitter = new Emitter()
  readonly sent: Message[] = []
  readonly state = 'member'
  unread = 3
  syncState = { phase: 'offline', peers: 0, done: 0, total: 0 }
  readonly #id: string
  readonly #title: string

  constructor(id: string, title: string) {
    this.#id = id
    this.#title = title
  }

  on<K extends keyof ConversationEvents>(name: K, listener: ConversationEvents[K]): () => void {
    return this.emitter.on(name, listener)
  }

  getId = (): string => this.#id
  getTitle = (): string => this.#title
  getLastMessage = (): Message | undefined => this.sent.at(-1)
  members = (): object[] => [{ ...alice, role: 'founder', status: 'ONLINE', devices: ['device'] }]

  async sendMessage(init: SendMessageInit): Promise<Message> {
    if (init.text === 'refused') throw new ParleyError('TooLarge', 'too long')
    const message: Message = {
      id: `message-${this.sent.length}` as MessageId,
      conversationId: this.#id as ConversationId,
      author: alice,
      text: init.text ?? '',
      metadata: init.metadata ?? {},
      sentAt: 0,
      editedAt: undefined,
      replyTo: init.replyTo,
      state: 'stored',
      seenBy: [],
    }
    this.sent.push(message)
    return message
  }

  async updateMessage(id: string, change: UpdateMessageInit): Promise<Message> {
    const message = this.sent.find((one) => one.id === id)
    if (message === undefined) throw new ParleyError('MessageNotFound', 'no such message')
    return { ...message, text: change.text ?? message.text }
  }

  async getMessage(id: string): Promise<Message | undefined> {
    return this.sent.find((one) => one.id === id)
  }

  /** As when another member's device has stored it. */
  deliver(id: string): void {
    const at = this.sent.findIndex((one) => one.id === id)
    this.sent[at] = { ...(this.sent[at] as Message), state: 'delivered' }
    this.emitter.emit('messageState', id, 'delivered')
  }

  async getMessages(page: number | null): Promise<object> {
    if (page !== null && page !== 1) throw new ParleyError('PageOutOfRange', 'There is only page 1.')
    return { messages: this.sent, page: 1, totalMessages: this.sent.length, totalPages: 1 }
  }

  async admitted({ signal }: { signal: AbortSignal }): Promise<void> {
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new ParleyError('Aborted', 'aborted')))
    })
  }
}

export class FakeParley {
  readonly emitter = new Emitter()
  readonly me = { ...alice, deviceId: 'device' }
  readonly init: EngineInit
  conversations: FakeConversation[]
  isClosed = false
  readonly #closed: () => void

  constructor(init: EngineInit, conversations: FakeConversation[], closed: () => void) {
    this.init = init
    this.conversations = conversations
    this.#closed = closed
  }

  on(name: string, listener: Listener): () => void {
    return this.emitter.on(name, listener)
  }

  async createGroup({ title }: { title: string }): Promise<FakeConversation> {
    const conversation = new FakeConversation(`${title}-id`, title)
    this.conversations.push(conversation)
    return conversation
  }

  async join(): Promise<FakeConversation> {
    return new FakeConversation('joined-id', 'joined')
  }

  inspect(): object {
    return { addresses: this.init.listen ?? [], links: [], rendezvous: [], rejected: {} }
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.#closed()
  }
}

/** Opens fakes; `opened` has them in order. */
export function fakeEngines(): { open: OpenEngine; opened: FakeParley[]; isLocked: (profile: string) => boolean } {
  const profiles = new Map<string, FakeConversation[]>()
  const locked = new Set<string>()
  const opened: FakeParley[] = []
  const open: OpenEngine = async (init) => {
    if (locked.has(init.profile)) throw new ParleyError('ProfileLocked', 'locked')
    locked.add(init.profile)
    const conversations = profiles.get(init.profile) ?? []
    profiles.set(init.profile, conversations)
    const parley = new FakeParley(init, conversations, () => locked.delete(init.profile))
    opened.push(parley)
    // The fake has what commands use of the real thing.
    return parley as unknown as Parley
  }
  return { open, opened, isLocked: (profile) => locked.has(profile) }
}

/** Conversations for tests that need no engine. */
export function fakeParley(...named: [id: string, title: string][]): Parley {
  const conversations = named.map(([id, title]) => new FakeConversation(id, title) as unknown as Conversation)
  return { conversations } as unknown as Parley
}
