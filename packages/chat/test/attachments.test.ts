/** What is set up on Node: files of a profile lie in its folder, and are sent by their paths. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createParley, type Parley } from '../src/index.ts'

let folder: string
const open: Parley[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-chat-'))
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((parley) => parley.close()))
  await rm(folder, { recursive: true, force: true })
})

async function start(): Promise<Parley> {
  const parley = await createParley({ profile: join(folder, 'alice'), name: 'alice', offline: true })
  open.push(parley)
  return parley
}

test('a file is sent by its path, read after a restart, and gone with its message', async () => {
  const path = join(folder, 'notes.txt')
  await writeFile(path, 'bread, salt')
  const first = await start()
  const group = await first.createGroup({ title: 'Kitchen' })
  const sent = await group.sendMessage({ file: { path, type: 'text/plain' } })
  expect(sent.attachments[0]).toMatchObject({ name: 'notes.txt', type: 'text/plain', size: 11 })
  await expect(group.sendMessage({ file: { path: join(folder, 'nothing') } })).rejects.toMatchObject({ code: 'NotFound' })
  await expect(group.sendMessage({ file: { path: folder } })).rejects.toMatchObject({ code: 'InvalidArgument' })
  await first.close()
  await expect(sent.attachments[0]!.blob()).rejects.toMatchObject({ code: 'Closed' })

  const again = (await start()).conversations[0]!
  const [file] = await again.getAttachments()
  expect(await (await file!.blob()).text()).toBe('bread, salt')
  const url = await file!.url()
  expect(url).toMatch(/^blob:/)
  URL.revokeObjectURL(url)
  await again.deleteMessage(sent.id)
  await expect(file!.blob({ wait: false })).rejects.toMatchObject({ code: 'AttachmentUnavailable' })
  expect((await readdir(join(folder, 'alice', 'blobs'))).filter((name) => name !== 'tmp')).toEqual([])
})
