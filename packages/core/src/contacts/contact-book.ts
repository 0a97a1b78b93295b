/** What this user knows of other people and thinks of them: contacts with their cards, who is blocked, whose requests are not heard. */
import { readContactCard, type DeviceCert, type VerifiedCard } from '@parley/crypto'
import {
  decodeCbor,
  encodeCbor,
  fromBase64Url,
  ParleyError,
  Reject,
  toBase64Url,
  userIdBytes,
  userIdOf,
  type CborValue,
  type UserId,
} from '@parley/protocol'
import type { Context } from '../context.ts'
import { trusting } from '../replica/control-verifier.ts'
import { contactKey, contactRange } from '../replica/keyspace.ts'
import { Mutex } from '../support/mutex.ts'

/** People in the book, contacts and others: more than anybody knows, and 75 MB at worst. */
export const MAX_RELATIONS = 10_000

export interface Relation {
  readonly user: UserId
  /** As they called themselves when they were added; may be empty. */
  readonly name: string
  /** Undefined for somebody whom this user knows without a card. */
  readonly card: VerifiedCard | undefined
  readonly isContact: boolean
  /** Hidden here, and not heard. */
  readonly isBlocked: boolean
  /** A request of theirs was declined: further ones are not heard. */
  readonly isIgnored: boolean
  /** Milliseconds since 1970; when they became a contact. */
  readonly addedAt: number
}

interface Stored extends Relation {
  /** The text of `card`. */
  readonly text: string | undefined
}

/** Bits of a row. */
const CONTACT = 1
const BLOCKED = 2
const IGNORED = 4

export class ContactBook {
  readonly #context: Context
  readonly #relations = new Map<UserId, Stored>()
  readonly #mutex = new Mutex()
  /** Hears of what this device changed, as `take` reads it; null: nothing is known of them any more. */
  onChange: (user: UserId, row: string | null) => void = () => undefined

  constructor(context: Context) {
    this.#context = context
  }

  /** Reads the book. Cards were verified before they were stored. @throws {ParleyError} StorageUnavailable */
  async load(): Promise<void> {
    const trusted = trusting(this.#context.crypto)
    for (const { key, value } of await this.#context.store.range(contactRange())) {
      const { text, ...row } = decodeRow(value)
      const user = userIdOf(key.slice(1))
      this.#relations.set(user, { ...row, text, user, card: text === undefined ? undefined : await readContactCard(trusted, text) })
    }
  }

  get(user: UserId): Relation | undefined {
    return this.#relations.get(user)
  }

  /** Everybody in the book, as `take` reads it. */
  rows(): [user: UserId, row: string][] {
    return [...this.#relations.values()].map((relation) => [relation.user, toBase64Url(encodeRow(relation))])
  }

  /** What another device of this user knows of somebody, and thinks of them. @throws {ParleyError} CardInvalid, StorageUnavailable for what makes no sense */
  async take(user: UserId, row: string | null): Promise<void> {
    const known = this.#relations.get(user)
    if (user === this.#context.me.userId || row === (known === undefined ? null : toBase64Url(encodeRow(known)))) return
    const after = row === null ? nobody(user) : { ...decodeRow(fromBase64Url(row)), user }
    const card = 'text' in after && after.text !== undefined ? await readContactCard(this.#context.crypto, after.text) : undefined
    if (card !== undefined && card.userId !== user) return
    await this.#change(user, () => ({ ...after, card }), false)
  }

  /** In the order in which they were added. */
  contacts(): readonly Relation[] {
    return [...this.#relations.values()].filter(({ isContact }) => isContact).sort((a, b) => a.addedAt - b.addedAt)
  }

  isContact(user: UserId): boolean {
    return this.#relations.get(user)?.isContact === true
  }

  isBlocked(user: UserId): boolean {
    return this.#relations.get(user)?.isBlocked === true
  }

  /** Whether what that user would tell is not heard. */
  isUnheard(user: UserId): boolean {
    const known = this.#relations.get(user)
    return known !== undefined && (known.isBlocked || known.isIgnored)
  }

  /** The devices that the card of a contact names; empty when there is none. */
  certsOf(user: UserId): readonly DeviceCert[] {
    return this.#relations.get(user)?.card?.devices ?? []
  }

  /** Adds the person of a card, or takes their newer card. @throws {ParleyError} CardInvalid, TooLarge */
  async addCard(text: string): Promise<Relation> {
    const card = await readContactCard(this.#context.crypto, text)
    if (card.userId === this.#context.me.userId)
      throw new ParleyError('CardInvalid', 'This is your own contact card. Give it to somebody else.')
    return this.#change(card.userId, (known) => ({
      ...known,
      ...this.#added(known),
      name: card.name,
      card,
      text: text.trim(),
    }))
  }

  /** Adds a person without a card. @throws {ParleyError} TooLarge */
  add(user: UserId, name: string): Promise<Relation> {
    return this.#change(user, (known) => ({ ...known, ...this.#added(known), name: known.name === '' ? name : known.name }))
  }

  /** They are no contact any more; a block stays. */
  async remove(user: UserId): Promise<void> {
    await this.#change(user, (known) => ({ ...known, isContact: false, card: undefined, text: undefined }))
  }

  /** @throws {ParleyError} TooLarge */
  async setBlocked(user: UserId, isBlocked: boolean): Promise<void> {
    await this.#change(user, (known) => ({ ...known, isBlocked }))
  }

  /** Nothing that they would tell is heard until they are added. @throws {ParleyError} TooLarge */
  async ignore(user: UserId): Promise<void> {
    await this.#change(user, (known) => ({ ...known, isIgnored: true }))
  }

  #added(known: Stored): Pick<Relation, 'isContact' | 'isIgnored' | 'addedAt'> {
    return { isContact: true, isIgnored: false, addedAt: known.isContact ? known.addedAt : this.#context.clock.now() }
  }

  /** One change after the other; durable before it shows. */
  async #change(user: UserId, change: (known: Stored) => Stored, isOurs = true): Promise<Relation> {
    const after = await this.#mutex.run(() => this.#write(user, change))
    const isKnown = this.#relations.has(user)
    if (isOurs) this.onChange(user, isKnown ? toBase64Url(encodeRow(after)) : null)
    return after
  }

  async #write(user: UserId, change: (known: Stored) => Stored): Promise<Stored> {
    const before = this.#relations.get(user)
    const after = change(before ?? nobody(user))
    const key = contactKey(userIdBytes(user))
    if (!after.isContact && !after.isBlocked && !after.isIgnored) {
      if (before !== undefined) await this.#context.store.write([{ type: 'delete', key }], { durability: 'strict' })
      this.#relations.delete(user)
      return after
    }
    if (before === undefined && this.#relations.size >= MAX_RELATIONS)
      throw new ParleyError('TooLarge', `you know ${MAX_RELATIONS} people here; remove some first`)
    await this.#context.store.write([{ type: 'put', key, value: encodeRow(after) }], { durability: 'strict' })
    this.#relations.set(user, after)
    return after
  }
}

function nobody(user: UserId): Stored {
  return { user, name: '', card: undefined, text: undefined, isContact: false, isBlocked: false, isIgnored: false, addedAt: 0 }
}

function encodeRow({ name, text, isContact, isBlocked, isIgnored, addedAt }: Stored): Uint8Array {
  const flags = (isContact ? CONTACT : 0) | (isBlocked ? BLOCKED : 0) | (isIgnored ? IGNORED : 0)
  return encodeCbor([flags, name, text ?? null, addedAt])
}

function decodeRow(bytes: Uint8Array): Omit<Stored, 'user' | 'card'> {
  try {
    const value: CborValue = decodeCbor(bytes)
    const [flags, name, text, addedAt] = Array.isArray(value) ? (value as CborValue[]) : []
    if (
      typeof flags === 'number' &&
      typeof name === 'string' &&
      typeof addedAt === 'number' &&
      (text === null || typeof text === 'string')
    ) {
      const [isContact, isBlocked, isIgnored] = [(flags & CONTACT) !== 0, (flags & BLOCKED) !== 0, (flags & IGNORED) !== 0]
      return { name, text: text ?? undefined, addedAt, isContact, isBlocked, isIgnored }
    }
  } catch (error) {
    if (!(error instanceof Reject)) throw error
  }
  throw new ParleyError('StorageUnavailable', 'the contacts of this profile are damaged; restore it from a copy')
}
