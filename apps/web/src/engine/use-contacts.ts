import type { Parley } from '@parley/chat'
import { Cell, keep, useParley } from '@parley/react'
import type { Readable } from '@parley/react'
import { useMemo, useSyncExternalStore } from 'react'
import type { Contact } from './types.ts'

function contactsStore(parley: Parley): Readable<readonly Contact[]> {
  const cell = new Cell<readonly Contact[]>(parley.contacts)
  const refresh = (): void => cell.set(keep(cell.getSnapshot(), parley.contacts))
  // Somebody who is no contact may have been blocked: who shows that looks again.
  const renew = (): void => cell.set([...parley.contacts])
  return {
    getSnapshot: cell.getSnapshot,
    subscribe: (listener) => {
      const stops = [cell.subscribe(listener), parley.on('contacts', renew), parley.on('conversations', refresh)]
      refresh()
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}

const stores = new WeakMap<Parley, Readable<readonly Contact[]>>()

/** Everybody whom this person knows, in the order in which they were added. */
export function useContacts(): readonly Contact[] {
  const parley = useParley()
  const store = useMemo(() => {
    const known = stores.get(parley) ?? contactsStore(parley)
    stores.set(parley, known)
    return known
  }, [parley])
  return useSyncExternalStore(store.subscribe, store.getSnapshot)
}
