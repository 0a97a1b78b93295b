/**
 * Recovery, at both ends. The phrase is the keys of a device that is in every conversation of its user and never online. Who has the phrase acts
 * as that device for one operation in each conversation: it brings the new device in. Who knows the recovery device, as a member of the same
 * conversation or as another device of the user, tells whoever proves to hold its key which conversations it is in, and nobody else.
 */
import {
  bundleCerts,
  certChainOf,
  certsIn,
  recoveryKeysOf,
  recoveryMeetingKeys,
  trustedDeviceCert,
  type DeviceCert,
  type DeviceKeys,
  type MeetingKeys,
} from '@parley/crypto'
import {
  concatBytes,
  conversationIdBytes,
  deviceIdBytes,
  equalBytes,
  MAX_CARD_HINTS,
  ParleyError,
  project,
  Reject,
  utf8,
  type ControlCarrier,
  type ConversationId,
} from '@parley/protocol'
import type { Context, Identity } from '../context.ts'
import type { DeviceLine } from '../network/device-line.ts'
import type { DeviceProof } from '../network/handshake.ts'
import { Replica } from '../replica/replica.ts'
import { Arrivals, takeIn, type Arrived } from './arrival.ts'
import { fieldsOf, STEP, step, textsBytes } from './steps.ts'

/** Recovery devices of others that are listened for: each costs a hash on every link. */
const MAX_KNOWN = 256
/** Those that are waited for at a rendezvous. */
const MAX_TOPICS = 32

/** What the recovery device signs on a link. */
export function recoverMessage({ transcript }: DeviceLine, side: number): Uint8Array {
  return concatBytes(utf8('parley/1/recover'), transcript, Uint8Array.of(side))
}

/** The certificate of the recovery device of these keys, when that issued the certificate of a profile. */
export function recoveryCertOf(hash: (bytes: Uint8Array) => Uint8Array, cert: Uint8Array, recovery: DeviceKeys): Uint8Array | undefined {
  const chain = certsIn(cert).slice(0, -1)
  const last = chain.at(-1)
  const read = last && trustedDeviceCert(hash, last)
  return read !== undefined && equalBytes(read.signKey, recovery.signing.publicKey) ? bundleCerts(chain) : undefined
}

/** What recovery needs of the engine. */
export interface RecoveryHost {
  replicas(): Iterable<Replica>
  replica(id: ConversationId): Replica | undefined
  adopt(replica: Replica): Promise<void>
  addresses(): readonly string[]
  /** A conversation is back. */
  onRecovered(replica: Replica): Promise<void>
}

/** Tells who holds the key of a recovery device that is known here what that is in. */
export class RecoveryHelp {
  readonly #context: Context
  readonly #host: RecoveryHost
  readonly #keys = new WeakMap<DeviceCert, MeetingKeys>()

  constructor(context: Context, host: RecoveryHost) {
    this.#context = context
    this.#host = host
  }

  meetings(): readonly MeetingKeys[] {
    return this.#known()
      .slice(-MAX_TOPICS)
      .map((cert) => this.#keysOf(cert))
  }

  proofs(): readonly DeviceProof[] {
    return this.#known().map((cert) => ({ kind: 'recovery', key: this.#keysOf(cert).proof }))
  }

  /** @throws {Reject} BadSignature, BadShape */
  async hear(line: DeviceLine, fields: readonly Uint8Array[]): Promise<void> {
    if (fields[0]?.[0] !== STEP.recover) throw new Reject('BadShape', 'step between devices')
    const [signature] = fieldsOf(fields, [64]) as [Uint8Array]
    const cert = this.#known().find((known) => equalBytes(this.#keysOf(known).proof, line.proof.key))
    if (cert === undefined) return
    const message = recoverMessage(line, 1 - line.side)
    if (!(await this.#context.crypto.verify({ publicKey: cert.signKey, message, signature }))) throw new Reject('BadSignature', 'recovery')
    line.trust()
    const replicas = [...this.#host.replicas()].filter((replica) => replica.record.state === 'member' && replica.isActive(cert.deviceId))
    const chain = replicas.map(({ controls }) => certChainOf(cert, controls.certOf)).find((known) => known !== undefined)
    if (chain === undefined) return
    await line.send(step('chain', bundleCerts(chain)))
    for (const replica of replicas) {
      await line.send(step('conversation', replica.bytes, textsBytes(this.#host.addresses().slice(0, MAX_CARD_HINTS))))
      await replica.whole()
      line.tell(replica)
      await line.send(step('told', replica.bytes))
    }
  }

  #known(): DeviceCert[] {
    const known = new Map<string, DeviceCert>()
    for (const { record, controls } of this.#host.replicas()) {
      if (record.state !== 'member') continue
      for (const { cert, isActive } of controls.membership.devices.values())
        if (cert.isRecovery && isActive && known.size < MAX_KNOWN) known.set(cert.deviceId, cert)
    }
    return [...known.values()]
  }

  #keysOf(cert: DeviceCert): MeetingKeys {
    let keys = this.#keys.get(cert)
    if (keys === undefined) this.#keys.set(cert, (keys = recoveryMeetingKeys(cert.signKey)))
    return keys
  }
}

/** Brings conversations back with a phrase, as long as this engine is open; the phrase is kept nowhere. */
export class Recovering {
  readonly #context: Context
  readonly #host: RecoveryHost
  readonly #identity: Identity
  readonly #keys: MeetingKeys
  readonly #arrivals = new Map<DeviceLine, Arrivals>()

  /** @throws {ParleyError} PhraseInvalid, and NotAllowed for a phrase that did not make this profile. */
  constructor(context: Context, host: RecoveryHost, words: readonly string[] | string) {
    const { crypto, me, random } = context
    const keys = recoveryKeysOf(crypto, words)
    const bundle = recoveryCertOf((bytes) => crypto.sha256(bytes), me.cert, keys)
    const cert = bundle && trustedDeviceCert((bytes) => crypto.sha256(bytes), bundle)
    if (bundle === undefined || cert === undefined)
      throw new ParleyError('NotAllowed', 'this profile belongs to somebody already; begin a new one')
    const { userId, deviceId } = cert
    this.#context = context
    this.#host = host
    this.#identity = { userId, deviceId, deviceBytes: deviceIdBytes(deviceId), cert: bundle, keys, session: random.bytes(8) }
    this.#keys = recoveryMeetingKeys(keys.signing.publicKey)
  }

  meetings(): readonly MeetingKeys[] {
    return [this.#keys]
  }

  proofs(): readonly DeviceProof[] {
    return [{ kind: 'recovering', key: this.#keys.proof }]
  }

  async met(line: DeviceLine): Promise<void> {
    this.#arrivals.set(line, new Arrivals())
    await line.send(step('recover', await this.#identity.keys.signing.sign(recoverMessage(line, line.side))))
  }

  /** @throws {Reject} */
  async hear(line: DeviceLine, fields: readonly Uint8Array[]): Promise<void> {
    const arrivals = this.#arrivals.get(line)
    if (fields[0]?.[0] === STEP.conversation) arrivals?.begin(line, fields)
    else if (fields[0]?.[0] === STEP.told && arrivals !== undefined) await this.#takeOver(arrivals.end(fields))
    else if (fields[0]?.[0] !== STEP.chain) throw new Reject('BadShape', 'step between devices')
  }

  controls(line: DeviceLine, entries: readonly ControlCarrier[]): void {
    this.#arrivals.get(line)?.take(entries)
  }

  closed(line: DeviceLine): void {
    this.#arrivals.delete(line)
  }

  /** As the recovery device brings this one in, and then goes on as this one. */
  async #takeOver(arrived: Arrived): Promise<void> {
    const { crypto, me } = this.#context
    const known = this.#host.replica(arrived.id)
    if (known !== undefined) return void (await known.ingestControls(arrived.entries))
    const cert = trustedDeviceCert((bytes) => crypto.sha256(bytes), me.cert)
    const acting = await takeIn({ ...this.#context, me: this.#identity }, arrived)
    if (acting === undefined || cert === undefined) return
    await acting.whole()
    await this.#readOwnLog(acting)
    await acting.changeMembership((writes) => writes.addDevice(cert))
    const { record } = acting
    await acting.close()
    const replica = new Replica(this.#context, arrived.id, record)
    await replica.load()
    await this.#host.adopt(replica)
    await this.#host.onRecovered(replica)
  }

  /** What the phrase said before is all control entries, so these are its whole log. */
  async #readOwnLog(acting: Replica): Promise<void> {
    const own = acting.controls.carriers(this.#identity.deviceId)
    if (own.length === 0 || own.some(({ seq }, i) => seq !== i)) return
    const entries = own.map(({ entry }) => entry)
    const device = this.#identity.deviceBytes
    await acting.ingest(
      project((bytes) => this.#context.crypto.sha256(bytes), conversationIdBytes(acting.id), [{ device, seq: 0, entries }]),
      this,
    )
  }
}
