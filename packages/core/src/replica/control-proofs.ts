/** The signatures that control entries carry inside: of devices that forked, and of joiners. Each is checked once. */
import { verifyJoinProof, type CertLookup, type CryptoProvider } from '@parley/crypto'
import { deviceIdOf, forkClaims, messageIdFromBytes, messageIdOf, toBase32, type AdmitControl, type ControlPayload } from '@parley/protocol'
import { compareEntries, type ControlEntry } from './control-entry.ts'
import { Forks, type ProvenFork } from './forks.ts'

export class ControlProofs {
  readonly #conversation: Uint8Array
  readonly #crypto: CryptoProvider
  /** Proofs of forks, valid or not, by entry id. */
  readonly #forks = new Map<string, ControlEntry>()
  /** Verdicts on them: the two branches, or undefined for what proves nothing. */
  readonly #claims = new Map<string, ProvenFork['branches'] | undefined>()
  /** Keys of invites, by their reference. */
  readonly #invites = new Map<string, Uint8Array>()
  /** Admissions by an invite that is not here yet, by its reference. */
  readonly #waiting = new Map<string, ControlEntry[]>()
  /** Verdicts on join proofs, by admission id and invite key. */
  readonly #proofs = new Map<string, boolean>()

  constructor(options: { conversation: Uint8Array; crypto: CryptoProvider }) {
    this.#conversation = options.conversation
    this.#crypto = options.crypto
  }

  /** Whether the proof in an admission (32-byte entry id) was made with the key of that invite; `take` has looked at it before. */
  holds(admitId: Uint8Array, key: Uint8Array): boolean {
    return this.#proofs.get(proofName(admitId, key)) === true
  }

  /** The proof in that admission was found good when it was stored. */
  trust(admitId: Uint8Array, key: Uint8Array): void {
    this.#proofs.set(proofName(admitId, key), true)
  }

  /** The key of the invite that an admission names, when it is known. */
  inviteKey(payload: ControlPayload | undefined): Uint8Array | undefined {
    return payload?.op === 'admit' ? this.#invites.get(messageIdFromBytes(payload.invite)) : undefined
  }

  /** The invite key of an admission whose proof holds, for its row; undefined otherwise. */
  provenKey(entry: ControlEntry): Uint8Array | undefined {
    const key = this.inviteKey(entry.payload)
    return key !== undefined && this.holds(entry.id, key) ? key : undefined
  }

  /** Looks at what is new. */
  async take(entries: readonly ControlEntry[]): Promise<void> {
    for (const entry of entries) {
      const { payload, deviceBytes, seq, id } = entry
      if (payload?.op === 'fork') this.#forks.set(toBase32(id), entry)
      if (payload?.op === 'admit') await this.#checkAdmit(entry, payload)
      if (payload?.op !== 'invite') continue
      const ref = messageIdOf(deviceBytes, seq, id)
      this.#invites.set(ref, payload.publicKey)
      for (const admit of this.#waiting.get(ref) ?? []) if (admit.payload?.op === 'admit') await this.#checkAdmit(admit, admit.payload)
      this.#waiting.delete(ref)
    }
  }

  /** Entries are not here after all. */
  drop(entries: readonly ControlEntry[]): void {
    for (const { id } of entries) this.#forks.delete(toBase32(id))
  }

  /** Whether any proof of a fork is here. */
  get hasForks(): boolean {
    return this.#forks.size > 0
  }

  /** What the proofs of forks say. One counts whoever wrote it: it has the signatures of the device that forked. */
  async forks(certOf: CertLookup): Promise<Forks> {
    const proven: ProvenFork[] = []
    for (const entry of [...this.#forks.values()].sort(compareEntries)) {
      const { payload, device: poster } = entry
      if (payload?.op !== 'fork') continue
      const name = toBase32(entry.id)
      if (!this.#claims.has(name)) {
        // The id of a device is a hash of its key: a certificate says the same whoever let it in.
        const cert = certOf(deviceIdOf(payload.device))
        if (cert === undefined) continue
        const claims = forkClaims(this.#hash, this.#conversation, payload)
        const jobs = (claims ?? []).map(({ message, signature }) => ({ publicKey: cert.signKey, message, signature }))
        const isValid = claims !== undefined && !(await this.#crypto.verifyMany(jobs)).includes(false)
        this.#claims.set(name, isValid ? [claims[0].branch, claims[1].branch] : undefined)
      }
      const branches = this.#claims.get(name)
      if (branches !== undefined) proven.push({ poster, fork: payload, hlc: entry.hlc, branches })
    }
    return new Forks(this.#hash, proven)
  }

  async #checkAdmit(entry: ControlEntry, { invite, proof, from }: AdmitControl): Promise<void> {
    const ref = messageIdFromBytes(invite)
    const key = this.#invites.get(ref)
    const [cert] = entry.certs
    if (key === undefined) this.#waiting.set(ref, [...(this.#waiting.get(ref) ?? []), entry])
    else if (cert !== undefined && !this.#proofs.has(proofName(entry.id, key)))
      this.#proofs.set(proofName(entry.id, key), await verifyJoinProof(this.#crypto, key, this.#conversation, cert.bytes, proof, from))
  }

  readonly #hash = (bytes: Uint8Array): Uint8Array => this.#crypto.sha256(bytes)
}

const proofName = (admitId: Uint8Array, key: Uint8Array): string => `${toBase32(admitId)}:${toBase32(key)}`
