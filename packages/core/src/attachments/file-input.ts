/** What an application hands over to be sent, as sources. */
import { ParleyError } from '@parley/protocol'
import { blobSource, bytesSource, type BlobLike, type FileSource } from './source.ts'

/** A file to be sent: a `File` or a `Blob`, bytes, or where there are paths the path of one. */
export type FileInput =
  | BlobLike
  | { readonly bytes: Uint8Array; readonly name?: string; readonly type?: string }
  | { readonly path: string; readonly name?: string; readonly type?: string }

/** The source of one file. The caller closes it. @throws {InvalidArgument} for what is no file; as `openPath`. */
export async function sourceOf(input: unknown, openPath?: (path: string) => Promise<FileSource>): Promise<FileSource> {
  if (typeof input !== 'object' || input === null) throw notAFile()
  if (isBlob(input)) return blobSource(input)
  const { bytes, path, name, type } = input as { bytes?: unknown; path?: unknown; name?: unknown; type?: unknown }
  const facts = { ...(typeof name === 'string' ? { name } : {}), ...(typeof type === 'string' ? { type } : {}) }
  if (bytes instanceof Uint8Array) return bytesSource(bytes, facts)
  if (typeof path !== 'string') throw notAFile()
  if (openPath === undefined) throw new ParleyError('InvalidArgument', 'there are no paths here: give a File, a Blob or bytes')
  const source = await openPath(path)
  return { ...source, ...facts, size: source.size }
}

/** The files of one message, in their order. @throws {InvalidArgument} */
export function filesOf(file: unknown): readonly unknown[] {
  return Array.isArray(file) ? file : [file]
}

/** By shape: a Blob of any realm. */
function isBlob(value: object): value is BlobLike {
  const { size, slice, type } = value as Partial<BlobLike>
  return typeof size === 'number' && typeof slice === 'function' && typeof type === 'string'
}

function notAFile(): ParleyError {
  return new ParleyError('InvalidArgument', 'a file is a File, a Blob, { bytes } or { path }')
}
