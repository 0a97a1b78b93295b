/** The log alone, without store and network: what verifying and carrying entries costs beside hashing the bytes that their chain covers. */
import { sealBody, signRun, verifyRun, type CryptoProvider, type UnsignedEntry } from '@parley/crypto'
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
} from '@parley/protocol'
import { messageNumber } from './messages.ts'
import type { Section } from './report.ts'
import { median } from './statistics.ts'

/** Entries in one update: four chunks, as a peer answers a range. */
const UPDATE_ENTRIES = 4 * CHUNK_ENTRIES
/** What the engine takes from a peer at once; `UPDATE_ENTRIES` of our messages are a tenth of it. */
const MAX_UPDATE_BYTES = 4_194_304

const FIRST_MS = 1_767_225_600_000

const SIGN_SEED = new Uint8Array(32).fill(3)

interface Log {
  readonly provider: CryptoProvider
  readonly conversation: Uint8Array
  readonly device: Uint8Array
  readonly signKey: Uint8Array
  readonly entries: readonly Uint8Array[]
  /** Bytes of the payloads in clear. */
  readonly payloadBytes: number
}

export async function measureLog(size: number, rounds: number, say: (text: string) => void): Promise<Section> {
  say(`${size} entries: writing them`)
  const log = await writeLog(size)
  const inputs = hashInputs(log)
  const times = { hash: [] as number[], verify: [] as number[], project: [] as number[], admit: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    say(`${size} entries: round ${round + 1} of ${rounds}`)
    times.hash.push(timed(() => inputs.forEach((bytes) => log.provider.sha256(bytes))))
    times.verify.push(await verifyTime(log))
    let updates: Uint8Array[] = []
    times.project.push(timed(() => (updates = projectAll(log))))
    times.admit.push(timed(() => updates.forEach((update) => admitOne(log, update))))
  }
  const micros = (list: readonly number[]): number => (median(list) * 1_000) / size
  const hash = micros(times.hash)
  const payload = log.payloadBytes / size
  const inRun = projectAll(log).reduce((sum, update) => sum + update.length, 0) / size
  const live = await liveBytes(log)
  return {
    size,
    rows: [
      { measure: 'verify: decode, chain, one signature a run', unit: 'µs', values: [micros(times.verify), hash] },
      { measure: 'project', unit: 'µs', values: [micros(times.project), hash] },
      { measure: 'admit', unit: 'µs', values: [micros(times.admit), hash] },
      { measure: 'project + admit', unit: 'µs', values: [micros(times.project) + micros(times.admit), hash] },
      {
        measure: 'stored, against the payload',
        unit: 'B',
        values: [log.entries.reduce((sum, entry) => sum + entry.length, 0) / size, payload],
      },
      { measure: 'in a run, against the payload', unit: 'B', values: [inRun, payload] },
      { measure: 'live, alone in its update, against the payload', unit: 'B', values: [live, payload] },
    ],
  }
}

/** A log as a busy device writes it: sealed posts, signed where the format demands it. */
async function writeLog(size: number): Promise<Log> {
  const provider = nodeProvider()
  const signing = provider.signingKey(SIGN_SEED)
  const [conversation, device, key, epoch] = [filled(32, 1), filled(16, 2), filled(32, 4), filled(16, 5)]
  let { prevId } = startChain((b) => provider.sha256(b), conversation, device)
  const unsigned: UnsignedEntry[] = []
  let payloadBytes = 0
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
    payloadBytes += payload.length
  }
  const entries = await signRun(signing, { conversation, device }, unsigned)
  return { provider, conversation, device, signKey: signing.publicKey, entries, payloadBytes }
}

/** Exactly what following the chain hashes, twice an entry: its body, and what its id covers. */
function hashInputs({ provider, conversation, device, entries }: Log): Uint8Array[] {
  const inputs: Uint8Array[] = []
  const hash = (bytes: Uint8Array): Uint8Array => {
    inputs.push(bytes.slice())
    return provider.sha256(bytes)
  }
  let state = startChain((bytes) => provider.sha256(bytes), conversation, device)
  for (const entry of entries) state = extendChain(hash, conversation, device, state, decodeEntry(entry))
  return inputs
}

/** In the pieces that a peer would get. */
async function verifyTime(log: Log): Promise<number> {
  const { provider, conversation, device, signKey, entries } = log
  let state = startChain((bytes) => provider.sha256(bytes), conversation, device)
  const start = performance.now()
  for (let at = 0; at < entries.length; at += UPDATE_ENTRIES) {
    const run = await verifyRun(provider, { conversation, device, signKey }, state, entries.slice(at, at + UPDATE_ENTRIES))
    state = run.state
  }
  const ms = performance.now() - start
  if (state.nextSeq !== entries.length) throw new Error('not everything verified')
  return ms
}

function projectAll({ provider, conversation, device, entries }: Log): Uint8Array[] {
  const updates: Uint8Array[] = []
  for (let seq = 0; seq < entries.length; seq += UPDATE_ENTRIES) {
    updates.push(project((b) => provider.sha256(b), conversation, [{ device, seq, entries: entries.slice(seq, seq + UPDATE_ENTRIES) }]))
  }
  return updates
}

function admitOne({ provider, conversation }: Log, update: Uint8Array): void {
  admit(update, { hash: (b) => provider.sha256(b), conversation, chunkOf: () => undefined, limits: { maxBytes: MAX_UPDATE_BYTES } })
}

/** A message sent alone carries its own signature. */
async function liveBytes({ provider, conversation, device, entries }: Log): Promise<number> {
  const seq = Math.min(entries.length - 1, CHUNK_ENTRIES + 1)
  const { headerBytes, body } = decodeEntry(entries[seq]!)
  if (body === undefined) throw new Error('nothing was purged here')
  const id = new Uint8Array(32)
  const signed = await signRun(provider.signingKey(SIGN_SEED), { conversation, device }, [
    { seq, id, kind: EntryKind.post, headerBytes, body },
  ])
  return project((b) => provider.sha256(b), conversation, [{ device, seq, entries: signed }]).length
}

function timed(run: () => void): number {
  const start = performance.now()
  run()
  return performance.now() - start
}

/** Bytes that differ from call to call and are the same in every run. */
function filled(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (Math.imul(seed + 1, 2_654_435_761) >>> ((i % 4) * 8)) ^ (i * 31))
}
