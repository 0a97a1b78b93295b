/**
 * The state of the connection in plain words.
 */
import type { SyncState } from '@parley/chat'

/** Few words, for the header. */
export function connectionWords(sync: SyncState): string {
  switch (sync.phase) {
    case 'offline':
      return 'Offline'
    case 'connecting':
      return 'Connecting'
    case 'syncing':
      return sync.total > 0 ? `Syncing ${sync.done} of ${sync.total}` : 'Syncing'
    case 'live':
      return sync.peers === 0 ? 'Live' : `Live with ${devices(sync.peers)}`
  }
}

/** A sentence or two that says what this means for the person. */
export function connectionMeaning(sync: SyncState, alone: boolean): string {
  if (alone) return 'Nobody else is in this group yet. What you write is kept on this device and reaches people as they join.'
  switch (sync.phase) {
    case 'offline':
      return 'No device of another member can be reached. What you write is kept on this device and leaves by itself later.'
    case 'connecting':
      return 'Looking for devices of the other members. What you write meanwhile is kept on this device.'
    case 'syncing':
      return 'Fetching what was written while you were away.'
    case 'live':
      return `Connected directly to ${devices(sync.peers)} of other members. No server stands between you.`
  }
}

function devices(count: number): string {
  return count === 1 ? '1 device' : `${count} devices`
}

const TRANSPORTS: Readonly<Record<string, string>> = {
  webrtc: 'Direct, by WebRTC',
  tabs: 'In this browser',
  libp2p: 'Direct, by libp2p',
  memory: 'In memory',
}

export function transportWords(transport: string): string {
  return TRANSPORTS[transport] ?? transport
}

const bytes = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

/** 47.1 kB */
export function byteWords(count: number): string {
  if (count < 1_000) return `${count} B`
  if (count < 1_000_000) return `${bytes.format(count / 1_000)} kB`
  return count < 1_000_000_000 ? `${bytes.format(count / 1_000_000)} MB` : `${bytes.format(count / 1_000_000_000)} GB`
}
