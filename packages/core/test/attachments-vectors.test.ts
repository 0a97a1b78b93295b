import { readFileSync } from 'node:fs'
import { webFileCrypto } from '@parley/crypto'
import { nodeFileCrypto } from '@parley/crypto/node'
import { createMemoryBlobStore } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { AttachmentFiles } from '../src/attachments/attachment-files.ts'
import { bytesSource } from '../src/attachments/source.ts'

interface Vectors {
  blobSecret: string
  cases: { size: number; sha256: string; key: string; manifest: string; blobId: string }[]
}

/** A change here is a change of the format: files that were sent before could no longer be opened, or would be stored twice. */
const vectors = JSON.parse(readFileSync(new URL('fixtures/attachments.json', import.meta.url), 'utf8')) as Vectors

describe.each([nodeFileCrypto(), webFileCrypto()])('sealed with $name', (crypto) => {
  test.each(vectors.cases)('a file of $size bytes has the recorded key, manifest and id', async (recorded) => {
    const content = Uint8Array.from({ length: recorded.size }, (_, i) => (i * 31 + (i >> 8)) & 255)
    const files = new AttachmentFiles({ blobs: createMemoryBlobStore(), crypto })
    const reference = await files.seal(bytesSource(content), Buffer.from(vectors.blobSecret, 'hex'))
    const { manifestBytes } = (await files.find(reference.blobId))!
    expect({
      size: reference.size,
      sha256: hex(reference.sha256),
      key: hex(reference.key),
      manifest: hex(manifestBytes),
      blobId: hex(reference.blobId),
    }).toEqual(recorded)
  })
})

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
