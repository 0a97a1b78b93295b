/** Who is there, who types and who has seen what: the events, and the calls that cause them. */
import assert from 'node:assert/strict'
import { has, refuses, shareGroup, until, type Case } from '../stage.ts'

export const PRESENCE: readonly Case[] = [
  {
    row: 'typing',
    title: 'a participant starts typing: their name, once however often they say so, and not at themselves',
    async run({ hers, atAlice, atBob, aliceId }) {
      for (let i = 0; i < 5; i++) await hers.startTyping()
      const [[user] = []] = await atBob.first('typing')
      assert.deepEqual([user?.id, user?.name], [aliceId, 'alice'])
      await hers.stopTyping()
      await atBob.first('typingStopped')
      assert.deepEqual([atBob.soFar('typing').length, atAlice.soFar('typing').length], [1, 0])
    },
  },
  {
    row: 'typingStopped',
    title: 'a participant says so, sends, leaves, or is silent for 6 s',
    async run({ alice, bob, hers, atBob, aliceId, open }) {
      // The silence takes its time while the others are looked at.
      const silent = await shareGroup(alice, bob)
      const silence = await bob.hear(silent)
      await alice.conversation(silent).startTyping()
      await silence.first('typing')

      await hers.startTyping()
      await atBob.first('typing')
      await hers.stopTyping()
      assert.equal((await atBob.first('typingStopped'))[0]![0].id, aliceId)

      await hers.startTyping()
      await atBob.first('typing', 2)
      await hers.sendMessage({ text: 'done' })
      await atBob.first('typingStopped', 2)

      const carol = await open('carol')
      const id = await shareGroup(bob, carol)
      const heard = await bob.hear(id)
      await carol.conversation(id).startTyping()
      await heard.first('typing')
      await carol.parley.close()
      await heard.first('typingStopped')
      assert.deepEqual(await heard.first('memberStatus'), [[heard.soFar('typing')[0]![0].id, 'OFFLINE']])

      assert.equal((await silence.first('typingStopped'))[0]![0].id, aliceId)
    },
  },
  {
    row: 'startTyping(), stopTyping()',
    title: 'tell everyone who participates; repeated calls send no more than one packet each 3 s; stopping without starting is nothing',
    async run({ alice, hers, atBob }) {
      await hers.stopTyping()
      await hers.startTyping()
      await atBob.first('typing')
      const sent = async (): Promise<number> => (await alice.parley.inspect()).links.reduce((sum, { bytesOut }) => sum + bytesOut, 0)
      const before = await sent()
      for (let i = 0; i < 100; i++) await hers.startTyping()
      // A packet has some 200 bytes; a heartbeat of each conversation may come in between.
      assert.ok((await sent()) - before < 20_000)
      await hers.stopTyping()
      await atBob.first('typingStopped')
    },
  },
  {
    row: 'seen',
    title: 'a participant has seen the conversation up to this message; state and seenBy of the message follow',
    async run({ hers, his, atAlice, bobId }) {
      const first = await hers.sendMessage({ text: 'one' })
      const second = await hers.sendMessage({ text: 'two' })
      await has(his, second)
      await his.seen(first.id)
      const [[messageId, user] = []] = await atAlice.first('seen')
      assert.deepEqual([messageId, user?.id, user?.name], [first.id, bobId, 'bob'])
      const read = await hers.getMessage(first.id)
      assert.deepEqual([read?.state, read?.seenBy], ['seen', [bobId]])
      assert.deepEqual((await hers.getMessage(second.id))?.seenBy, [])
    },
  },
  {
    row: 'seen(messageId?)',
    title: 'by default the last one; it never moves backwards; unknown and foreign messages are refused',
    async run({ alice, hers, his, atAlice }) {
      await his.seen()
      const first = await hers.sendMessage({ text: 'one' })
      const second = await hers.sendMessage({ text: 'two' })
      await has(his, second)
      await until(async () => (await his.unread()) === 2)
      await his.seen()
      assert.equal((await atAlice.first('seen'))[0]![0], second.id)
      assert.equal(await his.unread(), 0)
      await his.seen(first.id)
      assert.equal(await his.unread(), 0)
      const third = await hers.sendMessage({ text: 'three' })
      await has(his, third)
      await his.seen(third.id)
      await atAlice.until(() => atAlice.soFar('seen').at(-1)?.[0] === third.id)
      assert.equal(
        atAlice.soFar('seen').some(([id]) => id === first.id),
        false,
      )

      const elsewhere = await alice.parley.createGroup()
      const foreign = await alice.conversation(elsewhere).sendMessage({ text: 'elsewhere' })
      await refuses('MessageNotFound', hers.seen(foreign.id))
      await refuses('InvalidArgument', hers.seen('nonsense' as never))
      await refuses('InvalidArgument', hers.seen(7 as never))
    },
  },
  {
    row: 'memberStatus',
    title: 'OFFLINE on goodbye, and members() says so',
    async run({ alice, open }) {
      const dora = await open('dora')
      const id = await shareGroup(alice, dora)
      const heard = await alice.hear(id)
      const doraId = (await dora.parley.me()).id
      const statusOf = async (): Promise<string | undefined> =>
        (await alice.conversation(id).members()).find((member) => member.id === doraId)?.status
      assert.equal(await statusOf(), 'ONLINE')
      await dora.parley.close()
      assert.deepEqual(await heard.first('memberStatus'), [[doraId, 'OFFLINE']])
      assert.equal(await statusOf(), 'OFFLINE')
    },
  },
]
