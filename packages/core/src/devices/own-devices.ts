/**
 * The devices of this user, and the conversation that only they are in: who is one, what each is called, and that every other conversation
 * says the same. The conversation begins with the second device, or with a recovery phrase; before that there is nothing to share.
 */
import { trustedDeviceCert, type DeviceCert } from '@parley/crypto'
import { deviceIdOf, MAX_DEVICES_PER_USER, ParleyError, type ConversationId, type DeviceId } from '@parley/protocol'
import type { Device } from '../api/devices.ts'
import type { Context } from '../context.ts'
import { directIdOf, foundDirect } from '../contacts/direct.ts'
import { Mutex } from '../support/mutex.ts'
import type { Replica } from '../replica/replica.ts'

/** What is already under way on another device is left to it for so long. */
export const OTHERS_TURN_MS = 30_000

/** What the devices need of the engine. */
export interface OwnDevicesHost {
  profile(): { readonly name: string; readonly avatar: string }
  replicas(): Iterable<Replica>
  replica(id: ConversationId): Replica | undefined
  adopt(replica: Replica): Promise<void>
  /** What is to be told to other devices has changed. */
  refresh(): void
  onDevices(): void
  /** The conversation of the own devices was begun here. */
  onFounded(): void
  /** Something was said in it. */
  onSelf(): void
}

export class OwnDevices {
  readonly selfId: ConversationId
  readonly #context: Context
  readonly #host: OwnDevicesHost
  readonly #founding = new Mutex()
  readonly #settling = new Mutex()
  /** Devices that this one is removing, so that it does not wait for others to do it. */
  readonly #removing = new Set<DeviceId>()
  /** When it was first seen that a device is to be added or removed somewhere by another one. */
  readonly #seenMs = new Map<string, number>()
  #cancelTurn: (() => void) | undefined
  #isDue = false
  #isClosed = false

  constructor(context: Context, host: OwnDevicesHost) {
    this.#context = context
    this.#host = host
    this.selfId = directIdOf(context, context.me.userId)
  }

  /** The conversation of this user's devices; undefined while there is none. */
  get self(): Replica | undefined {
    return this.#host.replica(this.selfId)
  }

  close(): void {
    this.#isClosed = true
    this.#cancelTurn?.()
  }

  /** Every device of this user, recovery devices left out, the oldest first. */
  all(): readonly Device[] {
    const known = this.#records().filter(({ cert }) => !cert.isRecovery)
    const me = this.#context.me.deviceId
    if (known.length === 0) {
      const cert = this.#ownCert
      return [Object.freeze({ id: me, name: '', addedAt: cert.createdMs, isThis: true, status: 'active', removedAt: undefined })]
    }
    return known
      .map(({ cert, isActive }): Device => {
        const id = cert.deviceId
        const removedAt = isActive ? undefined : (this.#removalOf(id) ?? 0)
        const status = isActive ? 'active' : 'removed'
        return Object.freeze({ id, name: this.#name(id), addedAt: cert.createdMs, isThis: id === me, status, removedAt })
      })
      .sort((a, b) => a.addedAt - b.addedAt || (a.id < b.id ? -1 : 1))
  }

  /** This device speaks for its user. @throws {ParleyError} NotAllowed */
  assertActive(): void {
    if (this.all().some(({ isThis, status }) => isThis && status === 'removed'))
      throw new ParleyError('NotAllowed', 'this device has been removed by another one of yours; what it held can still be read')
  }

  /** The recovery device that counts. */
  get recovery(): DeviceCert | undefined {
    return this.#records().find(({ cert, isActive }) => cert.isRecovery && isActive)?.cert
  }

  /** @throws {ParleyError} NotFound */
  async rename(id: DeviceId, name: string): Promise<void> {
    if (!this.all().some((device) => device.id === id)) throw notFound()
    const self = await this.found()
    await self.commitControl({ op: 'metadata', scope: 'application', values: { [nameKey(id)]: name === '' ? null : name } })
  }

  /** Lists the devices that a conversation has of this user: after a recovery the others are known from there alone. */
  async learn(replica: Replica): Promise<void> {
    const { userId, deviceId } = this.#context.me
    if (replica.id === this.selfId) return
    const self = await this.found()
    for (const { user, cert, isActive } of replica.controls.membership.devices.values())
      if (user === userId && isActive && cert.deviceId !== deviceId && !self.controls.membership.devices.has(cert.deviceId))
        await self.changeMembership((writes) => writes.addDevice(cert))
  }

  /** Takes a new device in, whose certificate was verified. @throws {ParleyError} TooLarge */
  async add(cert: DeviceCert, name: string): Promise<Replica> {
    this.assertRoom()
    const self = await this.found()
    await self.changeMembership((writes) => writes.addDevice(cert))
    if (name !== '') await self.commitControl({ op: 'metadata', scope: 'application', values: { [nameKey(cert.deviceId)]: name } })
    return self
  }

  /** @throws {ParleyError} NotFound, NotAllowed */
  async remove(id: DeviceId): Promise<void> {
    if (id === this.#context.me.deviceId) throw new ParleyError('NotAllowed', 'remove this device from another one of yours')
    const { self } = this
    const record = self?.controls.membership.devices.get(id)
    if (self === undefined || record === undefined) throw notFound()
    this.#removing.add(id)
    if (record.isActive) await self.changeMembership((writes) => writes.removeDevice(id))
    await this.settle()
  }

  /** Whether another device may come. */
  get hasRoom(): boolean {
    return this.#records().filter(({ isActive }) => isActive).length < MAX_DEVICES_PER_USER
  }

  /** @throws {ParleyError} TooLarge */
  assertRoom(): void {
    if (!this.hasRoom) throw new ParleyError('TooLarge', `a person has at most ${MAX_DEVICES_PER_USER} devices; remove one first`)
  }

  /** The conversation of this user's devices, begun if it is not here. */
  found(): Promise<Replica> {
    return this.#founding.run(async () => {
      const known = this.self
      if (known !== undefined) return known
      const { me } = this.#context
      const replica = await foundDirect(this.#context, { user: me.userId, certs: [], hints: [], profile: this.#host.profile() })
      await this.#host.adopt(replica)
      this.#host.onFounded()
      return replica
    })
  }

  /** Follows a conversation: what it lacks of this user's devices is made good. */
  watch(replica: Replica): void {
    const isSelf = replica.id === this.selfId
    replica.events.on('state', () => this.#schedule())
    // Who comes back may have no key at first, and may lack what this device said before.
    const mayAdd = (): boolean => this.#maySettle(replica) && hasKey(replica)
    let could = mayAdd()
    const look = (): void => {
      const before = could
      could = mayAdd()
      if (could && !before) this.#schedule()
    }
    replica.events.on('entries', look)
    replica.events.on('control', look)
    if (isSelf)
      replica.events.on('control', () => {
        this.#host.onSelf()
        this.#host.onDevices()
        this.#schedule()
      })
    if (isSelf) this.#host.onSelf()
    if (isSelf) this.#host.onDevices()
    this.#schedule()
  }

  /** What another device of this user is in, and is to be told of. */
  sharedWith(device: DeviceId): readonly Replica[] {
    if (this.self?.isActive(device) !== true) return []
    return [...this.#host.replicas()].filter((replica) => replica.record.state === 'member' && replica.isActive(device))
  }

  /** Brings every conversation in line with the devices of this user. Failures are reported, and tried again with the next change. */
  settle(): Promise<void> {
    return this.#settling.run(async () => {
      const { self } = this
      if (this.#isClosed || self?.record.state !== 'member' || self.isFrozen) return
      let isWaiting = false
      for (const replica of [...this.#host.replicas()]) {
        if (replica === self || !this.#maySettle(replica)) continue
        try {
          if (await this.#settleIn(replica, self)) isWaiting = true
        } catch (error) {
          this.#context.report(error, 'own devices')
        }
      }
      if (isWaiting) this.#cancelTurn ??= this.#context.clock.setTimeout(() => this.#onTurn(), OTHERS_TURN_MS)
      this.#host.refresh()
    })
  }

  /** Returns whether something is left to others for now. */
  async #settleIn(replica: Replica, self: Replica): Promise<boolean> {
    const { userId, deviceId } = this.#context.me
    let isWaiting = false
    for (const [device, { cert, user, isActive }] of self.controls.membership.devices) {
      if (user !== userId || device === deviceId) continue
      const there = replica.controls.membership.devices.get(device)
      // After its user was out all of their devices come back, once one of them has.
      const isLacking = there === undefined || (!there.isActive && !(await wasRemoved(replica, device)))
      if (isActive && isLacking && hasKey(replica)) {
        if (this.#isMyTurn(replica, device, cert.issuer)) await replica.changeMembership((writes) => writes.addDevice(cert))
        else isWaiting = true
      }
      // In a conversation of two a device needs nobody's leave to come in: also where it never was it is put out, for good.
      const isOut = !isActive && (there?.isActive === true || (there === undefined && replica.isDirect))
      if (!isOut) continue
      const isMine = this.#removing.has(device) || this.#isMyTurn(replica, device, undefined, true)
      if (!isMine) {
        isWaiting = true
        continue
      }
      if (there === undefined) await replica.changeMembership((writes) => writes.addDevice(cert, 'without keys'))
      await replica.changeMembership((writes) => writes.removeDevice(device))
    }
    return isWaiting
  }

  /** Whether this device does it now: nobody else would, or has had the time for it. */
  #isMyTurn(replica: Replica, device: DeviceId, by: DeviceId | undefined, isRemoval = false): boolean {
    const { me, clock } = this.#context
    const others = [...replica.controls.membership.devices].filter(
      ([id, record]) => record.user === me.userId && record.isActive && id !== me.deviceId && id !== device && !record.cert.isRecovery,
    )
    const isElsewhere = isRemoval ? others.length > 0 : others.some(([id]) => id === by)
    if (!isElsewhere) return true
    const name = `${replica.id} ${device} ${isRemoval}`
    const seen = this.#seenMs.get(name) ?? clock.now()
    this.#seenMs.set(name, seen)
    return clock.now() - seen >= OTHERS_TURN_MS
  }

  #maySettle(replica: Replica): boolean {
    const { record, isFrozen, isOwnLogHere } = replica
    return record.state === 'member' && !isFrozen && isOwnLogHere && replica.isActive(this.#context.me.deviceId)
  }

  #onTurn(): void {
    this.#cancelTurn = undefined
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isDue || this.#isClosed || this.self === undefined) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.settle().catch((error: unknown) => this.#context.report(error, 'own devices'))
    })
  }

  #records(): { readonly cert: DeviceCert; readonly isActive: boolean }[] {
    const records = this.self?.controls.membership.devices.values() ?? []
    return [...records].filter(({ user }) => user === this.#context.me.userId)
  }

  get #ownCert(): DeviceCert {
    const { crypto, me } = this.#context
    const cert = trustedDeviceCert((bytes) => crypto.sha256(bytes), me.cert)
    if (cert === undefined) throw new ParleyError('Internal', 'the certificate of this device cannot be read')
    return cert
  }

  #removalOf(device: DeviceId): number | undefined {
    const removal = this.self?.controls
      .entries()
      .find(({ payload }) => payload?.op === 'device-remove' && deviceIdOf(payload.pin.log) === device)
    return removal?.hlc.ms
  }

  #name(device: DeviceId): string {
    const name = this.self?.controls.metadata()[nameKey(device)]
    return typeof name === 'string' ? name : ''
  }
}

const nameKey = (device: DeviceId): string => `device:${device}`

/** Whether somebody put that device out of the conversation, and not only its user with all theirs. Such a device never comes back. */
async function wasRemoved(replica: Replica, device: DeviceId): Promise<boolean> {
  await replica.whole()
  return replica.controls.entries().some(({ payload }) => payload?.op === 'device-remove' && deviceIdOf(payload.pin.log) === device)
}

/** Whether a device that comes in now gets a key of the present from here; without one it could not take part. */
const hasKey = ({ epochs }: Replica): boolean => epochs.current !== undefined

function notFound(): ParleyError {
  return new ParleyError('NotFound', 'there is no such device of yours')
}
