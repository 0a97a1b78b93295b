/**
 * A conversation that keeps everything in memory and refuses what the real one refuses first: enough to see what commands ask of it and print.
 */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type {
  Attachment,
  ConversationEvents,
  FetchOptions,
  FormerMember,
  InviteInfo,
  InviteInit,
  Member,
  Message,
  Role,
  SendMessageInit,
  SyncState,
  UpdateMessageInit,
} from '@parley/core'
import type { ConversationId, DeviceId, MessageId, UserId } from '@parley/protocol'
import { ParleyError } from '@parley/protocol'
import { Emitter } from './emitter.ts'

export const alice = { id: 'alice-id' as UserId, name: 'Alice', avatar: '' }
export const bob = { id: 'bob-id' as UserId, name: 'Bob', avatar: '' }

export class FakeConversation {
  readonly emitter = new Emitter()
  readonly sent: Message[] = []
  kind: 'group' | 'direct' = 'group'
  state = 'member'
  unread = 3
  role: Role = 'founder'
  syncState: SyncState = { phase: 'offline', peers: 0, done: 0, total: 0 }
  present: Member[] = [{ ...alice, role: 'founder', status: 'ONLINE', devices: ['device' as DeviceId] }]
  gone: FormerMember[] = []
  links: InviteInfo[] = []
  /** Set: nobody has the files of messages, and this many members are online who might. */
  holders: number | undefined
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

  // --- members

  members = (): readonly Member[] => this.present
  formerMembers = (): readonly FormerMember[] => this.gone
  invites = (): readonly InviteInfo[] => this.links

  admit(person: { id: UserId; name: string; avatar: string }, role: Role = 'writer'): void {
    this.present.push({ ...person, role, status: 'OFFLINE', devices: [] })
    this.emitter.emit('memberAdded', person.id)
  }

  async addMember(id: UserId): Promise<void> {
    this.#assertAdmin()
    this.admit({ ...bob, id })
  }

  async removeMember(id: UserId): Promise<void> {
    this.#assertAdmin()
    this.gone.push({ ...bob, id, by: alice.id, how: 'removed', at: 0 })
    this.present = this.present.filter((member) => member.id !== id)
    this.emitter.emit('memberRemoved', id)
  }

  async setRole(id: UserId, role: Role): Promise<void> {
    this.#assertAdmin()
    this.present = this.present.map((member) => (member.id === id ? { ...member, role } : member))
  }

  async leave(): Promise<void> {
    if (this.kind === 'direct') throw new ParleyError('NotAGroup', 'no group')
    this.state = 'left'
  }

  async invite({ role = 'writer', uses = 1 }: InviteInit): Promise<string> {
    this.#assertAdmin()
    const [id, link] = [`invite-${this.links.length}` as MessageId, `parley://join#${this.links.length}`]
    this.links.unshift({ id, role, uses, used: 0, expiresAt: 0, state: 'open', by: alice.id, link })
    return link
  }

  async revokeInvite(wanted: MessageId): Promise<void> {
    this.links = this.links.map((invite) => (invite.id === wanted ? { ...invite, state: 'revoked' } : invite))
  }

  async accept(): Promise<void> {
    this.state = 'member'
  }

  async decline(): Promise<void> {
    this.state = 'declined'
  }

  // --- messages

  async sendMessage(init: SendMessageInit): Promise<Message> {
    if (init.text === 'refused') throw new ParleyError('TooLarge', 'too long')
    const id = `message-${this.sent.length}` as MessageId
    const files = (init.file ?? []) as { path: string }[]
    const message: Message = {
      id,
      conversationId: this.#id as ConversationId,
      author: alice,
      text: init.text ?? '',
      metadata: init.metadata ?? {},
      attachments: await Promise.all(files.map(async ({ path }, index) => this.#attach(id, index, path))),
      sentAt: 0,
      editedAt: undefined,
      replyTo: init.replyTo,
      reactions: [],
      mentions: [],
      replies: 0,
      forwardedFrom: undefined,
      isPinned: false,
      isHidden: false,
      isBlocked: false,
      state: 'stored',
      seenBy: [],
    }
    this.sent.push(message)
    return message
  }

  async updateMessage(id: string, { text, file }: UpdateMessageInit): Promise<Message> {
    const { attachments } = this.#change(id, (message) => ({ text: text ?? message.text }))
    const files = file === undefined ? undefined : ((file ?? []) as { path: string }[])
    const replaced = files?.map(async ({ path }, index) => this.#attach(id as MessageId, index, path))
    const now = replaced === undefined ? attachments : await Promise.all(replaced)
    return this.#change(id, () => ({ attachments: now }))
  }

  async deleteMessage(id: string): Promise<void> {
    this.#change(id, () => ({}))
    this.sent.splice(
      this.sent.findIndex((one) => one.id === id),
      1,
    )
  }

  async seen(id?: string): Promise<void> {
    if (id !== undefined) this.#change(id, () => ({}))
    this.unread = 0
  }

  getMessage = async (id: string): Promise<Message | undefined> => this.sent.find((one) => one.id === id)
  react = async (id: string, emoji: string): Promise<Message> => this.#change(id, () => ({ reactions: [{ emoji, users: [alice.id] }] }))
  unreact = async (id: string): Promise<Message> => this.#change(id, () => ({ reactions: [] }))
  pin = async (id: string): Promise<Message> => this.#change(id, () => ({ isPinned: true }))
  unpin = async (id: string): Promise<Message> => this.#change(id, () => ({ isPinned: false }))
  hide = async (id: string): Promise<Message> => this.#change(id, () => ({ isHidden: true }))
  unhide = async (id: string): Promise<Message> => this.#change(id, () => ({ isHidden: false }))
  pinned = async (): Promise<readonly Message[]> => this.sent.filter(({ isPinned }) => isPinned)

  /** As when another member's device has stored it. */
  deliver(id: string): void {
    this.#change(id, () => ({ state: 'delivered' }))
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

  // --- files

  async getAttachments({ type }: { type?: string }): Promise<readonly Attachment[]> {
    const all = this.sent.flatMap(({ attachments }) => attachments).toReversed()
    return all.filter((one) => type === undefined || one.type.startsWith(type))
  }

  async #attach(messageId: MessageId, index: number, path: string): Promise<Attachment> {
    const bytes = await readFile(path)
    const data = {
      id: `${messageId}.${index}`,
      messageId,
      name: basename(path),
      type: 'text/plain',
      size: bytes.length,
      sha256: 'ab',
      thumbnail: '',
    }
    // The calls are no data, as with the real ones.
    return Object.assign(
      Object.create({ received: async () => (this.holders === undefined ? bytes.length : 0), stream: this.#stream(bytes) }),
      data,
    ) as Attachment
  }

  #stream =
    (bytes: Uint8Array) =>
    ({ signal, wait, onHolders, onProgress }: FetchOptions): ReadableStream<Uint8Array> => {
      const { holders } = this
      return new ReadableStream<Uint8Array>({
        async start(controller) {
          onHolders?.(holders ?? 0)
          if (holders === 0 && wait === false) return controller.error(new ParleyError('AttachmentUnavailable', 'nobody has it'))
          if (holders === 0)
            return signal?.addEventListener('abort', () => controller.error(new ParleyError('Aborted', 'aborted')), { once: true })
          controller.enqueue(bytes)
          onProgress?.(bytes.length, bytes.length)
          controller.close()
        },
      })
    }

  // --- inside

  #change(id: string, change: (message: Message) => Partial<Message>): Message {
    const at = this.sent.findIndex((one) => one.id === id)
    const message = this.sent[at]
    if (message === undefined) throw new ParleyError('MessageNotFound', 'no such message')
    return (this.sent[at] = { ...message, ...change(message) })
  }

  #assertAdmin(): void {
    if (this.kind === 'direct') throw new ParleyError('NotAGroup', 'no group')
    if (this.role === 'writer') throw new ParleyError('NotAllowed', 'only admins can')
  }
}
