/** Before an engine opens: a profile that is nobody yet becomes a device of somebody, by a link code or a recovery phrase. */
import { ParleyError } from '@parley/protocol'
import { loadCert } from '../profile/profile.ts'
import { checkDeviceName } from './devices.ts'
import { joinAsDevice } from './joining.ts'
import type { NewcomerInit } from './newcomer.ts'
import { recoverProfile } from './recover-profile.ts'

/** @throws {ParleyError} InvalidArgument when both are given, and what `joinAsDevice` and `recoverProfile` throw. */
export async function becomeSomebody(
  init: NewcomerInit & {
    readonly link?: string
    readonly recover?: readonly string[] | string
    readonly deviceName?: string
    readonly onShortCode?: (code: string) => void
  },
): Promise<void> {
  const { link, recover, deviceName = '', onShortCode } = init
  if (link !== undefined && recover !== undefined) throw new ParleyError('InvalidArgument', 'a profile is linked or recovered, not both')
  if (link !== undefined)
    await joinAsDevice({ ...init, link, deviceName: checkDeviceName(deviceName), onShortCode: (code) => onShortCode?.(code) })
  if (recover !== undefined) await recoverProfile({ ...init, words: recover, cert: await loadCert(init.store) })
}
