/**
 * Keeping one conversation equal with one peer over one link: compare heads, ask for what is missing, push what is new, pass on what others
 * said. Both ends run the same code. The peer has proved membership and device before a session starts.
 */
import {
  concatBytes,
  deviceIdBytes,
  deviceIdOf,
  isParleyError,
  MAX_LIVE_ENTRIES_PER_SECOND,
  MAX_LIVE_ENTRY_BURST,
  MAX_SLOTS,
  Reject,
  type DeviceId,
  type LinkMessage,
} from '@parley/protocol'
import type { LogId } from '../replica/forks.ts'
import type { LogEntry } from '../replica/log-entry.ts'
import { Acknowledgements } from './acknowledgements.ts'
import { answerWant } from './answers.ts'
import { Backfill } from './backfill.ts'
import { BlobSession } from './blob-session.ts'
import { Comparison } from './comparison.ts'
import { Fetch } from './fetch.ts'
import { ForkSearches } from './fork-search.ts'
import type { Link } from './link.ts'
import { PeerLogs } from './peer-logs.ts'
import { Pull } from './pull.ts'
import { Push } from './push.ts'
import { SessionLine, type Shared } from './session-line.ts'
import { TokenBuckets } from '../support/token-buckets.ts'

/** Live entries of one log put off on one link beyond which each further one counts against the peer: ten bursts, and honest peers push half of one. */
const MAX_DEFERRED_ENTRIES = 10 * MAX_LIVE_ENTRY_BURST

/** What is said to and heard from a device that holds a key and is not known as a member (yet). */
const BEFORE_MEMBERSHIP: ReadonlySet<LinkMessage['type']> = new Set(['sum', 'have', 'want', 'controls'])

export class SyncSession {
  readonly peer: DeviceId
  readonly #shared: Shared
  readonly #line: SessionLine
  readonly #logs: PeerLogs
  readonly #push: Push
  readonly #fetch: Fetch
  readonly #pull: Pull
  readonly #searches: ForkSearches
  readonly #comparison: Comparison
  readonly #acknowledgements: Acknowledgements
  readonly #backfill: Backfill
  readonly #blobs: BlobSession | undefined
  readonly #patience: TokenBuckets<LogId>
  readonly #onReject: (reject: Reject) => void
  #isStarted = false
  #wasMember = false
  /** Epochs (16 bytes) whose keys the peer asked for and were not here. */
  #owed: readonly Uint8Array[] = []
  #closed = false

  /** `onReject` hears of what was refused without refusing the whole message that it came in; `proved` are the epochs whose keys the peer has shown. */
  constructor(
    shared: Shared,
    link: Link,
    handle: Uint8Array,
    peer: DeviceId,
    onReject: (reject: Reject) => void,
    proved: () => readonly Uint8Array[],
  ) {
    this.#onReject = onReject
    this.#shared = shared
    this.peer = peer
    this.#line = new SessionLine(shared, link, handle, peer, proved)
    this.#logs = new PeerLogs(shared, peer)
    const compare = (): void => this.#compare()
    const tell = (): void => {
      if (this.#isStarted) this.#comparison.tell()
    }
    this.#push = new Push(this.#line, this.#logs, { compare, tell })
    this.#acknowledgements = new Acknowledgements(this.#line)
    this.#fetch = new Fetch(this.#line, this.#logs, this.#acknowledgements, compare)
    this.#backfill = new Backfill(this.#line, this.#logs)
    this.#pull = new Pull(this.#line, (wanted) => this.#fetch.also(wanted))
    this.#searches = new ForkSearches(this.#line, this.#logs, this.#fetch, onReject)
    this.#comparison = new Comparison(this.#line, this.#logs, {
      push: this.#push,
      fetch: this.#fetch,
      backfill: this.#backfill,
      searches: this.#searches,
    })
    this.#patience = new TokenBuckets(shared.context.clock, { burst: MAX_DEFERRED_ENTRIES, perSecond: MAX_LIVE_ENTRIES_PER_SECOND })
    this.#blobs = shared.blobs && new BlobSession(this.#line, shared.blobs, onReject)
  }

  /** Entries that this session has asked for and not got. */
  get outstanding(): number {
    // Who is out gives nothing any more; what counts of it comes from others.
    return this.#line.standing === 'former' ? 0 : this.#fetch.waiting + this.#backfill.waiting
  }

  /** Whether heads have been compared once and nothing is missing from this peer. */
  get isLevel(): boolean {
    return this.#line.standing === 'former' || (this.#logs.isCompared && this.#fetch.waiting === 0)
  }

  /** Begins to compare and to push. A session that is not started only answers. */
  start(): void {
    if (this.#isStarted || this.#closed) return
    this.#isStarted = true
    // What came since the link stood by proves no comparison.
    this.#logs.isCompared = false
    this.#fetch.begin()
    this.#compare()
    this.#wasMember = this.#line.isMember
    if (!this.#wasMember) return
    this.#blobs?.start()
    this.passSlots(this.#shared.receipts.all())
    this.#shared.presence.introduce(this).catch((error: unknown) => this.#shared.context.report(error, 'presence introduction'))
    this.#backfill.start()
  }

  /** Another link to the same device took over. */
  suspend(): void {
    this.#isStarted = false
    this.#logs.isCompared = false
    this.#fetch.suspend()
    this.#backfill.stop()
    this.#pull.stop()
    this.#blobs?.stop()
    this.#comparison.stop()
  }

  stop(): void {
    this.suspend()
    this.#closed = true
    this.#line.close()
    this.#blobs?.close()
    this.#acknowledgements.stop()
    this.#shared.replica.forget(this)
  }

  /** Entries are new here: push them, unless the peer has them or is about to ask for them. */
  push(entries: readonly LogEntry[]): void {
    if (this.#isStarted) this.#push.push(entries)
  }

  /** Entries are new here: say so, for others push them. */
  announce(entries: readonly LogEntry[]): void {
    if (this.#isStarted && this.#line.isMember) this.#acknowledgements.add(entries.map(({ log }) => log))
  }

  /** Entries came from this peer and are stored: it has them, and hears that we do. */
  received(entries: readonly LogEntry[]): void {
    this.#fetch.received(entries)
    for (const { log, seq } of entries) this.#logs.raise(log, seq + 1)
    this.#acknowledgements.add(entries.map(({ log }) => log))
  }

  /** Passes on seen slots. */
  passSlots(slots: readonly Uint8Array[]): void {
    if (!this.#line.isMember) return
    for (let i = 0; i < slots.length; i += MAX_SLOTS)
      this.#line.send('presence', { type: 'slots', handle: this.#line.handle, slots: slots.slice(i, i + MAX_SLOTS) })
  }

  /** Says that nothing is heard of these devices from elsewhere any more. */
  sayUnheard(devices: readonly DeviceId[]): void {
    if (!this.#line.isMember) return
    for (let i = 0; i < devices.length; i += MAX_SLOTS) {
      const some = devices.slice(i, i + MAX_SLOTS).map(deviceIdBytes)
      this.#line.send('presence', { type: 'unheard', handle: this.#line.handle, devices: some })
    }
  }

  /** Passes on the newest presence packet of a device. */
  passPresence(device: DeviceId, packet: Uint8Array): void {
    if (!this.#line.isMember) return
    this.#shared.presence.paths.pass(device, this.peer)
    this.#line.send('presence', { type: 'presence', handle: this.#line.handle, packet })
  }

  /** Membership changed here: a peer that was unknown may be a member now. */
  membershipChanged(): void {
    if (!this.#isStarted) return
    if (this.#wasMember && !this.#line.isMember) {
      // Gone: it is told so, and hears nothing more.
      this.#wasMember = false
      this.#blobs?.stop()
      this.#backfill.stop()
      this.#comparison.stop()
      this.#comparison.tell()
    }
    // A key that does not open, or was given to everybody else: whoever is here may have it.
    if (this.#wasMember) this.#fetch.askForKeys()
    if (this.#wasMember && this.#owed.length > 0)
      this.#give(this.#owed).catch((error: unknown) => this.#shared.context.report(error, 'keys'))
    if (!this.#line.isMember || this.#wasMember) return
    this.#wasMember = true
    this.#isStarted = false
    this.start()
    // What it was told before hid the logs from it.
    this.#comparison.tell()
  }

  /** Logs were cut where they part: what is known of the peer's is void. */
  logsChanged(): void {
    this.#logs.strayed.clear()
    this.#searches.clear()
    this.#fetch.clear()
    const { replica } = this.#shared
    for (const log of this.#logs.theirs.keys())
      if (replica.controls.forks.isForked(replica.log.deviceOf(log))) this.#logs.theirs.delete(log)
    if (!this.#isStarted) return
    // The peer asks for the proof, and names the logs anew itself.
    this.#comparison.tell()
    this.#compare()
  }

  /** Whether the peer has said what it holds of this device's own log, and it is here. */
  get knowsOwnLog(): boolean {
    const { deviceId } = this.#shared.context.me
    // Who is out does not say.
    const { standing } = this.#line
    if (standing === 'former' || standing === 'void' || standing === 'stranger') return true
    if (!this.#logs.isCompared || this.#searches.has(deviceId)) return false
    return this.#logs.strayed.has(deviceId) || (this.#logs.theirs.get(deviceId) ?? 0) <= this.#shared.replica.log.nextSeq(deviceId)
  }

  /** @throws {Reject} */
  async handle(message: LinkMessage): Promise<void> {
    const { replica } = this.#shared
    const { standing } = this.#line
    if (standing !== 'member' && !BEFORE_MEMBERSHIP.has(message.type)) {
      // It may not know yet.
      if (standing === 'former' && message.type === 'update') throw new Reject('NotAMember', 'entries from a device that has been removed')
      return
    }
    switch (message.type) {
      case 'sum':
        return this.#comparison.onSum(message.sum)
      case 'have':
        return this.#comparison.onHave(message.heads)
      case 'want':
        if (standing === 'stranger') return
        return answerWant(this.#line, this.#logs, this.#push, message)
      case 'controls': {
        // Nothing new: the peer holds what cannot be accepted here (yet), and comparing again would bring the same.
        if ((await replica.ingestControls(message.entries)) > 0) this.#compare()
        return
      }
      case 'update':
        return this.#onUpdate(message.bytes)
      case 'got':
        for (const { device, nextSeq, from } of message.heads) {
          this.#logs.acknowledge(deviceIdOf(device), nextSeq, from)
          this.#push.resume(deviceIdOf(device))
          this.#pull.offer(deviceIdOf(device), nextSeq)
        }
        return
      case 'anchor': {
        const log = deviceIdOf(message.device)
        // Others than those asked for come with ranges that were asked for to another end.
        if (this.#fetch.isBeginning(log, message.seq) || this.#backfill.isAsked(log, message.seq))
          replica.anchor(this, log, message.seq, message.id)
        return
      }
      case 'slots':
        for (const slot of message.slots) await this.#eachAlone(() => this.#shared.receipts.accept(slot, this))
        return
      case 'presence':
        return this.#shared.presence.accept(message.packet, this)
      case 'unheard':
        this.#onUnheard(message.devices.map(deviceIdOf))
        return
      case 'need':
        return this.#give(message.epochs)
      case 'blobAsk':
      case 'blobHave':
      case 'blobWant':
      case 'blobManifest':
      case 'blobChunk':
        return this.#blobs?.handle(message)
      default:
        return
    }
  }

  /** Hands the peer keys that it lacks; what is not here is given once it has come. */
  async #give(epochs: readonly Uint8Array[]): Promise<void> {
    this.#owed = []
    this.#owed = await this.#shared.replica.handKeys(this.peer, epochs)
  }

  #compare(): void {
    if (this.#isStarted) this.#comparison.start()
  }

  /** The peer lost the way by which it heard of these devices. Presence comes again by itself; slots that it has missed would not. */
  #onUnheard(devices: readonly DeviceId[]): void {
    const { presence, receipts } = this.#shared
    presence.unheard(this.peer, devices)
    this.passSlots(receipts.of(devices.filter((device) => presence.paths.mayGive(device, this.peer))))
  }

  async #onUpdate(bytes: Uint8Array): Promise<void> {
    try {
      const { replica } = this.#shared
      const { missing, strayed, repeated, doubted, unfit, refused, deferred } = await replica.ingest(bytes, this, {
        take: (log, run) => this.#searches.take(log, run),
        isAsked: (log, run) => this.#fetch.isAsked(log, run.seq + run.entries.length),
      })
      for (const [log, nextSeq] of repeated) this.#logs.raise(log, nextSeq)
      this.#acknowledgements.add(repeated.keys())
      this.#fetch.isBehind ||= missing || deferred.size > 0
      for (const log of strayed)
        this.#searches.start(log, replica.log.nextSeq(log) - 1, Math.max(this.#logs.theirs.get(log) ?? 0, replica.log.nextSeq(log)))
      for (const { log, to, reject } of doubted)
        if (!this.#searches.start(log, replica.log.nextSeq(log), Math.max(this.#logs.theirs.get(log) ?? 0, to), reject))
          this.#onReject(reject)
      for (const { log, reject } of unfit) this.#onUnfit(log, reject)
      await this.#searches.goOn()
      // Nothing is kept of it; heads are compared, and it is asked for. What overtook a history under way is nothing to count.
      if (missing && this.#fetch.waiting === 0)
        this.#onReject(new Reject('OutOfOrder', 'entries of a place that the log here does not reach yet'))
      // Nobody honest pushes on and on what is only put off.
      for (const [log, count] of deferred)
        if (!this.#patience.take(log, count)) throw new Reject('LimitExceeded', 'live entries far beyond the rate')
      if (refused) this.#onReject(new Reject('NotAMember', 'entries of a device that had been removed'))
      if (strayed.length > 0) throw new Reject('Forked', 'the peer holds another history of a device')
    } catch (error) {
      // The conversation is being closed: what was not verified by then comes again.
      if (isParleyError(error, 'Aborted')) return
      if (!(error instanceof Reject) || error.code !== 'UnknownChunk') throw error
      // A live entry that overtook the history before it: the peer is ahead of what it told.
      this.#fetch.isBehind = true
    } finally {
      if (this.#closed) this.#shared.replica.forget(this)
      if (this.#isStarted) this.#goOn()
    }
  }

  /** Asks for more when all has come that was asked for. */
  #goOn(): void {
    this.#fetch.goOn()
    this.#backfill.goOn()
    if (this.#fetch.waiting === 0) this.#backfill.ask()
  }

  /** What was to come before what is here, or to begin a log, does not: the peer lies, or its author did. */
  #onUnfit(log: LogId, reject: Reject): void {
    const { replica } = this.#shared
    if (replica.log.nextSeq(log) > 0) this.#backfill.refuse(log)
    else {
      replica.history.fetchWhole(log)
      this.#fetch.again(log)
    }
    this.#onReject(reject)
  }

  /** One of several independent statements: a bad one is counted and stops no other. */
  async #eachAlone(accept: () => Promise<void>): Promise<void> {
    try {
      await accept()
    } catch (error) {
      if (!(error instanceof Reject)) throw error
      this.#onReject(error)
    }
  }
}

/** Names a conversation on one link: both ends know it, nobody else can relate it to the conversation. */
export function sessionHandle(sha256: (bytes: Uint8Array) => Uint8Array, transcript: Uint8Array, conversation: Uint8Array): Uint8Array {
  return sha256(concatBytes(transcript, conversation)).slice(0, 8)
}
