/**
 * Comparing what both ends of a session hold: first a sum over everything, and where it differs the heads of all logs. What comes of it is asked
 * for, given, or searched for the place where histories part.
 */
import { deviceIdOf, equalBytes, MAX_HEADS, MAX_WANTS, Reject, type DeviceId, type HaveHead } from '@parley/protocol'
import type { LogId } from '../replica/forks.ts'
import { gotHead } from './acknowledgements.ts'
import type { Backfill } from './backfill.ts'
import type { Fetch } from './fetch.ts'
import type { ForkSearches } from './fork-search.ts'
import type { PeerLogs } from './peer-logs.ts'
import type { Push } from './push.ts'
import type { SessionLine } from './session-line.ts'
import { COMPARE_EVERY_MS } from './window.ts'

/** What acts on what a comparison finds. */
export interface ComparisonParts {
  readonly push: Push
  readonly fetch: Fetch
  readonly backfill: Backfill
  readonly searches: ForkSearches
}

export class Comparison {
  readonly #line: SessionLine
  readonly #logs: PeerLogs
  readonly #push: Push
  readonly #fetch: Fetch
  readonly #backfill: Backfill
  readonly #searches: ForkSearches
  #cancelNext = (): void => undefined
  /** The peer's last sum was the one here, so it was not answered. */
  #isUnanswered = false

  constructor(line: SessionLine, logs: PeerLogs, { push, fetch, backfill, searches }: ComparisonParts) {
    this.#line = line
    this.#logs = logs
    this.#push = push
    this.#fetch = fetch
    this.#backfill = backfill
    this.#searches = searches
  }

  /** No further comparison follows by itself. */
  stop(): void {
    this.#cancelNext()
  }

  /** Sends the sum of what is here, now and every so often until `stop`. */
  start(): void {
    const { standing } = this.#line
    if (standing === 'former') return this.tell()
    // A stranger may tell what it has, which it does when the sums differ; and so may who is to hear that nobody has let it in after all.
    if (standing === 'void') this.tell()
    const isHidden = standing === 'stranger' || standing === 'void'
    const sum = isHidden ? this.#line.shared.context.random.bytes(16) : this.#line.shared.replica.sum()
    this.#line.send('control', { type: 'sum', handle: this.#line.handle, sum })
    this.#cancelNext()
    this.#cancelNext = this.#line.shared.context.clock.setTimeout(() => {
      this.#fetch.giveUp()
      this.#backfill.retry()
      this.#searches.expire()
      this.start()
    }, COMPARE_EVERY_MS)
  }

  /** Tells the peer what is here: to one that is no member, which control entries only. */
  tell(): void {
    const { replica } = this.#line.shared
    // To a device that we do not know as a member: only which control entries there are; to one that is none any more, which there were.
    const latest = this.#line.latest
    const controls = (head: HaveHead): number =>
      latest === undefined ? head.controls : replica.controls.count(deviceIdOf(head.device), latest)
    const heads = this.#line.isMember
      ? replica.haveNewestFirst()
      : replica.have().map((head) => ({ ...head, nextSeq: 0, head: new Uint8Array(8), controls: controls(head), from: 0 }))
    this.#isUnanswered = false
    this.#logs.told.clear()
    for (const head of heads) this.#logs.told.set(deviceIdOf(head.device), head.nextSeq)
    for (let i = 0; i === 0 || i < heads.length; i += MAX_HEADS)
      this.#line.send('control', { type: 'have', handle: this.#line.handle, heads: heads.slice(i, i + MAX_HEADS) })
  }

  /** The sum of what the peer holds: the same as here, or heads have to be compared. */
  onSum(sum: Uint8Array): void {
    const { replica } = this.#line.shared
    const { standing } = this.#line
    if (standing === 'stranger') return
    if (standing === 'former' || standing === 'void' || !equalBytes(sum, replica.sum())) return this.tell()
    this.#isUnanswered = true
    for (const head of replica.have()) this.#logs.note(deviceIdOf(head.device), head.nextSeq, head.from)
    this.#logs.told.clear()
    this.#push.resumeAll()
    this.#fetch.leveled()
    this.#backfill.ask()
  }

  /** The peer tells what it has: remember it, give it what it lacks at the end of logs, ask for what we lack. */
  async onHave(heads: readonly HaveHead[]): Promise<void> {
    const { replica } = this.#line.shared
    const { standing } = this.#line
    const isHidden = standing === 'stranger' || standing === 'void'
    const controls: { device: Uint8Array; from: number }[] = []
    let isStray = false
    const wanted = new Map<LogId, number>()
    this.#fetch.want(wanted)
    for (const head of heads) {
      const device = deviceIdOf(head.device)
      this.#logs.note(device, head.nextSeq, head.from)
      const held = replica.controls.count(device)
      // To a stranger it must not show how much is held here.
      if (head.controls > held && this.#mayAsk(device)) controls.push({ device: head.device, from: isHidden ? 1 : held + 1 })
      // A device or a branch that is not known yet: it is among the control entries, and the comparison that follows them tells of it again.
      if (!this.#line.isMember || replica.ownerOf(device) === undefined || this.#logs.strayed.has(device)) continue
      const nextSeq = Math.min(head.nextSeq, replica.limit(device))
      if (nextSeq > replica.log.nextSeq(device)) wanted.set(device, nextSeq)
      else if (await this.#isStray(device, head)) {
        isStray = true
        this.#searches.start(device, head.nextSeq - 1, head.nextSeq)
      } else if (head.nextSeq > replica.log.nextSeq(device) && replica.controls.forks.isForked(device)) {
        // More than a log that is parted can have: the peer has not heard of that, or its history parts from ours earlier.
        this.#searches.start(device, replica.log.nextSeq(device), head.nextSeq, 'unsure')
      }
    }
    // Of a branch that the peer does not speak of it has nothing yet.
    for (const { log, device } of replica.log.heads())
      if (log !== device && !this.#logs.theirs.has(log)) this.#logs.note(log, replica.log.startOf(log))
    this.#push.resumeKnown()
    this.#logs.isCompared = true
    this.#fetch.count()
    this.#fetch.ask(controls.slice(0, MAX_WANTS))
    this.#tellHeads(heads)
    // Sums crossed with what one of us wrote: this end found the same, and said nothing; the peer did not, and would wait for the next comparison.
    if (this.#isUnanswered) this.tell()
    if (this.#fetch.waiting === 0) this.#backfill.ask()
    // Counted; perhaps it is a fork, perhaps a lie.
    if (isStray) throw new Reject('Forked', 'the peer holds another history of a device')
  }

  /** Of one who is out, only what it said itself: the rest comes from those who are in. */
  #mayAsk(device: DeviceId): boolean {
    return this.#line.standing !== 'former' || device === this.#line.peer
  }

  /** A peer whose head is ours at that place, but with another id, holds another history of that device: so it says, which proves nothing. */
  async #isStray(device: DeviceId, { nextSeq, head }: HaveHead): Promise<boolean> {
    const id = nextSeq === 0 ? undefined : await this.#line.shared.replica.log.idAt(device, nextSeq - 1)
    return id !== undefined && !equalBytes(id.subarray(0, 8), head)
  }

  /** What the peer offered and we have got elsewhere: it need not wait to be asked for it before it pushes what follows. */
  #tellHeads(heads: readonly HaveHead[]): void {
    const { log } = this.#line.shared.replica
    const known = heads.map(({ device }) => gotHead(log, deviceIdOf(device))).filter((head) => head.nextSeq > 0)
    if (this.#line.isMember && known.length > 0) this.#line.send('live', { type: 'got', handle: this.#line.handle, heads: known })
  }
}
