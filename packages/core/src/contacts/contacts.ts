/**
 * People: contacts and their cards, direct conversations with them, and what strangers ask. Decides who is heard at the door, and keeps
 * telling those who are to know of a conversation until they answer.
 */
import { inboxKeys, type DeviceCert, type MeetingKeys, type VerifiedCard } from '@parley/crypto'
import { parseUserId, ParleyError, type ConversationId, type DeviceId, type UserId } from '@parley/protocol'
import type { Contact } from '../api.ts'
import type { Context } from '../context.ts'
import type { People } from '../conversation/people.ts'
import type { Addressee, Door, Hearing } from '../network/door.ts'
import type { Knock } from '../network/knock.ts'
import type { Replica } from '../replica/replica.ts'
import { Mutex } from '../support/mutex.ts'
import { ContactBook, type Relation } from './contact-book.ts'
import { directIdOf, foundDirect } from './direct.ts'
import { OwnCard } from './own-card.ts'
import { PendingKnocks } from './pending-knocks.ts'
import { Requests } from './requests.ts'

/** What contacts need of the engine. */
export interface ContactsHost {
  /** How this user is called. */
  profile(): { readonly name: string; readonly avatar: string }
  replicas(): Iterable<Replica>
  replica(id: ConversationId): Replica | undefined
  /** Takes a conversation in that is new here. */
  adopt(replica: Replica): Promise<void>
  /** Ends a conversation that is erased next. */
  drop(replica: Replica): Promise<void>
  /** Topics, proofs or what is to be told have changed. */
  refresh(): void
  /** Tries to reach people at once. */
  wake(): void
  /** Where this device is found. */
  addresses(): readonly string[]
  /** Whether it is a device of this user that counts. */
  isOwnDevice(device: DeviceId): boolean
  /** What another device of this user is in, and is to be told of. */
  sharedWith(device: DeviceId): readonly Replica[]
  /** Says something to the other devices of this user. */
  share(key: string, value: string | null): void
  onRequest(replica: Replica): void
  onContacts(): void
}

/** What the devices of this user share of people: each relation under the user's id, and the secret of the card. */
const CONTACT_KEY = 'contact:'
const CARD_KEY = 'card'

export class Contacts implements Door, People {
  readonly book: ContactBook
  readonly requests: Requests
  readonly #card: OwnCard
  readonly #pending: PendingKnocks
  readonly #context: Context
  readonly #host: ContactsHost
  readonly #inboxes = new WeakMap<VerifiedCard, MeetingKeys>()
  /** Beginning conversations, and taking in requests, one after the other. */
  readonly #turns = new Mutex()

  constructor(context: Context, host: ContactsHost) {
    this.#context = context
    this.#host = host
    this.book = new ContactBook(context)
    this.book.onChange = (user, row) => host.share(`${CONTACT_KEY}${user}`, row)
    this.requests = new Requests({ context, host, book: this.book, turns: this.#turns })
    this.#card = new OwnCard(context)
    this.#pending = new PendingKnocks(context)
  }

  async load(): Promise<void> {
    await this.book.load()
    await this.#card.load()
    await this.#pending.load()
  }

  /** Everything that is known of people, for the other devices of this user. */
  *shared(): Iterable<readonly [key: string, value: string]> {
    yield [CARD_KEY, this.#card.shared]
    for (const [user, row] of this.book.rows()) yield [`${CONTACT_KEY}${user}`, row]
  }

  /** Takes over what another device of this user said; false when it is about something else. */
  async takeShared(key: string, value: string | null): Promise<boolean> {
    if (key === CARD_KEY) {
      if (value !== null && (await this.#card.take(value))) this.#host.refresh()
      return true
    }
    if (!key.startsWith(CONTACT_KEY)) return false
    const user = parseUserId(key.slice(CONTACT_KEY.length))
    await this.book.take(user, value)
    if (this.book.isUnheard(user)) await this.requests.drop(user)
    this.#host.onContacts()
    this.#host.refresh()
    return true
  }

  /** Makes the other person of a direct conversation a contact, who was one on a device that is lost. */
  async know(replica: Replica): Promise<void> {
    const { peer } = replica.record
    if (peer === undefined || peer === this.#context.me.userId || this.book.get(peer) !== undefined) return
    await this.book.add(peer, replica.controls.profile(peer).name)
    this.#host.onContacts()
  }

  /** Follows what is said in a conversation: whoever answered need not be told any more. */
  watch(replica: Replica): void {
    const look = (): void => {
      this.#noteAnswers(replica).catch((error: unknown) => this.#context.report(error, 'answers'))
    }
    replica.events.on('control', look)
    replica.events.on('entries', look)
    look()
  }

  /** @throws {ParleyError} ContactUnknown */
  assertContact(user: UserId): void {
    if (this.certsOf(user).length === 0) throw contactUnknown()
  }

  /** Forgets whom to tell of conversations that are not here: they were erased, or never came to be. */
  async tidy(): Promise<void> {
    for (const user of this.#pending.users())
      for (const id of this.#pending.of(user)) if (this.#host.replica(id) === undefined) await this.#pending.done(id)
  }

  // --- the book

  /** All contacts, as applications see them, in the order in which they were added. */
  all(): readonly Contact[] {
    return this.book.contacts().map((relation) => this.#contact(relation))
  }

  /** The text of this user's card. */
  card(): Promise<string> {
    return this.#card.text(this.#host.profile().name, this.#host.addresses())
  }

  /** Nobody can knock any more with a card that was given away before. */
  async renewCard(): Promise<void> {
    await this.#card.renew()
    this.#host.share(CARD_KEY, this.#card.shared)
    this.#host.refresh()
  }

  /** @throws {ParleyError} CardInvalid, TooLarge */
  async add(card: string): Promise<Contact> {
    const relation = await this.book.addCard(card)
    this.#host.onContacts()
    this.#host.refresh()
    // What they asked before they were added is what this user wants to hear.
    for (const replica of this.requests.from(relation.user)) await this.accept(replica)
    return this.#contact(relation)
  }

  async remove(user: UserId): Promise<void> {
    await this.book.remove(user)
    this.#host.onContacts()
    this.#host.refresh()
  }

  async setBlocked(user: UserId, isBlocked: boolean): Promise<void> {
    if (user === this.#context.me.userId) throw new ParleyError('InvalidArgument', 'nobody can block themselves')
    await this.book.setBlocked(user, isBlocked)
    if (isBlocked) await this.requests.drop(user)
    this.#host.onContacts()
  }

  isBlocked(user: UserId): boolean {
    return this.book.isBlocked(user)
  }

  /** What the person is called, as far as that is known: in a conversation, or on their card. */
  nameOf(user: UserId): string {
    return this.#direct(user)?.controls.profile(user).name || this.book.get(user)?.name || ''
  }

  /** The devices of a contact, issuers first: those of the card, and those met in conversations. Empty for anybody else. */
  certsOf(user: UserId): readonly DeviceCert[] {
    if (!this.book.isContact(user)) return []
    const certs = new Map(this.book.certsOf(user).map((cert) => [cert.deviceId, cert]))
    for (const replica of this.#host.replicas())
      for (const record of replica.controls.membership.devices.values())
        if (record.user === user && record.isActive) certs.set(record.cert.deviceId, record.cert)
    const sorted: DeviceCert[] = []
    const add = (cert: DeviceCert): void => {
      if (sorted.includes(cert)) return
      const issuer = cert.issuer === undefined ? undefined : certs.get(cert.issuer)
      if (issuer !== undefined) add(issuer)
      sorted.push(cert)
    }
    for (const cert of certs.values()) add(cert)
    return sorted
  }

  // --- conversations

  /** The direct conversation with a contact, begun if it is not here. @throws {ParleyError} ContactUnknown, InvalidArgument, TooLarge */
  begin(user: UserId): Promise<Replica> {
    return this.#turns.run(async () => {
      if (user === this.#context.me.userId) throw new ParleyError('InvalidArgument', 'a direct conversation is with somebody else')
      const id = directIdOf(this.#context, user)
      const known = this.#host.replica(id)
      if (known !== undefined) {
        await this.requests.take(known)
        return known
      }
      const certs = this.certsOf(user)
      if (certs.length === 0) throw contactUnknown()
      const hints = this.book.get(user)?.card?.hints ?? []
      // Before it is there: told of what is not here, nobody is.
      await this.#pending.add(id, user)
      const replica = await foundDirect(this.#context, { user, certs, hints, profile: this.#host.profile() })
      await this.#host.adopt(replica)
      return replica
    })
  }

  /**
   * Makes a contact, or somebody who was a member before, one of a group, and keeps telling them until they answer.
   * @throws {ParleyError} ContactUnknown, NotAllowed, TooLarge
   */
  async bringIn(replica: Replica, user: UserId): Promise<void> {
    const certs = this.certsOf(user)
    if (certs.length === 0 && !replica.controls.membership.former.has(user)) throw contactUnknown()
    await this.#pending.add(replica.id, user)
    await replica.changeMembership((writes) => writes.grant(user, 'writer', certs))
    // Again: while they were out, what they are to be told may have been put aside.
    await this.#pending.add(replica.id, user)
    this.#host.refresh()
    this.#host.wake()
  }

  accept(replica: Replica): Promise<void> {
    return this.requests.accept(replica)
  }

  decline(replica: Replica): Promise<void> {
    return this.requests.decline(replica)
  }

  // --- the door

  get inbox(): MeetingKeys {
    return this.#card.inbox
  }

  addressees(): readonly Addressee[] {
    return this.#pending.users().flatMap((user): Addressee[] => {
      const card = this.book.get(user)?.card
      return card === undefined ? [] : [{ user, inbox: this.#inboxOf(card), hints: card.hints }]
    })
  }

  pending(user: UserId): readonly Replica[] {
    return [...this.#pending.of(user)].flatMap((id) => {
      const replica = this.#host.replica(id)
      return replica?.record.state === 'member' ? [replica] : []
    })
  }

  sharedWith(device: DeviceId): readonly Replica[] {
    return this.#host.sharedWith(device)
  }

  hear(knock: Knock, via: Replica | undefined): Hearing | undefined {
    return this.requests.hear(knock, via)
  }

  // --- inside

  /** Asked for again and again, and costly to derive. */
  #inboxOf(card: VerifiedCard): MeetingKeys {
    let keys = this.#inboxes.get(card)
    if (keys === undefined) this.#inboxes.set(card, (keys = inboxKeys(card.userId, card.secret)))
    return keys
  }

  /** Who has said something in the conversation knows of it; who is no member any more need not. */
  async #noteAnswers(replica: Replica): Promise<void> {
    const waiting = this.#pending.usersOf(replica.id)
    if (waiting.length === 0) return
    const { membership } = replica.controls
    const answered = waiting.filter((user) => {
      const member = membership.members.get(user)
      return member === undefined ? membership.former.has(user) : member.devices.some((device) => hasSpoken(replica, device))
    })
    await this.#pending.done(replica.id, answered)
  }

  #direct(user: UserId): Replica | undefined {
    return this.#host.replica(directIdOf(this.#context, user))
  }

  #contact({ user, isBlocked, addedAt }: Relation): Contact {
    const { avatar } = this.#direct(user)?.controls.profile(user) ?? { avatar: '' }
    return Object.freeze({ id: user, name: this.nameOf(user), avatar, isBlocked, addedAt })
  }
}

/** Whether the device has said anything since it was let in, this time. */
function hasSpoken({ controls, log }: Replica, device: DeviceId): boolean {
  const from = controls.membership.devices.get(device)?.spans.at(-1)?.from ?? 0
  return log.nextSeq(device) > from || controls.nextSeq(device) > from
}

function contactUnknown(): ParleyError {
  return new ParleyError('ContactUnknown', 'you have no contact card of this person; ask for it, or send them an invite link')
}
