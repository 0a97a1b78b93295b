/** One control entry at a time: whose signature it needs, whether it has it, and what it says. */
import {
  claimedIssuer,
  openBody,
  trustedDeviceCert,
  verifyDeviceCert,
  type CertLookup,
  type CryptoProvider,
  type DeviceCert,
} from '@parley/crypto'
import {
  bodyAad,
  conversationIdOfDirect,
  conversationIdOfGenesis,
  decodeControl,
  decodeEntry,
  deviceIdOf,
  entryId,
  EntryKind,
  equalBytes,
  isClearControl,
  Reject,
  signedHead,
  type ControlCarrier,
  type ControlPayload,
  type DeviceId,
  type EntryParts,
  type Hlc,
  userIdBytes,
} from '@parley/protocol'
import type { EpochKeys } from './epochs.ts'
import type { ControlEntry } from './control-entry.ts'

export class ControlVerifier {
  readonly #conversation: Uint8Array
  readonly #crypto: CryptoProvider
  readonly #epochs: EpochKeys

  constructor(options: { conversation: Uint8Array; crypto: CryptoProvider; epochs: EpochKeys }) {
    this.#conversation = options.conversation
    this.#crypto = options.crypto
    this.#epochs = options.epochs
  }

  /**
   * The key that must have signed an entry: that of the device's certificate, whoever brought it and whatever became of the device since, or, for
   * the first entry of a conversation, that of the certificate in it. Undefined while none is known.
   */
  async signKeyFor(certOf: CertLookup, device: DeviceId, parts: EntryParts): Promise<Uint8Array | undefined> {
    const known = certOf(device)
    if (known !== undefined) return known.signKey
    if (parts.header.controls !== 1 || parts.header.epoch !== 'clear' || parts.body === undefined) return undefined
    const payload = decodeControl(parts.body)
    if (payload.op !== 'genesis' && payload.op !== 'direct') return undefined
    const cert = await verifyDeviceCert(this.#crypto, payload.op === 'genesis' ? payload.founderCert : payload.cert, certOf)
    const hash = (b: Uint8Array): Uint8Array => this.#crypto.sha256(b)
    if (payload.op === 'genesis' && !equalBytes(conversationIdOfGenesis(hash, parts.body), this.#conversation))
      throw new Reject('BadProof', 'genesis of another conversation')
    if (cert === undefined || cert.deviceId !== device) return undefined
    if (payload.op === 'direct' && !equalBytes(conversationIdOfDirect(hash, userIdBytes(cert.userId), payload.peer), this.#conversation))
      throw new Reject('BadProof', 'first entry of another conversation')
    return cert.signKey
  }

  /** @throws {Reject} BadSignature, BadShape */
  async verify(carrier: ControlCarrier, parts: EntryParts, signKey: Uint8Array, certOf: CertLookup): Promise<ControlEntry> {
    const { signature } = parts
    if (parts.header.kind !== EntryKind.control || parts.body === undefined) throw new Reject('BadShape', 'not a control entry')
    if (signature === undefined) throw new Reject('BadSignature', 'unsigned control entry')
    const entry = await this.parse(carrier, parts, certOf)
    const message = signedHead(this.#conversation, carrier.device, carrier.seq, entry.id)
    if (!(await this.#crypto.verify({ publicKey: signKey, message, signature }))) throw new Reject('BadSignature', 'control entry')
    return entry
  }

  /** Reads an entry whose signature is known to be good, and whose certificates are when it says so. @throws {Reject} BadShape */
  async parse(carrier: ControlCarrier, parts: EntryParts, certOf: CertLookup, areCertsValid = false): Promise<ControlEntry> {
    const { header, body } = parts
    if (body === undefined) throw new Reject('BadShape', 'purged control entry')
    const id = this.idOf(carrier, parts)
    const { payload, sealed } = this.#payload(carrier, parts)
    const hlc: Hlc = { ms: header.time, ctr: header.ctr }
    return {
      id,
      device: deviceIdOf(carrier.device),
      deviceBytes: carrier.device.slice(),
      seq: carrier.seq,
      number: header.controls,
      hlc,
      prevId: carrier.prevId.slice(),
      bytes: carrier.entry.slice(),
      deps: header.deps.map(({ device8, seq, entry8 }) => ({ device8: device8.slice(), seq, entry8: entry8.slice() })),
      payload,
      sealed,
      ...(areCertsValid ? this.#trustedCertsOf(payload) : await this.#certsOf(payload, certOf)),
    }
  }

  /** The id of the entry. @throws {Reject} BadShape when it has no body. */
  idOf({ device, seq, prevId }: ControlCarrier, { headerBytes, body }: EntryParts): Uint8Array {
    if (body === undefined) throw new Reject('BadShape', 'purged control entry')
    const hash = (b: Uint8Array): Uint8Array => this.#crypto.sha256(b)
    return entryId(hash, { conversation: this.#conversation, device, seq, prevId, headerBytes, bodyHash: hash(body) })
  }

  /** Id (16 bytes) of the epoch that seals the entry; empty when none does. */
  epochOf({ bytes }: ControlEntry): Uint8Array {
    const { epoch } = decodeEntry(bytes).header
    return typeof epoch === 'string' ? new Uint8Array(0) : epoch
  }

  /** What the entry says. An entry that its author signed but nobody can read as an operation has no effect anywhere. */
  #payload(carrier: ControlCarrier, parts: EntryParts): { payload: ControlPayload | undefined; sealed: boolean } {
    try {
      const plain = this.#plaintext(carrier, parts)
      if (plain === undefined) return { payload: undefined, sealed: true }
      const payload = decodeControl(plain)
      return { payload: isClearControl(payload.op) === (parts.header.epoch === 'clear') ? payload : undefined, sealed: false }
    } catch (error) {
      if (error instanceof Reject) return { payload: undefined, sealed: false }
      throw error
    }
  }

  /** Undefined while its epoch is not known here. @throws {Reject} BadCipher, BadShape */
  #plaintext(carrier: ControlCarrier, { header, headerBytes, body }: EntryParts): Uint8Array | undefined {
    if (body === undefined || header.epoch === 'same') throw new Reject('BadShape', 'control entry')
    if (header.epoch === 'clear') return body
    const key = this.#epochs.controlKey(header.epoch)
    if (key === undefined) return undefined
    const plain = openBody(key, body, bodyAad(this.#conversation, carrier.device, carrier.seq, headerBytes))
    if (plain === undefined) throw new Reject('BadCipher', 'control entry')
    return plain
  }

  #trustedCertsOf(payload: ControlPayload | undefined): { certs: readonly DeviceCert[]; lacksIssuer: boolean } {
    const hash = (b: Uint8Array): Uint8Array => this.#crypto.sha256(b)
    return { certs: certBytesOf(payload).flatMap((bytes) => trustedDeviceCert(hash, bytes) ?? []), lacksIssuer: false }
  }

  async #certsOf(payload: ControlPayload | undefined, certOf: CertLookup): Promise<{ certs: readonly DeviceCert[]; lacksIssuer: boolean }> {
    const certs: DeviceCert[] = []
    let lacksIssuer = false
    const lookup: CertLookup = (device) => certs.find((cert) => cert.deviceId === device) ?? certOf(device)
    for (const bytes of certBytesOf(payload)) {
      const cert = await verifyDeviceCert(this.#crypto, bytes, lookup)
      if (cert !== undefined) {
        certs.push(cert)
        continue
      }
      const issuer = claimedIssuer(bytes)
      lacksIssuer ||= issuer !== undefined && lookup(issuer) === undefined
    }
    return { certs, lacksIssuer }
  }
}

function certBytesOf(payload: ControlPayload | undefined): readonly Uint8Array[] {
  switch (payload?.op) {
    case 'genesis':
      return [payload.founderCert]
    case 'admit':
    case 'device-add':
    case 'direct':
      return [payload.cert]
    case 'grant':
      return payload.certs
    default:
      return []
  }
}

/** Takes every signature for good: for rows that were verified before they were written. Everything else is the provider's. */
export function trusting(crypto: CryptoProvider): CryptoProvider {
  return {
    name: crypto.name,
    sealBody: (key, nonce, aad, text) => crypto.sealBody(key, nonce, aad, text),
    openBody: (key, sealed, aad) => crypto.openBody(key, sealed, aad),
    sha256: (bytes) => crypto.sha256(bytes),
    sha256Into: (bytes, target, offset) => crypto.sha256Into(bytes, target, offset),
    verify: () => Promise.resolve(true),
    verifyMany: (jobs) => Promise.resolve(jobs.map(() => true)),
    signingKey: (seed) => crypto.signingKey(seed),
    agreementKey: (secret) => crypto.agreementKey(secret),
    encapsulate: (secret, publicKey) => crypto.encapsulate(secret, publicKey),
  }
}
