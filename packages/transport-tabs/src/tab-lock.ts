/**
 * A tab that dies says nothing, but the browser takes its locks away. So every session holds a lock of its name, and whoever talks to it
 * waits for that lock.
 */

/**
 * Takes the lock and keeps it until the function given back is called. `onStolen` is told when it was taken away before.
 * @throws {Error} when the browser gives no locks here.
 */
export async function holdLock(name: string, onStolen: () => void): Promise<() => void> {
  const held = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  let isHeld = false
  const request = navigator.locks.request(name, () => {
    isHeld = true
    held.resolve()
    return released.promise
  })
  request.catch((error: unknown) => {
    if (isHeld) onStolen()
    else held.reject(error)
  })
  await held.promise
  return () => {
    isHeld = false
    released.resolve()
  }
}

/** Calls back once when nobody holds the lock any more. The function given back ends the watch. */
export function watchLock(name: string, onReleased: () => void): () => void {
  const watch = new AbortController()
  navigator.locks
    .request(name, { mode: 'shared', signal: watch.signal }, () => {
      if (!watch.signal.aborted) onReleased()
    })
    .catch(() => {
      // Our own abort ends the watch. Without it the browser gives no locks, so nobody could be watched.
      if (!watch.signal.aborted) onReleased()
    })
  return () => watch.abort()
}
