/**
 * How much is kept of what one device says about the conversation. Control entries are all in memory and read whenever the conversation is opened, so
 * a member must not be able to pile them up. The first ones count, by their running number: every peer keeps the same ones, and tells of no others.
 * What comes behind stays in the log of the device, as anything that it says, and has no effect.
 */
import { MAX_DEVICE_CONTROL_BYTES, MAX_DEVICE_CONTROLS, type DeviceId } from '@parley/protocol'

/** A control entry, as far as its room is concerned. */
interface Sized {
  readonly device: DeviceId
  readonly bytes: Uint8Array
}

export class ControlRoom {
  readonly #held = new Map<DeviceId, number>()

  /** Bytes of the control entries of a device that are here. */
  held(device: DeviceId): number {
    return this.#held.get(device) ?? 0
  }

  note({ device, bytes }: Sized): void {
    this.#held.set(device, this.held(device) + bytes.length)
  }

  forget({ device, bytes }: Sized): void {
    this.#held.set(device, this.held(device) - bytes.length)
  }

  /**
   * Whether the entry with that running number, which follows all that are here, is one of those that are kept. Of a device that forked its numbers alone
   * say so: how many bytes come before depends on which of its histories are here, and those are bounded by their proofs.
   */
  has(device: DeviceId, number: number, bytes: number, isForked: boolean): boolean {
    return number <= MAX_DEVICE_CONTROLS && (isForked || this.held(device) + bytes <= MAX_DEVICE_CONTROL_BYTES)
  }
}
