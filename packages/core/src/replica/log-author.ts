/** Making this device's next entries: clocks, counts, headers, sealed bodies, and one signature over them all. */
import { signRun, type CryptoProvider, type SigningKey, type UnsignedEntry } from '@parley/crypto'
import {
  bodyAad,
  compareBytes,
  compareHlc,
  decodeEntry,
  deviceIdBytes,
  encodeHeader,
  entryId,
  EntryKind,
  nextHlc,
  ParleyError,
  standsAlone,
  type ChainState,
  type Dep,
  type DeviceId,
  type Hash,
  type Hlc,
} from '@parley/protocol'
import type { Epoch } from './epochs.ts'
import type { Draft, LogEntry } from './log-entry.ts'

/** Whose log it is, with the key that signs it. */
export interface Author {
  readonly device: DeviceId
  readonly key: SigningKey
}

/** Where the entries go. */
export interface Place {
  readonly conversation: Uint8Array
  readonly hash: Hash
  readonly seal: CryptoProvider['sealBody']
  /** The log as it ends now. */
  readonly state: ChainState
  /** The latest clock of any log here. */
  readonly latest: Hlc
  /** Heads of others that the first entry names. */
  readonly deps: readonly Dep[]
}

/** Makes entries of drafts. `now` in milliseconds; nothing is written yet. */
export async function composeRun(
  place: Place,
  author: Author,
  drafts: readonly Draft[],
  now: number,
  random: (length: number) => Uint8Array,
): Promise<{ entries: LogEntry[]; state: ChainState }> {
  const { conversation } = place
  const device = deviceIdBytes(author.device)
  let { state } = place
  const unsigned: (UnsignedEntry & { hlc: Hlc; prevId: Uint8Array; clear: Uint8Array })[] = []
  for (const [index, draft] of drafts.entries()) {
    const seq = state.nextSeq
    const hlc = nextHlc(compareHlc(state.hlc, place.latest) > 0 ? state.hlc : place.latest, now)
    const alone = standsAlone(seq, draft.kind)
    const epoch = draft.epoch?.id
    const isControl = draft.kind === EntryKind.control
    const counts = {
      posts: state.posts + (draft.kind === EntryKind.post ? 1 : 0),
      deletes: state.deletes + (draft.kind === EntryKind.delete ? 1 : 0),
      controls: state.controls + (isControl ? 1 : 0),
    }
    const same = !alone && epoch !== undefined && state.epoch !== undefined && compareBytes(epoch, state.epoch) === 0
    const headerBytes = encodeHeader({
      kind: draft.kind,
      time: alone ? hlc.ms : hlc.ms - state.hlc.ms,
      ctr: hlc.ctr,
      epoch: epoch === undefined ? 'clear' : same ? 'same' : epoch,
      deps: index === 0 ? place.deps : [],
      posts: counts.posts,
      deletes: counts.deletes,
      controls: isControl ? counts.controls : 0,
    })
    const body = draft.epoch === undefined ? draft.payload : sealDraft(place, draft.epoch, draft, { device, seq, headerBytes }, random)
    const id = entryId(place.hash, {
      conversation,
      device,
      seq,
      prevId: state.prevId,
      headerBytes,
      bodyHash: place.hash(body),
    })
    unsigned.push({ seq, id, kind: draft.kind, headerBytes, body, hlc, prevId: state.prevId, clear: draft.payload })
    state = { nextSeq: seq + 1, prevId: id, hlc, ...counts, epoch }
  }
  const signed = await signRun(author.key, { conversation, device }, unsigned)
  const entries = unsigned.map((entry, i): LogEntry => {
    const bytes = signed[i]!
    return {
      log: author.device,
      device: author.device,
      seq: entry.seq,
      id: entry.id,
      prevId: entry.prevId,
      hlc: entry.hlc,
      parts: decodeEntry(bytes),
      bytes,
      clear: entry.clear,
    }
  })
  return { entries, state }
}

function sealDraft(
  { conversation, seal }: Place,
  epoch: Epoch,
  draft: Draft,
  { device, seq, headerBytes }: { device: Uint8Array; seq: number; headerBytes: Uint8Array },
  random: (length: number) => Uint8Array,
): Uint8Array {
  const key = draft.kind === EntryKind.control ? epoch.controlKey : epoch.messageKey(device)
  if (key === undefined) throw new ParleyError('Internal', 'the epoch of a message is known by its control half only')
  return seal(key, random(24), bodyAad(conversation, device, seq, headerBytes), draft.payload)
}
