/**
 * Writing a file so that nobody ever sees half of it.
 */
import { randomUUID } from 'node:crypto'
import { link, lstat, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isParleyError, ParleyError } from '@parley/protocol'

/** File systems without links (FAT, some of networks) say one of these. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/**
 * Writes the bytes to `path`, or under `name` into the folder of that path, and answers where. They are on the disk before the name is; on
 * failure nothing is left. `force`: in place of what has that name already.
 * @throws {InvalidArgument} when the name is taken, {NotFound} without the folder, {StorageFull}, {StorageUnavailable}, and what `bytes` fails with
 */
export async function saveFile(
  path: string,
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  { force }: { force: boolean },
): Promise<string> {
  const target = (await isFolder(path)) ? join(path, name) : path
  // Before anything is fetched; that it is still so in the end is seen to there.
  if (!force && (await exists(target))) throw nameTaken(target)
  const part = `${target}.${randomUUID()}.part`
  try {
    const file = await open(part, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await (force ? rename(part, target) : renameToFree(part, target))
    return target
  } catch (error) {
    throw unwritable(error, target)
  } finally {
    await rm(part, { force: true })
  }
}

/** Like `rename`, which would replace what is there: a link is refused when the name is taken. */
async function renameToFree(part: string, target: string): Promise<void> {
  try {
    await link(part, target)
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error))) throw error
    if (await exists(target)) throw nameTaken(target)
    await rename(part, target)
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    // What it is instead is found out when it is written.
    if (codeOf(error) === undefined) throw error
    return false
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw unwritable(error, path)
  }
}

function unwritable(error: unknown, path: string): unknown {
  const code = codeOf(error)
  if (isParleyError(error) || code === undefined) return error
  if (code === 'EEXIST') return nameTaken(path)
  if (code === 'ENOENT') return new ParleyError('NotFound', `The folder of ${path} does not exist.`, { cause: error })
  if (code === 'ENOSPC' || code === 'EDQUOT') return new ParleyError('StorageFull', `There is no room for ${path}.`, { cause: error })
  return new ParleyError('StorageUnavailable', `${path} cannot be written (${code}).`, { cause: error })
}

function nameTaken(path: string): ParleyError {
  return new ParleyError('InvalidArgument', `${path} exists. Choose another name, or replace it with --force.`)
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
