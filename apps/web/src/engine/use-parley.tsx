/**
 * The engine for components: everything below the provider may assume that it runs.
 */
import type { Parley } from '@parley/chat'
import { createContext, use, useSyncExternalStore } from 'react'
import type { ReactNode } from 'react'
import { Cell } from './cell.ts'
import { keep } from './equal.ts'

const ParleyContext = createContext<Parley | undefined>(undefined)

export function ParleyProvider({ parley, children }: { parley: Parley; children: ReactNode }): ReactNode {
  return <ParleyContext value={parley}>{children}</ParleyContext>
}

/** The engine. @throws {Error} outside of a `ParleyProvider` */
export function useParley(): Parley {
  const parley = use(ParleyContext)
  if (parley === undefined) throw new Error('useParley needs a ParleyProvider above it')
  return parley
}

const profiles = new WeakMap<Parley, Cell<Parley['me']>>()

function profileCell(parley: Parley): Cell<Parley['me']> {
  const known = profiles.get(parley)
  if (known !== undefined) return known
  const cell = new Cell(parley.me)
  profiles.set(parley, cell)
  // Another tab may have given the name.
  parley.on('conversations', () => cell.set(keep(cell.getSnapshot(), parley.me)))
  return cell
}

/** Who we are, and how to say it anew. */
export function useMe(): Parley['me'] {
  const cell = profileCell(useParley())
  return useSyncExternalStore(cell.subscribe, cell.getSnapshot)
}

/** Changes the own name or picture; `useMe` tells every component. */
export async function setProfile(parley: Parley, change: Parameters<Parley['setProfile']>[0]): Promise<void> {
  await parley.setProfile(change)
  const cell = profileCell(parley)
  cell.set(keep(cell.getSnapshot(), parley.me))
}
