/** Letting others in: invites, and the entries that admit who holds one. */
import type { DeviceCert } from '@parley/crypto'
import { encodeControl, EntryKind, messageIdBytes, type RefusalCode } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Invite } from '../membership/index.ts'
import type { ControlLog } from './control-log.ts'
import type { EpochBoxes } from './epoch-boxes.ts'
import type { OwnWrites } from './own-writes.ts'
import type { Rotation } from './rotation.ts'

export class Admission {
  readonly #context: Context
  readonly #controls: ControlLog
  readonly #boxes: EpochBoxes
  readonly #rotation: Rotation
  readonly #writes: OwnWrites

  constructor(options: { context: Context; controls: ControlLog; boxes: EpochBoxes; rotation: Rotation; writes: OwnWrites }) {
    this.#context = options.context
    this.#controls = options.controls
    this.#boxes = options.boxes
    this.#rotation = options.rotation
    this.#writes = options.writes
  }

  /** The invites that a joiner may hold, open or not. */
  invites(): readonly Invite[] {
    return [...this.#controls.membership.invites.values()]
  }

  /**
   * Lets a joiner in, or says why not. The caller has verified the certificate and the proof, and holds the mutex. A device that is in already
   * is welcome again. `from`: number of its first entry that is to count.
   */
  async admit(ref: string, cert: DeviceCert, proof: Uint8Array, from: number): Promise<'admitted' | RefusalCode> {
    const { membership } = this.#controls
    const isIn = (): boolean => this.#controls.membership.devices.get(cert.deviceId)?.isActive === true
    if (isIn()) return 'admitted'
    const invite = [...membership.invites.values()].find((i) => i.ref === ref)
    if (invite === undefined || invite.isRevoked || membership.members.has(cert.userId)) return 'InviteInvalid'
    // Before anything is sealed for them: an admission without effect would still have given the key away.
    if (!membership.mayAdmit(invite.ref, cert.userId)) return 'InviteInvalid'
    if (this.#context.clock.now() > invite.expiresMs) return 'InviteExpired'
    if (invite.used >= invite.maxUses) return 'InviteUsedUp'
    // Who lets somebody in must be able to hand the key out.
    await this.#writes.prepare()
    const isWhole = membership.policy.history === 'full'
    const boxes = await this.#boxes.seal(cert, this.#boxes.tips(isWhole ? 'whole' : 'control'), isWhole ? 'whole' : 'control')
    const { frontier } = this.#controls.membership
    const payload = encodeControl({
      op: 'admit',
      invite: messageIdBytes(invite.ref),
      cert: cert.bytes,
      proof,
      boxes,
      from,
      after: frontier,
    })
    await this.#writes.append([{ kind: EntryKind.control, payload, epoch: undefined }], [])
    // Our entry may carry a later clock than ours: by then the invite has expired for everybody.
    if (!isIn()) return 'InviteExpired'
    if (!isWhole) {
      // What newcomers may read begins with an epoch of their own.
      const { draft, rows } = await this.#rotation.open()
      await this.#writes.append([draft], rows)
    }
    return 'admitted'
  }
}
