import { ParleyError } from '@parley/protocol'

/** The error for a database that a store is open on already. */
export function profileLocked(name: string): ParleyError {
  return new ParleyError('ProfileLocked', `The database ${name} is open in another tab, or in this one. Close it first.`)
}

/** The error of the contract for what the browser threw, with that as its cause. */
export function toStoreError(error: unknown, name: string): ParleyError {
  if (error instanceof ParleyError) return error
  // By name and not by class: browsers differ in whether it is a DOMException or a class of its own.
  switch (error instanceof Error ? error.name : undefined) {
    case 'QuotaExceededError':
      return new ParleyError('StorageFull', 'The browser allows this site no more storage. Free some and try again.', { cause: error })
    case 'VersionError':
      return new ParleyError('StorageUnavailable', `The database ${name} was made by a newer version of this app. Reload the page.`, {
        cause: error,
      })
    default:
      return new ParleyError('StorageUnavailable', `The browser cannot read or write the database ${name}.`, { cause: error })
  }
}
