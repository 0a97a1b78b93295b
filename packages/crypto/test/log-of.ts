/**
 * A log of one author, entry by entry, for tests of runs.
 */
import { decodeEntry, encodeEntry, encodeHeader, EntryKind, extendChain, startChain, type ChainState } from '@parley/protocol'
import { signRun, type CryptoProvider, type RunAuthor, type SigningKey, type UnsignedEntry } from '../src/index.ts'
import { bytesOf } from './bytes.ts'

const EPOCH = bytesOf('epoch', 16)
const START_MS = 1_790_000_000_000

/** Writes a log and keeps what a reader needs to check it. */
export class LogOf {
  readonly author: RunAuthor
  readonly start: ChainState
  state: ChainState
  readonly #key: SigningKey
  readonly #hash: (bytes: Uint8Array) => Uint8Array

  constructor(provider: CryptoProvider, name: string) {
    this.#hash = (bytes) => provider.sha256(bytes)
    this.#key = provider.signingKey(bytesOf(`${name} signs`, 32))
    this.author = {
      conversation: bytesOf('conversation', 32),
      device: bytesOf(`${name} device`, 16),
      signKey: this.#key.publicKey,
    }
    this.start = startChain(this.#hash, this.author.conversation, this.author.device)
    this.state = this.start
  }

  /** One emission: `count` posts with bodies of `bodyBytes`, the last of them signed. */
  emit(count: number, { bodyBytes = 60, kind = EntryKind.post }: { bodyBytes?: number; kind?: EntryKind } = {}): Promise<Uint8Array[]> {
    const drafts: UnsignedEntry[] = []
    for (let i = 0; i < count; i++) drafts.push(this.#next(kind, bytesOf(`body ${this.state.nextSeq}`, bodyBytes)))
    return signRun(this.#key, this.author, drafts)
  }

  #next(kind: EntryKind, body: Uint8Array): UnsignedEntry {
    const { nextSeq: seq, posts, deletes, controls } = this.state
    const isControl = kind === EntryKind.control
    const alone = seq % 256 === 0 || isControl
    const headerBytes = encodeHeader({
      kind,
      time: alone ? START_MS + seq : seq === 0 ? START_MS : START_MS + seq - this.state.hlc.ms,
      ctr: 0,
      epoch: alone ? EPOCH : 'same',
      deps: [],
      posts: posts + (kind === EntryKind.post ? 1 : 0),
      deletes,
      controls: isControl ? controls + 1 : 0,
    })
    const parts = decodeEntry(encodeEntry(headerBytes, body, undefined))
    this.state = extendChain(this.#hash, this.author.conversation, this.author.device, this.state, parts)
    return { seq, id: this.state.prevId, kind, headerBytes, body }
  }
}
