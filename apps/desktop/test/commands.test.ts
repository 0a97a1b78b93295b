/** Every command has an answer for programs and a failure that they can tell from others, as section 4 of docs/API.md has it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { COMMANDS } from '../src/commands.ts'
import { objectsOf, setUpCli } from './cli.ts'

const cli = setUpCli()
const { json, refusal } = cli

/** Where the answers of those are looked at that need more than a fake: another person, a terminal, a real disk. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  devices: 'devices.test.ts',
  device: 'devices.test.ts',
  recovery: 'devices.test.ts',
  recover: 'devices.test.ts',
  safety: 'devices.test.ts',
  requests: 'people.test.ts',
  accept: 'people.test.ts',
  decline: 'people.test.ts',
  search: 'archive.test.ts',
  export: 'archive.test.ts',
  import: 'archive.test.ts',
  verify: 'verify.test.ts',
  chat: 'chat.test.ts',
  completion: 'completion.test.ts',
}

const SAID = { id: 'message-0', author: { name: 'Alice' } }
const BOB = { id: 'bob-id' }
const NO_CONVERSATION = 'NotFound'

/** In this order, in one profile: what it answers, and one failure of the same command. */
const ANSWERS: readonly (readonly [line: string, answer: readonly object[], failing: string, code: string])[] = [
  ['id', [{ userId: 'alice-id', deviceId: 'device', card: 'parley-card:alice-1' }], 'id --name', 'InvalidArgument'],
  ['add-contact parley-card:bob', [BOB], 'add-contact nonsense', 'CardInvalid'],
  ['contacts', [BOB], 'contacts Bob', 'InvalidArgument'],
  ['new Hike', [{ id: 'Hike-id', title: 'Hike' }], 'new Hike --member Nobody', 'ContactUnknown'],
  ['direct Bob', [{ id: 'direct-bob-id', title: 'Bob' }], 'direct Nobody', 'ContactUnknown'],
  ['list', [{ id: 'Hike-id', unread: 3, lastMessage: null }, { title: 'Bob' }], 'list Hike', 'InvalidArgument'],
  ['invite Hike', [{ link: 'parley://join#0' }], 'invite Nowhere', NO_CONVERSATION],
  ['invites Hike', [{ state: 'open', role: 'writer' }], 'invites Nowhere', NO_CONVERSATION],
  ['revoke Hike invite-0', [{ state: 'revoked' }], 'revoke Hike invite-9', 'NotFound'],
  ['join parley://join#x', [{ id: 'joined-id', title: 'joined', state: 'member' }], 'join parley://join#x --wait 0s', 'Unreachable'],
  ['members Hike', [{ id: 'alice-id', role: 'founder', status: 'ONLINE', devices: ['device'] }], 'members Nowhere', NO_CONVERSATION],
  ['add Hike Bob', [{ ...BOB, role: 'writer' }], 'add Hike Nobody', 'ContactUnknown'],
  ['role Hike bob-id moderator', [{ ...BOB, role: 'moderator' }], 'role Hike Nobody reader', 'NotAMember'],
  ['remove Hike bob-id', [{ ...BOB, how: 'removed' }], 'remove Hike Nobody', 'NotAMember'],
  ['send Hike hello --file map.txt', [{ ...SAID, text: 'hello', attachments: [{ name: 'map.txt' }] }], 'send Hike refused', 'TooLarge'],
  ['edit Hike message-0 bye', [{ ...SAID, text: 'bye' }], 'edit Hike message-9 x', 'MessageNotFound'],
  ['react Hike message-0 👍', [{ ...SAID, reactions: [{ emoji: '👍' }] }], 'react Hike message-9 👍', 'MessageNotFound'],
  ['unreact Hike message-0 👍', [{ ...SAID, reactions: [] }], 'unreact Hike message-9 👍', 'MessageNotFound'],
  ['pin Hike message-0', [{ ...SAID, isPinned: true }], 'pin Hike message-9', 'MessageNotFound'],
  ['pinned Hike', [SAID], 'pinned Nowhere', NO_CONVERSATION],
  ['unpin Hike message-0', [{ ...SAID, isPinned: false }], 'unpin Hike message-9', 'MessageNotFound'],
  ['hide Hike message-0', [{ ...SAID, isHidden: true }], 'hide Hike message-9', 'MessageNotFound'],
  ['unhide Hike message-0', [{ ...SAID, isHidden: false }], 'unhide Hike message-9', 'MessageNotFound'],
  ['seen Hike', [{ id: 'Hike-id', unread: 0 }], 'seen Hike message-9', 'MessageNotFound'],
  ['messages Hike', [{ page: 1, totalMessages: 1, totalPages: 1, messages: [SAID] }], 'messages Hike --page 2', 'PageOutOfRange'],
  ['attachments Hike', [{ name: 'map.txt', size: 5 }], 'attachments Hike --limit 0', 'InvalidArgument'],
  ['save Hike map.txt copy.txt', [{ size: 5, sha256: 'ab' }], 'save Hike other.txt .', 'NotFound'],
  ['delete Hike message-0', [{ id: 'message-0', conversationId: 'Hike-id', deleted: true }], 'delete Hike message-0', 'MessageNotFound'],
  ['peers', [], 'peers Hike', 'InvalidArgument'],
  [
    'doctor --wait 0',
    [{ userId: 'alice-id', online: true, findings: [{ code: 'NoMeetingPoint' }] }],
    'doctor --wait soon',
    'InvalidArgument',
  ],
  ['block Bob', [{ ...BOB, isBlocked: true }], 'block Nobody', 'NotFound'],
  ['unblock Bob', [{ ...BOB, isBlocked: false }], 'unblock Nobody', 'NotFound'],
  ['remove-contact Bob', [{ ...BOB, removed: true }], 'remove-contact Bob', 'ContactUnknown'],
  ['leave Hike', [{ id: 'Hike-id', title: 'Hike', state: 'left' }], 'leave direct-bob-id', 'NotAGroup'],
  ['forget Hike', [{ id: 'Hike-id', forgotten: true }], 'forget Hike', NO_CONVERSATION],
]

test('each command answers with its objects, and fails with a code', async () => {
  await writeFile(join(cli.folder, 'map.txt'), 'north')
  for (const [line, answer, failing, code] of ANSWERS) {
    expect([line, await json(...line.split(' '))]).toMatchObject([line, { code: 0, objects: answer }])
    expect([failing, await refusal(...failing.split(' '))]).toEqual([failing, code])
  }
})

test('those that go on until they are interrupted answer as they go', async () => {
  const daemon = cli.parley(['--json', 'daemon', '--listen', '/b'])
  expect(objectsOf(await daemon.lines(1))).toEqual([{ listening: ['/b'] }])
  expect(await refusal('daemon')).toBe('ProfileLocked')
  await json('new', 'Hike')
  const tail = cli.parley(['--json', 'tail', 'Hike'])
  const conversation = cli.conversation('Hike')
  while (conversation.emitter.count('messageDeleted') === 0) await new Promise((resolve) => setImmediate(resolve))
  conversation.emitter.emit('messageDeleted', 'message-0')
  expect(objectsOf(await tail.lines(1))).toEqual([{ event: 'messageDeleted', conversation: 'Hike-id', messageId: 'message-0' }])
  expect(await refusal('tail', 'Nowhere')).toBe(NO_CONVERSATION)
})

test('no command is left out', () => {
  const answered = new Set(['daemon', 'tail', ...Object.keys(ELSEWHERE), ...ANSWERS.map(([line]) => line.split(' ')[0])])
  expect(COMMANDS.flatMap(({ usage }) => usage.split(' ')[0] ?? []).filter((name) => !answered.has(name))).toEqual([])
})
