/** The one object store of a database: rows under binary keys, which IndexedDB orders bytewise, a shorter one before its extensions. */
export const ROWS = 'rows'

/**
 * Runs requests in one transaction over the rows. `place` places them and returns the function that collects their results, which is
 * called once the transaction completed.
 *
 * Written on the plain interface: the promise of a wrapped transaction settles with the first request that fails, when the transaction
 * does not know its error yet, and a full disk would then look like any abort.
 * @throws the error that the transaction was aborted for.
 */
export async function transact<T>(
  database: IDBDatabase,
  mode: IDBTransactionMode,
  durability: IDBTransactionDurability,
  place: (rows: IDBObjectStore) => () => T,
): Promise<T> {
  const transaction = database.transaction(ROWS, mode, { durability })
  const ended = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new DOMException('The transaction was aborted.', 'AbortError'))
  })
  let collect: () => T
  try {
    collect = place(transaction.objectStore(ROWS))
  } catch (error) {
    // A request that cannot even be placed must take the ones before it along.
    abort(transaction)
    await Promise.allSettled([ended])
    throw error
  }
  await ended
  return collect()
}

/** Ends a transaction without effect, unless the browser has done so already. */
function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort()
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'InvalidStateError') throw error
  }
}
