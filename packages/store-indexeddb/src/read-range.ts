import type { CheckedRange, StoreRow } from '@parley/core'

interface RecordsOptions {
  query: IDBKeyRange
  direction: IDBCursorDirection
  count?: number
}

/** Chromium's one-request read of keys and values in either direction (from 141 on); not yet in the DOM types. */
interface WithRecords {
  getAllRecords(options: RecordsOptions): IDBRequest<{ key: IDBValidKey; value: unknown }[]>
}

/** Places the requests that read a range, the fewest that this browser can do it with; see `transact`. */
export function placeRange(rows: IDBObjectStore, range: CheckedRange): () => StoreRow[] {
  const query = IDBKeyRange.bound(range.gte, range.lt, false, true)
  const { limit } = range
  if (!range.reverse) {
    const keys = rows.getAllKeys(query, limit)
    const values = rows.getAll(query, limit)
    return () => keys.result.map((key, index) => toRow(key, values.result[index]))
  }
  if (hasRecords(rows)) {
    const records = rows.getAllRecords({ query, direction: 'prev', ...(limit === undefined ? {} : { count: limit }) })
    return () => records.result.map(({ key, value }) => toRow(key, value))
  }
  return placeCursor(rows, query, limit)
}

/** The slow way backwards: one event for each row. */
function placeCursor(rows: IDBObjectStore, query: IDBKeyRange, limit: number | undefined): () => StoreRow[] {
  const found: StoreRow[] = []
  const request = rows.openCursor(query, 'prev')
  request.onsuccess = () => {
    const cursor = request.result
    if (cursor === null) return
    found.push(toRow(cursor.key, cursor.value))
    if (found.length !== limit) cursor.continue()
  }
  return () => found
}

function hasRecords(rows: IDBObjectStore): rows is IDBObjectStore & WithRecords {
  return 'getAllRecords' in rows
}

function toRow(key: IDBValidKey, value: unknown): StoreRow {
  return { key: new Uint8Array(key as ArrayBuffer), value: value as Uint8Array }
}
