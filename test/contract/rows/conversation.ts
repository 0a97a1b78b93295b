/** The calls about the conversation itself: what it is called, who is in it, what is known of it, and its files. */
import assert from 'node:assert/strict'
import type { UserId } from '@parley/protocol'
import { fileOf } from '../peer.ts'
import { refuses, until, type Case } from '../stage.ts'

const AVATAR = 'data:image/png;base64,AA=='
const MEMBERS = 'addMember(memberId), removeMember(memberId)'
const METADATA = 'getMetadata(), setMetadata(metadata)'
const NAMES = 'getId(), getTitle(), getAvatar()'
const FILES = 'getAttachments()'

export const CONVERSATION: readonly Case[] = [
  {
    row: NAMES,
    title: 'of a group: strings, the avatar a URL or empty, the same for everybody',
    async run({ alice, id, hers, his }) {
      const group = alice.conversation(await alice.parley.createGroup({ title: 'Tea', avatar: AVATAR }))
      assert.match(await group.getId(), /^[a-z2-7]{52}$/)
      assert.deepEqual([await group.getTitle(), await group.getAvatar()], ['Tea', AVATAR])
      assert.deepEqual([await hers.getId(), await his.getId(), await hers.getAvatar()], [id, id, ''])
      await hers.setTitle('Supper')
      await until(async () => (await his.getTitle()) === 'Supper')
      for (const title of [5, null, undefined, {}]) await refuses('InvalidArgument', hers.setTitle(title as never))
      await refuses('TooLarge', hers.setTitle('x'.repeat(201)), /200/)
      assert.equal(await hers.getTitle(), 'Supper')
    },
  },
  {
    row: NAMES,
    title: 'of a direct conversation: the same one for both, with the name and avatar of the other person',
    async run({ alice, bob, aliceId, bobId }) {
      const id = await alice.parley.createConversation({ with: bobId })
      assert.equal(await bob.parley.createConversation({ with: aliceId }), id)
      assert.equal(await alice.parley.createConversation({ with: bobId }), id)
      const [hers, his] = [alice.conversation(id), bob.conversation(id)]
      await until(async () => (await hers.getTitle()) === 'bob' && (await his.getTitle()) === 'alice')
      await bob.parley.setProfile({ avatar: AVATAR })
      await until(async () => (await hers.getAvatar()) === AVATAR)
      await refuses('NotAGroup', hers.setTitle('Us'))
      for (const stranger of ['nonsense', 5, undefined])
        await refuses('InvalidArgument', alice.parley.createConversation({ with: stranger as never }))
      await bob.parley.setProfile({ avatar: '' })
    },
  },
  {
    row: 'getMembers()',
    title: 'the ids of all members, the same at both; members() says who they are',
    async run({ hers, his, aliceId, bobId }) {
      const who = (await hers.members()).map(({ id, name, role, devices }) => [id, name, role, devices.length])
      assert.deepEqual(who, [
        [aliceId, 'alice', 'founder', 1],
        [bobId, 'bob', 'writer', 1],
      ])
      assert.deepEqual(
        [await hers.getMembers(), await his.getMembers()],
        [
          [aliceId, bobId],
          [aliceId, bobId],
        ],
      )
    },
  },
  {
    row: METADATA,
    title: 'strings, numbers and booleans; keys merge, null removes one, the others hear of it',
    async run({ alice, id, hers, his, atBob }) {
      const group = alice.conversation(await alice.parley.createGroup({ metadata: { from: 'start' } }))
      assert.deepEqual(await group.getMetadata(), { from: 'start' })
      assert.deepEqual(await hers.getMetadata(), {})
      const all = { place: 'park', people: 4, rain: false }
      assert.deepEqual(await hers.setMetadata(all), all)
      assert.deepEqual((await atBob.first('metadataUpdated')).at(-1), [all])
      assert.deepEqual(await his.setMetadata({ place: null, people: 5 }), { people: 5, rain: false })
      await until(async () => (await hers.getMetadata())['people'] === 5)
      assert.deepEqual(await hers.getMetadata(), { people: 5, rain: false })
      assert.equal((await alice.shape(id, 'getMetadata')).isFrozen, true)
    },
  },
  {
    row: METADATA,
    title: 'anything else is refused with InvalidMetadata naming the key, more than 64 keys too, and nothing is changed',
    async run({ hers }) {
      for (const value of [[], {}, Number.NaN, 1n, undefined])
        await refuses('InvalidMetadata', hers.setMetadata({ good: 1, list: value as never }), /'list'/)
      for (const metadata of [undefined, null, 'text', 5, [1]]) await refuses('InvalidMetadata', hers.setMetadata(metadata as never))
      await refuses('InvalidMetadata', hers.setMetadata({ long: 'y'.repeat(5_000) }), /long/)
      assert.deepEqual(await hers.getMetadata(), {})
      await hers.setMetadata(Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, i])))
      await refuses('InvalidMetadata', hers.setMetadata({ more: 1 }), /64/)
      assert.equal(Object.keys(await hers.setMetadata({ k0: null, more: 1 })).length, 64)
    },
  },
  {
    row: MEMBERS,
    title: 'who is removed is in no more, and can be added again; everybody hears of it',
    async run({ hers, his, atAlice, bobId, aliceId }) {
      const before = await hers.sendMessage({ text: 'before' })
      await hers.removeMember(bobId)
      assert.deepEqual(await atAlice.first('memberRemoved'), [[bobId]])
      assert.deepEqual(await hers.getMembers(), [aliceId])
      await until(async () => (await his.state()) === 'removed')
      await refuses('NotAMember', his.sendMessage({ text: 'x' }))
      await hers.sendMessage({ text: 'unheard' })
      await hers.addMember(bobId)
      assert.deepEqual(await hers.getMembers(), [aliceId, bobId])
      await until(async () => (await his.state()) === 'member')
      const again = await hers.sendMessage({ text: 'again' })
      await until(async () => (await his.getMessage(again.id)) !== undefined)
      assert.ok((await his.getMessage(before.id)) !== undefined)
    },
  },
  {
    row: MEMBERS,
    title: 'need the role; a direct conversation refuses with NotAGroup; unknown people and wrong types are refused',
    async run({ alice, hers, his, aliceId, bobId }) {
      await refuses('NotAllowed', his.removeMember(aliceId))
      await refuses('NotAllowed', his.addMember(aliceId))
      await refuses('NotAMember', hers.removeMember(strangerTo(aliceId)))
      await refuses('ContactUnknown', hers.addMember(strangerTo(aliceId)))
      for (const id of ['nonsense', 5, undefined]) {
        await refuses('InvalidArgument', hers.addMember(id as never))
        await refuses('InvalidArgument', hers.removeMember(id as never))
      }
      const direct = alice.conversation(await alice.parley.createConversation({ with: bobId }))
      await refuses('NotAGroup', direct.addMember(bobId))
      await refuses('NotAGroup', direct.removeMember(bobId))
      assert.deepEqual(await hers.getMembers(), [aliceId, bobId])
    },
  },
  {
    row: FILES,
    title: 'all attachments of the conversation, newest first; before, limit and type give a part',
    async run({ hers, his }) {
      assert.deepEqual(await hers.getAttachments(), [])
      const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
      await hers.sendMessage({ file: [fileOf(Uint8Array.of(1), 'one.bin', ''), fileOf(Uint8Array.of(2), 'two.bin', '')] })
      await his.sendMessage({ file: fileOf(png, 'three.png', 'image/png') })
      for (const conversation of [hers, his]) {
        await until(async () => (await conversation.getAttachments()).length === 3)
        const all = await conversation.getAttachments()
        assert.deepEqual(
          all.map(({ name }) => name),
          ['three.png', 'two.bin', 'one.bin'],
        )
        const part = async (options: object): Promise<string[]> => (await conversation.getAttachments(options)).map(({ name }) => name)
        assert.deepEqual(await part({ limit: 1 }), ['three.png'])
        assert.deepEqual(await part({ before: all[0]!.id }), ['two.bin', 'one.bin'])
        assert.deepEqual(await part({ before: all[1]!.id, limit: 1 }), ['one.bin'])
        assert.deepEqual([await part({ type: 'image' }), await part({ type: 'image/png' })], [['three.png'], ['three.png']])
        assert.deepEqual(await part({ type: 'audio' }), [])
      }
      for (const options of [
        { limit: 0 },
        { limit: 501 },
        { limit: 1.5 },
        { limit: '1' },
        { type: 5 },
        { before: 'nonsense' },
        { before: 5 },
      ])
        await refuses('InvalidArgument', hers.getAttachments(options as never))
    },
  },
  {
    row: 'A call',
    title: 'after close() is refused with Closed; closing twice is fine',
    async run({ open, aliceId }) {
      const frank = await open('frank', { offline: true })
      const id = await frank.parley.createGroup({ title: 'Alone' })
      const group = frank.conversation(id)
      const sent = await group.sendMessage({ text: 'x', file: fileOf(Uint8Array.of(1), 'one.bin', '') })
      await frank.parley.close()
      await frank.parley.close()
      const calls = {
        getMessages: () => group.getMessages(),
        getMessage: () => group.getMessage(sent.id),
        sendMessage: () => group.sendMessage({ text: 'y' }),
        updateMessage: () => group.updateMessage(sent.id, { text: 'y' }),
        deleteMessage: () => group.deleteMessage(sent.id),
        setMetadata: () => group.setMetadata({ a: 1 }),
        setTitle: () => group.setTitle('x'),
        addMember: () => group.addMember(aliceId),
        removeMember: () => group.removeMember(aliceId),
        startTyping: () => group.startTyping(),
        stopTyping: () => group.stopTyping(),
        seen: () => group.seen(),
        getAttachments: () => group.getAttachments(),
        invite: () => group.invite(),
        admitted: () => group.admitted(),
        createGroup: () => frank.parley.createGroup(),
        createConversation: () => frank.parley.createConversation({ with: aliceId }),
        join: () => frank.parley.join('parley://join#x'),
        setProfile: () => frank.parley.setProfile({ name: 'x' }),
      }
      for (const [name, call] of Object.entries(calls)) {
        await assert.rejects(call(), (error: { code?: unknown }) => error.code === 'Closed', name)
      }
    },
  },
]

/** The id of nobody: another one of its form. */
function strangerTo(id: UserId): UserId {
  return `${id[0] === 'a' ? 'b' : 'a'}${id.slice(1)}` as UserId
}
