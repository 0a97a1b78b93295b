/** Requests: who is heard at the door, what is kept of it until the person answers, and the answers. */
import { conversationIdOf, ParleyError, type ControlCarrier, type UserId } from '@parley/protocol'
import type { Context } from '../context.ts'
import { takeIn } from '../devices/arrival.ts'
import type { Hearing } from '../network/door.ts'
import type { Knock } from '../network/knock.ts'
import { eraseConversation } from '../replica/erase.ts'
import type { ConversationRecord } from '../replica/record.ts'
import { Replica } from '../replica/replica.ts'
import type { Mutex } from '../support/mutex.ts'
import type { ContactBook } from './contact-book.ts'
import type { ContactsHost } from './contacts.ts'
import { answerTo, directIdOf } from './direct.ts'
import { RequestHearing, type HeardRequest } from './request-hearing.ts'

/** Requests that wait for the person: more than anybody answers. Further ones are not heard until some are. */
export const MAX_REQUESTS = 100
/** The same from one sender. */
export const MAX_REQUESTS_PER_SENDER = 8
/** Strangers who are heard out at a time: with what each may tell, 8 MB. The one who has taken longest goes when one more comes. */
const MAX_HEARINGS = 32

export class Requests {
  readonly #context: Context
  readonly #host: ContactsHost
  readonly #book: ContactBook
  readonly #turns: Mutex
  /** Strangers who are heard out. */
  readonly #hearings = new Set<RequestHearing>()

  /** `turns`: conversations begin and are taken in one after the other. */
  constructor(options: { context: Context; host: ContactsHost; book: ContactBook; turns: Mutex }) {
    this.#context = options.context
    this.#host = options.host
    this.#book = options.book
    this.#turns = options.turns
  }

  /** Conversations that wait for the person's word. */
  all(): readonly Replica[] {
    return [...this.#host.replicas()].filter(({ record }) => record.state === 'request')
  }

  /** Those of one sender. */
  from(sender: UserId): readonly Replica[] {
    return this.all().filter((replica) => this.#senderOf(replica) === sender)
  }

  /** Takes part in what was asked; whoever asked becomes a contact. @throws {ParleyError} NotAllowed when it is no request. */
  accept(replica: Replica): Promise<void> {
    return this.#turns.run(async () => {
      assertRequest(replica)
      await this.take(replica)
    })
  }

  /** Forgets what was asked, and hears that sender no more until the person adds them. @throws {ParleyError} NotAllowed when it is no request. */
  decline(replica: Replica): Promise<void> {
    return this.#turns.run(async () => {
      assertRequest(replica)
      const sender = this.#senderOf(replica)
      if (sender !== undefined) await this.#book.ignore(sender)
      await this.#erase(replica)
    })
  }

  /** Forgets everything that a sender asked. */
  drop(sender: UserId): Promise<void> {
    return this.#turns.run(async () => {
      for (const replica of this.from(sender)) await this.#erase(replica)
    })
  }

  /** As `accept`, and nothing for what is no request; the caller's turn. */
  async take(replica: Replica): Promise<void> {
    if (replica.record.state !== 'request') return
    const sender = this.#senderOf(replica)
    if (sender !== undefined && !this.#book.isContact(sender)) {
      await this.#book.add(sender, replica.controls.profile(sender).name)
      this.#host.onContacts()
    }
    await replica.answer([...answerTo(replica, this.#context), { op: 'profile', ...this.#host.profile() }])
    this.#host.wake()
  }

  /**
   * Somebody knocks; undefined when they are not heard. `via` is the conversation in common over which they came; without it they hold the card.
   */
  hear({ cert, conversation, hints }: Knock, via: Replica | undefined): Hearing | undefined {
    const sender = cert.userId
    if (sender === this.#context.me.userId) return this.#hearOwn({ cert, conversation, hints }, via)
    const isContact = this.#book.isContact(sender)
    if (this.#book.isUnheard(sender)) return undefined
    if (via !== undefined && (via.userOf(cert.deviceId) !== sender || (via.record.peer !== sender && !isContact))) return undefined
    const id = conversationIdOf(conversation)
    const known = this.#host.replica(id)
    if (known !== undefined) {
      // A request that waits is not added to: nobody who is not known fills the disk.
      if (known.record.state === 'request' || (!isContact && !known.controls.membership.members.has(sender))) return undefined
      return { isTrusted: isContact, take: async (entries) => void (await known.ingestControls(entries)), close: () => undefined }
    }
    if (!isContact && !this.#hasRoom(sender)) return undefined
    const hearing = new RequestHearing({
      context: this.#context,
      request: { conversation: id, sender, isDirect: id === directIdOf(this.#context, sender), hints },
      isTrusted: isContact,
      onHeard: (request) => this.#turns.run(() => this.#receive(request)),
      onMore: async (later, entries) => void (await this.#host.replica(later)?.ingestControls(entries)),
      onClose: (closed) => this.#hearings.delete(closed),
    })
    if (isContact) return hearing
    const [oldest] = this.#hearings
    if (oldest !== undefined && this.#hearings.size >= MAX_HEARINGS) oldest.close()
    this.#hearings.add(hearing)
    return hearing
  }

  /** Another device of this user tells of what both are in: taken in at once. One that was removed is not heard. */
  #hearOwn({ cert, conversation, hints }: Knock, via: Replica | undefined): Hearing | undefined {
    if (via?.isActive(cert.deviceId) !== true || !this.#host.isOwnDevice(cert.deviceId)) return undefined
    const id = conversationIdOf(conversation)
    const known = this.#host.replica(id)
    if (known !== undefined) {
      const take = async (entries: readonly ControlCarrier[]): Promise<void> => {
        await known.ingestControls(entries)
        // What this user has accepted on another device is no request here any more.
        if (known.record.state === 'request' && known.isActive(this.#context.me.deviceId)) await known.answer([])
      }
      return { isTrusted: true, take, close: () => undefined }
    }
    return new RequestHearing({
      context: this.#context,
      request: { conversation: id, sender: cert.userId, isDirect: false, hints },
      isTrusted: true,
      onHeard: (request) => this.#turns.run(() => this.#receiveOwn(request)),
      onMore: async (later, entries) => void (await this.#host.replica(later)?.ingestControls(entries)),
      onClose: () => undefined,
    })
  }

  async #receiveOwn({ conversation, hints, entries }: HeardRequest): Promise<void> {
    const known = this.#host.replica(conversation)
    if (known !== undefined) return void (await known.ingestControls(entries))
    const replica = await takeIn(this.#context, { id: conversation, hints, entries })
    if (replica !== undefined) await this.#host.adopt(replica)
  }

  async #receive({ conversation, sender, isDirect, hints, entries }: HeardRequest): Promise<void> {
    // Much may have changed since the knock.
    if (this.#book.isUnheard(sender)) return
    const isContact = this.#book.isContact(sender)
    const known = this.#host.replica(conversation)
    if (known !== undefined) return this.#add(known, entries)
    if (!isContact && !this.#hasRoom(sender)) return
    const since = this.#context.clock.now()
    const peer = isDirect ? sender : undefined
    const record: ConversationRecord = { state: 'request', seed: undefined, hints, refusal: undefined, since, peer }
    const replica = new Replica(this.#context, conversation, record)
    await replica.load()
    await replica.setRecord(() => ({ ...record }))
    await replica.ingestControls(entries)
    await this.#host.adopt(replica)
    if (isContact && replica.epochs.current !== undefined) await this.take(replica)
    else this.#host.onRequest(replica)
  }

  /** To what came here on another way meanwhile; a request stays as it is. */
  async #add(known: Replica, entries: readonly ControlCarrier[]): Promise<void> {
    if (known.record.state !== 'request') await known.ingestControls(entries)
  }

  async #erase(replica: Replica): Promise<void> {
    await this.#host.drop(replica)
    await eraseConversation(this.#context.store, replica)
  }

  #hasRoom(sender: UserId): boolean {
    return this.all().length < MAX_REQUESTS && this.from(sender).length < MAX_REQUESTS_PER_SENDER
  }

  /** Who asked. */
  #senderOf(replica: Replica): UserId | undefined {
    return replica.record.peer ?? replica.controls.membership.members.get(this.#context.me.userId)?.addedBy
  }
}

function assertRequest({ record }: Replica): void {
  if (record.state !== 'request') throw new ParleyError('NotAllowed', 'this is no request: it was answered already')
}
