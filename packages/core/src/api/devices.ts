/** The devices of one person, adding and recovering them, and making sure of others, as applications see it. */
import type { DeviceId, ErrorCode, UserId } from '@parley/protocol'

/** A device of this user. A frozen snapshot. */
export interface Device {
  /** Which device. */
  readonly id: DeviceId
  /** As the user calls it; may be empty. */
  readonly name: string
  /** Milliseconds since 1970, by that device's own clock. */
  readonly addedAt: number
  /** Whether it is the one that this runs on. */
  readonly isThis: boolean
  /** `removed`: cut off, and never comes back. */
  readonly status: 'active' | 'removed'
  /** When it was removed, milliseconds since 1970; undefined while it is active. */
  readonly removedAt: number | undefined
}

/**
 * A link code for one new device. `waiting`: show `link`. `compare`: both devices show `code`; confirm or cancel. `adding`: confirmed.
 * `done`: the device is in. `failed`: over, see `failure`; another try takes another link.
 */
export interface DeviceLinkOffer {
  readonly state: 'waiting' | 'compare' | 'adding' | 'done' | 'failed'
  /** The text to show as a QR code, or to copy to the new device; good for one try. */
  readonly link: string
  /** Milliseconds since 1970; after that a device that has not come is refused. */
  readonly expiresAt: number
  /** Six digits, the same on the new device; from `compare` on. */
  readonly code: string | undefined
  /** What the new device calls itself; from `compare` on. */
  readonly deviceName: string | undefined
  /** The new device, once it is added. */
  readonly device: DeviceId | undefined
  /** Why it is `failed`. */
  readonly failure: ErrorCode | undefined
}

/** The part of `Parley` about devices. */
export interface DeviceCalls {
  /** This user's devices, also removed ones, the oldest first. */
  readonly devices: readonly Device[]
  /** The link code made last on this device; undefined when none was since the start. */
  readonly deviceLink: DeviceLinkOffer | undefined
  /** The recovery phrase that counts now: when it was made. Undefined when there is none. */
  readonly recovery: { readonly createdAt: number } | undefined
  /**
   * Calls a device of this user otherwise, on all of their devices. @throws {NotFound, InvalidArgument}
   * @example
   * ```ts
   * await parley.renameDevice(parley.me.deviceId, 'Laptop')
   * ```
   */
  renameDevice(id: DeviceId, name: string): Promise<void>
  /**
   * Cuts a device off from every conversation. @throws {NotFound}, {NotAllowed} for this very device, which another one has to remove
   * @example
   * ```ts
   * for (const { id, isThis } of parley.devices) if (!isThis) await parley.removeDevice(id)
   * ```
   */
  removeDevice(id: DeviceId): Promise<void>
  /**
   * Makes a link code, in place of one that is open; `deviceLink` and the event `devices` tell what becomes of it.
   * @throws {Unreachable} while this device is offline, {NotAllowed} once it has been removed, {TooLarge} when the user has as many devices as can be
   * @example
   * ```ts
   * console.log(`On the new device: ${(await parley.linkDevice()).link}`)
   * ```
   */
  linkDevice(): Promise<DeviceLinkOffer>
  /**
   * Adds the device that shows `code`. @throws {LinkRejected} when it is another one, which ends the link; {NotAllowed} when none waits
   * @example
   * ```ts
   * parley.on('devices', () => {
   *   const code = parley.deviceLink?.code
   *   if (code !== undefined && confirm(`Does the new device show ${code}?`)) void parley.confirmDevice(code)
   * })
   * ```
   */
  confirmDevice(code: string): Promise<void>
  /**
   * Ends the link code; the new device hears that it was refused. Nothing happens when there is none.
   * @example
   * ```ts
   * await parley.cancelDeviceLink()
   * ```
   */
  cancelDeviceLink(): Promise<void>
  /**
   * Makes a recovery phrase, in place of an earlier one: 24 words, which are shown once and kept nowhere. With them a new profile becomes a
   * device
   * of this user: `createParley({ recover: words })`. @throws {TooLarge}
   * @example
   * ```ts
   * const words = (await parley.createRecovery()).join(' ')
   * ```
   */
  createRecovery(): Promise<readonly string[]>
  /**
   * Sixty digits in twelve groups, the same on the other person's devices: when both see the same, nobody stands between them.
   * @throws {NotFound} when nothing is known here of that person, {InvalidArgument} for this user
   * @example
   * ```ts
   * console.log(await parley.safetyNumber(userId))
   * ```
   */
  safetyNumber(id: UserId): Promise<string>
}

/** The part of `ParleyEvents` about devices. */
export interface DeviceEvents {
  /** A device came, went or is called otherwise, or the link code came further. */
  devices: () => void
}
