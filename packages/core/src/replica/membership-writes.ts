/** What members say about who is in: each operation with its place in the causal order, and the new epoch that it calls for in the same batch. */
import {
  compareBytes,
  deviceIdBytes,
  encodeControl,
  EntryKind,
  MAX_ROLE_PINS,
  messageIdBytes,
  ParleyError,
  ROLES,
  deviceIdOf,
  userIdBytes,
  userIdOf,
  type ControlPayload,
  type DeviceId,
  type HeadPin,
  type HistoryPolicy,
  type MessageId,
  type RoleName,
  type UserId,
} from '@parley/protocol'
import { epochSecretBytes, hpkeSealMany, type DeviceCert } from '@parley/crypto'
import type { Context } from '../context.ts'
import { hasRole, opKey } from '../membership/index.ts'
import type { ControlLog } from './control-log.ts'
import type { EpochBoxes } from './epoch-boxes.ts'
import type { LogEntry } from './log-entry.ts'
import type { ConversationLog } from './log.ts'
import type { OwnWrites } from './own-writes.ts'
import type { NewEpoch, Rotation } from './rotation.ts'

export class MembershipWrites {
  readonly #context: Context
  readonly #log: ConversationLog
  readonly #controls: ControlLog
  readonly #boxes: EpochBoxes
  readonly #rotation: Rotation
  readonly #writes: OwnWrites

  constructor(options: {
    context: Context
    log: ConversationLog
    controls: ControlLog
    boxes: EpochBoxes
    rotation: Rotation
    writes: OwnWrites
  }) {
    this.#context = options.context
    this.#log = options.log
    this.#controls = options.controls
    this.#boxes = options.boxes
    this.#rotation = options.rotation
    this.#writes = options.writes
  }

  /** Puts a member out. What they have said so far, as far as it is here, stays. @throws {ParleyError} NotAllowed */
  async remove(user: UserId): Promise<void> {
    const pins = await this.#pinsOf(user)
    await this.#append({ op: 'remove', user: userIdBytes(user), pins, after: this.#after }, () => this.#rotation.open({ users: [user] }))
  }

  /** Brings in one more device of this user, which gets every key that this one has unless it is to get none. @throws {ParleyError} NotAllowed */
  async addDevice(cert: DeviceCert, keys: 'with keys' | 'without keys' = 'with keys'): Promise<void> {
    const boxes = keys === 'with keys' ? await this.#boxes.seal(cert, this.#boxes.tips('whole'), 'whole') : []
    await this.#append({ op: 'device-add', cert: cert.bytes, boxes, after: this.#after })
  }

  /** Takes a device of somebody, or another one of one's own, out. @throws {ParleyError} NotAllowed */
  async removeDevice(device: DeviceId): Promise<void> {
    const pin = await this.#pinOf(device)
    await this.#append({ op: 'device-remove', pin, after: this.#after }, () => this.#rotation.open({ devices: [device] }))
  }

  /**
   * Gives a member another role, or makes somebody a member: with these certificates, issuers first, and with the devices that they had here
   * before. @throws {ParleyError} NotAllowed
   */
  async grant(user: UserId, role: Exclude<RoleName, 'founder'>, certs: readonly DeviceCert[] = []): Promise<void> {
    const isNew = !this.#controls.membership.members.has(user)
    const fresh = certs.filter(({ deviceId }) => this.#controls.membership.devices.get(deviceId)?.isActive !== true)
    await this.#append({
      op: 'grant',
      user: userIdBytes(user),
      role: ROLES[role],
      certs: fresh.map(({ bytes }) => bytes),
      pins: await this.#pinsOf(user),
      after: this.#after,
    })
    if (isNew || fresh.length > 0) await this.letRead(this.#controls.membership.members.get(user)?.devices ?? [])
  }

  /** Goes, with all devices. The next of the others who says something opens a new epoch. @throws {ParleyError} NotAllowed */
  async leave(): Promise<void> {
    const { me } = this.#context
    const pins = (await this.#pinsOf(me.userId)).filter(({ log }) => compareBytes(log, me.deviceBytes) !== 0)
    await this.#append({ op: 'leave', pins, after: this.#after })
  }

  /** @throws {ParleyError} NotAllowed */
  async setHistory(history: HistoryPolicy): Promise<void> {
    if (history === this.#controls.membership.policy.history) return
    await this.#append({ op: 'policy', history, after: this.#after })
  }

  /** Lets nobody in by that invite any more. @throws {ParleyError} NotAllowed */
  async revoke(invite: MessageId): Promise<void> {
    if (this.#controls.membership.invites.get(invite)?.isRevoked === true) return
    await this.#append({ op: 'revoke', invite: messageIdBytes(invite), after: this.#after }, () => this.#rotation.open())
  }

  /** Hands the secrets of these epochs (16 bytes each, held here) to devices of members that lack them. */
  async reseal(epochs: readonly Uint8Array[], devices: readonly DeviceId[]): Promise<void> {
    const { membership } = this.#controls
    const certs = devices.flatMap((device) => {
      const record = membership.devices.get(device)
      return record?.isActive === true ? [record.cert] : []
    })
    for (const { id, secret } of this.#boxes.held(epochs)) {
      const recipients = certs.map((cert) => ({ publicKey: cert.agreeKey, info: this.#boxes.boxInfo(id, cert.deviceId) }))
      const sealed = await hpkeSealMany(this.#context.crypto, recipients, epochSecretBytes(secret), {
        random: (n) => this.#context.random.bytes(n),
      })
      const boxes = certs
        .map((cert, i) => ({ device: deviceIdBytes(cert.deviceId), box: sealed[i] as Uint8Array }))
        .sort((a, b) => compareBytes(a.device, b.device))
      if (boxes.length === 0) continue
      await this.#writes.append(
        [{ kind: EntryKind.control, payload: encodeControl({ op: 'reseal', epoch: id, boxes }), epoch: undefined }],
        [],
      )
    }
  }

  /** Gives the devices of a member who has no keys that open what they may read. */
  handKeys(user: UserId): Promise<void> {
    return this.letRead(this.#controls.membership.members.get(user)?.devices ?? [])
  }

  get #after(): readonly Uint8Array[] {
    return this.#controls.membership.frontier
  }

  /** Gives devices of members, who have just come in or whose boxes were bad, what they may read. */
  async letRead(devices: readonly DeviceId[]): Promise<void> {
    if (this.#controls.membership.policy.history === 'joined') {
      const { draft, rows } = await this.#rotation.open()
      await this.#writes.append([draft], rows)
      return
    }
    const epochs = this.#boxes.tips('whole').map(({ id }) => id)
    await this.reseal(epochs, devices)
  }

  /** Writes an operation, with the epoch that it calls for right behind it; both or neither are there. */
  async #append(payload: ControlPayload, epoch?: () => Promise<NewEpoch>): Promise<void> {
    // Among admins it is for the fold to say who may do what to whom; what would have no effect is not written.
    if (this.#isAboutAdmin(payload) && !this.#controls.wouldHold(this.#context.me.deviceId, payload)) throw notTaken()
    const next = await epoch?.()
    const draft = { kind: EntryKind.control, payload: encodeControl(payload), epoch: undefined }
    const [made] = await this.#writes.append(next === undefined ? [draft] : [draft, next.draft], next?.rows ?? [])
    this.#assertEffect(made as LogEntry)
  }

  /** What was checked before may have been taken away by what was not known then; membership has the last word. */
  #assertEffect({ id }: LogEntry): void {
    if (this.#controls.membership.verdicts.has(opKey(id))) throw notTaken()
  }

  #isAboutAdmin(payload: ControlPayload): boolean {
    const { members, devices } = this.#controls.membership
    const target =
      payload.op === 'remove' || payload.op === 'grant'
        ? userIdOf(payload.user)
        : payload.op === 'device-remove'
          ? devices.get(deviceIdOf(payload.pin.log))?.user
          : undefined
    return target !== undefined && target !== this.#context.me.userId && hasRole(members.get(target)?.role, 'admin')
  }

  /** How much is here of what the devices of that user said: of a member those that are in, of others those that were. */
  async #pinsOf(user: UserId): Promise<HeadPin[]> {
    const { devices, members } = this.#controls.membership
    const known = members.get(user)?.devices ?? [...devices].filter(([, record]) => record.user === user).map(([device]) => device)
    const pins: HeadPin[] = []
    for (const device of known.slice(-MAX_ROLE_PINS)) pins.push(await this.#pinOf(device))
    return pins.sort((a, b) => compareBytes(a.log, b.log))
  }

  async #pinOf(device: DeviceId): Promise<HeadPin> {
    // Branches keep device and number; how far each counts is for the proof of the fork to say.
    let nextSeq = 0
    let head = new Uint8Array(8)
    for (const log of this.#log.logsOf(device)) {
      if (this.#log.nextSeq(log) <= nextSeq) continue
      nextSeq = this.#log.nextSeq(log)
      head = (await this.#log.idAt(log, nextSeq - 1))?.slice(0, 8) ?? new Uint8Array(8)
    }
    return { log: deviceIdBytes(device), nextSeq, head }
  }
}

function notTaken(): ParleyError {
  return new ParleyError('NotAllowed', 'your role does not reach that far: they are the founder, or became admin before you')
}
