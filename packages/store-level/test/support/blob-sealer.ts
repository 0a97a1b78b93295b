/**
 * A process that seals a file, opens it again and prints a `BlobReport`: `node blob-sealer.ts PATH FILE [KILL_AT]`. With KILL_AT it ends
 * itself with SIGKILL as it begins to write the chunk of that number, while others are being written.
 */
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { AttachmentFiles, bytesSource, type BlobStore, type FileReference, type FileSource } from '@parley/core'
import { releaseBytes } from '@parley/crypto'
import { nodeFileCrypto } from '@parley/crypto/node'
import { isParleyError } from '@parley/protocol'
import { fileSource, openFileBlobStore } from '@parley/store-level'
import { BLOB_SECRET, type BlobReport } from './blob-report.ts'

const [path = '', file = '', killAt = '-1'] = process.argv.slice(2)
const store = await openFileBlobStore({ path })
let written = 0
const blobs: BlobStore = {
  putManifest: (blobId, manifest) => store.putManifest(blobId, manifest),
  getManifest: (blobId) => store.getManifest(blobId),
  async put(blobId, index, chunk) {
    const put = store.put(blobId, index, chunk)
    if (written++ === Number(killAt)) process.kill(process.pid, 'SIGKILL')
    await put
  },
  get: (blobId, index) => store.get(blobId, index),
  drop: (blobId, index) => store.drop(blobId, index),
  held: (blobId) => store.held(blobId),
  delete: (blobId) => store.delete(blobId),
  list: () => store.list(),
  estimate: () => store.estimate(),
  close: () => store.close(),
}
const files = new AttachmentFiles({ blobs, crypto: nodeFileCrypto() })

// Loads and compiles everything, so that what is measured is the file.
const small = await seal(bytesSource(new Uint8Array(1)))
if (small !== undefined) await files.delete(small.blobId)
written = 0
const before = process.memoryUsage().rss

let refusal: string | undefined
const source = await fileSource(file)
const reference = await seal(source)
await source.close()
const opened = reference === undefined ? undefined : await hashOf(reference)
const infos = await store.list()
await store.close()
const report: BlobReport = {
  refusal,
  written,
  blobs: infos.map(({ chunks, bytes }) => ({ chunks, bytes })),
  opened,
  grownBytes: process.resourceUsage().maxRSS * 1024 - before,
}
writeSync(1, JSON.stringify(report))

async function seal(from: FileSource): Promise<FileReference | undefined> {
  try {
    return await files.seal(from, BLOB_SECRET)
  } catch (error) {
    if (!isParleyError(error)) throw error
    refusal = error.code
    return undefined
  }
}

async function hashOf(reference: FileReference): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of await files.open(reference)) {
    hash.update(bytes)
    releaseBytes(bytes)
  }
  return hash.digest('hex')
}
