/** The folds of a conversation against its logs: everything is folded anew beside them, and both have to say the same. */
import {
  encodeCbor,
  equalBytes,
  deviceIdBytes,
  MESSAGE_ID_BYTES,
  messageIdBytes,
  messageIdFromBytes,
  messageIdOf,
  Reject,
  toBase32,
  type MessageId,
} from '@parley/protocol'
import { BLOB_ID_BYTES } from '../blob-store.ts'
import type { Counting } from '../replica/counting.ts'
import type { Folding } from '../replica/folding.ts'
import { decodeFolded } from '../replica/folded-row.ts'
import type { LogEntry } from '../replica/log-entry.ts'
import { decodeOverlay, encodeOverlay } from '../replica/overlay.ts'
import { decodeResponse } from '../replica/responses.ts'
import { TIMELINE_KEY_BYTES } from '../replica/timeline-key.ts'
import type { TimelineHost } from '../replica/timeline-host.ts'
import { Timeline } from '../replica/timeline.ts'
import type { RangeQuery } from '../store.ts'
import { pagesOf, type Findings, type Turns } from './damage.ts'
import { FoldScratch } from './fold-scratch.ts'
import type { LogPlace } from './logs.ts'
import { compareTrees } from './trees.ts'

/** What is looked at beside the logs. */
export interface FoldPlace extends LogPlace {
  readonly counting: Counting
  readonly folding: Folding
}

/** What the same folds come to when they are made anew. */
export interface FoldedAnew {
  readonly messages: number
  /** Whether the message is known to be deleted. */
  isDeleted(entry: LogEntry): boolean
}

/** Notes every difference. What comes while everything is folded anew is folded in the turn that compares. */
export async function verifyFolds(place: FoldPlace, findings: Findings, turns: Turns): Promise<FoldedAnew> {
  const { context, conversation, keys, log, counting } = place
  const hash = (bytes: Uint8Array): Uint8Array => context.crypto.sha256(bytes)
  const scratch = new FoldScratch(context.store)
  const again = new Timeline({
    conversation,
    hash,
    keys,
    store: scratch,
    log,
    host: withoutEffect(counting),
    mend: () => Promise.resolve(),
  })
  await again.open()
  await again.checkpoint()
  return turns(async () => {
    await again.reopen()
    await again.checkpoint()
    // What is in memory only is no damage.
    await place.folding.checkpoint()
    const isDeleted = await compareFolds(place, scratch, findings)
    return { messages: again.total, isDeleted }
  })
}

async function compareFolds(place: FoldPlace, scratch: FoldScratch, findings: Findings): Promise<FoldedAnew['isDeleted']> {
  const { context, keys } = place
  for (const [name, prefix, keyBytes] of [
    ['timeline', keys.timeline(), TIMELINE_KEY_BYTES],
    ['replies', keys.replies(), MESSAGE_ID_BYTES + TIMELINE_KEY_BYTES],
    ['mentions', keys.mentions(), TIMELINE_KEY_BYTES],
    ['messages with files', keys.files(), TIMELINE_KEY_BYTES],
    ['files', keys.blobs(), BLOB_ID_BYTES + TIMELINE_KEY_BYTES],
    ['files by message', keys.blobsOf(), BLOB_ID_BYTES + TIMELINE_KEY_BYTES],
  ] as const) {
    const found = await compareTrees(context.store, scratch, prefix, keyBytes)
    if (found === 'broken') findings.note('IndexWrong', `the index of ${name} cannot be read`, 'fold')
    else if (found.missing + found.extra > 0)
      findings.note('IndexWrong', `the index of ${name} lacks ${found.missing} rows and has ${found.extra} too many`, 'fold')
  }
  const overlays = await compareRows(place, scratch, keys.overlays(), normalOverlay, (id) =>
    findings.note('IndexWrong', `what became of message ${id} is not noted right`, 'fold'),
  )
  await compareRows(place, scratch, keys.responses(), normalResponse, (id) =>
    findings.note('IndexWrong', `what was answered to message ${id} is not noted right`, 'fold'),
  )
  if (!(await isFoldedAsSaid(place))) findings.note('IndexWrong', 'how far the timeline is folded is not noted right', 'fold')
  if (scratch.purges.length > 0)
    findings.note('NotPurged', `${scratch.purges.length} entries still hold what was deleted`, () => context.store.write(scratch.purges))
  return ({ device, seq, id }) => {
    const row = overlays.get(toBase32(keys.overlay(idBytes(deviceIdBytes(device), seq, id))))
    return row !== undefined && decodeOverlay(row.value).deleted
  }
}

/** Compares a table of rows by message, which `normal` brings into one form. Returns the rows as they should be, by key. */
async function compareRows(
  { context }: FoldPlace,
  scratch: FoldScratch,
  range: RangeQuery,
  normal: (value: Uint8Array | undefined) => Uint8Array | undefined,
  onDifference: (id: MessageId) => void,
): Promise<ReturnType<FoldScratch['rowsOf']>> {
  const wanted = scratch.rowsOf(range)
  const seen = new Set<string>()
  const compare = (key: Uint8Array, is: Uint8Array | undefined, should: Uint8Array | undefined): void => {
    const [a, b] = [normal(is), normal(should)]
    if (a === undefined || b === undefined || !equalBytes(a, b)) onDifference(messageIdFromBytes(key.slice(-MESSAGE_ID_BYTES)))
  }
  for await (const rows of pagesOf(context.store, range))
    for (const { key, value } of rows) {
      const name = toBase32(key)
      seen.add(name)
      compare(key, value, wanted.get(name)?.value)
    }
  for (const [name, { key, value }] of wanted) if (!seen.has(name)) compare(key, undefined, value)
  return wanted
}

/** Undefined: the row is damaged. */
function normalOverlay(value: Uint8Array | undefined): Uint8Array | undefined {
  return value === undefined
    ? encodeOverlay({ deleted: false, edits: [], answers: undefined })
    : reading(() => encodeOverlay(decodeOverlay(value)))
}

/** Choices that count no more are kept only so that they can be purged; which those are, depends on the order in which they came. */
function normalResponse(value: Uint8Array | undefined): Uint8Array | undefined {
  return reading(() => {
    const { replies, choices } = value === undefined ? { replies: 0, choices: [] } : decodeResponse(value)
    return encodeCbor([replies, choices.map((c) => [c.user, c.emoji, c.on, c.order, c.log, c.seq])])
  })
}

function reading<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Reject) return undefined
    throw error
  }
}

async function isFoldedAsSaid({ context, keys, log }: FoldPlace): Promise<boolean> {
  const row = await context.store.get(keys.folded())
  const heads = log.heads()
  if (row === undefined) return heads.length === 0
  const spans = reading(() => decodeFolded(row))?.spans
  return (
    spans !== undefined && heads.every((head) => spans.get(head.log)?.state.nextSeq === head.state.nextSeq) && spans.size === heads.length
  )
}

/** As the real one, but nothing happens to what is noted elsewhere. */
function withoutEffect(counting: Counting): TimelineHost {
  return {
    open: (log, seq, parts) => counting.open(log, seq, parts),
    isPlain: (log, seq, parts) => counting.isPlain(log, seq, parts),
    userOf: (device) => counting.userOf(device),
    me: () => counting.me(),
    mayPost: (device, seq) => counting.mayPost(device, seq),
    canOpen: (log, seq) => counting.canOpen(log, seq),
    voice: (log) => counting.voice(log),
    deleted: () => Promise.resolve(),
    damaged: (id) => counting.damaged(id),
    limit: (log) => counting.limit(log),
    version: () => counting.version(),
  }
}

function idBytes(device: Uint8Array, seq: number, id: Uint8Array): Uint8Array {
  return messageIdBytes(messageIdOf(device, seq, id))
}
