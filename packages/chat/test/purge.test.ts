/**
 * What lies on the disk of a desktop: bodies are sealed there too, but their keys lie beside them. So what is deleted has to be gone from the files of
 * LevelDB, which keeps what rows said before until it merges its tables, and not from its rows alone.
 */
import { openFileBlobStore, openLevelStore } from '@parley/store-level'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createParley } from '../src/index.ts'

/** Words without a pattern: LevelDB compresses, and would not show others as they were written. */
const word = (): string => randomBytes(18).toString('base64url')

/** Where entries lie. */
const ENTRIES = { gte: Uint8Array.of(0x11), lt: Uint8Array.of(0x12) }

test('a deleted message leaves nothing in the files of a profile, sealed or in clear', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-purge-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [draft, text, edited, metadata, fileName, content] = Array.from({ length: 6 }, word)
  const [store, blobs] = await Promise.all([
    openLevelStore({ path: join(folder, 'store') }),
    openFileBlobStore({ path: join(folder, 'blobs') }),
  ])
  const parley = await createParley({ store, blobs, name: 'alice', offline: true })
  const group = await parley.createGroup({ title: 'Kept' })
  await group.setDraft({ text: draft! })
  expect(await isThere(folder, draft!)).toBe(true)
  await group.setDraft(undefined)
  const sent = await group.sendMessage({
    text: text!,
    metadata: { [metadata!]: metadata! },
    file: new File([content!.repeat(50)], `${fileName}.txt`),
  })
  await group.updateMessage(sent.id, { text: edited! })
  await group.search(edited!)
  for (const plain of [text, edited, metadata, fileName, content]) expect(await isThere(folder, plain!)).toBe(false)
  expect(await filesIn(join(folder, 'blobs'))).not.toEqual([])
  const before = await store.range(ENTRIES)

  await group.deleteMessage(sent.id)
  const after = await store.getMany(before.map(({ key }) => key))
  const purged = before.filter(({ value }, i) => value.length > after[i]!.length).map(({ value }) => middleOf(value))
  expect(purged).toHaveLength(2)
  await parley.close()
  for (const sealed of purged) expect(await isThere(folder, sealed)).toBe(false)
  for (const plain of [draft, text, edited, metadata, fileName, content]) expect(await isThere(folder, plain!)).toBe(false)
  expect(await filesIn(join(folder, 'blobs'))).toEqual([])
  // What was not deleted is where it was.
  const kept = before.filter(({ value }, i) => value.length === after[i]!.length)
  for (const { value } of kept) expect(await isThere(folder, middleOf(value))).toBe(true)
})

/** Of the body of an entry, which lies between a header and a signature. */
const middleOf = (entry: Uint8Array): Uint8Array => entry.subarray(entry.length / 2 - 8, entry.length / 2 + 8)

async function filesIn(folder: string): Promise<string[]> {
  const all = await readdir(folder, { recursive: true, withFileTypes: true })
  return all.filter((one) => one.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

async function isThere(folder: string, part: string | Uint8Array): Promise<boolean> {
  const files = await Promise.all((await filesIn(folder)).map((path) => readFile(path)))
  return files.some((file) => file.includes(typeof part === 'string' ? part : Buffer.from(part)))
}
