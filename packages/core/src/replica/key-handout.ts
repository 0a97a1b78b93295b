/** Epoch keys for devices that are members and lack some: a box was bad or missing. */
import type { DeviceId, UserId } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Mutex } from '../support/mutex.ts'
import type { ControlLog } from './control-log.ts'
import type { EpochBoxes } from './epoch-boxes.ts'
import type { EpochKeys } from './epochs.ts'
import type { MembershipWrites } from './membership-writes.ts'
import type { OwnLog } from './own-log.ts'

/** A device that is in asks once because it does not know it yet, and twice because it has no keys. They are handed out once. */
const REQUESTS_WITHOUT_KEYS = 2

/** How often a device that lacks keys is answered: more would fill the log. */
const MAX_KEY_ANSWERS = 8

export class KeyHandout {
  readonly #context: Context
  readonly #mutex: Mutex
  readonly #controls: ControlLog
  readonly #epochs: EpochKeys
  readonly #boxes: EpochBoxes
  readonly #own: OwnLog
  readonly #membership: MembershipWrites
  /** How often devices that are in asked to be let in. */
  readonly #returned = new Map<DeviceId, number>()
  /** How often devices that lacked keys were given some, since the start. */
  readonly #answered = new Map<DeviceId, number>()

  constructor(options: {
    context: Context
    mutex: Mutex
    controls: ControlLog
    epochs: EpochKeys
    boxes: EpochBoxes
    own: OwnLog
    membership: MembershipWrites
  }) {
    this.#context = options.context
    this.#mutex = options.mutex
    this.#controls = options.controls
    this.#epochs = options.epochs
    this.#boxes = options.boxes
    this.#own = options.own
    this.#membership = options.membership
  }

  /**
   * Epochs (16 bytes) whose keys this device should have had and has not: the current one, and those opened since it came in. Newest first.
   */
  missing(): Uint8Array[] {
    const { deviceId, userId } = this.#context.me
    return this.#isActive(deviceId) ? this.#boxes.missing(userId) : []
  }

  /** A device of that user, which is in already, asked to be let in. The caller holds the mutex. */
  async returned(device: DeviceId, user: UserId): Promise<void> {
    const asked = (this.#returned.get(device) ?? 0) + 1
    this.#returned.set(device, asked)
    if (asked === REQUESTS_WITHOUT_KEYS) await this.#membership.handKeys(user)
  }

  /** Gives a device those keys of these epochs that it may have, a few times. Resolves with those that are not here. The caller may write. */
  async give(device: DeviceId, epochs: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const user = this.#controls.membership.devices.get(device)?.user
    if (user === undefined || !this.#isActive(device)) return []
    if (!this.#own.isHere) return epochs
    const isHeld = (id: Uint8Array): boolean => this.#epochs.get(id)?.secret.msg !== undefined
    const rest = epochs.filter((id) => !isHeld(id))
    const due = epochs.filter((id) => this.#boxes.isFor(id, user) && isHeld(id))
    const answered = this.#answered.get(device) ?? 0
    if (due.length === 0 || answered >= MAX_KEY_ANSWERS) return rest
    this.#answered.set(device, answered + 1)
    await this.#own.untilKnown()
    await this.#mutex.run(() => this.#membership.reseal(due, [device]))
    return rest
  }

  #isActive(device: DeviceId): boolean {
    return this.#controls.membership.devices.get(device)?.isActive === true
  }
}
