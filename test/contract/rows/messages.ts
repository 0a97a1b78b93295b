/** The calls that read, send, change and delete messages. */
import assert from 'node:assert/strict'
import type { Message, MessagePage } from '@parley/core'
import { fileOf, throwing } from '../peer.ts'
import { has, numbers, refuses, sendMany, textsOf, until, type Case } from '../stage.ts'

const GET = 'getMessages(page?: number)'
const SEND = 'sendMessage({ text?, file?, metadata? }, callback?)'
const UPDATE = 'updateMessage(messageId, { text?, file?, metadata? }, callback?)'
const DELETE = 'deleteMessage(messageId)'

/** Bytes of UTF-8 that a text may have. */
const MAX_TEXT_BYTES = 40_000
const note = (text: string): File => fileOf(new TextEncoder().encode(text), 'note.txt', 'text/plain')

/** Does it again until it is refused. */
async function untilRefused(attempt: (i: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 200; i++) await attempt(i)
}

export const MESSAGES: readonly Case[] = [
  {
    row: GET,
    title: 'pages of 25 with 0, 1, 25, 26 and 50 messages, the first page the newest, oldest to newest inside',
    async run({ hers, his }) {
      assert.deepEqual(await hers.getMessages(), { messages: [], page: 1, totalMessages: 0, totalPages: 1 })
      await refuses('PageOutOfRange', hers.getMessages(2))
      const check = async (total: number, ...pages: [number, number][]): Promise<void> => {
        for (const conversation of [hers, his]) {
          await until(async () => (await conversation.getMessages()).totalMessages === total)
          for (const [i, [from, to]] of pages.entries()) {
            const page = await conversation.getMessages(i + 1)
            assert.deepEqual(
              { ...page, messages: textsOf(page) },
              { messages: numbers(from, to), page: i + 1, totalMessages: total, totalPages: pages.length },
            )
          }
          await refuses('PageOutOfRange', conversation.getMessages(pages.length + 1))
        }
      }
      await sendMany(hers, 1, 1)
      await check(1, [1, 1])
      await sendMany(hers, 2, 25)
      await check(25, [1, 25])
      await sendMany(hers, 26, 26)
      await check(26, [2, 26], [1, 1])
      await sendMany(hers, 27, 50)
      await check(50, [26, 50], [1, 25])
    },
  },
  {
    row: GET,
    title: 'null and undefined mean page 1; what is no whole number from 1 to totalPages is refused; deleted messages do not count',
    async run({ hers, his }) {
      const sent = await sendMany(hers, 1, 26)
      // Their states go on meanwhile.
      const idsOf = ({ messages, ...rest }: MessagePage): unknown => ({ ...rest, ids: messages.map(({ id }) => id) })
      const first = idsOf(await hers.getMessages(1))
      for (const page of [await hers.getMessages(null), await hers.getMessages(undefined), await hers.getMessages()])
        assert.deepEqual(idsOf(page), first)
      for (const page of [0, -1, 3, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1', true, [1], {}, 1n])
        await refuses('PageOutOfRange', hers.getMessages(page as number))
      await hers.deleteMessage(sent[3]!.id)
      for (const conversation of [hers, his]) {
        await until(async () => {
          const { totalMessages, messages } = await conversation.getMessages()
          return totalMessages === 25 && messages.length === 25
        })
        const page = await conversation.getMessages()
        assert.deepEqual([page.totalMessages, page.totalPages, textsOf(page).includes('4')], [25, 1, false])
      }
    },
  },
  {
    row: SEND,
    title: 'promise and callback give the message that was sent, readable by then',
    async run({ hers, his, aliceId }) {
      const called: Message[] = []
      const metadata = { answer: 42, sure: true, name: 'x' }
      const sent = await hers.sendMessage({ text: 'hello', file: note('inside'), metadata }, (message) => void called.push(message))
      assert.deepEqual(called, [sent])
      assert.deepEqual([sent.text, sent.metadata, sent.author.id, sent.attachments.length], ['hello', metadata, aliceId, 1])
      const [{ state: _, ...read } = sent] = (await hers.getMessages()).messages
      const { state, ...asSent } = sent
      assert.deepEqual([read, state !== undefined], [asSent, true])
      await has(his, sent)
      const got = await his.getMessage(sent.id)
      assert.deepEqual([got?.text, got?.metadata, got?.attachments[0]?.sha256], ['hello', metadata, sent.attachments[0]!.sha256])
      assert.equal((await hers.sendMessage({ text: 'x' }, throwing)).text, 'x')
    },
  },
  {
    row: SEND,
    title: 'each of text, file and metadata alone is a message; none of them is refused with EmptyMessage',
    async run({ hers, his }) {
      const alone = [await hers.sendMessage({ text: 'x' }), await hers.sendMessage({ metadata: { poll: 'pizza' } })]
      alone.push(await hers.sendMessage({ file: note('') }))
      for (const message of alone) await has(his, message)
      for (const init of [{}, { text: '' }, { metadata: {} }, { file: [] }]) await refuses('EmptyMessage', hers.sendMessage(init))
      assert.equal((await hers.getMessages()).totalMessages, 3)
    },
  },
  {
    row: SEND,
    title: 'metadata that is no flat object of strings, numbers and booleans is refused with InvalidMetadata naming the key',
    async run({ hers }) {
      for (const value of [[1], {}, null, undefined, Number.NaN, Number.POSITIVE_INFINITY, 1n]) {
        const metadata = { good: 1, list: value } as never
        await refuses('InvalidMetadata', hers.sendMessage({ text: 'x', metadata }), /'list'/)
      }
      for (const metadata of ['text', 5, [1], null])
        await refuses('InvalidMetadata', hers.sendMessage({ text: 'x', metadata: metadata as never }))
      const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, i]))
      await refuses('InvalidMetadata', hers.sendMessage({ text: 'x', metadata: many }), /64/)
      await refuses('InvalidMetadata', hers.sendMessage({ text: 'x', metadata: { long: 'y'.repeat(5_000) } }), /long/)
      assert.equal((await hers.getMessages()).totalMessages, 0)
    },
  },
  {
    row: SEND,
    title: 'wrong types, too much text, what is no file, unknown answers and an aborted signal are refused, and nothing is sent',
    async run({ hers, his }) {
      for (const message of [undefined, null, 'text', 5]) await refuses('InvalidArgument', hers.sendMessage(message as never))
      for (const text of [5, true, {}, ['x'], 1n]) await refuses('InvalidArgument', hers.sendMessage({ text: text as never }))
      await refuses('TooLarge', hers.sendMessage({ text: 'x'.repeat(MAX_TEXT_BYTES + 1) }), /40/)
      await refuses('TooLarge', hers.sendMessage({ text: '漢'.repeat(MAX_TEXT_BYTES / 3 + 1) }))
      for (const file of [5, 'path', {}, { bytes: [1] }, [5]])
        await refuses('InvalidArgument', hers.sendMessage({ text: 'x', file: file as never }))
      await refuses('TooLarge', hers.sendMessage({ file: Array.from({ length: 11 }, () => note('x')) }), /10/)
      for (const replyTo of ['nonsense', 5]) await refuses('InvalidArgument', hers.sendMessage({ text: 'x', replyTo: replyTo as never }))
      await refuses('InvalidArgument', hers.sendMessage({ text: 'x', mentions: 'bob' as never }))
      for (const mention of [5, null, {}, { user: 5, from: 0, to: 1 }])
        await refuses('InvalidArgument', hers.sendMessage({ text: 'x', mentions: [mention] as never }))
      const deleted = await hers.sendMessage({ text: 'gone' })
      await hers.deleteMessage(deleted.id)
      await refuses('MessageNotFound', hers.sendMessage({ forward: deleted.id }))
      await refuses('Aborted', hers.sendMessage({ text: 'x', file: note('x'), signal: AbortSignal.abort() }))
      const longest = 'x'.repeat(MAX_TEXT_BYTES)
      const sent = await hers.sendMessage({ text: longest })
      await has(his, sent)
      assert.deepEqual([(await his.getMessage(sent.id))?.text.length, (await hers.getMessages()).totalMessages], [MAX_TEXT_BYTES, 1])
      assert.deepEqual(await hers.getAttachments(), [])
    },
  },
  {
    row: SEND,
    title: 'a full disk is told as StorageFull, nothing is half-done, and with room again it goes on',
    async run({ open }) {
      const erin = await open('erin', { offline: true, roomBytes: 600_000 })
      const id = await erin.parley.createGroup({ title: 'Small' })
      const small = erin.conversation(id)
      const sent: Message[] = []
      const text = 'x'.repeat(30_000)
      const send = async (): Promise<unknown> => sent.push(await small.sendMessage({ text: `${sent.length} ${text}` }))
      await refuses('StorageFull', untilRefused(send))
      const sendFile = (): Promise<unknown> => small.sendMessage({ file: fileOf(new Uint8Array(1_000_000).fill(7), 'large.bin', '') })
      await refuses('StorageFull', sendFile())
      let edited = sent[0]!
      const edit = async (i: number): Promise<unknown> => (edited = await small.updateMessage(edited.id, { text: `0 edited ${i} ${text}` }))
      await refuses('StorageFull', untilRefused(edit))
      assert.equal((await small.getMessage(edited.id))?.text, edited.text)
      const texts = async (): Promise<string[]> => {
        const { totalPages } = await small.getMessages()
        const pages = await Promise.all(Array.from({ length: totalPages }, (_, i) => small.getMessages(totalPages - i)))
        return pages.flatMap(textsOf).map((text) => text.split(' ')[0]!)
      }
      assert.deepEqual(await texts(), numbers(0, sent.length - 1))
      assert.deepEqual(await small.getAttachments(), [])
      await erin.ask({ do: 'widen' })
      await send()
      await edit(-1)
      assert.deepEqual(await texts(), numbers(0, sent.length - 1))
      await sendFile()
      assert.equal((await small.getAttachments()).length, 1)
      await erin.parley.close()
    },
  },
  {
    row: UPDATE,
    title: 'a field left out stays, null removes it; promise and callback give the message as it now is',
    async run({ hers, his }) {
      const { id } = await hers.sendMessage({ text: 'one', metadata: { a: 1, b: 2 }, file: note('first') })
      const called: Message[] = []
      const updated = await hers.updateMessage(id, { text: 'two' }, (message) => void called.push(message))
      assert.deepEqual(called, [updated])
      assert.deepEqual([updated.id, updated.text, updated.metadata, updated.attachments.length], [id, 'two', { a: 1, b: 2 }, 1])
      assert.ok(updated.editedAt! >= updated.sentAt)
      assert.deepEqual((await hers.updateMessage(id, { metadata: { a: null, c: 3 } })).metadata, { b: 2, c: 3 })
      assert.equal((await hers.updateMessage(id, { file: note('second') })).attachments[0]!.size, 6)
      const bare = await hers.updateMessage(id, { file: null, metadata: null })
      assert.deepEqual([bare.text, bare.metadata, bare.attachments], ['two', {}, []])
      await until(async () => (await his.getMessage(id))?.attachments.length === 0)
      const last = await hers.updateMessage(id, { text: null, metadata: { only: true } }, throwing)
      assert.equal(last.text, '')
      await until(async () => (await his.getMessage(id))?.metadata['only'] === true)
    },
  },
  {
    row: UPDATE,
    title: 'only the author; unknown, foreign and deleted messages, and what sendMessage would refuse, change nothing',
    async run({ alice, hers, his }) {
      const { id } = await hers.sendMessage({ text: 'hers', metadata: { kept: 1 } })
      await has(his, { id })
      await refuses('NotAuthor', his.updateMessage(id, { text: 'his' }))
      for (const unknown of ['nonsense', 5, undefined])
        await refuses('InvalidArgument', hers.updateMessage(unknown as never, { text: 'x' }))
      const elsewhere = alice.conversation(await alice.parley.createGroup())
      const foreign = await elsewhere.sendMessage({ text: 'foreign' })
      await refuses('MessageNotFound', hers.updateMessage(foreign.id, { text: 'x' }))
      assert.equal((await elsewhere.getMessage(foreign.id))?.text, 'foreign')
      for (const change of [undefined, null, 'x']) await refuses('InvalidArgument', hers.updateMessage(id, change as never))
      await refuses('InvalidArgument', hers.updateMessage(id, { text: 5 as never }))
      await refuses('TooLarge', hers.updateMessage(id, { text: 'x'.repeat(MAX_TEXT_BYTES + 1) }))
      await refuses('InvalidMetadata', hers.updateMessage(id, { metadata: { list: [] as never } }), /'list'/)
      await refuses('InvalidArgument', hers.updateMessage(id, { file: 5 as never }))
      await refuses('Aborted', hers.updateMessage(id, { file: note('x'), signal: AbortSignal.abort() }))
      await refuses('EmptyMessage', hers.updateMessage(id, { text: null, metadata: null }))
      const kept = await hers.getMessage(id)
      assert.deepEqual([kept?.text, kept?.metadata, kept?.editedAt], ['hers', { kept: 1 }, undefined])
      await hers.deleteMessage(id)
      await refuses('MessageNotFound', hers.updateMessage(id, { text: 'x' }))
    },
  },
  {
    row: DELETE,
    title: 'the content is gone here and at each holder that hears of it',
    async run({ hers, his, alice, bob, id }) {
      const sent = await hers.sendMessage({ text: 'secret', file: note('also secret') })
      await has(his, sent)
      const before = (await his.getMessage(sent.id))!.attachments[0]!
      await bob.attachment(id, before.id).fetch()
      await hers.deleteMessage(sent.id)
      for (const [peer, conversation] of [
        [alice, hers],
        [bob, his],
      ] as const) {
        await until(async () => (await conversation.getMessages()).totalMessages === 0)
        assert.deepEqual([await conversation.getMessage(sent.id), await conversation.getLastMessage()], [undefined, undefined])
        assert.deepEqual(await peer.conversation(id).getAttachments(), [])
      }
    },
  },
  {
    row: DELETE,
    title: 'author only; twice, unknown and foreign messages are refused',
    async run({ alice, hers, his }) {
      const sent = await hers.sendMessage({ text: 'hers' })
      await has(his, sent)
      await refuses('NotAuthor', his.deleteMessage(sent.id))
      for (const unknown of ['nonsense', 5, null]) await refuses('InvalidArgument', hers.deleteMessage(unknown as never))
      const elsewhere = alice.conversation(await alice.parley.createGroup())
      const foreign = await elsewhere.sendMessage({ text: 'foreign' })
      await refuses('MessageNotFound', hers.deleteMessage(foreign.id))
      assert.equal((await elsewhere.getMessages()).totalMessages, 1)
      assert.equal((await hers.getMessages()).totalMessages, 1)
      await hers.deleteMessage(sent.id)
      await refuses('MessageNotFound', hers.deleteMessage(sent.id))
    },
  },
  {
    row: 'getLastMessage()',
    title: 'the most recent message sent, at once for own ones, undefined when there is none',
    async run({ hers, his }) {
      assert.equal(await hers.getLastMessage(), undefined)
      const first = await hers.sendMessage({ text: 'one' })
      assert.equal((await hers.getLastMessage())?.id, first.id)
      await until(async () => (await his.getLastMessage())?.id === first.id)
      const second = await his.sendMessage({ text: 'two' })
      assert.equal((await his.getLastMessage())?.id, second.id)
      await until(async () => (await hers.getLastMessage())?.id === second.id)
      await his.deleteMessage(second.id)
      await until(async () => (await hers.getLastMessage())?.id === first.id)
    },
  },
]
