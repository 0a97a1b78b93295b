/** The events about messages. */
import assert from 'node:assert/strict'
import { has, until, type Case } from '../stage.ts'

export const MESSAGE_EVENTS: readonly Case[] = [
  {
    row: 'message',
    title: 'once for each message of somebody else, after it can be read, and never for own ones',
    async run({ hers, his, atAlice, atBob, aliceId, id }) {
      for (const text of ['one', 'two', 'three']) await hers.sendMessage({ text })
      await atBob.first('message', 3)
      await his.sendMessage({ text: 'end' })
      await atAlice.first('message')
      const got = atBob.events.filter(({ name }) => name === 'message')
      assert.deepEqual(
        got.map(({ args: [message], isReadable }) => [(message as { text: string }).text, isReadable]),
        [
          ['one', true],
          ['two', true],
          ['three', true],
        ],
      )
      const [[first] = []] = atBob.soFar('message')
      assert.deepEqual([first?.author.id, first?.author.name, first?.conversationId], [aliceId, 'alice', id])
      assert.deepEqual(
        atAlice.soFar('message').map(([{ text }]) => text),
        ['end'],
      )
    },
  },
  {
    row: 'message',
    title: 'also for messages that arrive late, each once',
    async run({ alice, bob }) {
      // Said while nobody else was there to hear it.
      const id = await alice.parley.createGroup({ title: 'Early' })
      const early = alice.conversation(id)
      for (const text of ['1', '2', '3']) await early.sendMessage({ text })
      await bob.parley.join(await early.invite())
      const heard = await bob.hearAll(id)
      await bob.conversation(id).admitted()
      await heard.first('message', 3)
      await early.sendMessage({ text: 'live' })
      await heard.until(() => heard.soFar('message').some(([{ text }]) => text === 'live'))
      assert.deepEqual(
        heard.soFar('message').map(([{ text }]) => text),
        ['1', '2', '3', 'live'],
      )
    },
  },
  {
    row: 'messageUpdated',
    title: 'the message as it now is, for everybody and once',
    async run({ hers, his, atAlice, atBob, aliceId }) {
      const sent = await hers.sendMessage({ text: 'one' })
      await has(his, sent)
      await hers.updateMessage(sent.id, { text: 'two' })
      const last = await hers.sendMessage({ text: 'end' })
      await atBob.until(() => atBob.soFar('message').some(([{ id }]) => id === last.id))
      await atAlice.first('messageUpdated')
      for (const heard of [atAlice, atBob]) {
        const updated = heard.soFar('messageUpdated').map(([{ id, text, author, editedAt }]) => [id, text, author.id, typeof editedAt])
        assert.deepEqual(updated, [[sent.id, 'two', aliceId, 'number']])
      }
    },
  },
  {
    row: 'messageDeleted',
    title: 'the id, for everybody and once',
    async run({ hers, his, atAlice, atBob }) {
      const sent = await hers.sendMessage({ text: 'one' })
      await has(his, sent)
      await hers.deleteMessage(sent.id)
      const last = await hers.sendMessage({ text: 'end' })
      await atBob.until(() => atBob.soFar('message').some(([{ id }]) => id === last.id))
      await atAlice.first('messageDeleted')
      assert.deepEqual([atAlice.soFar('messageDeleted'), atBob.soFar('messageDeleted')], [[[sent.id]], [[sent.id]]])
    },
  },
  {
    row: 'A listener',
    title: 'that throws is reported and stops no other; one that was taken away hears nothing',
    async run({ bob, id, hers, atBob }) {
      await bob.ask({ do: 'misbehave', conversation: id })
      const before = ((await bob.ask({ do: 'errors' })) as string[]).length
      await hers.sendMessage({ text: 'one' })
      await atBob.first('message')
      await until(async () => ((await bob.ask({ do: 'errors' })) as string[]).length >= before + 2)
      assert.deepEqual(((await bob.ask({ do: 'errors' })) as string[]).slice(before), ['thrown', 'rejected'])
      await hers.sendMessage({ text: 'two' })
      await atBob.first('message', 2)
      assert.deepEqual(
        atBob.soFar('message').map(([{ text }]) => text),
        ['one', 'two'],
      )
    },
  },
]
