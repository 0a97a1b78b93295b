/**
 * The proof tags of one link: which were sent and what they prove, and which came. A conversation that goes from here and comes back is proved anew by both
 * ends: its tags are sent once more, and who gets one once more knows that the other end begins anew.
 */
import { MAX_PROOFS, toBase32 } from '@parley/protocol'
import type { Replica } from '../replica/replica.ts'
import type { Proof } from './handshake.ts'

export class ProofTags {
  /** Those sent. */
  readonly #offered = new Map<string, Proof>()
  /** Those of them whose conversation has gone from here. */
  readonly #gone = new Set<string>()
  /** Those of the peer that match. */
  readonly #heard = new Map<string, Proof>()
  /** Those of the peer that match nothing known here yet. */
  readonly #unmatched = new Map<string, Uint8Array>()

  /** Whether any was sent. */
  get hasOffered(): boolean {
    return this.#offered.size > 0
  }

  /** Whether a tag is to be sent, which it then is: unless it was already, or when the peer asks `again`. */
  offer(tag: Uint8Array, proof: Proof, again = false): boolean {
    const name = toBase32(tag)
    if (this.#offered.has(name) && !this.#gone.delete(name) && !again) return false
    this.#offered.set(name, proof)
    return true
  }

  /** What a tag that was sent proves. */
  offered(tag: Uint8Array): Proof | undefined {
    return this.#offered.get(toBase32(tag))
  }

  /** Whether a tag that was sent is of a conversation that is here no longer. */
  isGone(tag: Uint8Array): boolean {
    return this.#gone.has(toBase32(tag))
  }

  /** A tag of the peer matches. Returns whether it has come before. */
  hear(tag: Uint8Array, proof: Proof): boolean {
    const name = toBase32(tag)
    const isAgain = this.#heard.has(name)
    this.#heard.set(name, proof)
    return isAgain
  }

  /** A tag of the peer matches nothing yet. Of too many the last are not looked at again. */
  keep(tag: Uint8Array): void {
    if (this.#unmatched.size < MAX_PROOFS) this.#unmatched.set(toBase32(tag), tag.slice())
  }

  /** Those that matched nothing, to be looked at again. */
  takeKept(): Uint8Array[] {
    const kept = [...this.#unmatched.values()]
    this.#unmatched.clear()
    return kept
  }

  /** A conversation is here no longer. */
  drop(replica: Replica): void {
    for (const [tag, proof] of this.#offered) if (isOf(proof, replica)) this.#gone.add(tag)
    for (const [tag, proof] of this.#heard) if (isOf(proof, replica)) this.#heard.delete(tag)
  }
}

const isOf = (proof: Proof, replica: Replica): boolean => 'replica' in proof && proof.replica === replica
