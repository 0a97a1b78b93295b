/**
 * The vectors of `test/vectors` against this package, in Node and in Chromium. Every expected value comes from the files.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import {
  admit,
  bodyAad,
  chunkClient,
  conversationIdOf,
  conversationIdOfGenesis,
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
  deviceIdBytes,
  deviceIdOf,
  encodeChainState,
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
  entryId,
  extendChain,
  hlcBytes,
  hlcFromBytes,
  isParleyError,
  messageIdBytes,
  messageIdOf,
  messageIdParts,
  mustSign,
  nextHlc,
  parseConversationId,
  parseDeviceId,
  parseInviteLink,
  parseMessageId,
  parseUserId,
  project,
  purgeEntry,
  Reject,
  rootName,
  signedHead,
  startChain,
  userIdOf,
  type ChainState,
  type ControlPayload,
  type EntryHeader,
  type EntryParts,
  type InviteLink,
  type LinkMessage,
} from '../src/index.ts'
import chains from '../../../test/vectors/chains.json' with { type: 'json' }
import clock from '../../../test/vectors/clock.json' with { type: 'json' }
import controls from '../../../test/vectors/controls.json' with { type: 'json' }
import entries from '../../../test/vectors/entries.json' with { type: 'json' }
import ids from '../../../test/vectors/ids.json' with { type: 'json' }
import inviteLinks from '../../../test/vectors/invite-links.json' with { type: 'json' }
import linkMessages from '../../../test/vectors/link-messages.json' with { type: 'json' }
import payloads from '../../../test/vectors/payloads.json' with { type: 'json' }
import rejects from '../../../test/vectors/rejects.json' with { type: 'json' }
import updates from '../../../test/vectors/updates.json' with { type: 'json' }

const hash = (bytes: Uint8Array): Uint8Array => sha256(bytes)

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** The value that a vector writes down: `{ hex }` are bytes, `{ float }` a number that JSON cannot say, `{ rows }` an object. */
function valueOf(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(valueOf)
  if (typeof json !== 'object' || json === null) return json
  const rows = Object.entries(json)
  const [first] = rows
  if (rows.length === 1 && first?.[0] === 'hex') return unhex(first[1] as string)
  if (rows.length === 1 && first?.[0] === 'float') return Number(first[1])
  const named = rows.length === 1 && first?.[0] === 'rows' ? (first[1] as [string, unknown][]) : rows
  return Object.fromEntries(named.map(([key, item]) => [key, valueOf(item)]))
}

const PARSERS = { conversation: parseConversationId, user: parseUserId, device: parseDeviceId, message: parseMessageId }

const PAYLOADS = {
  post: { decode: decodePost, encode: encodePost },
  edit: { decode: decodeEdit, encode: encodeEdit },
  delete: { decode: decodeDelete, encode: encodeDelete },
  react: { decode: decodeReact, encode: encodeReact },
}

const conversation = unhex(updates.vectors.conversation)

/** Decoders by the name that the vectors of rejects use. An update may begin inside the first chunk of the first device of the ids. */
const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
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
  update: (bytes) => admit(bytes, { hash, conversation, chunkOf: (client) => (client === firstChunk?.client ? firstChunk : undefined) }),
}

const [firstChunk] = ids.vectors.chunks.map(({ client, chunk, device }) => ({ client, chunk, device: unhex(device) }))

/** Defines the tests. */
export function vectorsSuite(): void {
  describe('ids', () => {
    const { texts, messages, refused, genesis, chunks } = ids.vectors

    test.each(texts)('$kind $text', ({ kind, bytes, text }) => {
      const write = { conversation: conversationIdOf, user: userIdOf, device: deviceIdOf }[kind as 'device']
      expect(write(unhex(bytes))).toBe(text)
      expect(hex(deviceIdBytes(PARSERS[kind as 'device'](text)))).toBe(bytes)
    })

    test.each(messages)('message $text', ({ device, seq, entry, text }) => {
      const id = parseMessageId(text)
      expect(messageIdOf(unhex(device), seq, unhex(entry))).toBe(text)
      expect(hex(messageIdBytes(id)).slice(0, 32)).toBe(device)
      const parts = messageIdParts(id)
      expect([hex(parts.device), parts.seq, hex(parts.entry16)]).toEqual([device, seq, entry.slice(0, 32)])
    })

    test.each(refused)('$kind refused: $name', ({ kind, text }) => {
      expect(codeOf(() => PARSERS[kind as 'device'](text))).toBe('InvalidArgument')
    })

    test('a conversation is named by its genesis', () => {
      expect(hex(conversationIdOfGenesis(hash, unhex(genesis.payload)))).toBe(genesis.conversation)
    })

    test.each(chunks)('client and root of chunk $chunk', ({ conversation: id, device, chunk, client, root }) => {
      expect(chunkClient(hash, unhex(id), unhex(device), chunk)).toBe(client)
      expect(rootName(deviceIdOf(unhex(device)), chunk)).toBe(root)
    })
  })

  describe('clock', () => {
    test.each(clock.vectors.readings)('$ms.$ctr is $bytes', ({ ms, ctr, bytes }) => {
      expect(hex(hlcBytes({ ms, ctr }))).toBe(bytes)
      expect(hlcFromBytes(unhex(bytes))).toEqual({ ms, ctr })
    })

    test.each(clock.vectors.steps)('after $last at $now comes $next', ({ last, now, next }) => {
      expect(nextHlc(last, now)).toEqual(next)
    })
  })

  test.each(entries.vectors)('entry: $name', (vector) => {
    const bytes = unhex(vector.entry)
    const parts = decodeEntry(bytes)
    const header = valueOf(vector.header) as EntryHeader
    expect(hex(encodeHeader(header))).toBe(vector.headerBytes)
    expect(parts.header).toEqual(header)
    expect(hex(parts.headerBytes)).toBe(vector.headerBytes)
    expect(parts.signature === undefined ? null : hex(parts.signature)).toBe(vector.signature)
    const isPurged = vector.body === undefined
    const content = parts.body ?? parts.purgedBodyHash ?? new Uint8Array(0)
    expect(parts.body === undefined).toBe(isPurged)
    expect(hex(content)).toBe(vector.body ?? vector.bodyHash)
    expect(hex(encodeEntry(parts.headerBytes, isPurged ? { purged: content } : content, parts.signature))).toBe(vector.entry)
    const [id, device, prevId] = [unhex(vector.conversation), unhex(vector.device), unhex(vector.prevId)]
    const bodyHash = isPurged ? content : hash(content)
    expect(hex(entryId(hash, { conversation: id, device, seq: vector.seq, prevId, headerBytes: parts.headerBytes, bodyHash }))).toBe(
      vector.id,
    )
    expect(hex(signedHead(id, device, vector.seq, unhex(vector.id)))).toBe(vector.signedHead)
    expect(hex(bodyAad(id, device, vector.seq, parts.headerBytes))).toBe(vector.bodyAad)
  })

  describe('chain', () => {
    const { device, signed, states, firstPrevId, purged } = chains.vectors
    const log = chains.vectors.entries.map(unhex)
    const [id, author] = [unhex(chains.vectors.conversation), unhex(device)]
    const extend = (state: ChainState, parts: EntryParts): ChainState => extendChain(hash, id, author, state, parts)

    test('goes through the recorded states', () => {
      const found = [startChain(hash, id, author)]
      for (const bytes of log) found.push(extend(found.at(-1) as ChainState, decodeEntry(bytes)))
      expect(hex(found[0]?.prevId ?? id)).toBe(firstPrevId)
      expect(states.map(({ seq }) => hex(encodeChainState(found[seq] as ChainState)))).toEqual(states.map(({ state }) => state))
      for (const { state } of states) expect(hex(encodeChainState(decodeChainState(unhex(state))))).toBe(state)
    })

    test('is signed where it must be, and at the ends of emissions', () => {
      expect(log.flatMap((bytes, seq) => (decodeEntry(bytes).signature === undefined ? [] : [seq]))).toEqual(signed)
      expect(
        log.flatMap((bytes, seq) => (mustSign(seq, decodeEntry(bytes).header.kind) ? [seq] : [])).filter((seq) => !signed.includes(seq)),
      ).toEqual([])
    })

    test('a purged body leaves every id', () => {
      const before = states.find(({ seq }) => seq === 50) as { state: string }
      expect(hex(purgeEntry(log[purged.seq] as Uint8Array, hash))).toBe(purged.entry)
      let state = decodeChainState(unhex(before.state))
      for (const bytes of log.with(purged.seq, unhex(purged.entry)).slice(50, 200)) state = extend(state, decodeEntry(bytes))
      expect(hex(encodeChainState(state))).toBe(states.find(({ seq }) => seq === 200)?.state)
    })
  })

  test.each(payloads.vectors)('payload: $kind, $name', ({ kind, value, bytes }) => {
    const { encode, decode } = PAYLOADS[kind as 'post']
    const payload = valueOf(value) as Parameters<typeof encode>[0]
    expect(hex(encode(payload))).toBe(bytes)
    expect(decode(unhex(bytes))).toEqual(payload)
  })

  test.each(controls.vectors)('control: $name', ({ value, bytes }) => {
    const payload = valueOf(value) as ControlPayload
    expect(hex(encodeControl(payload))).toBe(bytes)
    expect(decodeControl(unhex(bytes))).toEqual(payload)
  })

  describe('invite links', () => {
    test.each(inviteLinks.vectors.links)('$name', ({ base, value, text }) => {
      const link = valueOf(value) as InviteLink
      expect(encodeInviteLink(base, link)).toBe(text)
      expect(parseInviteLink(text)).toEqual(link)
      expect(parseInviteLink(` ${text}\n`)).toEqual(link)
    })

    test.each(inviteLinks.vectors.refused)('refused: $name', ({ text }) => {
      expect(codeOf(() => parseInviteLink(text))).toBe('InviteInvalid')
    })
  })

  test.each(linkMessages.vectors)('link message: $message.type', ({ message, bytes }) => {
    const value = valueOf(message) as LinkMessage
    expect(hex(encodeLinkMessage(value))).toBe(bytes)
    expect(decodeLinkMessage(unhex(bytes))).toEqual(value)
  })

  describe('updates', () => {
    test.each(updates.vectors.updates)('$name', ({ runs, update }) => {
      const values = runs.map(({ device, seq, entries: list }) => ({ device: unhex(device), seq, entries: list.map(unhex) }))
      const chunks = values.map(({ device, seq }) => ({ device, chunk: Math.floor(seq / 256) }))
      const chunkOf = (client: number) => chunks.find(({ device, chunk }) => chunkClient(hash, conversation, device, chunk) === client)
      expect(hex(project(hash, conversation, values))).toBe(update)
      expect(admit(unhex(update), { hash, conversation, chunkOf }).map((run) => ({ ...run, entries: [...run.entries] }))).toEqual(values)
    })

    test.each(updates.vectors.stateVectors)('state vector of $heads.length logs', ({ heads, vector }) => {
      const logs = heads.map(({ device, nextSeq }) => ({ device: unhex(device), nextSeq }))
      expect(hex(encodeStateVector(hash, conversation, logs))).toBe(vector)
    })
  })

  test.each(rejects.vectors)('$decoder refuses $name: $code', ({ decoder, hex: bytes, code }) => {
    const decode = DECODERS[decoder]
    expect(decode).toBeDefined()
    expect(codeOf(() => decode?.(unhex(bytes)))).toBe(code)
  })
}

function codeOf(work: () => unknown): string {
  try {
    work()
    return 'accepted'
  } catch (error) {
    if (error instanceof Reject || isParleyError(error)) return error.code
    throw error
  }
}
