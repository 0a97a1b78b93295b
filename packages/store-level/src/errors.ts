import { ParleyError } from '@parley/protocol'

/** What systems say when there is no room. LevelDB hands on the system's text and no number, so the text is all there is. */
const NO_ROOM = ['No space left on device', 'Disk quota exceeded', 'File too large', 'not enough space on the disk']

/** The same, from the file calls of Node. */
const NO_ROOM_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** The error of the contract for what LevelDB or the file system threw, with that as its cause. */
export function toStoreError(error: unknown, path: string): ParleyError {
  if (error instanceof ParleyError) return error
  const causes = causesOf(error)
  if (causes.some((cause) => codeOf(cause) === 'LEVEL_LOCKED')) {
    return new ParleyError('ProfileLocked', `Another process, or another store of this one, has ${path} open. Close it first.`, {
      cause: error,
    })
  }
  if (causes.some(saysNoRoom)) {
    return new ParleyError('StorageFull', `There is no room left to write at ${path}. Free some and try again.`, { cause: error })
  }
  const corrupt = causes.some((cause) => codeOf(cause) === 'LEVEL_CORRUPTION')
  const reason = corrupt ? 'holds a damaged database' : 'cannot be read or written'
  return new ParleyError('StorageUnavailable', `The folder ${path} ${reason}.`, { cause: error })
}

/** The error and what caused it, outermost first. */
function causesOf(error: unknown): Error[] {
  const causes: Error[] = []
  for (let cause = error; cause instanceof Error && !causes.includes(cause); cause = cause.cause) causes.push(cause)
  return causes
}

function saysNoRoom(error: Error): boolean {
  return NO_ROOM_CODES.has(codeOf(error)) || NO_ROOM.some((text) => error.message.includes(text))
}

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined
}
