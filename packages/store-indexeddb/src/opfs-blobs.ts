/**
 * `BlobStore` in the origin private file system of the browser: a folder for each profile, in it one for each blob, in it one file for the
 * manifest and one for each chunk, named by its index.
 *
 * A file is written aside and put in its place when it is closed, so that it is whole or, when the tab dies just before, empty: an empty
 * file counts as none. One file for a whole blob would be copied for every chunk that is written into it. When the bytes reach the disk
 * is for the browser to say.
 */
import {
  blobIdOfName,
  blobName,
  BlobTurns,
  checkChunk,
  checkManifest,
  chunkName,
  indexOfChunkName,
  type BlobInfo,
  type BlobStore,
} from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { toStoreError } from './errors.ts'

/** Which folder a store is in. */
export interface OpfsBlobStoreInit {
  /** The name of the profile, unique within the origin: that of its database will do. */
  name: string
}

const MANIFEST = 'manifest'
/** Files that are looked at together when all are listed: enough to keep the browser's process busy. */
const LISTED_TOGETHER = 64

/**
 * Opens the store of a profile, making its folder when there is none. The caller closes it, and holds the lock of the profile.
 * @throws {StorageFull} when the browser allows no more storage.
 * @throws {StorageUnavailable} where there is no private file system that a page can write to: outside secure contexts, in some private
 * windows, in Safari before 26.
 */
export async function openOpfsBlobStore(init: OpfsBlobStoreInit): Promise<BlobStore> {
  try {
    const root = await privateRoot()
    return new OpfsBlobStore(await root.getDirectoryHandle(folderName(init.name), { create: true }), init.name)
  } catch (error) {
    throw toStoreError(error, init.name)
  }
}

/** Deletes the folder of a profile with all that is in it; does nothing when there is none. Its store must be closed. @throws as above. */
export async function deleteOpfsBlobStore(name: string): Promise<void> {
  try {
    const root = await privateRoot()
    await unlessGone(() => root.removeEntry(folderName(name), { recursive: true }), undefined)
  } catch (error) {
    throw toStoreError(error, name)
  }
}

async function privateRoot(): Promise<FileSystemDirectoryHandle> {
  // Typed as always there, but absent outside secure contexts and in older browsers.
  const storage: Partial<StorageManager> | undefined = navigator.storage
  if (typeof storage?.getDirectory !== 'function' || !('createWritable' in FileSystemFileHandle.prototype))
    throw new ParleyError('StorageUnavailable', 'This browser has no private file system that a page can write to; attachments need one.')
  return navigator.storage.getDirectory()
}

/** A name that every file system of a browser takes, whatever the profile is called. */
function folderName(profile: string): string {
  return `parley-blobs-${encodeURIComponent(profile)}`
}

class OpfsBlobStore implements BlobStore {
  readonly #folder: FileSystemDirectoryHandle
  readonly #name: string
  readonly #turns = new BlobTurns()

  constructor(folder: FileSystemDirectoryHandle, name: string) {
    this.#folder = folder
    this.#name = name
  }

  async putManifest(blobId: Uint8Array, manifest: Uint8Array): Promise<void> {
    checkManifest(manifest)
    await this.#write(blobId, MANIFEST, manifest)
  }

  async getManifest(blobId: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#read(blobId, MANIFEST)
  }

  async put(blobId: Uint8Array, index: number, chunk: Uint8Array): Promise<void> {
    checkChunk(chunk)
    await this.#write(blobId, chunkName(index), chunk)
  }

  async get(blobId: Uint8Array, index: number): Promise<Uint8Array | undefined> {
    return this.#read(blobId, chunkName(index))
  }

  async drop(blobId: Uint8Array, index: number): Promise<void> {
    const name = chunkName(index)
    await this.#share(blobName(blobId), (blob) => unlessGone(async () => (await blob())?.removeEntry(name), undefined))
  }

  async held(blobId: Uint8Array): Promise<number[]> {
    return this.#share(blobName(blobId), async (blob) => {
      const folder = await blob()
      const files = folder === undefined ? [] : await filesIn(folder)
      return files.flatMap(({ name }) => indexOfChunkName(name) ?? []).sort((left, right) => left - right)
    })
  }

  async delete(blobId: Uint8Array): Promise<void> {
    const name = blobName(blobId)
    await this.#guard(() => this.#turns.alone(name, () => unlessGone(() => this.#folder.removeEntry(name, { recursive: true }), undefined)))
  }

  async list(): Promise<BlobInfo[]> {
    return this.#share('', async () => {
      const infos: BlobInfo[] = []
      for await (const handle of this.#folder.values()) {
        const info = isFolder(handle) ? await infoOf(handle) : undefined
        if (info !== undefined) infos.push(info)
      }
      return infos
    })
  }

  async estimate(): Promise<{ usageBytes: number; quotaBytes?: number }> {
    const infos = await this.list()
    const usageBytes = infos.reduce((sum, info) => sum + info.bytes, 0)
    // What the browser allows is for everything of this origin together.
    const { quota, usage = 0 } = await this.#guard(() => navigator.storage.estimate())
    return quota === undefined ? { usageBytes } : { usageBytes, quotaBytes: usageBytes + Math.max(0, quota - usage) }
  }

  close(): Promise<void> {
    return this.#turns.close()
  }

  #write(blobId: Uint8Array, name: string, bytes: Uint8Array): Promise<void> {
    const folder = blobName(blobId)
    return this.#guard(() =>
      this.#turns.share(folder, async () => {
        const blob = await this.#folder.getDirectoryHandle(folder, { create: true })
        await writeWhole(blob, name, bytes)
      }),
    )
  }

  #read(blobId: Uint8Array, name: string): Promise<Uint8Array | undefined> {
    return this.#share(blobName(blobId), (blob) =>
      unlessGone(async () => {
        const handle = await (await blob())?.getFileHandle(name)
        if (handle === undefined) return undefined
        const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer())
        return bytes.length === 0 ? undefined : bytes
      }, undefined),
    )
  }

  /** Runs beside other work on the blob of this name, with a way to its folder, which gives undefined when there is none. */
  #share<T>(name: string, run: (blob: () => Promise<FileSystemDirectoryHandle | undefined>) => Promise<T>): Promise<T> {
    const blob = (): Promise<FileSystemDirectoryHandle | undefined> => unlessGone(() => this.#folder.getDirectoryHandle(name), undefined)
    return this.#guard(() => this.#turns.share(name, () => run(blob)))
  }

  async #guard<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw toStoreError(error, this.#name)
    }
  }
}

/** Writes a file whole, or leaves it as it was. */
async function writeWhole(folder: FileSystemDirectoryHandle, name: string, bytes: Uint8Array): Promise<void> {
  const handle = await folder.getFileHandle(name, { create: true })
  try {
    const writable = await handle.createWritable()
    try {
      await writable.write(bytes as Uint8Array<ArrayBuffer>)
    } catch (error) {
      await Promise.allSettled([writable.abort(error)])
      throw error
    }
    await writable.close()
  } catch (error) {
    // Making the handle has made the file, when there was none.
    if ((await handle.getFile()).size === 0) await folder.removeEntry(name)
    throw error
  }
}

/** The files in a folder that hold anything. */
async function filesIn(folder: FileSystemDirectoryHandle): Promise<File[]> {
  const handles: FileSystemFileHandle[] = []
  for await (const handle of folder.values()) if (isFile(handle)) handles.push(handle)
  const files: File[] = []
  for (let at = 0; at < handles.length; at += LISTED_TOGETHER) {
    const looks = handles.slice(at, at + LISTED_TOGETHER).map((handle) => unlessGone(() => handle.getFile(), undefined))
    for (const file of await Promise.all(looks)) if (file !== undefined && file.size > 0) files.push(file)
  }
  return files
}

async function infoOf(folder: FileSystemDirectoryHandle): Promise<BlobInfo | undefined> {
  const blobId = blobIdOfName(folder.name)
  if (blobId === undefined) return undefined
  const files = await unlessGone(() => filesIn(folder), [])
  const own = files.filter(({ name }) => name === MANIFEST || indexOfChunkName(name) !== undefined)
  if (own.length === 0) return undefined
  return { blobId, chunks: own.filter(({ name }) => name !== MANIFEST).length, bytes: own.reduce((sum, { size }) => sum + size, 0) }
}

/** What `run` gives, or `gone` when the file or the folder is not there. By name and not by class, as in `errors.ts`. */
async function unlessGone<T>(run: () => Promise<T>, gone: T): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundError') return gone
    throw error
  }
}

function isFile(handle: FileSystemHandle): handle is FileSystemFileHandle {
  return handle.kind === 'file'
}

function isFolder(handle: FileSystemHandle): handle is FileSystemDirectoryHandle {
  return handle.kind === 'directory'
}
