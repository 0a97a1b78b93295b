import { open, type FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { sourceChanged, type FileSource } from '@parley/core'
import { isParleyError, ParleyError } from '@parley/protocol'

/**
 * A file on disk as the source of an attachment. It stays open until `close`, so that removing or replacing it does not matter; writing
 * into it does, and is found out.
 * @throws {NotFound} when there is none. {InvalidArgument} when it is a folder or a device. {StorageUnavailable} when it cannot be read.
 */
export async function fileSource(path: string): Promise<FileSource & { close(): Promise<void> }> {
  const file = await openForReading(path)
  try {
    const facts = await file.stat()
    if (!facts.isFile()) throw new ParleyError('InvalidArgument', `${path} is not a file.`)
    return {
      size: facts.size,
      name: basename(path),
      read: (start, into) => readInto(file, path, start, into),
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw unreadable(error, path)
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw unreadable(error, path)
  }
}

async function readInto(file: FileHandle, path: string, start: number, into: Uint8Array): Promise<void> {
  try {
    let length = 0
    while (length < into.length) {
      const { bytesRead } = await file.read(into, length, into.length - length, start + length)
      if (bytesRead === 0) throw sourceChanged()
      length += bytesRead
    }
  } catch (error) {
    throw unreadable(error, path)
  }
}

function unreadable(error: unknown, path: string): ParleyError {
  if (isParleyError(error)) return error
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
    return new ParleyError('NotFound', `There is no file ${path}.`, { cause: error })
  return new ParleyError('StorageUnavailable', `The file ${path} cannot be read.`, { cause: error })
}
