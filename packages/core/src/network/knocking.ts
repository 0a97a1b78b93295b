/** Knocking over one link: telling the other end of conversations that it is to know of, and hearing what it tells. */
import { Reject, toBase32, type ControlCarrier, type UserId } from '@parley/protocol'
import { controlBatches } from './answers.ts'
import type { Door, Hearing } from './door.ts'
import type { Handshake, Proof } from './handshake.ts'
import type { Link } from './link.ts'
import type { Replica } from '../replica/replica.ts'
import { Mutex } from '../support/mutex.ts'

/** Knocks that one link may bring: somebody who adds a friend to all their groups needs some; a flood ends here. */
export const MAX_KNOCKS_PER_LINK = 64
/** Bytes of control entries in one message: whoever does not know us reads no longer ones. */
const BATCH_BYTES = 32_768

interface Way {
  readonly user: UserId
  readonly proof: Proof
  /** The tag by which the other end proved it. */
  readonly tag: Uint8Array
  /** What the other end is to be told of. */
  readonly pending: () => readonly Replica[]
}

export class Knocking {
  readonly #door: Door
  readonly #handshake: Handshake
  readonly #link: Link
  readonly #hints: () => readonly string[]
  readonly #handleOf: (conversation: Uint8Array) => Uint8Array
  /** As whom the other end has proved itself, and how: with the card it hears more people than as a member. */
  readonly #ways = new Map<string, Way>()
  /** Control entries that were told, as device and number, by way and conversation. */
  readonly #told = new Map<string, Set<string>>()
  /** By the handle of the conversation. */
  readonly #hearings = new Map<string, Hearing>()
  readonly #turns = new Mutex()
  #knocker: string | undefined
  #knocks = 0

  /** `hints`: where this device is found; `handleOf` names a conversation (32 bytes) on this link. */
  constructor(options: {
    door: Door
    handshake: Handshake
    link: Link
    hints: () => readonly string[]
    handleOf: (conversation: Uint8Array) => Uint8Array
  }) {
    this.#door = options.door
    this.#handshake = options.handshake
    this.#link = options.link
    this.#hints = options.hints
    this.#handleOf = options.handleOf
  }

  /** What can be proved: the cards of those who are to be told something, and one's own. */
  proofs(): Proof[] {
    const cards = this.#door.addressees().map(({ user, inbox }): Proof => ({ kind: 'knock', key: inbox.proof, user }))
    return [...cards, { kind: 'inbox', key: this.#door.inbox.proof }]
  }

  /** The other end has proved, by `tag`, to be that user: of their card, or as a member of a conversation in common. */
  async reached(user: UserId, proof: Proof, tag: Uint8Array, pending = () => this.#door.pending(user)): Promise<void> {
    this.#ways.set(`${user} ${proof.kind}`, { user, proof, tag: tag.slice(), pending })
    await this.tell()
  }

  /** Whether the other end has proved to be that user. */
  reaches(user: UserId): boolean {
    return [...this.#ways.values()].some((way) => way.user === user)
  }

  /** Tells what is to be told and has not been told on this link. */
  tell(): Promise<void> {
    // One after the other, so that a knock comes before what belongs to it.
    return this.#turns.run(() => this.#tell())
  }

  /** The link is closed. */
  close(): void {
    for (const hearing of this.#hearings.values()) hearing.close()
    this.#hearings.clear()
  }

  async #tell(): Promise<void> {
    const pending = new Set<string>()
    for (const { proof, tag, pending: tellings } of this.#ways.values())
      for (const replica of tellings()) {
        const telling = `${proof.kind} ${replica.id}`
        pending.add(telling)
        await replica.whole()
        const told = this.#told.get(telling) ?? new Set()
        // Also what is said after the knock, until the other end takes part: the key may be in it.
        const fresh = replica.controls.carriers().filter(({ device, seq }) => !told.has(`${toBase32(device)} ${seq}`))
        for (const { device, seq } of fresh) told.add(`${toBase32(device)} ${seq}`)
        if (fresh.length === 0) continue
        if (!this.#told.has(telling)) {
          this.#told.set(telling, told)
          this.#link.send('control', { type: 'join', tag, sealed: await this.#handshake.knock(proof, replica.bytes, this.#hints()) })
        }
        const handle = this.#handleOf(replica.bytes)
        for (const entries of controlBatches(fresh, BATCH_BYTES)) this.#link.send('control', { type: 'controls', handle, entries })
      }
    // Who has answered, and is to be told again one day, is told from the beginning.
    for (const telling of this.#told.keys()) if (!pending.has(telling)) this.#told.delete(telling)
  }

  /** A knock. Whoever is not heard is not answered either. @throws {Reject} */
  async onKnock(proof: Proof, sealed: Uint8Array, via: Replica | undefined): Promise<void> {
    // Another device of this user may have more to tell than anybody else.
    if (via?.isSelf !== true && ++this.#knocks > MAX_KNOCKS_PER_LINK) throw new Reject('RateLimited', 'knocks')
    const knock = await this.#handshake.readKnock(proof, sealed)
    const name = toBase32(knock.cert.bytes)
    if (this.#knocker !== undefined && this.#knocker !== name) throw new Reject('BadProof', 'a second identity')
    this.#knocker = name
    const hearing = this.#door.hear(knock, via)
    if (hearing === undefined) throw new Reject('NotAMember', 'a knock that is not heard')
    if (hearing.isTrusted) this.#link.trust()
    const handle = toBase32(this.#handleOf(knock.conversation))
    this.#hearings.get(handle)?.close()
    this.#hearings.set(handle, hearing)
  }

  /** Control entries behind a knock; false when there was none for that conversation. @throws {Reject} */
  async onControls(handle: Uint8Array, entries: readonly ControlCarrier[]): Promise<boolean> {
    const hearing = this.#hearings.get(toBase32(handle))
    await hearing?.take(entries)
    return hearing !== undefined
  }
}
