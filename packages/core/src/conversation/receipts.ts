/** How far each member has seen the conversation: one signed slot a device, the highest version wins, kept in the store, outside the log. */
import { compareBytes, decodeCbor, deviceIdBytes, encodeCbor, equalBytes, Reject, type DeviceId, type UserId } from '@parley/protocol'
import type { Context } from '../context.ts'
import { Emitter } from '../support/emitter.ts'
import { Mutex } from '../support/mutex.ts'
import type { Replica } from '../replica/replica.ts'
import type { ConversationPreferences } from './preferences.ts'
import { makeSlot, readSlot, signalDevice, type SeenSlot } from './signals.ts'

/** Slots kept of devices that are not known as members yet: some newcomers' worth, and a bound on what a peer can make us keep. */
const MAX_EARLY_SLOTS = 64

export interface ReceiptEvents {
  /** A slot to pass on to every link but `from`. */
  slot: (bytes: Uint8Array, device: DeviceId, from: unknown) => void
  /** A user has seen up to this timeline key. */
  seen: (user: UserId, key: Uint8Array) => void
}

interface Held {
  readonly slot: SeenSlot
  readonly bytes: Uint8Array
}

export class Receipts {
  readonly events: Emitter<ReceiptEvents>
  readonly #context: Context
  readonly #replica: Replica
  readonly #preferences: ConversationPreferences
  readonly #slots = new Map<DeviceId, Held>()
  readonly #positions = new Map<UserId, Uint8Array>()
  /** One slot after the other: what is newer in memory is newer in the store, and no version is given twice. */
  readonly #mutex = new Mutex()
  /** Slots that overtook the admission of their device, oldest first. A link carries a slot once, so they are looked at again here. */
  #early: Uint8Array[] = []

  constructor(context: Context, replica: Replica, preferences: ConversationPreferences) {
    this.#context = context
    this.#replica = replica
    this.#preferences = preferences
    this.events = new Emitter((error, event) => context.report(error, `receipts ${event}`))
    replica.events.on('control', () => this.#retryEarly())
  }

  async load(): Promise<void> {
    for (const { value } of await this.#context.store.range(this.#replica.keys.slots())) {
      const [device, version, key, bytes] = decodeCbor(value) as [string, number, Uint8Array, Uint8Array]
      this.#hold({ slot: { device: device as DeviceId, version, key }, bytes })
    }
  }

  /** The timeline key up to which the user has seen; undefined when nothing. */
  position(user: UserId): Uint8Array | undefined {
    const told = this.#positions.get(user)
    const untold = user === this.#context.me.userId ? this.#preferences.readTo : undefined
    return told === undefined || (untold !== undefined && compareBytes(untold, told) > 0) ? untold : told
  }

  /** Whether this user tells others what they have seen. */
  get #isTelling(): boolean {
    return this.#context.preferences?.value.sendSeen !== false
  }

  /** Users who have seen the message under `key`. */
  seenBy(key: Uint8Array): UserId[] {
    return [...this.#positions].filter(([, position]) => compareBytes(position, key) >= 0).map(([user]) => user)
  }

  /** Every slot, for a peer that has just come; without the own one while this user tells nobody. */
  all(): Uint8Array[] {
    const own = this.#isTelling ? undefined : this.#context.me.deviceId
    return [...this.#slots.values()].filter(({ slot }) => slot.device !== own).map((held) => held.bytes)
  }

  /** The slots of these devices, for a peer that may have missed the last ones. */
  of(devices: readonly DeviceId[]): Uint8Array[] {
    return devices.flatMap((device) => this.#slots.get(device)?.bytes ?? [])
  }

  /** This user has seen up to `key`. Returns false when that is not further than before. */
  advance(key: Uint8Array): Promise<boolean> {
    return this.#mutex.run(() => this.#advance(key))
  }

  async #advance(key: Uint8Array): Promise<boolean> {
    const { me } = this.#context
    if (!this.#isTelling) return this.#advanceUntold(key)
    const before = this.#positions.get(me.userId)
    if (before !== undefined && compareBytes(before, key) >= 0) return false
    const version = (this.#slots.get(me.deviceId)?.slot.version ?? 0) + 1
    const bytes = await makeSlot(this.#context, this.#replica, { version, key })
    await this.#store({ slot: { device: me.deviceId, version, key }, bytes }, undefined)
    return true
  }

  /** The same, kept to this device. */
  async #advanceUntold(key: Uint8Array): Promise<boolean> {
    const { userId } = this.#context.me
    const before = this.position(userId)
    if (before !== undefined && compareBytes(before, key) >= 0) return false
    await this.#preferences.readUpTo(key)
    this.events.emit('seen', userId, key)
    return true
  }

  /** A slot from a peer. @throws {Reject} */
  accept(bytes: Uint8Array, from: unknown): Promise<void> {
    return this.#mutex.run(() => this.#accept(bytes, from))
  }

  async #accept(bytes: Uint8Array, from: unknown): Promise<void> {
    const known = this.#slots.get(signalDevice(bytes))
    // Word for word what is here: verified already.
    if (known !== undefined && equalBytes(known.bytes, bytes)) return
    let slot: SeenSlot
    try {
      slot = await readSlot(this.#context, this.#replica, bytes)
    } catch (error) {
      if (!(error instanceof Reject) || error.code !== 'UnknownDevice') throw error
      this.#early = [...this.#early, bytes.slice()].slice(-MAX_EARLY_SLOTS)
      return
    }
    if (!isFurther(slot, this.#slots.get(slot.device)?.slot)) return
    await this.#store({ slot, bytes: bytes.slice() }, from)
  }

  #retryEarly(): void {
    for (const bytes of this.#early.splice(0)) {
      this.accept(bytes, this).catch((error: unknown) => {
        if (error instanceof Reject) this.#context.logger.warn('rejected', { code: error.code, why: error.message })
        else this.#context.report(error, 'early seen slot')
      })
    }
  }

  async #store(held: Held, from: unknown): Promise<void> {
    const { slot, bytes } = held
    const value = encodeCbor([slot.device, slot.version, slot.key, bytes])
    // Own slots outlive a power cut: a version that peers hold already must never be given a second time, to another position.
    const durability = from === undefined ? 'strict' : 'relaxed'
    await this.#context.store.write([{ type: 'put', key: this.#replica.keys.slot(deviceIdBytes(slot.device)), value }], { durability })
    const user = this.#hold(held)
    this.events.emit('slot', bytes, slot.device, from)
    if (user !== undefined) this.events.emit('seen', user, slot.key)
  }

  /** Returns the user whose position went forward. */
  #hold(held: Held): UserId | undefined {
    const { slot } = held
    if (!isFurther(slot, this.#slots.get(slot.device)?.slot)) return undefined
    this.#slots.set(slot.device, held)
    const user = this.#replica.userOf(slot.device)
    if (user === undefined) return undefined
    const before = this.#positions.get(user)
    if (before !== undefined && compareBytes(before, slot.key) >= 0) return undefined
    this.#positions.set(user, slot.key)
    return user
  }
}

/**
 * A device goes forward only, so its version says nothing that the position does not say, until its profile is copied or restored: then
 * versions are given twice. The further position wins, which is the same in every order of arrival.
 */
function isFurther(slot: SeenSlot, before: SeenSlot | undefined): boolean {
  return before === undefined || (compareBytes(slot.key, before.key) || slot.version - before.version) > 0
}
