/** What a message and an attachment are. */
import assert from 'node:assert/strict'
import { fileOf } from '../peer.ts'
import { has, refuses, until, type Case } from '../stage.ts'

/** The members that `docs/API.md` promises, in its order. */
export const MESSAGE_FIELDS = [
  ...['id', 'conversationId', 'author', 'text', 'attachments', 'metadata', 'sentAt', 'editedAt', 'replyTo', 'reactions', 'mentions'],
  ...['state', 'seenBy'],
]
export const ATTACHMENT_FIELDS = ['id', 'messageId', 'name', 'type', 'size', 'sha256']

const TEXT = 'what the file says'
const MIB = 1_048_576

export const VALUES: readonly Case[] = [
  {
    row: 'A Message',
    title: 'is a frozen plain object with everything about it, the same in pages, events and answers',
    async run({ alice, id, hers, his, atBob, aliceId }) {
      const question = await hers.sendMessage({ text: 'question' })
      const mentions = [{ user: aliceId, from: 0, to: 4 }]
      const sent = await hers.sendMessage({ text: '@you', metadata: { tag: 'x' }, replyTo: question.id, mentions })
      for (const field of MESSAGE_FIELDS) assert.ok(field in sent, field)
      assert.deepEqual([sent.conversationId, sent.author.id, sent.author.name, sent.replyTo], [id, aliceId, 'alice', question.id])
      assert.deepEqual([sent.text, sent.metadata, sent.attachments, sent.mentions], ['@you', { tag: 'x' }, [], mentions])
      assert.deepEqual([sent.editedAt, sent.reactions, sent.seenBy], [undefined, [], []])
      assert.ok(Math.abs(sent.sentAt - Date.now()) < 600_000)
      for (const shape of [await alice.shape(id, 'getMessage', sent.id), await alice.shape(id, 'getLastMessage')]) {
        assert.deepEqual([shape.isFrozen, shape.isPlain], [true, true])
        assert.deepEqual(
          MESSAGE_FIELDS.filter((field) => !shape.keys.includes(field)),
          [],
        )
      }
      assert.equal((await alice.shape(id, 'getMessages')).isFrozen, true)
      assert.deepEqual((await hers.getMessages()).messages.at(-1)?.id, sent.id)
      await has(his, question)
      await his.react(question.id, '👍')
      await until(async () => (await hers.getMessage(question.id))?.reactions[0]?.emoji === '👍')
      const heard = (await atBob.first('message', 2)).find(([message]) => message.id === sent.id)![0]
      const { state, ...asSent } = sent
      const { state: atBobState, ...asHeard } = heard
      assert.deepEqual([asHeard, atBobState, state !== undefined], [asSent, undefined, true])
    },
  },
  {
    row: 'A Message',
    title: 'goes stored, sent, delivered, seen for its author, and never back',
    async run({ hers, his, atAlice }) {
      const sent = await hers.sendMessage({ text: 'one' })
      assert.ok(['stored', 'sent', 'delivered'].includes(sent.state!))
      const states = (): string[] => atAlice.soFar('messageState').flatMap(([id, state]) => (id === sent.id ? [state] : []))
      await atAlice.until(() => states().includes('delivered'))
      await his.seen()
      await atAlice.until(() => states().includes('seen'))
      assert.deepEqual(states(), ['sent', 'delivered', 'seen'])
      assert.equal((await hers.getMessage(sent.id))?.state, 'seen')
      assert.equal((await his.getMessage(sent.id))?.state, undefined)
    },
  },
  {
    row: 'An Attachment',
    title: 'says what it is, and gives its bytes as blob, stream and URL, with progress, wherever it was sent from',
    async run({ alice, bob, id, hers, his }) {
      const bytes = new TextEncoder().encode(TEXT)
      const sent = await hers.sendMessage({ file: fileOf(bytes, 'note.txt', 'text/plain') })
      const [attachment] = sent.attachments
      for (const field of ATTACHMENT_FIELDS) assert.ok(field in attachment!, field)
      const { messageId, name, type, size, sha256 } = attachment!
      assert.deepEqual([messageId, name, type, size], [sent.id, 'note.txt', 'text/plain', bytes.length])
      assert.equal(sha256, Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex'))
      await has(his, sent)
      assert.deepEqual((await his.getMessage(sent.id))?.attachments, sent.attachments)
      for (const peer of [bob, alice]) {
        const remote = peer.attachment(id, attachment!.id)
        const progress: number[][] = []
        const blob = (await remote.blob({ onProgress: (received, total) => void progress.push([received, total]) })) as unknown as Bytes
        assert.deepEqual([new TextDecoder().decode(blob.bytes), blob.type], [TEXT, 'text/plain'])
        assert.deepEqual(progress.at(-1), [bytes.length, bytes.length])
        for (const read of [await remote.stream(), await remote.url()])
          assert.equal(new TextDecoder().decode((read as unknown as Bytes).bytes), TEXT)
      }
      assert.equal((await bob.shape(id, 'getAttachments')).isFrozen, true)
    },
  },
  {
    row: 'An Attachment',
    title: 'of several chunks arrives whole; an aborted signal stops the reading and not the file; a deleted one is told',
    async run({ bob, id, hers, his }) {
      const bytes = Uint8Array.from({ length: MIB }, (_, i) => (i * 31) >> 8)
      const sent = await hers.sendMessage({ file: fileOf(bytes, 'film.bin', '') })
      await has(his, sent)
      const remote = bob.attachment(id, sent.attachments[0]!.id)
      for (const read of [remote.blob, remote.stream, remote.url, remote.fetch])
        await refuses('Aborted', read({ signal: AbortSignal.abort() }))
      const { bytes: got } = (await remote.blob()) as unknown as Bytes
      assert.deepEqual(Buffer.compare(got, bytes), 0)
      assert.equal(await remote.received(), MIB)
      await hers.deleteMessage(sent.id)
      await until(async () => (await his.getAttachments()).length === 0)
    },
  },
]

/** As a stream, a blob or a URL comes back. */
interface Bytes {
  readonly bytes: Uint8Array
  readonly type?: string
}
