/** `conversation.exportConversation()` and `parley.importConversation()`: what comes out goes in again, and nothing else does. */
import { nodeFileCrypto } from '@parley/crypto/node'
import { createMemoryBlobStore, createMemoryDisk, createMemoryStore } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AttachmentsInit, Conversation, Parley, Store } from '../src/index.ts'
import { allTexts, createSharedGroup, createWorld, until, type World } from './support.ts'

let world: World
let alice: Parley
let bob: Parley
let hers: Conversation
let his: Conversation

const withFiles = (): { attachments: AttachmentsInit } => ({
  attachments: { blobs: createMemoryBlobStore(), crypto: nodeFileCrypto() },
})

beforeEach(async () => {
  world = createWorld()
  alice = await world.peer('alice', withFiles())
  bob = await world.peer('bob', withFiles())
  ;[hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
})
afterEach(() => world.close())

const archiveOf = async (conversation: Conversation, options = {}): Promise<string> =>
  new Response(conversation.exportConversation(options) as ReadableStream<Uint8Array<ArrayBuffer>>).text()
const parsed = (archive: string): Record<string, unknown>[] =>
  archive
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const blob = (archive: string): Blob => new Blob([archive])

/** A conversation with a bit of everything. */
async function fill(): Promise<void> {
  const first = await hers.sendMessage({ text: 'Who brings the tea?', metadata: { urgent: true } })
  await until(async () => (await his.getMessage(first.id)) !== undefined)
  const answer = await his.sendMessage({ text: 'I do', replyTo: first.id })
  await until(async () => (await hers.getMessage(answer.id)) !== undefined)
  await hers.react(answer.id, '👍')
  const gone = await hers.sendMessage({ text: 'a secret that is taken back' })
  await hers.deleteMessage(gone.id)
  await hers.updateMessage(first.id, { text: 'Who brings the tea and the cups?' })
  await hers.sendMessage({ text: 'the plan', file: new File(['where we meet\n'.repeat(30_000)], 'plan.txt') })
  await hers.setTitle('Picnic at the lake')
}

const everythingOf = async (conversation: Conversation): Promise<unknown> =>
  (await conversation.getMessages()).messages.map(({ id, author, text, metadata, editedAt, replyTo, reactions, attachments }) => ({
    id,
    author: author.name,
    text,
    metadata,
    editedAt,
    replyTo,
    reactions,
    files: attachments.map(({ name, size, sha256 }) => ({ name, size, sha256 })),
  }))

describe('an archive', () => {
  test('says in the open what was said, by whom and when, and holds the bytes of files', async () => {
    await fill()
    const lines = parsed(await archiveOf(hers))
    expect(lines[0]).toEqual({ type: 'parley-archive', version: 1, conversation: hers.getId() })
    expect(lines.at(-1)).toEqual({ type: 'end', lines: lines.length })
    const posts = lines.filter(({ kind }) => kind === 'post')
    expect(posts.map(({ text }) => text)).toEqual(expect.arrayContaining(['Who brings the tea?', 'I do', 'the plan']))
    expect(posts.find(({ text }) => text === 'I do')).toMatchObject({ author: bob.me.id, replyTo: expect.any(String) as string })
    expect(lines).toContainEqual({ type: 'person', id: bob.me.id, name: 'bob' })
    const parts = lines.filter(({ type }) => type === 'part').map(({ bytes }) => Buffer.from(bytes as string, 'base64url'))
    expect(Buffer.concat(parts).toString()).toBe('where we meet\n'.repeat(30_000))
    expect(JSON.stringify(lines)).not.toContain('taken back')
    expect((await archiveOf(hers, { includeFiles: false })).includes('"part"')).toBe(false)
  })

  test('is read by a stranger as it is read by a member', async () => {
    await fill()
    const archive = await archiveOf(hers)
    const carol = await world.peer('carol', withFiles())
    const heard: number[] = []
    const copy = await carol.importConversation(blob(archive), { onProgress: (bytes) => void heard.push(bytes) })
    expect(heard.at(-1)).toBe(new Blob([archive]).size)
    expect(copy.state).toBe('archive')
    expect(copy.getTitle()).toBe('Picnic at the lake')
    expect(copy.getMembers()).toEqual(hers.getMembers())
    expect(copy.unread).toBe(0)
    expect(await everythingOf(copy)).toEqual(await everythingOf(hers))
    const [file] = await copy.getAttachments()
    expect(await (await file!.blob({ wait: false })).text()).toBe('where we meet\n'.repeat(30_000))
    expect((await copy.search('cups')).total).toBe(1)
    await expect(copy.sendMessage({ text: 'no' })).rejects.toMatchObject({ code: 'NotAMember' })
    // Long lines make a long complaint.
    expect((await archiveOf(copy)) === archive).toBe(true)
    await carol.forget(copy.getId())
    expect(carol.conversations).toEqual([])
  })

  test('is there after a restart, goes on with a newer one, and gives way to an invitation', async () => {
    await fill()
    const store = createMemoryStore()
    const keep: Store = { ...wrapped(store), close: () => Promise.resolve() }
    const first = await world.peer('carol', { store: keep })
    await first.importConversation(blob(await archiveOf(hers)))
    await first.close()
    const carol = await world.peer('carol', { store: keep, transports: [world.network.transport('carol2')] })
    const copy = carol.conversation(hers.getId())!
    expect(copy.state).toBe('archive')
    expect(await allTexts(copy)).toEqual(await allTexts(hers))
    await hers.sendMessage({ text: 'later' })
    expect(await carol.importConversation(blob(await archiveOf(hers)))).toBe(copy)
    expect(await allTexts(copy)).toEqual(await allTexts(hers))
    expect(await carol.join(await hers.invite())).toBe(copy)
    await copy.admitted()
    await copy.sendMessage({ text: 'now I am in' })
    await until(async () => (await allTexts(hers)).includes('now I am in'))
  })

  test('gives a member what it lacks', async () => {
    const early = await hers.sendMessage({ text: 'early' })
    await until(async () => (await his.getMessage(early.id)) !== undefined)
    await bob.close()
    await hers.sendMessage({ text: 'while bob was away' })
    const archive = await archiveOf(hers)
    const dave = await world.peer('dave', withFiles())
    const theirs = await dave.join(await hers.invite())
    await theirs.admitted()
    expect(await dave.importConversation(blob(archive))).toBe(theirs)
    expect(theirs.state).toBe('member')
    expect(await allTexts(theirs)).toEqual(['early', 'while bob was away'])
  })

  test('of a log that forked holds both histories, and changes nothing for a member who has one of them', async () => {
    const disk = createMemoryDisk()
    const erin = await world.peer('erin', { store: createMemoryStore({ disk }) })
    const theirs = await erin.join(await hers.invite())
    await theirs.admitted()
    await theirs.sendMessage({ text: 'before' })
    await until(async () => (await allTexts(his)).includes('before') && (await allTexts(hers)).includes('before'))
    await erin.close()
    const copy = createMemoryDisk()
    const [from, to] = [createMemoryStore({ disk }), createMemoryStore({ disk: copy })]
    const rows = await from.range({ gte: new Uint8Array(), lt: Uint8Array.of(0xff) })
    await to.write(
      rows.map(({ key, value }) => ({ type: 'put', key, value })),
      { durability: 'strict' },
    )
    await Promise.all([from.close(), to.close()])
    world.network.partition(['alice', 'erin'], ['bob', 'erin again'])
    for (const [name, its] of [
      ['erin', disk],
      ['erin again', copy],
    ] as const) {
      const one = await world.peer(name, { store: createMemoryStore({ disk: its }) })
      for (const n of [1, 2]) await one.conversations[0]!.sendMessage({ text: `${name} ${n}` })
    }
    await until(async () => (await allTexts(hers)).includes('erin 2') && (await allTexts(his)).includes('erin again 2'))
    // Where a member's own history differs from that of the archive, its own stays.
    expect(await bob.importConversation(blob(await archiveOf(hers)))).toBe(his)
    expect(await allTexts(his)).toEqual(['before', 'erin again 1', 'erin again 2'])
    world.network.heal()
    const all = ['before', 'erin 1', 'erin 2', 'erin again 1', 'erin again 2']
    await until(async () => (await allTexts(his)).toSorted().join() === all.join())
    const archive = await archiveOf(his)
    expect(parsed(archive).some(({ branch }) => branch !== undefined)).toBe(true)
    const carol = await world.peer('carol')
    const read = await carol.importConversation(blob(archive))
    expect(await everythingOf(read)).toEqual(await everythingOf(his))
    expect(await archiveOf(read)).toBe(archive)
  })

  test('of what is said meanwhile has nothing, and of what is deleted meanwhile neither', async () => {
    const messages = await Promise.all(Array.from({ length: 600 }, (_, i) => hers.sendMessage({ text: `number ${i}` })))
    const reader = hers.exportConversation().getReader()
    let archive = ''
    const read = async (): Promise<boolean> => {
      const { done, value } = await reader.read()
      archive += done ? '' : new TextDecoder().decode(value)
      return !done
    }
    await read()
    await hers.deleteMessage(messages.at(-1)!.id)
    await hers.sendMessage({ text: 'too late' })
    while (await read());
    expect(archive).not.toContain('number 599')
    expect(archive).not.toContain('too late')
    const carol = await world.peer('carol')
    expect(await allTexts(await carol.importConversation(blob(archive)))).toHaveLength(599)
  })
})

describe('refused, with nothing imported, is', () => {
  async function refusal(archive: string | Blob): Promise<string> {
    const store = createMemoryStore()
    const carol = await world.peer('carol', { ...withFiles(), store })
    const before = (await store.range({ gte: new Uint8Array(), lt: Uint8Array.of(0xff) })).length
    const error = await carol.importConversation(typeof archive === 'string' ? blob(archive) : archive).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'ArchiveInvalid' })
    expect(carol.conversations).toEqual([])
    expect((await store.range({ gte: new Uint8Array(), lt: Uint8Array.of(0xff) })).length).toBe(before)
    await carol.close()
    return (error as Error).message
  }

  test('every line that was changed, left out, doubled or moved', async () => {
    await fill()
    const archive = await archiveOf(hers)
    const lines = archive.trimEnd().split('\n')
    const change = (find: (line: string) => boolean, to: (line: string) => string): Promise<string> => {
      const at = lines.findIndex(find)
      expect(at).toBeGreaterThanOrEqual(0)
      return refusal(`${lines.with(at, to(lines[at]!)).join('\n')}\n`)
    }
    const has = (text: string) => (line: string) => line.includes(text)
    expect(await change(has('"I do"'), (line) => line.replace('I do', 'I do not'))).toMatch(/line \d+: it says something else/)
    expect(await change(has('"name":"bob"'), (line) => line.replace('bob', 'eve'))).toMatch(/line \d+: it says something else/)
    expect(await change(has('"type":"part"'), (line) => line.replace(/"bytes":"..../, '"bytes":"AAAA'))).toMatch(/another piece/)
    expect(await change(has('"type":"control"'), flipBytes)).toMatch(/line/)
    expect(await change(has('"kind":"post"'), flipBytes)).toMatch(/line/)
    expect(await change(has('"type":"entry"'), (line) => `${line} `)).toMatch(/it says something else/)
    const entry = lines.findIndex(has('"text":"I do"'))
    expect(await refusal(`${lines.toSpliced(entry, 1).join('\n')}\n`)).toMatch(/line/)
    expect(await refusal(`${lines.toSpliced(entry, 0, lines[entry]!).join('\n')}\n`)).toMatch(/line/)
    const part = lines.findIndex(has('"type":"part"'))
    expect(await refusal(`${lines.toSpliced(part, 1).join('\n')}\n`)).toMatch(/line/)
    expect(await refusal(`${lines.slice(0, -1).join('\n')}\n`)).toMatch(/the last line is missing/)
    expect(await refusal(archive.slice(0, -5))).toMatch(/ends in the middle/)
    expect(await refusal(`${archive}${lines.at(-1)}\n`)).toMatch(/after the end/)
  })

  test('what was never one', async () => {
    expect(await refusal('')).toMatch(/empty|last line/)
    expect(await refusal('hello\n')).toMatch(/line 1: it is no JSON/)
    expect(await refusal('[1]\n')).toMatch(/line 1: it is no object/)
    expect(await refusal('{"type":"parley-archive","version":2,"conversation":""}\n')).toMatch(/another version/)
    expect(await refusal('{"type":"parley-archive","version":1,"conversation":"nope"}\n')).toMatch(/names no conversation/)
    expect(await refusal(`{"type":"${'x'.repeat(1_100_000)}"}\n`)).toMatch(/too long/)
    expect(await refusal(new Blob([Uint8Array.of(0xff, 0xfe, 0x0a)]))).toMatch(/line 1/)
    const header = (await archiveOf(hers)).split('\n')[0]!
    expect(await refusal(`${header}\n{"type":"surprise"}\n`)).toMatch(/line 2: it is of no known type/)
    expect(await refusal(`${header}\n{"type":"entry"}\n`)).toMatch(/line 2/)
    expect(await refusal(`${header}\n{"type":"part","bytes":""}\n`)).toMatch(/part of no file/)
  })

  test('what is stopped, and what is no source of bytes', async () => {
    await fill()
    const archive = await archiveOf(hers)
    const carol = await world.peer('carol')
    await expect(carol.importConversation(blob(archive), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'Aborted' })
    await expect(carol.importConversation('archive.ndjson' as never)).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(archiveOf(hers, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'Aborted' })
    expect(carol.conversations).toEqual([])
    await carol.close()
    await expect(carol.importConversation(blob(archive))).rejects.toMatchObject({ code: 'Closed' })
    expect(() => carol.conversations).not.toThrow()
  })
})

/** The same store, whose methods can be taken apart. */
function wrapped(store: Store): Store {
  return {
    get: (key) => store.get(key),
    getMany: (keys) => store.getMany(keys),
    range: (query) => store.range(query),
    write: (operations, options) => store.write(operations, options),
    estimate: () => store.estimate(),
    close: () => store.close(),
  }
}

/** Another byte in the middle of the signed ones. */
function flipBytes(line: string): string {
  const { bytes } = JSON.parse(line) as { bytes: string }
  const at = Math.floor(bytes.length / 2)
  return line.replace(bytes, bytes.slice(0, at) + (bytes[at] === 'A' ? 'B' : 'A') + bytes.slice(at + 1))
}
