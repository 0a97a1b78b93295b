import type { Parley } from '@parley/chat'
import { ownDeviceName } from '../text/devices.ts'

/** Gives this device a name by what it is, unless it has one. */
export async function nameThisDevice(parley: Parley): Promise<void> {
  const own = parley.devices.find(({ isThis }) => isThis)
  if (own?.name.trim() === '') await parley.renameDevice(own.id, ownDeviceName())
}
