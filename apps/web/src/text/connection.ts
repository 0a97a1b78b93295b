/**
 * The state of the connection in plain words.
 */
import type { SyncState } from '@parley/chat'
import { language } from '../i18n/language.ts'
import { t } from '../i18n/translate.ts'
import type { PlainText } from '../i18n/translate.ts'

/** Few words, for the header. */
export function connectionWords(sync: SyncState): string {
  switch (sync.phase) {
    case 'offline':
      return t('Offline')
    case 'connecting':
      return t('Connecting')
    case 'syncing':
      return sync.total > 0 ? t('Syncing {done} of {total}', { done: sync.done, total: sync.total }) : t('Syncing')
    case 'live':
      return sync.peers === 0
        ? t('Live')
        : sync.peers === 1
          ? t('Live with 1 device')
          : t('Live with {count} devices', { count: sync.peers })
  }
}

/** A sentence or two that says what this means for the person. */
export function connectionMeaning(sync: SyncState, alone: boolean): string {
  if (alone) return t('Nobody else is in this group yet. What you write is kept on this device and reaches people as they join.')
  switch (sync.phase) {
    case 'offline':
      return t('No device of another member can be reached. What you write is kept on this device and leaves by itself later.')
    case 'connecting':
      return t('Looking for devices of the other members. What you write meanwhile is kept on this device.')
    case 'syncing':
      return t('Fetching what was written while you were away.')
    case 'live':
      return sync.peers === 1
        ? t('Connected directly to 1 device of other members. No server stands between you.')
        : t('Connected directly to {count} devices of other members. No server stands between you.', { count: sync.peers })
  }
}

const TRANSPORTS: Readonly<Record<string, PlainText>> = {
  webrtc: 'Direct, by WebRTC',
  tabs: 'In this browser',
  libp2p: 'Direct, by libp2p',
  memory: 'In memory',
}

export function transportWords(transport: string): string {
  const words = TRANSPORTS[transport]
  return words === undefined ? transport : t(words)
}

/** 47.1 kB */
export function byteWords(count: number): string {
  const number = new Intl.NumberFormat(language().locale, { maximumFractionDigits: 1 })
  if (count < 1_000) return `${count} B`
  if (count < 1_000_000) return `${number.format(count / 1_000)} kB`
  return count < 1_000_000_000 ? `${number.format(count / 1_000_000)} MB` : `${number.format(count / 1_000_000_000)} GB`
}
