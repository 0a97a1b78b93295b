import { ParleyError } from '@parley/protocol'

/** A Web Lock that is held until `release`, or until the tab dies. */
export interface ProfileLock {
  /** Gives the lock up; resolves once another tab can take it. */
  release(): Promise<void>
}

/**
 * Takes the lock of a database, or gives undefined when another context of this origin holds it, still when `wait` fires. `onLost` is told when somebody takes
 * the lock away by force; the database must not be used then.
 * @throws {StorageUnavailable} where there are no Web Locks: without them two tabs could write into one profile.
 */
export async function takeProfileLock(
  databaseName: string,
  onLost: (error: unknown) => void,
  wait?: AbortSignal,
): Promise<ProfileLock | undefined> {
  // Typed as always there, but absent outside secure contexts and in some embedded web views.
  const locks: LockManager | undefined = navigator.locks
  if (locks === undefined)
    throw new ParleyError('StorageUnavailable', 'This page has no Web Locks: it must be served over https or from localhost.')

  const taken = Promise.withResolvers<boolean>()
  const held = Promise.withResolvers<void>()
  const options: LockOptions = wait === undefined ? { ifAvailable: true } : { signal: wait }
  const request = locks.request(`parley-store:${databaseName}`, options, (lock) => {
    taken.resolve(lock !== null)
    return lock === null ? undefined : held.promise
  })
  // The request settles last: with the callback's end, or early with an error when it was refused or the lock stolen.
  const ended = request.then(
    () => undefined,
    (error: unknown) => {
      // Waited in vain, unless the lock was taken before the signal fired.
      if (wait?.aborted === true) taken.resolve(false)
      taken.reject(error)
      onLost(error)
    },
  )
  if (!(await taken.promise)) return undefined
  return {
    async release() {
      held.resolve()
      await ended
    },
  }
}
