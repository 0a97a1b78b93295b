/** The joiner's half of a link: asking a peer that holds the invite to be let in, and what came of it. */
import { joinProof } from '@parley/crypto'
import { equalBytes, fromBase32, toBase32, type LinkMessage, type RefusalCode } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Replica } from '../replica/replica.ts'
import type { Handshake, Proof } from './handshake.ts'
import type { Link } from './link.ts'

/** Who was let in and cannot read anything after so long asks again; keys come with the answer. */
export const ASK_AGAIN_MS = 3_000

type JoinProof = Extract<Proof, { kind: 'join' }>

export class JoinRequests {
  readonly #context: Context
  readonly #handshake: Handshake
  readonly #link: Link
  readonly #handleOf: (replica: Replica) => Uint8Array
  readonly #onRefused: (replica: Replica, code: RefusalCode) => void
  /** Tags of the peer that a request answered. */
  readonly #requested = new Map<string, JoinProof>()
  /** Tags by which a second request is on its way. */
  readonly #askedAgain = new Map<string, () => void>()
  /** Conversations that the peer did not let us into. */
  readonly #refusedBy = new Set<Replica>()

  /** `handleOf` names a conversation on this link; `onRefused` hears that somebody who holds the invite refused. */
  constructor(options: {
    context: Context
    handshake: Handshake
    link: Link
    handleOf: (replica: Replica) => Uint8Array
    onRefused: (replica: Replica, code: RefusalCode) => void
  }) {
    this.#context = options.context
    this.#handshake = options.handshake
    this.#link = options.link
    this.#handleOf = options.handleOf
    this.#onRefused = options.onRefused
  }

  /** Whether the peer holds the invite by which this device wants to join. */
  isKnown(replica: Replica): boolean {
    return [...this.#requested.values()].some((proof) => proof.replica === replica)
  }

  /** Whether it does, and has not refused: it may still let us in. */
  mayAdmit(replica: Replica): boolean {
    return !this.#refusedBy.has(replica) && this.isKnown(replica)
  }

  /** The peer has proved, by `tag`, that it holds the invite: it is asked. */
  ask(proof: JoinProof, tag: Uint8Array): Promise<void> {
    this.#requested.set(toBase32(tag), proof)
    this.#refusedBy.delete(proof.replica)
    this.#link.trust()
    return this.#ask(proof, tag)
  }

  /** The peer does not let us in. */
  refused({ tag, code }: Extract<LinkMessage, { type: 'refuse' }>): void {
    const proof = this.#requested.get(toBase32(tag))
    if (proof === undefined) return
    this.#refusedBy.add(proof.replica)
    this.#onRefused(proof.replica, code)
  }

  /** Control entries that may be the answer: the members let us in. False when nothing was asked under that handle. @throws {Reject} */
  async take({ handle, entries }: Extract<LinkMessage, { type: 'controls' }>): Promise<boolean> {
    for (const [tag, proof] of this.#requested) {
      if (!equalBytes(this.#handleOf(proof.replica), handle)) continue
      await proof.replica.ingestControls(entries)
      this.#askAgain(proof, tag)
      return true
    }
    return false
  }

  /** Control entries came in a session, for this device was in before: the peer may have taken it for a member who asks for nothing. */
  answered(handle: Uint8Array): void {
    for (const [tag, proof] of this.#requested) if (equalBytes(this.#handleOf(proof.replica), handle)) this.#askAgain(proof, tag)
  }

  /** That conversation is here no longer. */
  drop(replica: Replica): void {
    for (const [tag, proof] of this.#requested) {
      if (proof.replica !== replica) continue
      this.#requested.delete(tag)
      this.#askedAgain.get(tag)?.()
      this.#askedAgain.delete(tag)
    }
    this.#refusedBy.delete(replica)
  }

  /** The link is closed. */
  close(): void {
    for (const cancel of this.#askedAgain.values()) cancel()
  }

  async #ask(proof: JoinProof, tag: Uint8Array): Promise<void> {
    const { me } = this.#context
    // What was said since this device was in last, if it ever was, is not for those who let it in again.
    const from = proof.replica.log.nextSeq(me.deviceId)
    const request = await joinProof(proof.signing, proof.replica.bytes, me.cert, from)
    this.#link.send('control', { type: 'join', tag, sealed: await this.#handshake.request(proof, request, from) })
  }

  /** Who has been let in and still has no keys after a while got some that do not open; who hears that it asks again hands out others. */
  #askAgain(proof: JoinProof, tag: string): void {
    if (this.#askedAgain.has(tag)) return
    const { clock, report } = this.#context
    const ask = (): void => {
      if (proof.replica.record.state === 'member') return
      this.#ask(proof, fromBase32(tag)).catch((error: unknown) => report(error, 'asking to be let in again'))
    }
    this.#askedAgain.set(tag, clock.setTimeout(ask, ASK_AGAIN_MS))
  }
}
