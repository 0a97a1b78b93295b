/**
 * The folder of a store: made so that it survives a crash of the system, and measured.
 */
import { mkdir, open, readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/** Only the user may enter: the rows are one person's profile. */
const FOLDER_MODE = 0o700

/**
 * Makes the folder and those above it, and writes their names to disk: a file that is synced in a folder whose own name is not
 * can be gone after a power cut.
 */
export async function makeFolder(path: string): Promise<void> {
  const target = resolve(path)
  const first = await mkdir(target, { recursive: true, mode: FOLDER_MODE })
  if (first === undefined) return
  for (let folder = target; ; folder = dirname(folder)) {
    await syncFolder(dirname(folder))
    if (folder === resolve(first) || folder === dirname(folder)) return
  }
}

/** Writes the names in a folder to disk. */
export async function syncFolder(path: string): Promise<void> {
  // Windows opens no folder for syncing, and writes names through by itself.
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** The write-ahead logs among the files of a LevelDB folder. */
const LOG_NAME = /^\d+\.log$/

/**
 * Makes everything durable that was written to the logs so far. LevelDB syncs only the log that a strict write lands in; when it
 * has just begun a new one, relaxed writes in the old one could be lost while the later strict write stays.
 */
export async function syncLogs(path: string): Promise<void> {
  const logs = (await readdir(path)).filter((name) => LOG_NAME.test(name))
  await Promise.all(logs.map((name) => unlessGone(() => syncFile(join(path, name)), undefined)))
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** Bytes of the files in the folder. */
export async function usedBytes(path: string): Promise<number> {
  const names = await readdir(path)
  const sizes = await Promise.all(names.map((name) => sizeOf(join(path, name))))
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function sizeOf(path: string): Promise<number> {
  return unlessGone(async () => (await stat(path)).size, 0)
}

/** LevelDB removes files whenever it has merged them into synced tables, also between a listing and a look at them. */
export async function unlessGone<T>(look: () => Promise<T>, gone: T): Promise<T> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return gone
    throw error
  }
}

/** Bytes that this user may still write on the disk of the folder. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}
