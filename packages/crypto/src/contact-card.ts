/**
 * Contact cards: signing one's own, and finding out whether another's is true.
 */
import {
  contactCardMessage,
  encodeContactCard,
  equalBytes,
  ParleyError,
  parseContactCard,
  userIdBytes,
  type ContactCardFields,
  type UserId,
} from '@parley/protocol'
import { verifyCertChain, type DeviceCert, type Issuer } from './device.ts'
import type { CryptoProvider } from './provider.ts'

/** A card whose certificates and signature hold: the device at `signer` made it, for this user. */
export interface VerifiedCard {
  readonly userId: UserId
  /** The user's devices as the card has them, the root first. Some may have been removed since. */
  readonly devices: readonly DeviceCert[]
  readonly signer: DeviceCert
  /** What the user wants to be called: not proved, at most 256 bytes. */
  readonly name: string
  /** 16 bytes, for `inboxKeys`. */
  readonly secret: Uint8Array
  readonly hints: readonly string[]
}

/**
 * The text of a card of the issuer's user. `certs`: the user's devices, root first, each after its issuer, the signing one among them, at most 8;
 * with up to 4 of them and short hints it fits a QR code. `secret`: 16 random bytes.
 * @throws {ParleyError} InvalidArgument when the signing device is not among `certs`, or something is beyond its bounds.
 */
export async function createContactCard(
  { keys, cert }: Issuer,
  { certs, ...rest }: Pick<ContactCardFields, 'certs' | 'name' | 'secret' | 'hints'>,
): Promise<string> {
  const signer = certs.findIndex((bytes) => equalBytes(bytes, cert.bytes))
  const fields = { ...rest, certs, signer, user: userIdBytes(cert.userId) }
  return encodeContactCard({ ...fields, signature: await keys.signing.sign(contactCardMessage(fields)) })
}

/**
 * What a pasted or scanned card says, everything about it checked; byte fields are copies.
 * @throws {ParleyError} CardInvalid, in words for the person who pasted it.
 */
export async function readContactCard(provider: CryptoProvider, text: string): Promise<VerifiedCard> {
  const card = parseContactCard(text)
  const devices = await verifyCertChain(provider, card.certs)
  const signer = devices?.[card.signer]
  if (devices === undefined || signer === undefined || !equalBytes(userIdBytes(signer.userId), card.user)) throw altered()
  const { signature } = card
  if (!(await provider.verify({ publicKey: signer.signKey, message: contactCardMessage(card), signature }))) throw altered()
  return { userId: signer.userId, devices, signer, name: card.name, secret: card.secret.slice(), hints: card.hints }
}

function altered(): ParleyError {
  return new ParleyError('CardInvalid', 'This contact card was altered or is damaged. Ask for it again.')
}
