/** Rows that belong to no table, or to no conversation that is here. */
import { toBase32 } from '@parley/protocol'
import { eraseRange } from '../replica/erase.ts'
import { conversationKey, regionOf, successor } from '../replica/keyspace.ts'
import type { Store } from '../store.ts'
import type { Findings } from './damage.ts'

/** Behind every key that there can be. */
const END = Uint8Array.of(0xff, 0xff)

/** Looks at one row of each table and conversation. A conversation is here when it has a record, which comes first and goes last. */
export async function findLeftOvers(store: Store, findings: Findings): Promise<void> {
  for (let at: Uint8Array = new Uint8Array(0); ;) {
    const [row] = await store.range({ gte: at, lt: END, limit: 1 })
    if (row === undefined) return
    const { prefix, kind } = regionOf(row.key)
    const range = { gte: prefix, lt: successor(prefix) }
    // Of a later version, perhaps: nothing to be thrown away.
    if (kind === 'unknown') findings.note('LeftOver', `rows of an unknown kind, ${prefix[0]}`)
    else if (kind === 'conversation' && !(await hasRecord(store, prefix.slice(1))))
      findings.note('LeftOver', `rows of a conversation that is not here, ${toBase32(prefix.slice(1))}`, () => eraseRange(store, range))
    at = range.lt
  }
}

/** `scope`: the first 16 bytes of its id. */
async function hasRecord(store: Store, scope: Uint8Array): Promise<boolean> {
  const prefix = conversationKey(scope)
  return (await store.range({ gte: prefix, lt: successor(prefix), limit: 1 })).length > 0
}
