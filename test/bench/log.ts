/** The log alone, without store and network: what verifying and carrying entries costs beside hashing the bytes that their chain covers. */
import { nobleProvider, sealBody, signRun, verifyRun, type CryptoProvider, type UnsignedEntry } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import {
  admit,
  bodyAad,
  CHUNK_ENTRIES,
  decodeEntry,
  encodeHeader,
  encodePost,
  EntryKind,
  entryId,
  extendChain,
  project,
  standsAlone,
  startChain,
  utf8,
  type EntryRun,
} from '@parley/protocol'
import { messageNumber } from './messages.ts'
import type { Row, Section } from './report.ts'
import { median, processorMs } from './statistics.ts'

/** Entries in one update: four chunks, as a peer answers a range. */
const UPDATE_ENTRIES = 4 * CHUNK_ENTRIES
/** What the engine takes from a peer at once; `UPDATE_ENTRIES` of our messages are a tenth of it. */
const MAX_UPDATE_BYTES = 4_194_304

const FIRST_MS = 1_767_225_600_000

const SIGN_SEED = new Uint8Array(32).fill(3)

/** Entries that everything is measured on before it is the next ones' turn. */
const TURN_ENTRIES = 16 * UPDATE_ENTRIES
/** Its body, and what its id covers. */
const HASHES_PER_ENTRY = 2
/** What a message may cost beyond its text and its metadata: as one more item of a live update, signed; stored, where the chunk's end signs. */
const MAX_LIVE_OVERHEAD_BYTES = 140
const MAX_SEALED_OVERHEAD_BYTES = 64

/** What the time of checking a log may be, in that of hashing its bytes; and that of carrying it, in that of checking it. */
const MAX_VERIFY_TO_HASH = 1.6
const MAX_CARRY_TO_VERIFY = 0.15

interface Log {
  readonly conversation: Uint8Array
  readonly device: Uint8Array
  readonly signKey: Uint8Array
  readonly entries: readonly Uint8Array[]
  /** Bytes of texts and metadata, as they are encoded. */
  readonly contentBytes: number
}

export async function measureLog(size: number, rounds: number, say: (text: string) => void): Promise<Section> {
  say(`${size} entries: writing them`)
  const log = await writeLog(size)
  const inputs = hashInputs(log)
  const rows: Row[] = []
  for (const provider of [nodeProvider(), nobleProvider()]) {
    const all: Times[] = []
    for (let round = 0; round <= rounds; round++) {
      say(`${size} entries, ${provider.name}: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`)
      const times = await measureRound(provider, log, inputs, round % 2 === 0)
      if (round > 0) all.push(...times)
    }
    rows.push(...timeRows(provider.name, all))
  }
  return { size, rows: [...rows, ...byteRows(log, await liveBytes(log))] }
}

/** What one turn took, in microseconds of processor time an entry. */
type Times = Record<'hash' | 'verify' | 'project' | 'admit', number>

/**
 * Everything once over the whole log, in turns of a few dozen milliseconds: what else the machine does hits all parts of a turn alike, and ratios
 * are taken of each turn. What is verified is what was admitted, as on a link.
 */
async function measureRound(provider: CryptoProvider, log: Log, inputs: readonly Uint8Array[], hashFirst: boolean): Promise<Times[]> {
  const all: Times[] = []
  let state = startChain((bytes) => provider.sha256(bytes), log.conversation, log.device)
  for (const [from, to] of turns(log)) {
    const perEntry = (ms: number): number => (ms * 1_000) / (to - from)
    let updates: Uint8Array[] = []
    const runs: EntryRun[] = []
    const projected = timed(() => (updates = projectAll(provider, log, from, to)))
    const admitted = timed(() => updates.forEach((update) => runs.push(...admitOne(provider, log, update))))
    const hash = (): number => timed(() => hashAll(provider, inputs.slice(from * HASHES_PER_ENTRY, to * HASHES_PER_ENTRY)))
    const hashedBefore = hashFirst ? hash() : 0
    const start = processorMs()
    for (const { entries } of runs) state = (await verifyRun(provider, log, state, entries)).state
    const verified = processorMs() - start
    if (state.nextSeq !== to) throw new Error('not everything verified')
    const hashed = hashFirst ? hashedBefore : hash()
    all.push({ hash: perEntry(hashed), verify: perEntry(verified), project: perEntry(projected), admit: perEntry(admitted) })
  }
  return all
}

/** Full ones, and what is left when the log has no full one. */
function turns({ entries }: Log): (readonly [from: number, to: number])[] {
  const full = Math.floor(entries.length / TURN_ENTRIES)
  if (full === 0) return [[0, entries.length]]
  return Array.from({ length: full }, (_, i) => [i * TURN_ENTRIES, (i + 1) * TURN_ENTRIES])
}

function timeRows(name: string, all: readonly Times[]): Row[] {
  const row = (measure: string, own: (times: Times) => number, reference: (times: Times) => number, limit?: number): Row => ({
    measure: `${name}: ${measure}`,
    unit: 'µs',
    values: [median(all.map(own)), median(all.map(reference))],
    ratio: median(all.map((times) => own(times) / reference(times))),
    ...(limit === undefined ? {} : { limit }),
  })
  const carried = ({ project: projected, admit: admitted }: Times): number => projected + admitted
  return [
    row(
      'verify, against hashing the same bytes',
      (t) => t.verify,
      (t) => t.hash,
      MAX_VERIFY_TO_HASH,
    ),
    row(
      'project, against verify',
      (t) => t.project,
      (t) => t.verify,
    ),
    row(
      'admit, against verify',
      (t) => t.admit,
      (t) => t.verify,
    ),
    row('project + admit, against verify', carried, (t) => t.verify, MAX_CARRY_TO_VERIFY),
    row('project + admit, against hashing', carried, (t) => t.hash),
  ]
}

/** Beyond the text and the metadata as they are encoded. */
function byteRows({ entries, contentBytes }: Log, live: number): Row[] {
  const stored = entries.reduce((sum, entry) => sum + entry.length, 0) / entries.length
  const content = contentBytes / entries.length
  return [
    { measure: 'beyond text and metadata, live, of 140', unit: 'B', values: [live, MAX_LIVE_OVERHEAD_BYTES], limit: 1 },
    {
      measure: 'beyond text and metadata, in a sealed chunk, of 64',
      unit: 'B',
      values: [stored - content, MAX_SEALED_OVERHEAD_BYTES],
      limit: 1,
    },
    { measure: 'stored, against text and metadata', unit: 'B', values: [stored, content] },
  ]
}

/** A log as a busy device writes it: sealed posts, signed where the format demands it. */
async function writeLog(size: number): Promise<Log> {
  const provider = nodeProvider()
  const signing = provider.signingKey(SIGN_SEED)
  const [conversation, device, key, epoch] = [filled(32, 1), filled(16, 2), filled(32, 4), filled(16, 5)]
  let { prevId } = startChain((b) => provider.sha256(b), conversation, device)
  const unsigned: UnsignedEntry[] = []
  let contentBytes = 0
  for (let seq = 0; seq < size; seq++) {
    const { text, metadata } = messageNumber(seq)
    const payload = encodePost({ text, metadata: { ...metadata }, reply: undefined })
    const alone = standsAlone(seq, EntryKind.post)
    const ms = FIRST_MS + seq * 1_000
    const headerBytes = encodeHeader({
      kind: EntryKind.post,
      time: alone ? ms : 1_000,
      ctr: 0,
      epoch: alone ? epoch : 'same',
      deps: [],
      posts: seq + 1,
      deletes: 0,
      controls: 0,
    })
    const nonce = filled(24, seq)
    const body = sealBody(key, nonce, bodyAad(conversation, device, seq, headerBytes), payload)
    const id = entryId((b) => provider.sha256(b), {
      conversation,
      device,
      seq,
      prevId,
      headerBytes,
      bodyHash: provider.sha256(body),
    })
    prevId = id
    unsigned.push({ seq, id, kind: EntryKind.post, headerBytes, body })
    contentBytes += contentLength(text, payload)
  }
  const entries = await signRun(signing, { conversation, device }, unsigned)
  return { conversation, device, signKey: signing.publicKey, entries, contentBytes }
}

/** Bytes of the text, and those by which its metadata make a payload longer. */
function contentLength(text: string, payload: Uint8Array): number {
  return utf8(text).length + payload.length - encodePost({ text, metadata: {}, reply: undefined }).length
}

/** Exactly what following the chain hashes, in its order. */
function hashInputs({ conversation, device, entries }: Log): Uint8Array[] {
  const provider = nodeProvider()
  const inputs: Uint8Array[] = []
  const hash = (bytes: Uint8Array): Uint8Array => {
    inputs.push(bytes.slice())
    return provider.sha256(bytes)
  }
  let state = startChain((bytes) => provider.sha256(bytes), conversation, device)
  for (const entry of entries) state = extendChain(hash, conversation, device, state, decodeEntry(entry))
  if (inputs.length !== HASHES_PER_ENTRY * entries.length) throw new Error('an entry is hashed otherwise than expected')
  return inputs
}

function hashAll(provider: CryptoProvider, inputs: readonly Uint8Array[]): void {
  let sum = 0
  // Every digest is looked at: one that nobody needs would not be made at all.
  for (const bytes of inputs) sum += provider.sha256(bytes)[0]!
  if (sum === 0) throw new Error('nothing was hashed')
}

function projectAll(provider: CryptoProvider, { conversation, device, entries }: Log, from: number, to: number): Uint8Array[] {
  const updates: Uint8Array[] = []
  for (let seq = from; seq < to; seq += UPDATE_ENTRIES) {
    const piece = entries.slice(seq, Math.min(seq + UPDATE_ENTRIES, to))
    updates.push(project((b) => provider.sha256(b), conversation, [{ device, seq, entries: piece }]))
  }
  return updates
}

function admitOne(provider: CryptoProvider, { conversation }: Log, update: Uint8Array): EntryRun[] {
  return admit(update, { hash: (b) => provider.sha256(b), conversation, chunkOf: () => undefined, limits: { maxBytes: MAX_UPDATE_BYTES } })
}

/** What one more message, signed for itself, adds to a live update, beyond its content. */
async function liveBytes({ conversation, device, entries }: Log): Promise<number> {
  const provider = nodeProvider()
  const last = Math.min(entries.length, 2 * CHUNK_ENTRIES) - 2
  const signed = async (seq: number): Promise<Uint8Array> => {
    const { headerBytes, body } = decodeEntry(entries[seq]!)
    if (body === undefined) throw new Error('nothing was purged here')
    const id = new Uint8Array(32)
    const unsigned: UnsignedEntry = { seq, id, kind: EntryKind.post, headerBytes, body }
    return (await signRun(provider.signingKey(SIGN_SEED), { conversation, device }, [unsigned]))[0]!
  }
  const [one, two] = [await signed(last - 1), await signed(last)]
  const lengthOf = (run: readonly Uint8Array[]): number =>
    project((b) => provider.sha256(b), conversation, [{ device, seq: last - 1, entries: run }]).length
  const { text, metadata } = messageNumber(last)
  const payload = encodePost({ text, metadata: { ...metadata }, reply: undefined })
  return lengthOf([one, two]) - lengthOf([one]) - contentLength(text, payload)
}

function timed(run: () => void): number {
  const start = processorMs()
  run()
  return processorMs() - start
}

/** Bytes that differ from call to call and are the same in every run. */
function filled(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (Math.imul(seed + 1, 2_654_435_761) >>> ((i % 4) * 8)) ^ (i * 31))
}
