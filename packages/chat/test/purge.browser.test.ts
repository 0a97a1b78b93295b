/** What is deleted is gone from everything that a browser keeps of a profile: rows, files, and the view that is painted at the next start. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { createParley, deleteProfile } from '../src/index.browser.ts'

const PATIENCE = { timeout: 10_000, interval: 20 }

test('a deleted message leaves no word in any database, and its file no byte in the private file system', async () => {
  const profile = `purge-${crypto.randomUUID()}`
  const parley = await createParley({ profile, name: 'alice', offline: true })
  onTestFinished(async () => {
    await parley.close()
    await deleteProfile(profile)
  })
  const group = await parley.createGroup({ title: 'Kept' })
  const kept = await group.sendMessage({ text: 'the kept words' })
  const sent = await group.sendMessage({ text: 'the words that go', file: new File(['x'.repeat(1_000)], 'going.txt') })
  await vi.waitFor(async () => expect(await databases(profile)).toContain('the words that go'), PATIENCE)
  const files = await countFiles(await navigator.storage.getDirectory(), profile)
  expect(files).toBeGreaterThan(0)
  expect((await group.search('words go')).total).toBe(1)

  await group.deleteMessage(sent.id)
  await vi.waitFor(async () => expect(await databases(profile)).not.toContain('the words that go'), PATIENCE)
  const left = await databases(profile)
  expect(left).not.toContain('going.txt')
  expect(left).toContain('the kept words')
  expect((await group.search('words')).results.map(({ message }) => message.id)).toEqual([kept.id])
  expect(await countFiles(await navigator.storage.getDirectory(), profile)).toBe(0)
  expect(await new Response(group.exportConversation()).text()).not.toContain('the words that go')
})

/** Everything in the databases of a profile, as text. */
async function databases(profile: string): Promise<string> {
  const texts: string[] = []
  for (const { name } of await indexedDB.databases()) {
    if (name === undefined || !name.includes(profile)) continue
    const db = await settled(indexedDB.open(name))
    for (const store of db.objectStoreNames) texts.push(textOf(await settled(db.transaction(store).objectStore(store).getAll())))
    db.close()
  }
  return texts.join('\n')
}

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('the database failed')))
  })

function textOf(value: unknown): string {
  if (value instanceof ArrayBuffer) return new TextDecoder().decode(value)
  if (ArrayBuffer.isView(value)) return new TextDecoder().decode(value)
  if (Array.isArray(value)) return value.map(textOf).join('\n')
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** Files with something in them below folders that belong to the profile. */
async function countFiles(folder: FileSystemDirectoryHandle, profile: string, isInside = false): Promise<number> {
  let count = 0
  for await (const [name, handle] of folder.entries()) {
    const isOurs = isInside || decodeURIComponent(name).includes(profile)
    if (handle.kind === 'directory') count += await countFiles(handle, profile, isOurs)
    else if (isOurs && (await handle.getFile()).size > 0) count++
  }
  return count
}
