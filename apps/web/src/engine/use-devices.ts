import type { Device, DeviceLinkOffer, Parley } from '@parley/chat'
import { Cell, keep, useParley } from '@parley/react'
import type { Readable } from '@parley/react'
import { useMemo, useSyncExternalStore } from 'react'

interface DevicesSnapshot {
  /** Those in use, the oldest first. */
  readonly active: readonly Device[]
  readonly removed: readonly Device[]
  /** The link code made last, however far it came. */
  readonly offer: DeviceLinkOffer | undefined
  readonly recovery: { readonly createdAt: number } | undefined
}

function read({ devices, deviceLink, recovery }: Parley): DevicesSnapshot {
  return {
    active: devices.filter(({ status }) => status === 'active'),
    removed: devices.filter(({ status }) => status === 'removed'),
    offer: deviceLink,
    recovery,
  }
}

function devicesStore(parley: Parley): Readable<DevicesSnapshot> & { readonly refresh: () => void } {
  const cell = new Cell(read(parley))
  const refresh = (): void => cell.set(keep(cell.getSnapshot(), read(parley)))
  return {
    refresh,
    getSnapshot: cell.getSnapshot,
    subscribe: (listener) => {
      const stops = [cell.subscribe(listener), parley.on('devices', refresh)]
      refresh()
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}

/** The devices of this person, and the one that is being added. */
export function useDevices(): DevicesSnapshot {
  const parley = useParley()
  const store = useMemo(() => devicesStore(parley), [parley])
  return useSyncExternalStore(store.subscribe, store.getSnapshot)
}
