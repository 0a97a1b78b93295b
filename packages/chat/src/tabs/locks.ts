/** Web Locks: who hosts the engine, and which tabs live. A tab that dies says nothing, but the browser takes its locks away. */

/** A lock that is held until `release`. */
export interface HeldLock {
  /** Gives it up; safe to call twice. */
  release(): void
  /** Resolves when somebody takes it away by force. */
  readonly stolen: Promise<void>
}

/** Takes the lock if nobody has it; undefined otherwise. @throws what the browser says where it gives no locks. */
export function tryLock(name: string): Promise<HeldLock | undefined> {
  return request(name, { ifAvailable: true })
}

/** Waits until the lock is free and takes it; undefined when the signal fires before. */
export async function waitForLock(name: string, signal: AbortSignal): Promise<HeldLock | undefined> {
  try {
    return await request(name, { signal })
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

/** Calls back once when nobody holds the lock any more. The function given back ends the watch. */
export function watchLock(name: string, onReleased: () => void): () => void {
  const watch = new AbortController()
  const released = (): void => {
    if (!watch.signal.aborted) onReleased()
  }
  // A refusal that is not our own abort: this page gets no locks any more, so nobody can be watched.
  navigator.locks.request(name, { mode: 'shared', signal: watch.signal }, released).catch(released)
  return () => watch.abort()
}

function request(name: string, options: LockOptions): Promise<HeldLock | undefined> {
  const released = Promise.withResolvers<void>()
  const stolen = Promise.withResolvers<void>()
  return new Promise((resolve, reject) => {
    let isHeld = false
    navigator.locks
      .request(name, options, (lock) => {
        if (lock === null) return resolve(undefined)
        isHeld = true
        resolve({ release: () => released.resolve(), stolen: stolen.promise })
        return released.promise
      })
      .catch((error: unknown) => {
        if (isHeld) stolen.resolve()
        else reject(error instanceof Error ? error : new Error(String(error)))
      })
  })
}
