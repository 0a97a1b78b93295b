/** A message that is deleted is gone from every honest peer: rows, files, view, search, and an export that is under way. */
import { nodeFileCrypto } from '@parley/crypto/node'
import { compareBytes, decodeEntry, deviceIdOf, messageIdParts, utf8, type MessageId } from '@parley/protocol'
import { createMemoryBlobStore, createMemoryStore } from '@parley/testing'
import { expect, onTestFinished, test } from 'vitest'
import * as Y from 'yjs'
import type { LiveConversation } from '../src/conversation/conversation.ts'
import type { BlobStore, Conversation, Store } from '../src/index.ts'
import { createSharedGroup, createWorld, until } from './support.ts'

const TEXT = 'the words that are taken back'

test('a deleted message leaves no byte of its body and its file with either of two peers', async () => {
  const world = createWorld()
  onTestFinished(() => world.close())
  const places = ['alice', 'bob'].map(() => ({ store: createMemoryStore(), blobs: createMemoryBlobStore() }))
  const [alice, bob] = await Promise.all(
    places.map(({ store, blobs }, i) => world.peer(`peer${i}`, { store, attachments: { blobs, crypto: nodeFileCrypto() } })),
  )
  const all = (await createSharedGroup(alice!, bob!)) as [Conversation, Conversation]
  const [hers, his] = all
  const sent = await hers.sendMessage({ text: TEXT, file: new File(['north '.repeat(100)], 'taken-back.txt') })
  await until(async () => (await his.getMessage(sent.id)) !== undefined)
  await (await his.getMessage(sent.id))!.attachments[0]!.fetch()
  const sealed = await bodyOf(hers, sent.id)
  for (const { store, blobs } of places) {
    expect(await holds(store, sealed)).toBe(true)
    expect(await countOf(blobs)).toBe(1)
  }
  for (const one of all) await until(() => viewOf(one).includes(TEXT))
  for (const one of all) expect((await one.search('taken')).total).toBe(1)
  const reader = his.exportConversation().getReader()
  let exported = new TextDecoder().decode((await reader.read()).value)

  await hers.deleteMessage(sent.id)
  await until(async () => (await his.getMessage(sent.id)) === undefined)
  for (const { store, blobs } of places) {
    expect(await holds(store, sealed)).toBe(false)
    expect(await holds(store, utf8(TEXT))).toBe(false)
    await until(async () => (await countOf(blobs)) === 0)
  }
  for (const one of all) await until(() => !viewOf(one).includes(TEXT))
  for (const one of all) expect((await one.search('taken')).total).toBe(0)
  for (let part = await reader.read(); !part.done; part = await reader.read()) exported += new TextDecoder().decode(part.value)
  // What was exported before the deletion is the bare entry: it carries the chain, and says nothing.
  expect(exported).toContain('"kind":"post","bytes"')
  expect(exported).not.toContain(TEXT)
  expect(exported).not.toContain('"type":"file"')
})

/** The sealed bytes of a message. */
async function bodyOf(conversation: Conversation, id: MessageId): Promise<Uint8Array> {
  const { device, seq } = messageIdParts(id)
  const [entry] = await (conversation as LiveConversation).replica.log.read(deviceIdOf(device), seq, seq + 1)
  return decodeEntry(entry!).body!.slice()
}

async function holds(store: Store, part: Uint8Array): Promise<boolean> {
  const rows = await store.range({ gte: new Uint8Array(), lt: Uint8Array.of(0xff) })
  return rows.some(({ value }) => contains(value, part))
}

function contains(bytes: Uint8Array, part: Uint8Array): boolean {
  for (let at = bytes.indexOf(part[0]!); at >= 0; at = bytes.indexOf(part[0]!, at + 1))
    if (compareBytes(bytes.subarray(at, at + part.length), part) === 0) return true
  return false
}

const countOf = async (blobs: BlobStore): Promise<number> => (await blobs.list()).length

/** What the view document would be stored as. */
const viewOf = ({ doc }: Conversation): string => new TextDecoder().decode(Y.encodeStateAsUpdate(doc))
