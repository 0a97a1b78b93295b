/**
 * Who is at the other end, proved before anything is said (SECURITY-DESIGN 5.11). Both ends do the same:
 *
 * 1. hello: a nonce and an ephemeral X25519 key. The transcript hashes both hellos and the channel's own binding.
 * 2. proofs: for each conversation an HMAC over the transcript, under a key that only members (or holders of an invite) have. Without such a
 *    key they are noise, so a stranger learns nothing.
 * 3. identify: to a peer that proved membership of some conversation: the device certificate and a signature over the transcript, sealed.
 */
import {
  deriveKey,
  hmacSha256,
  inviteKey,
  openBody,
  sealBody,
  verifyDeviceCert,
  x25519PublicKey,
  x25519Shared,
  type DeviceCert,
  type SigningKey,
} from '@parley/crypto'
import {
  compareBytes,
  concatBytes,
  decodeCbor,
  encodeCbor,
  encodeLinkMessage,
  Reject,
  TAG_BYTES,
  utf8,
  type LinkMessage,
} from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Epoch } from '../replica/epochs.ts'
import type { Invite } from '../replica/membership.ts'
import type { Replica } from '../replica/replica.ts'

/** Epochs proved for each conversation: a peer that missed rotations still shares one. */
export const PROVED_EPOCHS = 4

/** Something that can be proved on a link: membership, an invite known as a member, or an invite held as a joiner. */
export type Proof =
  | { readonly kind: 'member'; readonly replica: Replica; readonly key: Uint8Array; readonly epoch: Epoch }
  | { readonly kind: 'invite'; readonly replica: Replica; readonly key: Uint8Array; readonly invite: Invite }
  | { readonly kind: 'join'; readonly replica: Replica; readonly key: Uint8Array; readonly signing: SigningKey }

/** What this device can prove for one conversation, the newest epoch first. */
export function proofsOf(replica: Replica): Proof[] {
  if (replica.record.state !== 'member') {
    const { seed } = replica.record
    if (seed === undefined) return []
    const signing = inviteKey(seed)
    return [{ kind: 'join', replica, key: inviteProofKey(replica, signing.publicKey), signing }]
  }
  const members = replica.epochs.all().slice(0, PROVED_EPOCHS)
  return [
    ...members.map((epoch): Proof => ({ kind: 'member', replica, key: epoch.wireKey, epoch })),
    ...replica.invites().map((invite): Proof => ({ kind: 'invite', replica, key: inviteProofKey(replica, invite.publicKey), invite })),
  ]
}

const inviteProofKey = (replica: Replica, publicKey: Uint8Array): Uint8Array => deriveKey(publicKey, 'invite', replica.bytes)

/** One end of one handshake. Holds no state of the link beyond the keys. */
export class Handshake {
  readonly #context: Context
  readonly #binding: Uint8Array
  readonly #ephemeral: Uint8Array
  readonly hello: Extract<LinkMessage, { type: 'hello' }>
  #transcript: Uint8Array | undefined
  #shared = new Uint8Array(0)
  /** 0 for the end whose hello is smaller. */
  #side = 0

  constructor(context: Context, binding: Uint8Array) {
    this.#context = context
    this.#binding = binding
    this.#ephemeral = context.random.bytes(32)
    this.hello = { type: 'hello', nonce: context.random.bytes(32), ephemeral: x25519PublicKey(this.#ephemeral) }
  }

  /** Hash of everything that makes this link this link, equal at both ends; undefined before the peer's hello. */
  get transcript(): Uint8Array | undefined {
    return this.#transcript
  }

  /** @throws {Reject} BadProof for a reflected hello or a degenerate key. */
  meet(theirs: Extract<LinkMessage, { type: 'hello' }>): void {
    if (this.#transcript !== undefined) throw new Reject('BadProof', 'a second hello')
    const mine = encodeLinkMessage(this.hello)
    const other = encodeLinkMessage(theirs)
    const order = compareBytes(mine, other)
    const shared = x25519Shared(this.#ephemeral, theirs.ephemeral)
    if (order === 0 || shared === undefined) throw new Reject('BadProof', 'reflected or degenerate hello')
    this.#side = order < 0 ? 0 : 1
    this.#shared = shared.slice()
    const hellos = order < 0 ? [mine, other] : [other, mine]
    this.#transcript = this.#context.crypto.sha256(concatBytes(utf8('parley/1/link'), this.#binding, ...hellos))
  }

  /** The proof tag that this end sends (`mine`) or expects of the other. */
  tag(proof: Proof, whose: 'mine' | 'theirs'): Uint8Array {
    const side = whose === 'mine' ? this.#side : 1 - this.#side
    const label = utf8(`parley/1/tag/${proof.kind === 'member' ? 'member' : 'invite'}`)
    return hmacSha256(proof.key, concatBytes(label, this.#met, Uint8Array.of(side))).slice(0, TAG_BYTES)
  }

  /** This device's identity, for a peer that proved `proof`. */
  async identity(proof: Proof): Promise<Uint8Array> {
    const { me } = this.#context
    const signature = await me.keys.signing.sign(this.#identityMessage(this.#side, me.session))
    return this.#seal(proof, encodeCbor([me.cert, me.session, signature]))
  }

  /** @throws {Reject} BadCipher, BadShape, BadProof, BadSignature. */
  async readIdentity(proof: Proof, sealed: Uint8Array): Promise<{ cert: DeviceCert; session: Uint8Array }> {
    const [certBytes, session, signature] = this.#open(proof, sealed, 3)
    const cert = await verifyDeviceCert(this.#context.crypto, certBytes!)
    if (cert === undefined || session!.length !== 8 || signature!.length !== 64) throw new Reject('BadProof', 'certificate')
    const message = this.#identityMessage(1 - this.#side, session!)
    if (!(await this.#context.crypto.verify({ publicKey: cert.signKey, message, signature: signature! })))
      throw new Reject('BadSignature', 'identity')
    return { cert, session: session!.slice() }
  }

  /** A joiner's request, sealed for those who know the invite. */
  request(proof: Proof, joinProof: Uint8Array): Uint8Array {
    return this.#seal(proof, encodeCbor([this.#context.me.cert, joinProof]))
  }

  /** @throws {Reject} BadCipher, BadShape, BadProof. */
  async readRequest(proof: Proof, sealed: Uint8Array): Promise<{ cert: DeviceCert; joinProof: Uint8Array }> {
    const [certBytes, joinProof] = this.#open(proof, sealed, 2)
    const cert = await verifyDeviceCert(this.#context.crypto, certBytes!)
    if (cert === undefined || joinProof!.length !== 64) throw new Reject('BadProof', 'certificate')
    return { cert, joinProof: joinProof!.slice() }
  }

  get #met(): Uint8Array {
    if (this.#transcript === undefined) throw new Reject('BadProof', 'no hello yet')
    return this.#transcript
  }

  #identityMessage(side: number, session: Uint8Array): Uint8Array {
    return concatBytes(utf8('parley/1/link-id'), this.#met, Uint8Array.of(side), session)
  }

  #sealKey(proof: Proof): Uint8Array {
    return deriveKey(proof.key, 'link', concatBytes(this.#met, this.#shared))
  }

  #seal(proof: Proof, plain: Uint8Array): Uint8Array {
    return sealBody(this.#sealKey(proof), this.#context.random.bytes(24), Uint8Array.of(this.#side), plain)
  }

  #open(proof: Proof, sealed: Uint8Array, items: number): Uint8Array[] {
    const plain = openBody(this.#sealKey(proof), sealed, Uint8Array.of(1 - this.#side))
    if (plain === undefined) throw new Reject('BadCipher', 'handshake')
    const fields = decodeCbor(plain)
    if (!Array.isArray(fields) || fields.length !== items || !fields.every((f) => f instanceof Uint8Array))
      throw new Reject('BadShape', 'handshake')
    return fields
  }
}
