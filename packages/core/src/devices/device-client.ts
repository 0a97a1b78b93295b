/** The part of the client about devices, for the engine to be built on. */
import { parseUserId, type DeviceId, type UserId } from '@parley/protocol'
import type { Device, DeviceCalls, DeviceLinkOffer } from '../api/devices.ts'
import { checkText } from '../conversation/arguments.ts'
import type { Devices } from './devices.ts'

export abstract class DeviceClient implements DeviceCalls {
  protected abstract readonly ownDevices: Devices
  /** @throws {ParleyError} Closed */
  protected abstract assertOpen(): void

  get devices(): readonly Device[] {
    return this.ownDevices.all()
  }

  get deviceLink(): DeviceLinkOffer | undefined {
    return this.ownDevices.link
  }

  get recovery(): DeviceCalls['recovery'] {
    return this.ownDevices.recovery
  }

  async renameDevice(id: DeviceId, name: string): Promise<void> {
    this.assertOpen()
    return this.ownDevices.rename(id, name)
  }

  async removeDevice(id: DeviceId): Promise<void> {
    this.assertOpen()
    return this.ownDevices.remove(id)
  }

  async linkDevice(): Promise<DeviceLinkOffer> {
    this.assertOpen()
    return this.ownDevices.offerLink()
  }

  async confirmDevice(code: string): Promise<void> {
    this.assertOpen()
    return this.ownDevices.confirm(code)
  }

  async cancelDeviceLink(): Promise<void> {
    this.assertOpen()
    return this.ownDevices.cancelLink()
  }

  async createRecovery(): Promise<readonly string[]> {
    this.assertOpen()
    return this.ownDevices.createRecovery()
  }

  async safetyNumber(id: UserId): Promise<string> {
    this.assertOpen()
    return this.ownDevices.safetyNumber(parseUserId(checkText(id, 'user id')))
  }
}
