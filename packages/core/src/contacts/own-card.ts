/** The contact card of this user: its secret, which whoever holds the card can knock with, and the text to give away. */
import { certsIn, createContactCard, inboxKeys, verifyDeviceCert, type MeetingKeys } from '@parley/crypto'
import { fromBase64Url, MAX_CARD_HINTS, MAX_INVITE_HINT_BYTES, toBase64Url, utf8 } from '@parley/protocol'
import type { Context } from '../context.ts'
import { unusableProfile } from '../profile/key-vault.ts'
import { cardSecretKey } from '../replica/keyspace.ts'

const SECRET_BYTES = 16

export class OwnCard {
  readonly #context: Context
  #secret = new Uint8Array(0)
  #keys: MeetingKeys | undefined

  constructor(context: Context) {
    this.#context = context
  }

  /** Reads the secret, or makes it at first use. */
  async load(): Promise<void> {
    const stored = await this.#context.store.get(cardSecretKey())
    if (stored?.length === SECRET_BYTES) this.#use(stored)
    else await this.renew()
  }

  /** The secret as text, for the other devices of this user. */
  get shared(): string {
    return toBase64Url(this.#secret)
  }

  /** Makes a new secret: nobody can knock with a card that was given away before. */
  renew(): Promise<void> {
    return this.#keep(this.#context.random.bytes(SECRET_BYTES))
  }

  /** Takes over the secret that another device of this user has made. Returns whether it is another one. */
  async take(shared: string): Promise<boolean> {
    const secret = fromBase64Url(shared)
    if (secret.length !== SECRET_BYTES || shared === this.shared) return false
    await this.#keep(secret)
    return true
  }

  async #keep(secret: Uint8Array): Promise<void> {
    await this.#context.store.write([{ type: 'put', key: cardSecretKey(), value: secret }], { durability: 'strict' })
    this.#use(secret)
  }

  /** Where this user listens for people who hold the card. */
  get inbox(): MeetingKeys {
    if (this.#keys === undefined) throw unusableProfile('its contact card was not read')
    return this.#keys
  }

  /** The text of the card; of `hints` the first four that fit. */
  async text(name: string, hints: readonly string[]): Promise<string> {
    const { me, crypto } = this.#context
    const cert = await verifyDeviceCert(crypto, me.cert)
    if (cert === undefined) throw unusableProfile('its certificate is damaged')
    const certs = certsIn(me.cert)
    const short = hints.filter((hint) => hint !== '' && utf8(hint).length <= MAX_INVITE_HINT_BYTES).slice(0, MAX_CARD_HINTS)
    return createContactCard(
      { keys: me.keys, cert: { ...cert, bytes: certs.at(-1) ?? me.cert } },
      { certs, name, secret: this.#secret, hints: short },
    )
  }

  #use(secret: Uint8Array): void {
    this.#secret = secret.slice()
    this.#keys = inboxKeys(this.#context.me.userId, this.#secret)
  }
}
