/** The pieces of files against the manifests that messages name, and files that no message names. */
import { equalBytes, Reject, toBase32 } from '@parley/protocol'
import type { Attachments } from '../attachments/attachments.ts'
import { chunkCountOf, chunkHashOf, sealedLengthOf, verifiedManifest, type FileManifest } from '../attachments/manifest.ts'
import { throwIfAborted, type Findings } from './damage.ts'

/** Characters of a blob's name that are told. */
const NAME_LENGTH = 12

/** Returns how many files there are. Those that are not all here are none the worse for it. */
export async function verifyFiles(attachments: Attachments, findings: Findings, signal: AbortSignal | undefined): Promise<number> {
  const { blobs } = attachments.init
  // What messages dropped, and what a crash left between a file and its message, is on its way out.
  await attachments.purged()
  const list = await blobs.list()
  for (const { blobId } of list) {
    throwIfAborted(signal)
    const name = toBase32(blobId).slice(0, NAME_LENGTH)
    if (!(await attachments.isNeeded(blobId))) {
      // Its message may have been deleted this moment.
      await attachments.purged()
      if ((await blobs.getManifest(blobId)) === undefined && (await blobs.held(blobId)).length === 0) continue
      findings.note('LeftOver', `no message has the file ${name}`, () => attachments.purge([blobId]))
      continue
    }
    const manifest = await manifestOf(attachments, blobId)
    if (manifest === undefined) findings.note('FileBroken', `it is not known what file ${name} consists of`, () => attachments.drop(blobId))
    else await verifyChunks(attachments, { blobId, name, manifest }, findings)
  }
  return list.length
}

async function manifestOf({ init }: Attachments, blobId: Uint8Array): Promise<FileManifest | undefined> {
  const bytes = await init.blobs.getManifest(blobId)
  if (bytes === undefined) return undefined
  try {
    return await verifiedManifest(init.crypto, blobId, bytes)
  } catch (error) {
    if (error instanceof Reject) return undefined
    throw error
  }
}

async function verifyChunks(
  attachments: Attachments,
  { blobId, name, manifest }: { blobId: Uint8Array; name: string; manifest: FileManifest },
  findings: Findings,
): Promise<void> {
  const { blobs, crypto } = attachments.init
  for (const index of await blobs.held(blobId)) {
    const chunk = await blobs.get(blobId, index)
    const isRight =
      chunk !== undefined &&
      index < chunkCountOf(manifest.size) &&
      chunk.length === sealedLengthOf(manifest.size, index) &&
      equalBytes(await crypto.sha256(chunk), chunkHashOf(manifest, index))
    if (isRight || !(await attachments.isNeeded(blobId))) continue
    findings.note('FileBroken', `piece ${index} of file ${name} is not what it should be`, async () => {
      // Reading it there makes whoever holds the file count it as missing.
      await (await attachments.held(blobId))?.chunk(index)
      await blobs.drop(blobId, index)
    })
  }
}
