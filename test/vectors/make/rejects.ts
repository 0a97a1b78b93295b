/**
 * Bytes that every decoder must refuse, each with the code that is expected. The codes are written down by hand; the maker only makes sure
 * that this version gives them.
 */
import {
  admit,
  chunkClient,
  decodeCbor,
  decodeChainState,
  decodeControl,
  decodeDelete,
  decodeEdit,
  decodeEntry,
  decodeHeader,
  decodeLinkMessage,
  decodePost,
  decodeReact,
  deviceIdOf,
  encodeCbor,
  encodeControl,
  encodeEntry,
  encodeHeader,
  EntryKind,
  hlcFromBytes,
  project,
  Reject,
  rootName,
  utf8,
  varUint,
  concatBytes,
  type CborValue,
  type RejectCode,
} from '@parley/protocol'
import { bytesOf, conversation, epoch, hash, hex, START_MS, unhex, withByte, type Json } from './seed.ts'
import { alice, bob } from './structures.ts'

/** Decoders by the name that the vectors use. `update` knows alice's first two chunks. */
const DECODERS: Record<string, (bytes: Uint8Array) => unknown> = {
  cbor: decodeCbor,
  header: decodeHeader,
  entry: decodeEntry,
  'chain state': decodeChainState,
  post: decodePost,
  edit: decodeEdit,
  delete: decodeDelete,
  react: decodeReact,
  control: decodeControl,
  'link message': decodeLinkMessage,
  clock: hlcFromBytes,
  update: (bytes) => admit(bytes, { hash, conversation, chunkOf: (client) => (client === chunkClient(hash, conversation, alice, 0) ? { device: alice, chunk: 0 } : undefined) }),
}

const target = bytesOf('message', 36)
const handle = bytesOf('handle', 8)
const device = alice
const header = encodeHeader({ kind: EntryKind.post, time: START_MS, ctr: 0, epoch, deps: [], posts: 1, deletes: 0, controls: 0 })
const dep = (byte: number): [Uint8Array, number, Uint8Array] => [new Uint8Array(8).fill(byte), 1, bytesOf('head', 8)]
const fields: readonly CborValue[] = [0, START_MS, 0, epoch, [], 1, 0]
const headerWith = (at: number, value: CborValue): Uint8Array => encodeCbor(fields.with(at, value))
const control = (...items: CborValue[]): Uint8Array => encodeCbor(items)
const side: CborValue = [[bytesOf('h', 9), bytesOf('b', 32)], bytesOf('s', 64)]
const message = control
const client = chunkClient(hash, conversation, alice, 0)
const root = rootName(deviceIdOf(alice), 0)
const wire = (...items: (number | Uint8Array)[]): Uint8Array => concatBytes(...items.map((item) => (typeof item === 'number' ? varUint(item) : item)))
const text = (value: string): Uint8Array => wire(utf8(value).length, utf8(value))
const first = wire(3, 1, text(root), 1, Uint8Array.of(7))
const next = (clock: number): Uint8Array => concatBytes(Uint8Array.of(0x83), wire(client, clock, 1, Uint8Array.of(7)))
const cert = bytesOf('certificate', 260)
const user = bytesOf('user', 32)
const pinOf = (log: number): CborValue => [new Uint8Array(16).fill(log), 0, new Uint8Array(8)]
const genesis: readonly CborValue[] = [0, 1, 1, 0, cert, bytesOf('salt', 32), bytesOf('commitment', 32), [0]]

const ROWS: [decoder: string, name: string, bytes: Uint8Array, code: RejectCode][] = [
  ['cbor', 'nothing', new Uint8Array(0), 'BadShape'],
  ['cbor', 'two items', unhex('0000'), 'BadShape'],
  ['cbor', 'a number in one byte too many', unhex('1817'), 'NotCanonical'],
  ['cbor', 'a number in two bytes too many', unhex('1900ff'), 'NotCanonical'],
  ['cbor', 'a number in four bytes too many', unhex('1a0000ffff'), 'NotCanonical'],
  ['cbor', 'a number in eight bytes too many', unhex('1b00000000ffffffff'), 'NotCanonical'],
  ['cbor', '2^53', unhex('1b0020000000000000'), 'BadShape'],
  ['cbor', '-2^53', unhex('3b001fffffffffffff'), 'BadShape'],
  ['cbor', 'a length longer than it needs to be', unhex('580100'), 'NotCanonical'],
  ['cbor', 'indefinite bytes', unhex('5f4100ff'), 'BadShape'],
  ['cbor', 'indefinite text', unhex('7f6161ff'), 'BadShape'],
  ['cbor', 'indefinite array', unhex('9fff'), 'BadShape'],
  ['cbor', 'a map', unhex('a0'), 'BadShape'],
  ['cbor', 'a tag', unhex('c000'), 'BadShape'],
  ['cbor', 'undefined', unhex('f7'), 'BadShape'],
  ['cbor', 'a half float', unhex('f90000'), 'BadShape'],
  ['cbor', 'a double', unhex('fb3ff0000000000000'), 'BadShape'],
  ['cbor', 'a simple value', unhex('f820'), 'BadShape'],
  ['cbor', 'a reserved length', unhex('1c'), 'BadShape'],
  ['cbor', 'bytes that are cut off', unhex('4200'), 'BadShape'],
  ['cbor', 'an array of 2^32 items in five bytes', unhex('9affffffff'), 'BadShape'],
  ['cbor', 'an array of 2^53 - 1 items', unhex('9b001fffffffffffff'), 'BadShape'],
  ['cbor', 'bytes of length 2^40', unhex('5b0000010000000000'), 'BadShape'],
  ['cbor', 'arrays five deep', unhex('818181818100'), 'LimitExceeded'],
  ['cbor', 'arrays without end', new Uint8Array(60).fill(0x81), 'LimitExceeded'],
  ['cbor', 'an overlong zero in UTF-8', unhex('62c080'), 'BadShape'],
  ['cbor', 'half a surrogate pair in UTF-8', unhex('63eda080'), 'BadShape'],
  ['cbor', 'text beyond Unicode', unhex('64f4908080'), 'BadShape'],

  ['header', 'an unknown kind', headerWith(0, 6), 'BadShape'],
  ['header', 'a kind beyond all', headerWith(0, 255), 'BadShape'],
  ['header', 'a negative kind', headerWith(0, -1), 'BadShape'],
  ['header', 'a time of 49 bits', headerWith(1, 2 ** 48), 'BadShape'],
  ['header', 'a counter of 17 bits', headerWith(2, 65_536), 'BadShape'],
  ['header', 'an epoch of 15 bytes', headerWith(3, epoch.slice(1)), 'BadShape'],
  ['header', 'an epoch that is 1', headerWith(3, 1), 'BadShape'],
  ['header', 'an epoch that is false', headerWith(3, false), 'BadShape'],
  ['header', '17 heads', headerWith(4, Array.from({ length: 17 }, (_, i) => dep(i))), 'LimitExceeded'],
  ['header', 'a head twice', headerWith(4, [dep(1), dep(1)]), 'NotCanonical'],
  ['header', 'heads out of order', headerWith(4, [dep(2), dep(1)]), 'NotCanonical'],
  ['header', 'a head of four items', headerWith(4, [[...dep(1), 0]]), 'BadShape'],
  ['header', 'posts beyond 32 bits', headerWith(5, 2 ** 32), 'BadShape'],
  ['header', 'a post with controls', encodeCbor([0, START_MS, 0, epoch, [], 1, 0, 0]), 'BadShape'],
  ['header', 'a control entry without controls', encodeCbor([16, START_MS, 0, epoch, [], 1, 0]), 'BadShape'],
  ['header', 'a byte after the end', concatBytes(header, Uint8Array.of(0)), 'BadShape'],
  ['header', 'more than 2 KiB', new Uint8Array(2_049), 'LimitExceeded'],

  ['entry', 'two items', encodeCbor([header, bytesOf('body', 40)]), 'BadShape'],
  ['entry', 'four items', encodeCbor([header, bytesOf('body', 40), null, null]), 'BadShape'],
  ['entry', 'an empty body', encodeCbor([header, new Uint8Array(0), null]), 'BadShape'],
  ['entry', 'a body that is null', encodeCbor([header, null, null]), 'BadShape'],
  ['entry', 'a body that is text', encodeCbor([header, 'body', null]), 'BadShape'],
  ['entry', 'a hash of 31 bytes', encodeCbor([header, [bytesOf('hash', 31)], null]), 'BadShape'],
  ['entry', 'a hash without its array, and a second one', encodeCbor([header, [bytesOf('hash', 32), bytesOf('hash', 32)], null]), 'BadShape'],
  ['entry', 'a signature of 63 bytes', encodeCbor([header, bytesOf('body', 40), bytesOf('signature', 63)]), 'BadShape'],
  ['entry', 'a signature that is false', encodeCbor([header, bytesOf('body', 40), false]), 'BadShape'],
  ['entry', 'a header that is no bytes', encodeCbor([[0], bytesOf('body', 40), null]), 'BadShape'],
  ['entry', 'a header with a padded number', encodeCbor([concatBytes(unhex('871800'), header.subarray(2)), bytesOf('body', 40), null]), 'NotCanonical'],
  ['entry', 'bytes after the end', concatBytes(encodeEntry(header, bytesOf('body', 40), undefined), Uint8Array.of(0)), 'BadShape'],
  ['entry', 'a body length with four bytes', concatBytes(unhex('83'), encodeCbor(header), unhex('5a00000028'), bytesOf('body', 40), unhex('f6')), 'NotCanonical'],

  ['chain state', 'seven items', encodeCbor([1, bytesOf('id', 32), 1, 0, 1, 0, 0]), 'BadShape'],
  ['chain state', 'an id of 31 bytes', encodeCbor([1, bytesOf('id', 31), 1, 0, 1, 0, 0, null]), 'BadShape'],
  ['chain state', 'more entries than can be', encodeCbor([2 ** 32 + 1, bytesOf('id', 32), 1, 0, 1, 0, 0, null]), 'BadShape'],
  ['chain state', 'an epoch that is 0', encodeCbor([1, bytesOf('id', 32), 1, 0, 1, 0, 0, 0]), 'BadShape'],

  ['post', 'no fields', encodeCbor([]), 'BadShape'],
  ['post', 'empty', encodeCbor(['']), 'NotCanonical'],
  ['post', 'text that is bytes', encodeCbor([bytesOf('text', 3)]), 'BadShape'],
  ['post', 'an empty field at the end', encodeCbor(['x', []]), 'NotCanonical'],
  ['post', 'no reply at the end', encodeCbor(['x', [], null]), 'NotCanonical'],
  ['post', 'a reply of 35 bytes', encodeCbor(['x', [], target.slice(1)]), 'BadShape'],
  ['post', 'a mention that is a number', encodeCbor(['x', [], null, [1]]), 'BadShape'],
  ['post', 'a mention beyond the text', encodeCbor(['x', [], null, [[bytesOf('user', 32), 0, 2]]]), 'BadShape'],
  ['post', 'mentions that overlap', encodeCbor(['xyz', [], null, [[bytesOf('user', 32), 0, 2], [bytesOf('user', 32), 1, 3]]]), 'NotCanonical'],
  ['post', 'a first author without time', encodeCbor(['x', [], null, [], ['carol']]), 'BadShape'],
  ['post', 'an empty attachment', encodeCbor(['x', [], null, [], null, [new Uint8Array(0)]]), 'BadShape'],
  ['post', '11 attachments', encodeCbor(['x', [], null, [], null, Array.from({ length: 11 }, (_, i) => bytesOf(`file ${i}`, 9))]), 'LimitExceeded'],
  ['post', 'seven fields', encodeCbor(['x', [], null, [], null, [bytesOf('file', 9)], 1]), 'BadShape'],
  ['post', 'a key without value', encodeCbor(['x', ['a']]), 'BadShape'],
  ['post', 'a key twice', encodeCbor(['x', ['a', 1, 'a', 2]]), 'NotCanonical'],
  ['post', 'keys out of order', encodeCbor(['x', ['b', 1, 'a', 2]]), 'NotCanonical'],
  ['post', 'an empty key', encodeCbor(['x', ['', 1]]), 'NotCanonical'],
  ['post', 'a key of 65 bytes', encodeCbor(['x', ['k'.repeat(65), 1]]), 'LimitExceeded'],
  ['post', '65 keys', encodeCbor(['x', Array.from({ length: 65 }, (_, i) => [String.fromCharCode(200 + i), 1]).flat()]), 'LimitExceeded'],
  ['post', 'a value of null', encodeCbor(['x', ['a', null]]), 'BadShape'],
  ['post', 'a value of 4,097 bytes', encodeCbor(['x', ['a', 'v'.repeat(4_097)]]), 'LimitExceeded'],
  ['post', 'an integer written as a double', encodeCbor(['x', ['a', unhex('3ff0000000000000')]]), 'NotCanonical'],
  ['post', 'NaN', encodeCbor(['x', ['a', unhex('7ff8000000000000')]]), 'NotCanonical'],
  ['post', 'infinity', encodeCbor(['x', ['a', unhex('7ff0000000000000')]]), 'NotCanonical'],
  ['edit', 'no content', encodeCbor([target]), 'BadShape'],
  ['edit', 'a target of 32 bytes', encodeCbor([target.slice(4), 'x']), 'BadShape'],
  ['delete', 'two targets', encodeCbor([target, target]), 'BadShape'],
  ['delete', 'no target', encodeCbor([]), 'BadShape'],
  ['react', 'no emoji', encodeCbor([target, '', true]), 'LimitExceeded'],
  ['react', 'an emoji of 65 bytes', encodeCbor([target, 'e'.repeat(65), true]), 'LimitExceeded'],
  ['react', 'on as a number', encodeCbor([target, 'e', 1]), 'BadShape'],

  ['control', 'no code', encodeCbor([]), 'BadShape'],
  ['control', 'code 18, reserved', control(18), 'BadShape'],
  ['control', 'fork with one side', control(6, device, 3, bytesOf('p', 32), [side], [], []), 'BadShape'],
  ['control', 'fork with a side of no entries', control(6, device, 3, bytesOf('p', 32), [side, [[], bytesOf('s', 64)]], [], []), 'BadShape'],
  [
    'control',
    'fork with a header and no hash',
    control(6, device, 3, bytesOf('p', 32), [side, [[bytesOf('h', 9)], bytesOf('s', 64)]], [], []),
    'BadShape',
  ],
  ['control', 'fork with a pin of 15 bytes', control(6, device, 3, bytesOf('p', 32), [side, side], [[bytesOf('l', 15), 1]], []), 'BadShape'],
  [
    'control',
    'fork with 33 pins',
    control(6, device, 3, bytesOf('p', 32), [side, side], Array.from({ length: 33 }, () => [bytesOf('l', 16), 1]), []),
    'LimitExceeded',
  ],
  ['control', 'code 255', control(255, 1, 2), 'BadShape'],
  ['control', 'a code that is text', control('genesis'), 'BadShape'],
  ['control', 'genesis of version 2', control(...genesis.with(1, 2)), 'BadShape'],
  ['control', 'genesis of suite 2', control(...genesis.with(2, 2)), 'BadShape'],
  ['control', 'genesis of type 1', control(...genesis.with(3, 1)), 'BadShape'],
  ['control', 'genesis without a policy', control(...genesis.with(7, [])), 'BadShape'],
  ['control', 'genesis with an unknown policy', control(...genesis.with(7, [2])), 'BadShape'],
  ['control', 'genesis with two policies', control(...genesis.with(7, [0, 0])), 'LimitExceeded'],
  ['control', 'genesis with a certificate of 2,305 bytes', control(...genesis.with(4, bytesOf('long', 2_305))), 'LimitExceeded'],
  ['control', 'epoch with 17 parents', control(1, 1, Array.from({ length: 17 }, () => epoch), bytesOf('c', 32), [], [], []), 'LimitExceeded'],
  ['control', 'epoch with an empty box', control(1, 1, [], bytesOf('c', 32), [[device, new Uint8Array(0)]], [], []), 'BadShape'],
  ['control', 'epoch with a box of 257 bytes', control(1, 1, [], bytesOf('c', 32), [[device, bytesOf('box', 257)]], [], []), 'LimitExceeded'],
  ['control', 'invite for nobody', control(2, bytesOf('key', 32), 1, 0, START_MS, []), 'BadShape'],
  ['control', 'invite for too many', control(2, bytesOf('key', 32), 1, 1_000_001, START_MS, []), 'BadShape'],
  ['control', 'invite for admins', control(2, bytesOf('key', 32), 3, 1, START_MS, []), 'BadShape'],
  ['control', 'admission with a proof of 63 bytes', control(3, target, cert, bytesOf('proof', 63), [], 0, []), 'BadShape'],
  ['control', 'admission without a past', control(3, target, cert, bytesOf('proof', 64), [], 0), 'BadShape'],
  ['control', 'grant of founder', control(7, user, 4, [], [], []), 'BadShape'],
  ['control', 'grant with 17 certificates', control(7, user, 1, Array.from({ length: 17 }, () => cert), [], []), 'LimitExceeded'],
  ['control', 'removal with 33 pins', control(8, user, Array.from({ length: 33 }, (_, i) => pinOf(i)), []), 'LimitExceeded'],
  ['control', 'removal with pins out of order', control(8, user, [pinOf(2), pinOf(1)], []), 'NotCanonical'],
  ['control', 'removal with a pin twice', control(8, user, [pinOf(1), pinOf(1)], []), 'NotCanonical'],
  ['control', 'leave with a past of 33', control(9, [], Array.from({ length: 33 }, (_, i) => new Uint8Array(16).fill(i))), 'LimitExceeded'],
  ['control', 'leave with a past out of order', control(9, [], [new Uint8Array(16).fill(2), new Uint8Array(16).fill(1)]), 'NotCanonical'],
  ['control', 'leave with a past that names one twice', control(9, [], [new Uint8Array(16), new Uint8Array(16)]), 'NotCanonical'],
  ['control', 'policy of another kind', control(10, 2, []), 'BadShape'],
  ['control', 'revocation that names 32 bytes', control(11, user, []), 'BadShape'],
  ['control', 'device removed without its head', control(13, [device, 1], []), 'BadShape'],
  ['control', 'reseal with a past', control(14, epoch, [], []), 'BadShape'],
  ['control', 'hide that says 1 for true', control(15, target, 1, []), 'BadShape'],
  ['control', 'direct with a past', control(17, user, cert, bytesOf('c', 32), [], []), 'BadShape'],
  ['control', 'metadata of an unknown scope', control(4, 2, []), 'BadShape'],
  ['control', 'profile with a name of 257 bytes', control(5, 'n'.repeat(257), ''), 'LimitExceeded'],
  ['control', 'an invite and a byte', concatBytes(encodeControl({ op: 'profile', name: 'a', avatar: '' }), Uint8Array.of(0)), 'BadShape'],

  ['link message', 'an empty array', encodeCbor([]), 'BadShape'],
  ['link message', 'no array', encodeCbor(7), 'BadShape'],
  ['link message', 'an unknown code', message(8), 'BadShape'],
  ['link message', 'hello of version 2', message(0, 2, bytesOf('nonce', 32), bytesOf('ephemeral', 32)), 'BadProof'],
  ['link message', 'hello with a nonce of 31 bytes', message(0, 1, bytesOf('nonce', 31), bytesOf('ephemeral', 32)), 'BadShape'],
  ['link message', 'a tag of 15 bytes', message(1, [bytesOf('tag', 15)]), 'BadShape'],
  ['link message', '1,025 proofs', message(1, Array.from({ length: 1_025 }, () => bytesOf('tag', 16))), 'LimitExceeded'],
  ['link message', 'an identity of 3,073 bytes', message(2, bytesOf('tag', 16), bytesOf('sealed', 3_073)), 'LimitExceeded'],
  ['link message', 'an unknown refusal', message(4, bytesOf('tag', 16), 3), 'BadShape'],
  ['link message', 'a negative nonce', message(5, -1), 'BadShape'],
  ['link message', 'a goodbye with more to say', message(7, 0), 'BadShape'],
  ['link message', 'a handle of 7 bytes', message(16, handle.slice(1), bytesOf('sum', 16)), 'BadShape'],
  ['link message', 'a head of three items', message(17, handle, [[device, 1, bytesOf('head', 8)]]), 'BadShape'],
  ['link message', 'a head beyond 32 bits', message(17, handle, [[device, 2 ** 32, bytesOf('head', 8), 0]]), 'LimitExceeded'],
  ['link message', 'a log that begins inside a chunk', message(21, handle, [[device, 1_000, 300]]), 'BadShape'],
  ['link message', 'a log that begins with its first entry, said', message(21, handle, [[device, 1_000, 0]]), 'NotCanonical'],
  ['link message', '501 heads', message(21, handle, Array.from({ length: 501 }, () => [device, 1])), 'LimitExceeded'],
  ['link message', 'a range without end', message(18, handle, [], [[device, 1]]), 'BadShape'],
  ['link message', 'a control entry of nine items', message(19, handle, [Array.from({ length: 9 }, () => 0)]), 'LimitExceeded'],
  ['link message', 'a slot of 1,025 bytes', message(22, handle, [bytesOf('slot', 1_025)]), 'LimitExceeded'],
  ['link message', 'a packet that is text', message(23, handle, 'packet'), 'BadShape'],
  ['link message', '65 blobs', message(32, handle, Array.from({ length: 65 }, () => bytesOf('blob', 32))), 'LimitExceeded'],
  ['link message', 'a blob of 31 bytes', message(32, handle, [bytesOf('blob', 31)]), 'BadShape'],
  ['link message', 'a set of chunks of 1,025 bytes', message(33, handle, bytesOf('blob', 32), bytesOf('bits', 1_025)), 'LimitExceeded'],
  ['link message', '33 chunks', message(34, handle, bytesOf('blob', 32), false, Array.from({ length: 33 }, (_, i) => i)), 'LimitExceeded'],
  ['link message', 'a chunk beyond the last one', message(34, handle, bytesOf('blob', 32), false, [8_192]), 'LimitExceeded'],
  ['link message', 'a chunk asked for twice', message(34, handle, bytesOf('blob', 32), false, [3, 3]), 'NotCanonical'],
  ['link message', 'chunks in another order', message(34, handle, bytesOf('blob', 32), false, [3, 2]), 'NotCanonical'],
  ['link message', 'a manifest or not as a number', message(34, handle, bytesOf('blob', 32), 1, []), 'BadShape'],
  ['link message', 'a chunk before the first one', message(36, handle, bytesOf('blob', 32), -1, bytesOf('chunk', 48)), 'BadShape'],
  ['link message', 'a sum and a byte', concatBytes(message(16, handle, bytesOf('sum', 16)), Uint8Array.of(0)), 'BadShape'],

  ['clock', 'seven bytes', bytesOf('clock', 7), 'BadShape'],
  ['clock', 'nine bytes', bytesOf('clock', 9), 'BadShape'],

  ['update', 'nothing', new Uint8Array(0), 'BadShape'],
  ['update', 'a delete set (all of one client, for ever)', unhex('0001010100ffffffff07'), 'DeleteSet'],
  ['update', 'a delete set after an entry', wire(1, 1, client, 0, first, 1, client, 1, 0, 1), 'DeleteSet'],
  ['update', 'a gap claimed for 2^40 clocks', wire(1, 1, client, 0, Uint8Array.of(0), 2 ** 40, 0), 'BadShape'],
  ['update', 'skipped clocks', wire(1, 1, client, 0, Uint8Array.of(10), 5, 0), 'BadShape'],
  ['update', '2^24 items in seven bytes', wire(1, 2 ** 24, 1, 0), 'LimitExceeded'],
  ['update', '2^32 clients', wire(2 ** 32, 0), 'LimitExceeded'],
  ['update', 'a client of stock Yjs', wire(1, 1, 12_345, 0, first, 0), 'BadShape'],
  ['update', 'the client of another device', wire(1, 1, chunkClient(hash, conversation, bob, 0), 0, first, 0), 'BadShape'],
  ['update', 'the client of another conversation', wire(1, 1, chunkClient(hash, bytesOf('elsewhere', 32), alice, 0), 0, first, 0), 'BadShape'],
  ['update', 'text content', wire(1, 1, client, 0, 4, 1, text(root), text('x'), 0), 'BadShape'],
  ['update', 'content under a key', wire(1, 1, client, 0, 0x23, 1, text(root), text('key'), 1, Uint8Array.of(7), 0), 'BadShape'],
  ['update', 'an item as parent', wire(1, 1, client, 0, 3, 0, client, 0, 1, Uint8Array.of(7), 0), 'BadShape'],
  ['update', 'another root', wire(1, 1, client, 0, 3, 1, text('messages'), 1, Uint8Array.of(7), 0), 'BadShape'],
  ['update', 'a root with a padded chunk number', wire(1, 1, client, 0, 3, 1, text(`${root}0`.replace(/:0$/, ':00')), 1, Uint8Array.of(7), 0), 'BadShape'],
  ['update', 'an origin that is not the item before', wire(1, 1, client, 2, next(0), 0), 'BadShape'],
  ['update', 'a right origin', wire(1, 1, client, 1, Uint8Array.of(0xc3), client, 0, client, 0, 1, Uint8Array.of(7), 0), 'BadShape'],
  ['update', 'items beyond the chunk', wire(1, 2, client, 255, next(254), next(255), 0), 'BadShape'],
  ['update', 'a chunk that is not known', wire(1, 1, chunkClient(hash, conversation, bob, 3), 1, next(0), 0), 'UnknownChunk'],
  ['update', 'a client twice', wire(2, 1, client, 0, first, 1, client, 1, next(0), 0), 'NotCanonical'],
  ['update', 'a client without items', wire(1, 0, client, 0, 0), 'NotCanonical'],
  ['update', 'a padded count', concatBytes(unhex('8100'), wire(1, client, 0, first, 0)), 'NotCanonical'],
  ['update', 'a number beyond 53 bits', concatBytes(unhex('01'), new Uint8Array(9).fill(0xff)), 'BadShape'],
  ['update', 'an entry that is cut off', wire(1, 1, client, 0, 3, 1, text(root), 9, Uint8Array.of(7), 0), 'BadShape'],
  ['update', 'a byte after the end', wire(1, 1, client, 0, first, 0, 0), 'BadShape'],
  ['update', 'an update of format V2', unhex('000002a50100000104060374686901020101000001010000'), 'BadShape'],
  ['update', 'an info byte with one more bit', withByte(project(hash, conversation, [{ device: alice, seq: 0, entries: [Uint8Array.of(7)] }]), 11, (byte) => byte | 0x40), 'BadShape'],
]

export function rejects(): Json {
  return ROWS.map(([decoder, name, bytes, code]) => {
    const found = codeOf(DECODERS[decoder] as (bytes: Uint8Array) => unknown, bytes)
    if (found !== code) throw new Error(`${decoder}, ${name}: expected ${code}, found ${found}`)
    return { decoder, name, hex: hex(bytes), code }
  })
}

function codeOf(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): string {
  try {
    decode(bytes)
    return 'accepted'
  } catch (error) {
    if (error instanceof Reject) return error.code
    throw error
  }
}

