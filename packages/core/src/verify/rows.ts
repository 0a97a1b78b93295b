/** Rows that belong to no table, or to no conversation that is here. */
import { toBase32 } from '@parley/protocol'
import { eraseRange } from '../replica/erase.ts'
import { regionOf, successor } from '../replica/keyspace.ts'
import type { Store } from '../store.ts'
import type { Findings } from './damage.ts'

/** Behind every key that there can be. */
const END = Uint8Array.of(0xff, 0xff)

/** Looks at one row of each table and conversation. `isHere` knows the first 16 bytes of the ids of those that are here. */
export async function findLeftOvers(store: Store, isHere: (scope: Uint8Array) => boolean, findings: Findings): Promise<void> {
  for (let at: Uint8Array = new Uint8Array(0); ;) {
    const [row] = await store.range({ gte: at, lt: END, limit: 1 })
    if (row === undefined) return
    const { prefix, kind } = regionOf(row.key)
    const range = { gte: prefix, lt: successor(prefix) }
    // Of a later version, perhaps: nothing to be thrown away.
    if (kind === 'unknown') findings.note('LeftOver', `rows of an unknown kind, ${prefix[0]}`)
    else if (kind === 'conversation' && !isHere(prefix.slice(1)))
      findings.note('LeftOver', `rows of a conversation that is not here, ${toBase32(prefix.slice(1))}`, () => eraseRange(store, range))
    at = range.lt
  }
}
