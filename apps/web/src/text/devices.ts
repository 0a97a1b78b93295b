/**
 * Devices in words.
 */
import type { DeviceLinkOffer } from '@parley/chat'
import { t } from '../i18n/translate.ts'

const BROWSERS = [
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const
const SYSTEMS = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['Mac OS', 'Mac'],
  ['Linux', 'Linux'],
] as const

function firstIn(agent: string, names: readonly (readonly [sign: string, name: string])[]): string | undefined {
  return names.find(([sign]) => agent.includes(sign))?.[1]
}

/** What this device calls itself at first: Firefox on Windows. */
export function ownDeviceName(agent = navigator.userAgent): string {
  const browser = firstIn(agent, BROWSERS) ?? t('Browser')
  const system = firstIn(agent, SYSTEMS)
  return system === undefined ? browser : t('{browser} on {system}', { browser, system })
}

/** What to call a device that nobody has named. */
export function deviceNameOf({ name }: { readonly name: string }): string {
  return name.trim() === '' ? t('A device without a name') : name
}

/** 123 456 */
export function shortCodeWords(code: string): string {
  return code.replace(/^(\d{3})(\d{3})$/, '$1 $2')
}

/** Why a device was not added. */
export function offerFailureWords({ failure }: Pick<DeviceLinkOffer, 'failure'>): string {
  switch (failure) {
    case 'LinkRejected':
      return t('The codes did not match, or the other device gave up. Nothing was added.')
    case 'LinkExpired':
      return t('The other device did not come in time. Nothing was added.')
    case 'TooLarge':
      return t('You have as many devices as there can be. Remove one first.')
    default:
      return t('The connection broke off. Nothing was added.')
  }
}
