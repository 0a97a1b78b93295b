/**
 * Keeping one conversation equal with one peer over one link: compare heads, ask for what is missing, push what is new, pass on what others
 * said. Both ends run the same code. The peer has proved membership and device before a session starts.
 */
import {
  CHUNK_ENTRIES,
  concatBytes,
  deviceIdBytes,
  deviceIdOf,
  equalBytes,
  MAX_CONTROLS,
  MAX_HEADS,
  MAX_RANGE_UPDATE_BYTES,
  MAX_SLOTS,
  MAX_WANTS,
  project,
  type ControlCarrier,
  type DeviceId,
  type EntryRun,
  type HaveHead,
  type LinkMessage,
  Reject,
} from '@parley/protocol'
import type { Context } from '../context.ts'
import type { LogId } from '../replica/forks.ts'
import type { Link } from './link.ts'
import type { LogEntry } from '../replica/log.ts'
import type { Presence } from '../conversation/presence.ts'
import type { Receipts } from '../conversation/receipts.ts'
import type { Replica } from '../replica/replica.ts'

/** Heads are compared again after so long, in case a push was lost to a full queue or a held entry. */
export const COMPARE_EVERY_MS = 30_000
/** Entries asked for at a time: enough to fill a link, little enough to stay fair between conversations and to bound memory. */
export const WANT_WINDOW = 2_048
/** Entries in one update; its bytes are bounded besides. */
const UPDATE_ENTRIES = 1_024
/** A range answer is cut well below the limit, for a live message behind it on a slow link. */
const UPDATE_BYTES = 524_288
/** Acknowledgements gather for so long, so that a burst costs one. */
const ACKNOWLEDGE_AFTER_MS = 20

/** Bytes of control entries in one message, well below the limit of a message: an avatar alone can have 32 kB. */
const CONTROLS_BYTES = 524_288

/** What is said to and heard from a device that holds a key and is not known as a member (yet). */
const BEFORE_MEMBERSHIP: ReadonlySet<LinkMessage['type']> = new Set(['sum', 'have', 'want', 'controls'])

export interface Shared {
  readonly context: Context
  readonly replica: Replica
  readonly receipts: Receipts
  readonly presence: Presence
  /** The peer has stored entries of this device up to, not including, this number. */
  onStored(peerDevice: DeviceId, nextSeq: number): void
  /** Something about the progress of syncing changed. */
  onProgress(): void
}

export class SyncSession {
  readonly peer: DeviceId
  readonly #shared: Shared
  readonly #link: Link
  readonly #handle: Uint8Array
  /** How many entries of each device the peer has, or will have when what is under way arrives. */
  readonly #theirs = new Map<LogId, number>()
  /** What our last have-vector told the peer: up to there it asks by itself, from there on we push. */
  readonly #told = new Map<LogId, number>()
  /** Logs of which something was not pushed because it was not known how far the peer is. */
  readonly #skipped = new Set<LogId>()
  /** Ranges under way to us, with their ends. */
  #asked = new Map<LogId, number>()
  /** Devices of which nothing came although it was asked for; the others go first. */
  readonly #stalled = new Set<LogId>()
  /** Logs of which this peer holds another history than we do, until it is proved. */
  readonly #strayed = new Set<LogId>()
  /** Where histories part is looked for. */
  readonly #searches = new Map<LogId, ForkSearch>()
  /** Something came that does not follow what is here: there is more than the peer told of. */
  #isBehind = false
  #lastReceived = Number.NEGATIVE_INFINITY
  #isStarted = false
  #isBodiesAsked = false
  #wanted = new Map<LogId, number>()
  #compared = false
  #waiting = 0
  #cancelCompare = (): void => undefined
  #cancelAcknowledge: (() => void) | undefined
  readonly #toAcknowledge = new Set<LogId>()
  #closed = false

  readonly #onReject: (reject: Reject) => void

  /** `onReject` hears of what was refused without refusing the whole message that it came in. */
  constructor(shared: Shared, link: Link, handle: Uint8Array, peer: DeviceId, onReject: (reject: Reject) => void) {
    this.#onReject = onReject
    this.#shared = shared
    this.#link = link
    this.#handle = handle
    this.peer = peer
  }

  /** Entries that this session has asked for and not got. */
  get outstanding(): number {
    return this.#waiting
  }

  /** Whether heads have been compared once and nothing is missing from this peer. */
  get isLevel(): boolean {
    return this.#compared && this.#waiting === 0
  }

  /** Begins to compare and to push. A session that is not started only answers. */
  start(): void {
    if (this.#isStarted || this.#closed) return
    this.#isStarted = true
    this.#compare()
    this.#wasMember = this.#isMember
    if (!this.#wasMember) return
    const slots = this.#shared.receipts.all()
    for (let i = 0; i < slots.length; i += MAX_SLOTS)
      this.#send('presence', { type: 'slots', handle: this.#handle, slots: slots.slice(i, i + MAX_SLOTS) })
    this.#introduce().catch((error: unknown) => this.#shared.context.report(error, 'presence introduction'))
  }

  /** Another link to the same device took over. */
  suspend(): void {
    this.#isStarted = false
    this.#compared = false
    this.#waiting = 0
    this.#cancelCompare()
  }

  stop(): void {
    this.suspend()
    this.#closed = true
    this.#cancelAcknowledge?.()
  }

  /** Entries are new here: push them, unless the peer has them or is about to ask for them. */
  push(entries: readonly LogEntry[]): void {
    if (!this.#isStarted || !this.#isMember) return
    for (const [device, list] of Map.groupBy(entries, (e) => e.log)) {
      if (this.#strayed.has(device)) continue
      const theirs = this.#theirs.get(device)
      const from = theirs ?? 0
      // Not compared yet, or the peer is about to ask.
      if ((theirs === undefined && list[0]!.seq > 0) || from < (this.#told.get(device) ?? 0)) {
        this.#skipped.add(device)
        continue
      }
      const fresh = list.filter((e) => e.seq >= from)
      if (fresh.length === 0) continue
      if (fresh[0]!.seq > from) this.#catchUp(device)
      else if (
        this.#sendEntries(
          'live',
          device,
          from,
          fresh.map((e) => e.bytes),
        )
      )
        this.#theirs.set(device, fresh.at(-1)!.seq + 1)
    }
  }

  /** Sends what came here between the comparison and now. */
  #catchUp(device: DeviceId): void {
    const { replica, context } = this.#shared
    const from = this.#theirs.get(device) ?? 0
    const to = replica.log.nextSeq(device)
    if (this.#strayed.has(device) || from < (this.#told.get(device) ?? 0) || from >= to) return
    if (to - from > WANT_WINDOW) return this.#compare()
    this.#theirs.set(device, to)
    replica.log
      .read(device, from, to, UPDATE_BYTES)
      .then((entries) => {
        // What did not fit is not theirs; the next comparison finds it.
        if (!this.#sendEntries('live', device, from, entries)) this.#theirs.set(device, from)
        else if (from + entries.length < to) this.#compare()
      })
      .catch((error: unknown) => context.report(error, 'catching up a peer'))
  }

  /** It is known now how far the peer is: what was not pushed meanwhile follows, unless the peer is about to ask for it. */
  #resume(log: LogId): void {
    if (!this.#skipped.has(log) || (this.#theirs.get(log) ?? 0) < (this.#told.get(log) ?? 0)) return
    this.#skipped.delete(log)
    this.#catchUp(log)
  }

  /** Passes on a seen slot or a presence packet. */
  passSlot(bytes: Uint8Array): void {
    if (!this.#isMember) return
    this.#send('presence', { type: 'slots', handle: this.#handle, slots: [bytes] })
  }

  passPresence(packet: Uint8Array): void {
    if (!this.#isMember) return
    this.#send('presence', { type: 'presence', handle: this.#handle, packet })
  }

  /** Membership changed here: a peer that was unknown may be a member now. */
  membershipChanged(): void {
    if (!this.#isStarted || !this.#isMember || this.#wasMember) return
    this.#wasMember = true
    this.#isStarted = false
    this.start()
  }

  #wasMember = false

  /** A peer that holds a key but is not known as a member gets and gives control entries, and nothing else. */
  get #isMember(): boolean {
    return this.#shared.replica.userOf(this.peer) !== undefined
  }

  /** @throws {Reject} */
  async handle(message: LinkMessage): Promise<void> {
    const { replica } = this.#shared
    if (!this.#isMember && !BEFORE_MEMBERSHIP.has(message.type)) return
    switch (message.type) {
      case 'sum':
        if (!equalBytes(message.sum, replica.sum())) return this.#sendHave()
        for (const head of replica.have()) this.#noteTheirs(deviceIdOf(head.device), head.nextSeq)
        this.#told.clear()
        for (const log of [...this.#skipped]) this.#resume(log)
        this.#leveled()
        return
      case 'have':
        return this.#onHave(message.heads)
      case 'want':
        return this.#onWant(message)
      case 'controls': {
        // Nothing new: the peer holds what cannot be accepted here (yet), and comparing again would bring the same.
        if ((await replica.ingestControls(message.entries)) > 0) this.#compare()
        return
      }
      case 'update':
        return this.#onUpdate(message.bytes)
      case 'got':
        for (const { device, nextSeq } of message.heads) {
          this.#noteTheirs(deviceIdOf(device), nextSeq)
          this.#resume(deviceIdOf(device))
        }
        return
      case 'slots':
        for (const slot of message.slots) await this.#eachAlone(() => this.#shared.receipts.accept(slot, this))
        return
      case 'presence':
        return this.#shared.presence.accept(message.packet, this)
      default:
        return
    }
  }

  #send(lane: 'control' | 'live' | 'presence' | 'history', message: LinkMessage): boolean {
    return !this.#closed && this.#link.send(lane, message)
  }

  #compare(): void {
    if (!this.#isStarted) return
    this.#send('control', { type: 'sum', handle: this.#handle, sum: this.#shared.replica.sum() })
    this.#cancelCompare()
    this.#cancelCompare = this.#shared.context.clock.setTimeout(() => {
      this.#giveUp()
      // A search that got no answer begins again with the heads.
      for (const [log, search] of this.#searches) {
        if (!search.isIdle) search.isIdle = true
        else if (this.#searches.delete(log)) this.#strayed.delete(log)
      }
      this.#compare()
    }, COMPARE_EVERY_MS)
  }

  /** What was asked for so long ago, with nothing coming, is asked for again; whatever else is missing first. */
  #giveUp(): void {
    if (this.#shared.context.clock.now() - this.#lastReceived < COMPARE_EVERY_MS) return
    for (const device of this.#asked.keys()) this.#stalled.add(device)
    this.#asked.clear()
  }

  #sendHave(): void {
    // To a device that we do not know as a member: only which control entries there are.
    const heads = this.#shared.replica.have().map((head) => (this.#isMember ? head : { ...head, nextSeq: 0, head: new Uint8Array(8) }))
    this.#told.clear()
    for (const head of heads) this.#told.set(deviceIdOf(head.device), head.nextSeq)
    for (let i = 0; i === 0 || i < heads.length; i += MAX_HEADS)
      this.#send('control', { type: 'have', handle: this.#handle, heads: heads.slice(i, i + MAX_HEADS) })
  }

  async #introduce(): Promise<void> {
    const own = await this.#shared.presence.own()
    for (const packet of own === undefined ? this.#shared.presence.all() : [own, ...this.#shared.presence.all()]) this.passPresence(packet)
  }

  /** The peer tells what it has: remember it, give it what it lacks at the end of logs, ask for what we lack. */
  async #onHave(heads: readonly HaveHead[]): Promise<void> {
    const { replica } = this.#shared
    const controls: { device: Uint8Array; from: number }[] = []
    let isStray = false
    this.#wanted = new Map()
    for (const head of heads) {
      const device = deviceIdOf(head.device)
      this.#noteTheirs(device, head.nextSeq)
      if (head.controls > replica.controls.count(device)) controls.push({ device: head.device, from: replica.controls.count(device) + 1 })
      // A device or a branch that is not known yet: it is among the control entries, and the comparison that follows them tells of it again.
      if (!this.#isMember || replica.ownerOf(device) === undefined || this.#strayed.has(device)) continue
      const nextSeq = Math.min(head.nextSeq, replica.limit(device))
      if (nextSeq > replica.log.nextSeq(device)) this.#wanted.set(device, nextSeq)
      else if (await this.#isStray(device, head)) {
        isStray = true
        this.#search(device, head.nextSeq - 1, head.nextSeq)
      }
    }
    // Of a branch that the peer does not speak of it has nothing yet.
    for (const { log, device } of replica.log.heads())
      if (log !== device && !this.#theirs.has(log)) this.#noteTheirs(log, replica.log.startOf(log))
    for (const log of [...this.#skipped]) if (this.#theirs.has(log)) this.#resume(log)
    this.#compared = true
    this.#ask(controls.slice(0, MAX_WANTS))
    this.#tellHeads(heads)
    // Counted; perhaps it is a fork, perhaps a lie.
    if (isStray) throw new Reject('Forked', 'the peer holds another history of a device')
  }

  /** A peer whose head is ours at that place, but with another id, holds another history of that device: so it says, which proves nothing. */
  async #isStray(device: DeviceId, { nextSeq, head }: HaveHead): Promise<boolean> {
    const id = nextSeq === 0 ? undefined : await this.#shared.replica.log.idAt(device, nextSeq - 1)
    return id !== undefined && !equalBytes(id.subarray(0, 8), head)
  }

  /** What the peer offered and we have got elsewhere: it need not wait to be asked for it before it pushes what follows. */
  #tellHeads(heads: readonly HaveHead[]): void {
    const { log } = this.#shared.replica
    const known = heads.map(({ device }) => ({ device, nextSeq: log.nextSeq(deviceIdOf(device)) })).filter((head) => head.nextSeq > 0)
    if (this.#isMember && known.length > 0) this.#send('live', { type: 'got', handle: this.#handle, heads: known })
  }

  /** Asks for the next window of what is missing; control entries first, they verify alone. */
  #ask(controls: readonly { device: Uint8Array; from: number }[] = []): void {
    const { replica } = this.#shared
    const ranges: { device: Uint8Array; from: number; to: number }[] = []
    for (const [device, to] of this.#asked) if (replica.log.nextSeq(device) >= to || this.#strayed.has(device)) this.#asked.delete(device)
    // One window at a time: what is under way is not asked for twice.
    let room = this.#asked.size > 0 ? 0 : WANT_WINDOW
    this.#waiting = 0
    for (const [device, to] of [...this.#wanted].sort(([a], [b]) => Number(this.#stalled.has(a)) - Number(this.#stalled.has(b)))) {
      const from = replica.log.nextSeq(device)
      if (from >= to || this.#strayed.has(device)) {
        this.#wanted.delete(device)
        continue
      }
      this.#waiting += to - from
      if (room === 0 || ranges.length >= MAX_WANTS) continue
      const end = windowEnd(from, to, room)
      if (end === from) continue
      room -= end - from
      // One entry that is here already comes along: it shows whether the peer holds the same history.
      ranges.push({ device: deviceIdBytes(device), from: Math.max(replica.log.startOf(device), from - 1), to: end })
    }
    if (controls.length > 0 || ranges.length > 0) this.#send('control', { type: 'want', handle: this.#handle, controls, ranges })
    for (const { device, to } of ranges) this.#asked.set(deviceIdOf(device), to)
    if (this.#waiting === 0 && controls.length === 0) this.#leveled()
    if (this.#waiting === 0 && this.#isBehind) {
      this.#isBehind = false
      this.#compare()
    }
    this.#shared.onProgress()
  }

  #leveled(): void {
    this.#compared = true
    this.#waiting = 0
    this.#askForBodies()
    this.#shared.onProgress()
  }

  /** Asks this peer, once, for bodies that another one left out. */
  #askForBodies(): void {
    const { hollow } = this.#shared.replica
    if (this.#isBodiesAsked || hollow.size === 0 || !this.#isMember) return
    this.#isBodiesAsked = true
    this.#send('control', { type: 'want', handle: this.#handle, controls: [], ranges: hollow.wants() })
  }

  async #onWant(want: Extract<LinkMessage, { type: 'want' }>): Promise<void> {
    const { replica } = this.#shared
    const controls = new Map(want.controls.map(({ device, from }) => [deviceIdOf(device), Math.max(1, from)]))
    const carriers = [...controls].flatMap(([device, from]) => replica.controls.carriers(device, from))
    for (const entries of controlBatches(carriers)) this.#send('history', { type: 'controls', handle: this.#handle, entries })
    // A window, and one entry more for each range: nobody is owed more for one message.
    let room = WANT_WINDOW + want.ranges.length
    for (const { device, from, to } of this.#isMember ? want.ranges : []) {
      const id = deviceIdOf(device)
      if (replica.ownerOf(id) === undefined) continue
      let at = Math.max(from, replica.log.startOf(id))
      const end = Math.min(to, from + room, replica.log.nextSeq(id), Math.max(replica.limit(id), replica.log.startOf(id)))
      room -= Math.max(0, end - from)
      while (at < end) {
        const entries = await replica.log.readSealed(id, at, Math.min(end, at + UPDATE_ENTRIES), UPDATE_BYTES)
        if (entries.length === 0 || !this.#sendEntries('history', id, at, entries)) return
        at += entries.length
        this.#theirs.set(id, Math.max(this.#theirs.get(id) ?? 0, at))
      }
      this.#catchUp(id)
    }
  }

  #sendEntries(lane: 'live' | 'history', log: LogId, seq: number, entries: readonly Uint8Array[]): boolean {
    const { context, replica } = this.#shared
    const branch = replica.log.branchOf(log)
    const bytes = project((b) => context.crypto.sha256(b), replica.bytes, [
      { device: deviceIdBytes(replica.log.deviceOf(log)), ...(branch === undefined ? {} : { branch }), seq, entries },
    ])
    return bytes.length <= MAX_RANGE_UPDATE_BYTES && this.#send(lane, { type: 'update', handle: this.#handle, bytes })
  }

  async #onUpdate(bytes: Uint8Array): Promise<void> {
    try {
      const { replica } = this.#shared
      const { missing, strayed } = await replica.ingest(bytes, this, (log, run) => this.#take(log, run))
      this.#isBehind ||= missing
      for (const log of strayed)
        this.#search(log, replica.log.nextSeq(log) - 1, Math.max(this.#theirs.get(log) ?? 0, replica.log.nextSeq(log)))
      await this.#goOnSearching()
      // Nothing is kept of it; heads are compared, and it is asked for. What overtook a history under way is nothing to count.
      if (missing && this.#waiting === 0)
        this.#onReject(new Reject('OutOfOrder', 'entries of a place that the log here does not reach yet'))
      if (strayed.length > 0) throw new Reject('Forked', 'the peer holds another history of a device')
    } catch (error) {
      if (!(error instanceof Reject)) throw error
      // Perhaps the peer holds another history of the device, and does not know it: the heads tell.
      if (error.code === 'BadSignature') this.#compare()
      if (error.code !== 'UnknownChunk') throw error
      // A live entry that overtook the history before it: the peer is ahead of what it told.
      this.#isBehind = true
    } finally {
      this.#goOn()
    }
  }

  /** Histories part at or before `differs`; the peer has entries up to `theirs`. Begins to look where. */
  #search(log: LogId, differs: number, theirs: number): void {
    const { replica } = this.#shared
    if (this.#strayed.has(log) || replica.userOf(this.peer) === undefined) return
    this.#strayed.add(log)
    this.#wanted.delete(log)
    const search: ForkSearch = { low: replica.log.startOf(log), high: differs, theirs, from: 0, to: 0, got: [], isIdle: false }
    this.#searches.set(log, search)
    this.#askSearched(log, search)
  }

  /** Halves what is left; then asks for the other history from there on. */
  #askSearched(log: LogId, search: ForkSearch): void {
    const { low, high, theirs } = search
    search.from = low < high ? Math.floor((low + high) / 2) : low
    search.to = low < high ? search.from + 1 : windowEnd(low, theirs, WANT_WINDOW)
    search.got = []
    search.isIdle = false
    this.#shared.replica.expect(log, search.from, search.to)
    const range = { device: deviceIdBytes(log), from: search.from, to: search.to }
    this.#send('control', { type: 'want', handle: this.#handle, controls: [], ranges: [range] })
  }

  /** Runs of a log of which the peer holds another history are not taken in; those that were asked for are kept for the search. */
  #take(log: LogId, run: EntryRun): boolean {
    if (!this.#strayed.has(log)) return false
    const search = this.#searches.get(log)
    if (
      search !== undefined &&
      run.seq === search.from + search.got.length &&
      search.got.length + run.entries.length <= search.to - search.from
    )
      search.got.push(...run.entries.map((bytes) => bytes.slice()))
    return true
  }

  async #goOnSearching(): Promise<void> {
    const { replica } = this.#shared
    for (const [log, search] of [...this.#searches]) {
      const { low, high, from, to, got } = search
      if (got.length < to - from) continue
      if (low < high) {
        if (await replica.holds(log, from, got[0]!)) search.low = from + 1
        else search.high = from
        this.#askSearched(log, search)
        continue
      }
      this.#searches.delete(log)
      // Not awaited: it may have to wait for what this very link brings.
      replica.proveFork(log, from, got).catch((error: unknown) => {
        if (error instanceof Reject) this.#onReject(error)
        else this.#shared.context.report(error, 'proof of a fork')
      })
    }
  }

  /** Logs were cut where they part: what is known of the peer's is void. */
  logsChanged(): void {
    this.#strayed.clear()
    this.#searches.clear()
    this.#asked.clear()
    this.#wanted.clear()
    const { replica } = this.#shared
    for (const log of this.#theirs.keys()) if (replica.controls.forks.isForked(replica.log.deviceOf(log))) this.#theirs.delete(log)
    if (!this.#isStarted) return
    // The peer asks for the proof, and names the logs anew itself.
    this.#sendHave()
    this.#compare()
  }

  /** Whether the peer has said what it holds of this device's own log, and it is here. */
  get knowsOwnLog(): boolean {
    const { deviceId } = this.#shared.context.me
    if (!this.#compared || this.#searches.has(deviceId)) return false
    return this.#strayed.has(deviceId) || (this.#theirs.get(deviceId) ?? 0) <= this.#shared.replica.log.nextSeq(deviceId)
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

  /** Asks for the next window when every range asked for has come. */
  #goOn(): void {
    const { log } = this.#shared.replica
    const isThrough = [...this.#asked].every(([device, to]) => log.nextSeq(device) >= to || this.#strayed.has(device))
    if (isThrough && (this.#asked.size > 0 || this.#isBehind)) this.#ask()
    else if (this.#waiting > 0) this.#shared.onProgress()
  }

  /** Entries came from this peer and are stored: it has them, and hears that we do. */
  received(entries: readonly LogEntry[]): void {
    this.#lastReceived = this.#shared.context.clock.now()
    for (const { log: device, seq } of entries) {
      this.#stalled.delete(device)
      this.#theirs.set(device, Math.max(this.#theirs.get(device) ?? 0, seq + 1))
      this.#toAcknowledge.add(device)
    }
    this.#cancelAcknowledge ??= this.#shared.context.clock.setTimeout(() => this.#acknowledge(), ACKNOWLEDGE_AFTER_MS)
  }

  #acknowledge(): void {
    this.#cancelAcknowledge = undefined
    const { log } = this.#shared.replica
    const heads = [...this.#toAcknowledge]
      .slice(0, MAX_HEADS)
      .map((device) => ({ device: deviceIdBytes(device), nextSeq: log.nextSeq(device) }))
    this.#toAcknowledge.clear()
    this.#send('live', { type: 'got', handle: this.#handle, heads })
  }

  #noteTheirs(device: DeviceId, nextSeq: number): void {
    // A member can claim anything of devices that nobody knows; there is no end of them.
    if (this.#shared.replica.ownerOf(device) === undefined) return
    this.#theirs.set(device, nextSeq)
    if (device === this.#shared.context.me.deviceId) this.#shared.onStored(this.peer, nextSeq)
  }
}

/** Looking for the place where a peer's history of a log parts from ours. */
interface ForkSearch {
  /** Before this number both are the same. */
  low: number
  /** From this number on they are not. */
  high: number
  /** How many entries the peer says it has. */
  readonly theirs: number
  /** What was asked for, and what came of it. */
  from: number
  to: number
  got: Uint8Array[]
  /** Nothing has come since heads were last compared. */
  isIdle: boolean
}

/** Ends a window where a signature is: at the head, or at the end of a chunk. */
function windowEnd(from: number, to: number, room: number): number {
  if (from + room >= to) return to
  return Math.max(from, from + room - ((from + room) % CHUNK_ENTRIES))
}

/** Control entries as messages carry them: bounded by number and by bytes. */
export function* controlBatches(carriers: readonly ControlCarrier[]): Generator<readonly ControlCarrier[]> {
  let batch: ControlCarrier[] = []
  let bytes = 0
  for (const carrier of carriers) {
    if (batch.length === MAX_CONTROLS || (batch.length > 0 && bytes + carrier.entry.length > CONTROLS_BYTES)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(carrier)
    bytes += carrier.entry.length
  }
  if (batch.length > 0) yield batch
}

/** Names a conversation on one link: both ends know it, nobody else can relate it to the conversation. */
export function sessionHandle(sha256: (bytes: Uint8Array) => Uint8Array, transcript: Uint8Array, conversation: Uint8Array): Uint8Array {
  return sha256(concatBytes(transcript, conversation)).slice(0, 8)
}
