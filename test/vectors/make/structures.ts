/** Vectors of the structures of `packages/protocol`: ids, clock, entries, payloads, links, updates. */
import {
  bodyAad,
  branchLogId,
  chunkClient,
  compareBytes,
  conversationIdOf,
  conversationIdOfGenesis,
  deviceIdOf,
  encodeControl,
  encodeDelete,
  encodeEdit,
  encodeEntry,
  encodeHeader,
  encodeInviteLink,
  encodeLinkMessage,
  encodePost,
  encodeReact,
  encodeStateVector,
  EntryKind,
  entryId,
  firstPrevId,
  hlcBytes,
  messageIdOf,
  nextHlc,
  project,
  purgeEntry,
  rootName,
  signedHead,
  userIdOf,
  type ControlPayload,
  type EntryHeader,
  type EntryRun,
  type InviteLink,
  type LinkMessage,
  type PostPayload,
} from '@parley/protocol'
import { bytesOf, conversation, epoch, hash, hex, plain, START_MS, type Json } from './seed.ts'

export const alice = bytesOf('alice', 16)
export const bob = bytesOf('bob', 16)
const target = bytesOf('message', 36)

export function ids(): Json {
  const byLength = (length: number, name: string): Uint8Array[] => [bytesOf(name, length), new Uint8Array(length), new Uint8Array(length).fill(255)]
  const signKey = bytesOf('sign key', 32)
  const salt = bytesOf('salt', 16)
  const genesis = bytesOf('genesis', 90)
  return {
    texts: [
      ...byLength(32, 'c').map((bytes) => ({ kind: 'conversation', bytes: hex(bytes), text: conversationIdOf(bytes) })),
      ...byLength(32, 'u').map((bytes) => ({ kind: 'user', bytes: hex(bytes), text: userIdOf(bytes) })),
      ...byLength(16, 'd').map((bytes) => ({ kind: 'device', bytes: hex(bytes), text: deviceIdOf(bytes) })),
    ],
    messages: [0, 1, 255, 256, 0xffff_ffff].map((seq) => {
      const entry = bytesOf(`entry ${seq}`, 32)
      return { device: hex(alice), seq, entry: hex(entry), text: messageIdOf(alice, seq, entry) }
    }),
    refused: [
      { kind: 'device', name: 'empty', text: '' },
      { kind: 'device', name: 'one character short', text: deviceIdOf(alice).slice(1) },
      { kind: 'device', name: 'upper case', text: deviceIdOf(alice).toUpperCase() },
      { kind: 'device', name: 'spare bits', text: `${'a'.repeat(25)}b` },
      { kind: 'device', name: 'padding', text: `${'a'.repeat(25)}=` },
      { kind: 'user', name: 'a device', text: deviceIdOf(alice) },
      { kind: 'conversation', name: 'a character outside the alphabet', text: `1${conversationIdOf(conversation).slice(1)}` },
      { kind: 'message', name: 'not ASCII', text: `ä${messageIdOf(alice, 0, bytesOf('entry', 32)).slice(1)}` },
    ],
    genesis: { payload: hex(genesis), conversation: hex(conversationIdOfGenesis(hash, genesis)) },
    firstUser: { signKey: hex(signKey), salt: hex(salt) },
    chunks: [0, 1, 255, 16_777_215].map((chunk) => ({
      conversation: hex(conversation),
      device: hex(alice),
      chunk,
      client: chunkClient(hash, conversation, alice, chunk),
      root: rootName(deviceIdOf(alice), chunk),
    })),
  }
}

export function clocks(): Json {
  const readings = [
    { ms: 0, ctr: 0 },
    { ms: 1, ctr: 65_535 },
    { ms: 0xffff_ffff, ctr: 1 },
    { ms: 0x1_0000_0000, ctr: 0 },
    { ms: START_MS, ctr: 258 },
    { ms: 0xffff_ffff_ffff, ctr: 65_535 },
  ]
  const steps = [
    { last: { ms: 0, ctr: 0 }, now: START_MS },
    { last: { ms: START_MS, ctr: 7 }, now: START_MS },
    { last: { ms: START_MS, ctr: 7 }, now: START_MS - 5_000 },
    { last: { ms: START_MS, ctr: 65_535 }, now: START_MS },
    { last: { ms: START_MS, ctr: 65_535 }, now: START_MS + 1 },
  ]
  return {
    readings: readings.map((reading) => ({ ...reading, bytes: hex(hlcBytes(reading)) })),
    steps: steps.map(({ last, now }) => ({ last, now, next: { ...nextHlc(last, now) } })),
  }
}

export function entries(): Json {
  const posted: EntryHeader = { kind: EntryKind.post, time: START_MS, ctr: 0, epoch, deps: [], posts: 1, deletes: 0, controls: 0 }
  const dep = (name: string, seq: number): EntryHeader['deps'][number] => ({ device8: bytesOf(name, 8), seq, entry8: bytesOf(`${name} head`, 8) })
  const deps = ['bob', 'carol', 'dave'].map((name, i) => dep(name, i * 300)).sort((a, b) => (hex(a.device8) < hex(b.device8) ? -1 : 1))
  const full = Array.from({ length: 16 }, (_, i) => ({ ...dep(`device ${i}`, 0xffff_ffff), device8: Uint8Array.of(i, 1, 2, 3, 4, 5, 6, 7) }))
  const rows: { name: string; header: EntryHeader; bodyBytes: number; signed: boolean; purged?: boolean; seq: number }[] = [
    { name: 'first post of a log', header: posted, bodyBytes: 48, signed: true, seq: 0 },
    { name: 'post inside an emission', header: { ...posted, time: 3, epoch: 'same', posts: 2 }, bodyBytes: 41, signed: false, seq: 1 },
    { name: 'same millisecond', header: { ...posted, time: 0, ctr: 1, epoch: 'same', posts: 3 }, bodyBytes: 24, signed: false, seq: 2 },
    { name: 'edit with heads', header: { ...posted, kind: EntryKind.edit, time: 90_000, epoch: 'same', deps }, bodyBytes: 99, signed: true, seq: 3 },
    { name: 'delete', header: { ...posted, kind: EntryKind.delete, time: 256, epoch: 'same', deletes: 1 }, bodyBytes: 79, signed: true, seq: 24 },
    { name: 'reaction', header: { ...posted, kind: EntryKind.react, time: 70_000, epoch: 'same' }, bodyBytes: 85, signed: true, seq: 4 },
    { name: 'chunk end', header: { ...posted, time: 1, epoch: 'same', posts: 256 }, bodyBytes: 50, signed: true, seq: 255 },
    { name: 'chunk start', header: { ...posted, time: START_MS + 9, posts: 257 }, bodyBytes: 50, signed: false, seq: 256 },
    { name: 'purged post', header: { ...posted, time: 3, epoch: 'same', posts: 2 }, bodyBytes: 41, signed: false, purged: true, seq: 1 },
    {
      name: 'control in clear',
      header: { ...posted, kind: EntryKind.control, epoch: 'clear', posts: 0, controls: 1 },
      bodyBytes: 300,
      signed: true,
      seq: 0,
    },
    { name: 'sealed control', header: { ...posted, kind: EntryKind.control, posts: 0, controls: 2 }, bodyBytes: 70, signed: true, seq: 1 },
    {
      name: 'every field at its end',
      header: { ...posted, kind: EntryKind.control, time: 0xffff_ffff_ffff, ctr: 65_535, deps: full, posts: 0xffff_ffff, deletes: 0xffff_ffff, controls: 0xffff_ffff },
      bodyBytes: 1,
      signed: true,
      seq: 0xffff_ffff,
    },
  ]
  return rows.map(({ name, header, bodyBytes, signed, purged = false, seq }) => {
    const headerBytes = encodeHeader(header)
    const body = bytesOf(`${name} body`, bodyBytes)
    const signature = signed ? bytesOf(`${name} signature`, 64) : undefined
    const whole = encodeEntry(headerBytes, body, signature)
    const prevId = seq === 0 ? firstPrevId(hash, conversation, alice) : bytesOf(`${name} previous`, 32)
    const bodyHash = hash(body)
    const id = entryId(hash, { conversation, device: alice, seq, prevId, headerBytes, bodyHash })
    return {
      name,
      header: plain(header),
      headerBytes: hex(headerBytes),
      ...(purged ? { bodyHash: hex(bodyHash) } : { body: hex(body) }),
      signature: signature === undefined ? null : hex(signature),
      entry: hex(purged ? purgeEntry(whole, hash) : whole),
      conversation: hex(conversation),
      device: hex(alice),
      seq,
      prevId: hex(prevId),
      id: hex(id),
      signedHead: hex(signedHead(conversation, alice, seq, id)),
      bodyAad: hex(bodyAad(conversation, alice, seq, headerBytes)),
    }
  })
}

export function payloads(): Json {
  const metadata = { a: 1, b: 'x', '': undefined, zz: true, 'ключ': 'значение', half: 0.5, negative: -7, zero: -0, large: 2 ** 60, max: Number.MAX_SAFE_INTEGER }
  const { '': _, ...flat } = metadata
  const nothing = { metadata: {}, reply: undefined, mentions: [], forward: undefined, attachments: [] }
  const mentions = [
    { user: bytesOf('user', 32), from: 0, to: 4 },
    { user: bytesOf('another user', 32), from: 4, to: 10 },
  ]
  const forward = { author: 'Carol Ünal', sentAt: START_MS - 5 }
  const attachments = [bytesOf('file', 120), bytesOf('another file', 7)]
  const posts: { name: string; value: PostPayload }[] = [
    { name: 'text', value: { ...nothing, text: 'hello' } },
    { name: 'every field', value: { text: 'see you at nine 👋', metadata: flat, reply: target, mentions, forward, attachments } },
    { name: 'metadata only', value: { ...nothing, text: '', metadata: { kind: 'wave' } } },
    { name: 'reply without metadata', value: { ...nothing, text: 'yes', reply: target } },
    { name: 'mentions', value: { ...nothing, text: '@boband@alice', mentions } },
    { name: 'forwarded', value: { ...nothing, text: 'hello', forward } },
    { name: 'files only', value: { ...nothing, text: '', attachments } },
    { name: 'keys that objects have', value: { ...nothing, text: '.', metadata: Object.fromEntries([['__proto__', 1], ['constructor', 2]]) } },
    { name: 'byte order mark and zero', value: { ...nothing, text: '\uFEFFa\0b' } },
  ]
  return [
    ...posts.map(({ name, value }) => ({ name, kind: 'post', value: plain(value), bytes: hex(encodePost(value)) })),
    ...posts.map(({ name, value }) => ({ name, kind: 'edit', value: plain({ target, ...value }), bytes: hex(encodeEdit({ target, ...value })) })),
    { name: 'delete', kind: 'delete', value: plain({ target }), bytes: hex(encodeDelete({ target })) },
    ...[true, false].map((on) => ({
      name: on ? 'reaction' : 'reaction taken back',
      kind: 'react',
      value: plain({ target, emoji: '👩‍👩‍👧', on }),
      bytes: hex(encodeReact({ target, emoji: '👩‍👩‍👧', on })),
    })),
  ]
}

export function controls(): Json {
  const founderCert = bytesOf('certificate', 260)
  const commitment = bytesOf('commitment', 32)
  const box = (name: string): Uint8Array => bytesOf(`box ${name}`, 112)
  const user = bytesOf('user', 32)
  const after = [bytesOf('operation 1', 16), bytesOf('operation 2', 16)].toSorted(compareBytes)
  const pins = [alice, bob].toSorted(compareBytes).map((log, i) => ({ log, nextSeq: 300 * i, head: i === 0 ? new Uint8Array(8) : bytesOf('head', 8) }))
  const rows: { name: string; payload: ControlPayload }[] = [
    { name: 'genesis', payload: { op: 'genesis', founderCert, salt: bytesOf('salt', 32), epochCommitment: commitment, history: 'full' } },
    { name: 'genesis, newcomers read from their admission on', payload: { op: 'genesis', founderCert, salt: bytesOf('salt', 32), epochCommitment: commitment, history: 'joined' } },
    {
      name: 'epoch for two devices',
      payload: {
        op: 'epoch',
        gen: 1,
        parents: [epoch],
        commitment,
        boxes: [alice, bob].map((device) => ({ device, box: box(hex(device)) })),
        back: [
          { parent: epoch, ctl: bytesOf('wrapped control', 72), msg: bytesOf('wrapped message', 72) },
          { parent: bytesOf('other epoch', 16), ctl: bytesOf('wrapped control', 72), msg: undefined },
        ],
        after,
      },
    },
    { name: 'invite', payload: { op: 'invite', publicKey: bytesOf('invite', 32), role: 1, maxUses: 1_000_000, expiresMs: START_MS + 604_800_000, after } },
    { name: 'admission', payload: { op: 'admit', invite: target, cert: founderCert, proof: bytesOf('proof', 64), boxes: [{ epoch, box: box('epoch') }], from: 0, after } },
    { name: 'admission of one who was here before', payload: { op: 'admit', invite: target, cert: founderCert, proof: bytesOf('proof', 64), boxes: [], from: 41, after } },
    { name: 'metadata of the application', payload: { op: 'metadata', scope: 'application', values: { color: 'blue', gone: null, n: 1.5 } } },
    { name: 'title', payload: { op: 'metadata', scope: 'conversation', values: { title: 'Picnic', avatar: '' } } },
    { name: 'profile', payload: { op: 'profile', name: 'Alice', avatar: '' } },
    {
      name: 'proof of a fork',
      payload: {
        op: 'fork',
        device: alice,
        seq: 300,
        prevId: bytesOf('common', 32),
        sides: [
          { entries: [{ headerBytes: bytesOf('header 1', 20), bodyHash: bytesOf('body 1', 32) }], signature: bytesOf('signature 1', 64) },
          {
            entries: [
              { headerBytes: bytesOf('header 2', 14), bodyHash: bytesOf('body 2', 32) },
              { headerBytes: bytesOf('header 3', 14), bodyHash: bytesOf('body 3', 32) },
            ],
            signature: bytesOf('signature 2', 64),
          },
        ],
        pins: [{ log: branchLogId(hash, alice, bytesOf('branch', 16)), nextSeq: 301 }],
        controls: [bytesOf('control', 16)],
      },
    },
    { name: 'grant', payload: { op: 'grant', user, role: 3, certs: [founderCert], pins, after } },
    { name: 'removal', payload: { op: 'remove', user, pins, after } },
    { name: 'leave', payload: { op: 'leave', pins: [], after } },
    { name: 'policy', payload: { op: 'policy', history: 'joined', after } },
    { name: 'revocation of an invite', payload: { op: 'revoke', invite: target, after } },
    { name: 'device added', payload: { op: 'device-add', cert: founderCert, boxes: [{ epoch, box: box('epoch') }], after } },
    { name: 'device removed', payload: { op: 'device-remove', pin: { log: bob, nextSeq: 7, head: bytesOf('head', 8) }, after } },
    { name: 'reseal', payload: { op: 'reseal', epoch, boxes: [{ device: bob, box: box('again') }] } },
    { name: 'hide', payload: { op: 'hide', target, on: true, after } },
    { name: 'pin taken down', payload: { op: 'pin', target, on: false, after: [] } },
    { name: 'direct', payload: { op: 'direct', peer: user, cert: founderCert, epochCommitment: commitment, boxes: [{ device: bob, box: box('first') }] } },
  ]
  return rows.map(({ name, payload }) => ({ name, value: plain(payload), bytes: hex(encodeControl(payload)) }))
}

export function inviteLinks(): Json {
  const seed = bytesOf('seed', 32)
  const rows: { name: string; base: string; link: InviteLink }[] = [
    { name: 'no hints', base: 'https://chat.example/', link: { conversation, seed, hints: [] } },
    {
      name: 'two hints, and a page with a fragment of its own',
      base: 'https://chat.example/app?x=1#old',
      link: { conversation, seed, hints: ['wss://meet.example', '/ip4/127.0.0.1/tcp/4001/p2p/12D3KooW'] },
    },
    { name: 'as many and as long hints as can be', base: '', link: { conversation, seed, hints: Array.from({ length: 8 }, (_, i) => `${i}`.repeat(256)) } },
  ]
  const link = encodeInviteLink('', { conversation, seed, hints: [] })
  return {
    links: rows.map(({ name, base, link: value }) => ({ name, base, value: plain(value), text: encodeInviteLink(base, value) })),
    refused: [
      { name: 'no fragment', text: 'https://chat.example/' },
      { name: 'empty fragment', text: 'https://chat.example/#' },
      { name: 'cut off', text: link.slice(0, -1) },
      { name: 'another first character', text: `#i${link.slice(2)}` },
      { name: 'a newer version', text: `#hAJ${link.slice(4)}` },
      { name: 'padding', text: `${link}=` },
      { name: 'a space inside', text: `${link.slice(0, 20)} ${link.slice(20)}` },
      { name: 'too long', text: `#${'A'.repeat(3_000)}` },
    ],
  }
}

export function linkMessages(): Json {
  const handle = bytesOf('handle', 8)
  const tag = bytesOf('tag', 16)
  const rows: LinkMessage[] = [
    { type: 'hello', nonce: bytesOf('nonce', 32), ephemeral: bytesOf('ephemeral', 32) },
    { type: 'proofs', tags: [tag, bytesOf('tag 2', 16), bytesOf('tag 3', 16), bytesOf('tag 4', 16)] },
    { type: 'identify', tag, sealed: bytesOf('identity', 400) },
    { type: 'join', tag, sealed: bytesOf('request', 390) },
    { type: 'refuse', tag, code: 'InviteInvalid' },
    { type: 'refuse', tag, code: 'InviteExpired' },
    { type: 'refuse', tag, code: 'InviteUsedUp' },
    { type: 'ping', nonce: 0 },
    { type: 'pong', nonce: Number.MAX_SAFE_INTEGER },
    { type: 'bye' },
    { type: 'sum', handle, sum: bytesOf('sum', 16) },
    {
      type: 'have',
      handle,
      heads: [
        { device: alice, nextSeq: 0xffff_ffff, head: bytesOf('head', 8), controls: 24 },
        { device: bob, nextSeq: 0, head: new Uint8Array(8), controls: 0 },
      ],
    },
    { type: 'have', handle, heads: [] },
    { type: 'have', handle, heads: [{ device: alice, nextSeq: 1_000, head: bytesOf('head', 8), controls: 2, from: 768 }] },
    { type: 'want', handle, controls: [{ device: alice, from: 1 }], ranges: [{ device: alice, from: 256, to: 2_304 }, { device: bob, from: 0, to: 1 }] },
    { type: 'controls', handle, entries: [{ device: alice, seq: 0, prevId: bytesOf('previous', 32), entry: bytesOf('entry', 90) }] },
    { type: 'update', handle, bytes: Uint8Array.of(0, 0) },
    { type: 'got', handle, heads: [{ device: alice, nextSeq: 65_536 }] },
    { type: 'got', handle, heads: [{ device: alice, nextSeq: 65_536, from: 65_280 }, { device: bob, nextSeq: 1 }] },
    { type: 'slots', handle, slots: [bytesOf('slot', 180), bytesOf('slot 2', 181)] },
    { type: 'presence', handle, packet: bytesOf('packet', 170) },
    { type: 'unheard', handle, devices: [alice, bob] },
    { type: 'anchor', handle, device: alice, seq: 768, id: bytesOf('previous', 32) },
    { type: 'need', handle, epochs: [bytesOf('epoch', 16), bytesOf('epoch 2', 16)] },
    { type: 'blobAsk', handle, blobs: [bytesOf('blob', 32), bytesOf('blob 2', 32)] },
    { type: 'blobHave', handle, blob: bytesOf('blob', 32), bits: Uint8Array.of(0xff, 0x03) },
    { type: 'blobHave', handle, blob: bytesOf('blob 2', 32), bits: new Uint8Array(0) },
    { type: 'blobWant', handle, blob: bytesOf('blob', 32), manifest: true, chunks: [] },
    { type: 'blobWant', handle, blob: bytesOf('blob', 32), manifest: false, chunks: [0, 7, 8_191] },
    { type: 'blobManifest', handle, blob: bytesOf('blob', 32), bytes: bytesOf('manifest', 70) },
    { type: 'blobChunk', handle, blob: bytesOf('blob', 32), index: 7, bytes: bytesOf('chunk', 48) },
    { type: 'blobChunk', handle, blob: bytesOf('blob', 32), index: 8, bytes: new Uint8Array(0) },
  ]
  return rows.map((message) => ({ message: plain(message), bytes: hex(encodeLinkMessage(message)) }))
}

export function updates(): Json {
  const small = (name: string, count: number, from = 0): Uint8Array[] => Array.from({ length: count }, (_, i) => bytesOf(`${name} ${from + i}`, 1 + ((from + i) % 7)))
  const rows: { name: string; runs: EntryRun[] }[] = [
    { name: 'nothing', runs: [] },
    { name: 'one entry', runs: [{ device: alice, seq: 0, entries: small('a', 1) }] },
    { name: 'the next one', runs: [{ device: alice, seq: 1, entries: small('a', 1, 1) }] },
    { name: 'two devices', runs: [{ device: alice, seq: 0, entries: small('a', 3) }, { device: bob, seq: 0, entries: small('b', 2) }] },
    { name: 'across the end of a chunk', runs: [{ device: alice, seq: 253, entries: small('a', 6, 253) }] },
    { name: 'a whole chunk and more', runs: [{ device: bob, seq: 0, entries: small('b', 258) }] },
    { name: 'two places of one log', runs: [{ device: alice, seq: 0, entries: small('a', 2) }, { device: alice, seq: 512, entries: small('a', 2, 512) }] },
    { name: 'far along', runs: [{ device: alice, seq: 0xffff_fffe, entries: small('a', 2, 1) }] },
    { name: 'an entry of 200 bytes', runs: [{ device: alice, seq: 0, entries: [bytesOf('long', 200)] }] },
  ]
  const ordered = (runs: readonly EntryRun[]): EntryRun[] => [...runs].sort((a, b) => hex(a.device).localeCompare(hex(b.device)) || a.seq - b.seq)
  const vectors = [[], [{ device: alice, nextSeq: 1 }], [{ device: alice, nextSeq: 600 }, { device: bob, nextSeq: 256 }]]
  return {
    conversation: hex(conversation),
    updates: rows.map(({ name, runs }) => ({
      name,
      runs: ordered(runs).map(({ device, seq, entries: list }) => ({ device: hex(device), seq, entries: [...list].map(hex) })),
      update: hex(project(hash, conversation, runs)),
    })),
    stateVectors: vectors.map((heads) => ({
      heads: heads.map(({ device, nextSeq }) => ({ device: hex(device), nextSeq })),
      vector: hex(encodeStateVector(hash, conversation, heads)),
    })),
  }
}
