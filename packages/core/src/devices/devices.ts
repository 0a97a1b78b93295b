/** What a person can do about their devices: the part of the client about them, over the parts that do it. */
import {
  bundleCerts,
  certsIn,
  createRecoveryPhrase,
  issueDeviceCert,
  recoveryKeysOf,
  safetyNumber,
  trustedDeviceCert,
  verifyDeviceCert,
  type DeviceCert,
} from '@parley/crypto'
import { MAX_CERT_CHAIN, MAX_NAME_BYTES, ParleyError, type ConversationId, type DeviceId, type UserId } from '@parley/protocol'
import type { Device, DeviceLinkOffer } from '../api/devices.ts'
import type { Context } from '../context.ts'
import { checkText } from '../conversation/arguments.ts'
import type { Replica } from '../replica/replica.ts'
import { DeviceTalks } from './device-talks.ts'
import type { LinkOffer } from './link-offer.ts'
import { OwnDevices } from './own-devices.ts'
import { Recovering, RecoveryHelp } from './recovery.ts'
import { SharedState, type SharedValue } from './shared-state.ts'
import { Mutex } from '../support/mutex.ts'

/** Longest name of a device, in characters. */
const MAX_DEVICE_NAME = 64

/** What devices need of the engine. */
export interface DevicesHost {
  profile(): { readonly name: string; readonly avatar: string }
  replicas(): Iterable<Replica>
  replica(id: ConversationId): Replica | undefined
  adopt(replica: Replica): Promise<void>
  /** Certificates of a contact who is in no conversation yet. */
  certsOf(user: UserId): readonly DeviceCert[]
  addresses(): readonly string[]
  isReachable(): boolean
  refresh(): void
  wake(): void
  /** Everything that this device would share, when there is somebody to share it with. */
  shareable(): Iterable<readonly [key: string, value: SharedValue]>
  /** Takes over what another device said. */
  takeShared(key: string, value: SharedValue): Promise<void>
  onRecovered(replica: Replica): Promise<void>
  onDevices(): void
}

/** A name as a device can have it. @throws {ParleyError} InvalidArgument, TooLarge */
export function checkDeviceName(name: string): string {
  return checkText(name, 'name of the device', MAX_DEVICE_NAME, MAX_NAME_BYTES)
}

export class Devices {
  readonly own: OwnDevices
  readonly talks: DeviceTalks
  readonly shared: SharedState
  readonly #context: Context
  readonly #host: DevicesHost
  /** Once a link was made. What makes links is loaded then: a new device comes only to who is online. */
  #offer: LinkOffer | undefined
  readonly #following = new Mutex()

  /** `words`: the phrase that this profile was recovered with, to bring back what is still to come. @throws {ParleyError} PhraseInvalid, NotAllowed */
  constructor(context: Context, host: DevicesHost, words: readonly string[] | string | undefined) {
    this.#context = context
    this.#host = host
    const shared = new SharedState({ context, self: () => this.own.self, take: (key, value) => this.#takeShared(key, value) })
    this.shared = shared
    this.own = new OwnDevices(context, {
      ...host,
      onFounded: () => shared.putAll(host.shareable()),
      onSelf: () => this.#follow(),
    })
    const recovery = { ...host, onRecovered: (replica: Replica) => this.#onRecovered(replica) }
    this.talks = new DeviceTalks({
      offer: () => this.#offer,
      help: new RecoveryHelp(context, recovery),
      recovering: words === undefined ? undefined : new Recovering(context, recovery, words),
    })
  }

  close(): void {
    this.shared.close()
    this.own.close()
    this.#offer?.close()
  }

  get link(): DeviceLinkOffer | undefined {
    return this.#offer?.value
  }

  get recovery(): { readonly createdAt: number } | undefined {
    const cert = this.own.recovery
    return cert && Object.freeze({ createdAt: cert.createdMs })
  }

  all(): readonly Device[] {
    return this.own.all()
  }

  /** @throws {ParleyError} NotFound, InvalidArgument */
  rename(id: DeviceId, name: string): Promise<void> {
    return this.own.rename(id, checkDeviceName(name))
  }

  /** @throws {ParleyError} NotFound, NotAllowed */
  remove(id: DeviceId): Promise<void> {
    return this.own.remove(id)
  }

  /** @throws {ParleyError} NotAllowed, Unreachable, TooLarge */
  async offerLink(): Promise<DeviceLinkOffer> {
    this.own.assertActive()
    if (!this.#host.isReachable())
      throw new ParleyError('Unreachable', 'this device is offline; go online first, so that the new one can reach it')
    const links = await import('./link-offer.ts')
    this.#offer ??= new links.LinkOffer({
      context: this.#context,
      devices: this.own,
      name: () => this.#host.profile().name,
      addresses: () => this.#host.addresses(),
      onChange: () => {
        this.#host.refresh()
        this.#host.onDevices()
      },
    })
    return this.#offer.open()
  }

  /** @throws {ParleyError} LinkRejected, NotAllowed */
  async confirm(code: string): Promise<void> {
    const typed = checkText(code, 'code')
    if (this.#offer === undefined) throw new ParleyError('NotAllowed', 'no device waits to be added')
    await this.#offer.confirm(typed)
  }

  async cancelLink(): Promise<void> {
    await this.#offer?.cancel()
  }

  /** @throws {ParleyError} NotAllowed, TooLarge */
  async createRecovery(): Promise<readonly string[]> {
    this.own.assertActive()
    const { crypto, me, random, clock } = this.#context
    const own = trustedDeviceCert((bytes) => crypto.sha256(bytes), me.cert)
    // A device that the phrase adds comes behind the recovery device.
    if (own === undefined || certsIn(me.cert).length > MAX_CERT_CHAIN - 2)
      throw new ParleyError('TooLarge', 'make the phrase on a device that you have had for longer')
    const before = this.own.recovery
    if (before === undefined) this.own.assertRoom()
    const words = createRecoveryPhrase((length) => random.bytes(length))
    const issued = await issueDeviceCert(crypto, { keys: me.keys, cert: own }, recoveryKeysOf(crypto, words), {
      createdMs: clock.now(),
      isRecovery: true,
    })
    const cert = await verifyDeviceCert(crypto, bundleCerts([...certsIn(me.cert), issued]))
    if (cert === undefined) throw new ParleyError('Internal', 'the recovery phrase could not be made')
    if (before !== undefined) await this.own.remove(before.deviceId)
    await this.own.add(cert, '')
    await this.own.settle()
    return Object.freeze(words)
  }

  /** @throws {ParleyError} NotFound, InvalidArgument */
  async safetyNumber(user: UserId): Promise<string> {
    const { crypto, me } = this.#context
    if (user === me.userId) throw new ParleyError('InvalidArgument', 'a safety number is for somebody else')
    const theirs = this.#rootOf(this.#certsOf(user))
    const own = this.#rootOf([me.cert])
    if (theirs === undefined || own === undefined) throw new ParleyError('NotFound', 'nothing is known here of this person')
    const hash = (bytes: Uint8Array): Uint8Array => crypto.sha256(bytes)
    return safetyNumber(hash, { userId: me.userId, rootKeys: [own] }, { userId: user, rootKeys: [theirs] })
  }

  #follow(): void {
    this.#following.run(() => this.shared.follow()).catch((error: unknown) => this.#context.report(error, 'own devices'))
  }

  /** What makes no sense to this version is left where it is. */
  async #takeShared(key: string, value: SharedValue): Promise<void> {
    try {
      await this.#host.takeShared(key, value)
    } catch (error) {
      this.#context.report(error, 'shared by another device')
    }
  }

  /** Certificates of a person, wherever they were met. */
  #certsOf(user: UserId): Uint8Array[] {
    const met = [...this.#host.replicas()].flatMap(({ controls }) => [...controls.membership.devices.values()])
    return [...this.#host.certsOf(user), ...met.filter((record) => record.user === user).map(({ cert }) => cert)].map(({ bytes }) => bytes)
  }

  /** The key that the devices of a user descend from. */
  #rootOf(certs: readonly Uint8Array[]): Uint8Array | undefined {
    const { crypto } = this.#context
    for (const bytes of certs.flatMap((cert) => certsIn(cert))) {
      const cert = trustedDeviceCert((b) => crypto.sha256(b), bytes)
      if (cert !== undefined && cert.issuer === undefined) return cert.signKey
    }
    return undefined
  }

  /** Devices that are met again in a conversation which came back are listed, so that lost ones can be removed. */
  async #onRecovered(replica: Replica): Promise<void> {
    await this.#host.onRecovered(replica)
    await this.own.learn(replica)
  }
}
