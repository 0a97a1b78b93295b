/** What the engine is to keep to as a conversation grows. */
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { growth, type ScaleRow, type Target } from './scale-report.ts'
import { median } from './statistics.ts'

/** Largest size against smallest, for what must not notice how long the history is. */
const MAX_GROWTH = 1.3
const FLAT = ['append', 'open', 'coldPage', 'warmPage', 'farPage', 'memory'] as const
/** Opening, against bare LevelDB with 25 gets. */
const MAX_OPEN = 4
/** Appending, against a bare durable put of the same bytes and one native signature. */
const MAX_APPEND = 2.5
/** Joining completely, against copying the same bytes from store to store. */
const MAX_COMPLETE = 3
const MAX_NEWEST_GROWTH = 2
const MAX_NEWEST_BYTES = 300_000
const MAX_MESSAGE_BYTES = 270
const MAX_RESYNC_BYTES = 500

const SIGNATURES = 2_000
const SIGNED_BYTES = 96

/** The rows by the keys of their measures. */
export function targetsOf(rows: Readonly<Record<string, ScaleRow>>): Target[] {
  const last = (values: readonly (number | undefined)[]): number => values.at(-1) ?? Number.NaN
  const own = (key: string): number => last(rows[key]!.parley)
  const floor = (key: string): number => last(rows[key]!.floor)
  const isGrown = rows['open']!.parley.length > 1
  const growths = isGrown
    ? FLAT.map((key) => ({ what: `growth: ${rows[key]!.measure}`, value: growth(rows[key]!.parley), limit: MAX_GROWTH }))
    : []
  return [
    ...growths,
    { what: 'open / LevelDB and 25 gets', value: own('open') / floor('open'), limit: MAX_OPEN },
    { what: 'append / durable put and signature', value: own('append') / (floor('append') + signatureUs()), limit: MAX_APPEND },
    { what: 'join, complete / copy', value: own('complete') / floor('complete'), limit: MAX_COMPLETE },
    ...(isGrown ? [{ what: 'growth: join, newest page', value: growth(rows['newest']!.parley), limit: MAX_NEWEST_GROWTH }] : []),
    { what: 'join, newest page, bytes', value: own('newestBytes'), limit: MAX_NEWEST_BYTES },
    { what: 'a message on the wire, bytes', value: own('wire'), limit: MAX_MESSAGE_BYTES },
    { what: 'resync, nothing new, new connection, bytes', value: own('resyncBytes'), limit: MAX_RESYNC_BYTES },
  ]
}

/** Microseconds of one native Ed25519 signature: the median, as of what it is added to. */
function signatureUs(): number {
  const { privateKey } = generateKeyPairSync('ed25519')
  const key = createPrivateKey({ key: privateKey.export({ format: 'der', type: 'pkcs8' }), format: 'der', type: 'pkcs8' })
  const bytes = new Uint8Array(SIGNED_BYTES)
  const times = Array.from({ length: SIGNATURES }, () => {
    const start = performance.now()
    sign(null, bytes, key)
    return performance.now() - start
  })
  return median(times) * 1_000
}
