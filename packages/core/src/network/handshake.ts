/**
 * Who is at the other end, proved before anything is said (SECURITY-DESIGN 5.11). Both ends do the same:
 *
 * 1. hello: a nonce and an ephemeral X25519 key. The transcript hashes both hellos and the channel's own binding.
 * 2. proofs: for each conversation an HMAC over the transcript, under a key that only members (or holders of an invite) have. Without such a
 *    key they are noise, so a stranger learns nothing.
 * 3. identify: to a peer that proved membership of some conversation: the device certificate and a signature over the transcript, sealed.
 *
 * Who holds somebody's contact card proves it in the same way, and then says who they are and what they would tell: a knock (`knock.ts`).
 */
import {
  certsIn,
  deriveKey,
  hmacSha256,
  inviteKey,
  isAcceptableAgreeKey,
  openBody,
  sealBody,
  verifyDeviceCert,
  type AgreementKey,
  type DeviceCert,
  type SigningKey,
} from '@parley/crypto'
import {
  compareBytes,
  concatBytes,
  decodeCbor,
  encodeCbor,
  encodeLinkMessage,
  readU32be,
  Reject,
  TAG_BYTES,
  u32be,
  utf8,
  type LinkMessage,
  type UserId,
} from '@parley/protocol'
import type { ConversationState } from '../api.ts'
import type { Context, Identity } from '../context.ts'
import type { Epoch } from '../replica/epochs.ts'
import type { Invite } from '../membership/index.ts'
import type { Replica } from '../replica/replica.ts'
import { knockFields, knockMessage, readKnockFields, type Knock } from './knock.ts'

/** Fields of one thing that is said between devices. */
const MAX_DEVICE_FIELDS = 8
/** Epochs proved unasked for each conversation. Any older one is proved in answer to a peer that missed rotations. */
export const PROVED_EPOCHS = 4

/**
 * Something that can be proved on a link: membership, an invite known as a member, an invite held as a joiner, the card of somebody who is
 * to hear something, or one's own card.
 */
export type Proof =
  | { readonly kind: 'member'; readonly replica: Replica; readonly key: Uint8Array; readonly epoch: Epoch; readonly isOld: boolean }
  | { readonly kind: 'invite'; readonly replica: Replica; readonly key: Uint8Array; readonly invite: Invite }
  | { readonly kind: 'join'; readonly replica: Replica; readonly key: Uint8Array; readonly signing: SigningKey }
  | { readonly kind: 'knock'; readonly key: Uint8Array; readonly user: UserId }
  | { readonly kind: 'inbox'; readonly key: Uint8Array }
  | DeviceProof

/** A link code that was made here (`link`) or scanned (`linking`), a recovery device that is known (`recovery`), or whose phrase is here (`recovering`). */
export interface DeviceProof {
  readonly kind: 'link' | 'linking' | 'recovery' | 'recovering'
  readonly key: Uint8Array
}

/** Whether it is about devices that are nobody yet to the other end. */
export function isDeviceProof(proof: Proof): proof is DeviceProof {
  return proof.kind === 'link' || proof.kind === 'linking' || proof.kind === 'recovery' || proof.kind === 'recovering'
}

/** The words under which each kind is proved, here and at the other end. Between devices each end has its own, so that two newcomers do not meet. */
const LABELS: Record<Proof['kind'], readonly [mine: string, theirs: string]> = {
  member: ['member', 'member'],
  invite: ['invite', 'invite'],
  join: ['invite', 'invite'],
  knock: ['inbox', 'inbox'],
  inbox: ['inbox', 'inbox'],
  link: ['device-link', 'new-device'],
  linking: ['new-device', 'device-link'],
  recovery: ['recovery-known', 'recovery'],
  recovering: ['recovery', 'recovery-known'],
}

/** Where it proves the epochs that it holds; who has never been in and is joining holds none. */
const WITH_EPOCHS: ReadonlySet<ConversationState> = new Set(['member', 'joining', 'left', 'removed'])

/** What this device can prove for one conversation, the newest epoch first. */
export function proofsOf(replica: Replica): Proof[] {
  const { state, seed } = replica.record
  const members = WITH_EPOCHS.has(state) ? replica.epochs.all() : []
  if (state !== 'member') {
    // Who has left tells so, also when they come back before anybody has heard of it; who was removed may be let in again.
    const was = members.map((epoch, i): Proof => ({ kind: 'member', replica, key: epoch.wireKey, epoch, isOld: i >= PROVED_EPOCHS }))
    if (seed === undefined) return was
    const signing = signingKeyOf(seed)
    return [...was, { kind: 'join', replica, key: inviteProofKey(replica, signing.publicKey), signing }]
  }
  return [
    ...members.map((epoch, i): Proof => ({ kind: 'member', replica, key: epoch.wireKey, epoch, isOld: i >= PROVED_EPOCHS })),
    ...replica.invites().map((invite): Proof => ({ kind: 'invite', replica, key: inviteProofKey(replica, invite.publicKey), invite })),
  ]
}

/** What is derived is made once: proofs are looked at on every link, whenever membership changes anywhere. */
const signingKeys = new WeakMap<Uint8Array, SigningKey>()
const inviteProofKeys = new WeakMap<Uint8Array, Uint8Array>()

/** The key of an invite with that seed, which nobody writes on. */
function signingKeyOf(seed: Uint8Array): SigningKey {
  const known = signingKeys.get(seed) ?? inviteKey(seed)
  signingKeys.set(seed, known)
  return known
}

/** What proves an invite with that public key, which is of this conversation alone. */
function inviteProofKey(replica: Replica, publicKey: Uint8Array): Uint8Array {
  const known = inviteProofKeys.get(publicKey) ?? deriveKey(publicKey, 'invite', replica.bytes)
  inviteProofKeys.set(publicKey, known)
  return known
}

/** What a handshake needs. A device that is nobody yet has no `me`, and cannot say who it is. */
export type HandshakeContext = Pick<Context, 'crypto' | 'random'> & { readonly me?: Identity }

/** One end of one handshake. Holds no state of the link beyond the keys. */
export class Handshake {
  readonly #context: HandshakeContext
  readonly #binding: Uint8Array
  readonly #key: AgreementKey
  readonly hello: Extract<LinkMessage, { type: 'hello' }>
  #transcript: Uint8Array | undefined
  #theirs: Uint8Array | undefined
  #shared: Promise<Uint8Array | undefined> | undefined
  /** 0 for the end whose hello is smaller. */
  #side: 0 | 1 = 0
  /** By key, and then by what is proved with it and at which end. */
  readonly #tags = new WeakMap<Uint8Array, Map<string, Uint8Array>>()

  constructor(context: HandshakeContext, binding: Uint8Array) {
    this.#context = context
    this.#binding = binding
    this.#key = context.crypto.agreementKey(context.random.bytes(32))
    this.hello = { type: 'hello', nonce: context.random.bytes(32), ephemeral: this.#key.publicKey }
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
    if (order === 0 || !isAcceptableAgreeKey(theirs.ephemeral)) throw new Reject('BadProof', 'reflected or degenerate hello')
    this.#side = order < 0 ? 0 : 1
    this.#theirs = theirs.ephemeral.slice()
    const hellos = order < 0 ? [mine, other] : [other, mine]
    this.#transcript = this.#context.crypto.sha256(concatBytes(utf8('parley/1/link'), this.#binding, ...hellos))
  }

  /** The proof tag that this end sends (`mine`) or expects of the other. */
  tag(proof: Proof, whose: 'mine' | 'theirs'): Uint8Array {
    const side = whose === 'mine' ? this.#side : 1 - this.#side
    const label = LABELS[proof.kind][whose === 'mine' ? 0 : 1]
    const made = this.#tags.get(proof.key) ?? new Map<string, Uint8Array>()
    this.#tags.set(proof.key, made)
    let tag = made.get(`${label} ${side}`)
    if (tag === undefined) {
      tag = hmacSha256(proof.key, concatBytes(utf8(`parley/1/tag/${label}`), this.#met, Uint8Array.of(side))).slice(0, TAG_BYTES)
      made.set(`${label} ${side}`, tag)
    }
    return tag
  }

  /** This device's identity, for a peer that proved `proof`. */
  async identity(proof: Proof): Promise<Uint8Array> {
    const me = this.#me
    const signature = await me.keys.signing.sign(this.#identityMessage(this.#side, me.session))
    return this.#seal(proof, encodeCbor([me.cert, me.session, signature]))
  }

  /** @throws {Reject} BadCipher, BadShape, BadProof, BadSignature. */
  async readIdentity(proof: Proof, sealed: Uint8Array): Promise<{ cert: DeviceCert; session: Uint8Array }> {
    const [certBytes, session, signature] = await this.#open(proof, sealed, 3)
    const known = proof.kind === 'member' ? proof.replica.controls.certOf : undefined
    const cert = await verifyDeviceCert(this.#context.crypto, certBytes!, known)
    if (cert === undefined || session!.length !== 8 || signature!.length !== 64) throw new Reject('BadProof', 'certificate')
    const message = this.#identityMessage(1 - this.#side, session!)
    if (!(await this.#context.crypto.verify({ publicKey: cert.signKey, message, signature: signature! })))
      throw new Reject('BadSignature', 'identity')
    return { cert, session: session!.slice() }
  }

  /** A joiner's request, sealed for those who know the invite. `from`: number of the first entry that is to count, left out when 0. */
  request(proof: Proof, joinProof: Uint8Array, from = 0): Promise<Uint8Array> {
    return this.#seal(proof, encodeCbor([this.#me.cert, joinProof, ...(from === 0 ? [] : [u32be(from)])]))
  }

  /** @throws {Reject} BadCipher, BadShape, BadProof. */
  async readRequest(proof: Proof, sealed: Uint8Array): Promise<{ cert: DeviceCert; joinProof: Uint8Array; from: number }> {
    const [certBytes, joinProof, fromBytes] = await this.#open(proof, sealed, 2, 3)
    const from = fromBytes === undefined ? 0 : fromBytes.length === 4 ? readU32be(fromBytes) : 0
    if (fromBytes !== undefined && from === 0) throw new Reject('BadShape', 'join request')
    const cert = await verifyDeviceCert(this.#context.crypto, certBytes!)
    if (cert === undefined || joinProof!.length !== 64) throw new Reject('BadProof', 'certificate')
    return { cert, joinProof: joinProof!.slice(), from }
  }

  /** Who this is and what it would tell, for somebody who proved that the card is theirs. */
  async knock(proof: Proof, conversation: Uint8Array, hints: readonly string[]): Promise<Uint8Array> {
    const me = this.#me
    const message = knockMessage(this.#met, this.#side, conversation)
    return this.#seal(proof, encodeCbor([...knockFields(certsIn(me.cert), conversation, hints), await me.keys.signing.sign(message)]))
  }

  /** @throws {Reject} BadCipher, BadShape, BadProof, BadSignature. */
  async readKnock(proof: Proof, sealed: Uint8Array): Promise<Knock> {
    const [chain, conversation, hints, signature] = (await this.#open(proof, sealed, 4)) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    const knock = await readKnockFields(this.#context.crypto, chain, conversation, hints)
    const message = knockMessage(this.#met, 1 - this.#side, conversation)
    if (signature.length !== 64 || !(await this.#context.crypto.verify({ publicKey: knock.cert.signKey, message, signature })))
      throw new Reject('BadSignature', 'knock')
    return knock
  }

  /** 0 for the end whose hello is smaller, 1 for the other; after `meet`. */
  get side(): 0 | 1 {
    return this.#side
  }

  /** What two devices say to each other of which one is nobody yet, 1 to 8 byte strings. */
  say(proof: DeviceProof, fields: readonly Uint8Array[]): Promise<Uint8Array> {
    return this.#seal(proof, encodeCbor([...fields]))
  }

  /** Reads the same. @throws {Reject} BadCipher, BadShape */
  hear(proof: DeviceProof, sealed: Uint8Array): Promise<Uint8Array[]> {
    return this.#open(proof, sealed, 1, MAX_DEVICE_FIELDS)
  }

  get #me(): Identity {
    if (this.#context.me === undefined) throw new Reject('BadProof', 'this device is nobody yet')
    return this.#context.me
  }

  get #met(): Uint8Array {
    if (this.#transcript === undefined) throw new Reject('BadProof', 'no hello yet')
    return this.#transcript
  }

  #identityMessage(side: number, session: Uint8Array): Uint8Array {
    return concatBytes(utf8('parley/1/link-id'), this.#met, Uint8Array.of(side), session)
  }

  /** @throws {Reject} BadProof for a degenerate key, which `meet` has looked for. */
  async #sealKey(proof: Proof): Promise<Uint8Array> {
    const met = this.#met
    const shared = await (this.#shared ??= this.#key.agree(this.#theirs ?? new Uint8Array(0)))
    if (shared === undefined) throw new Reject('BadProof', 'degenerate hello')
    return deriveKey(proof.key, 'link', concatBytes(met, shared))
  }

  async #seal(proof: Proof, plain: Uint8Array): Promise<Uint8Array> {
    return sealBody(await this.#sealKey(proof), this.#context.random.bytes(24), Uint8Array.of(this.#side), plain)
  }

  async #open(proof: Proof, sealed: Uint8Array, items: number, atMost = items): Promise<Uint8Array[]> {
    const plain = openBody(await this.#sealKey(proof), sealed, Uint8Array.of(1 - this.#side))
    if (plain === undefined) throw new Reject('BadCipher', 'handshake')
    const fields = decodeCbor(plain)
    if (!Array.isArray(fields) || fields.length < items || fields.length > atMost || !fields.every((f) => f instanceof Uint8Array))
      throw new Reject('BadShape', 'handshake')
    return fields
  }
}
