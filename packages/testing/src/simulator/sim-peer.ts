import {
  createEngine,
  type Conversation,
  type Message,
  type Parley,
  type Store,
  type StoreOperation,
  type StoreRow,
  type Transport,
} from '@parley/core'
import type { CryptoProvider } from '@parley/crypto'
import { deviceIdOf, messageIdParts, type DeviceId, type MessageId, type UserId } from '@parley/protocol'
import type { ManualClock } from '../manual-clock.ts'
import type { CrashKind } from '../memory-store.ts'
import type { MemoryNetwork } from '../memory-transport.ts'
import { seededRandom } from '../seeded-random.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'
import { PeerClock } from './peer-clock.ts'
import { PeerDisk } from './peer-disk.ts'
import { deafened } from './deaf.ts'
import type { Secrecy } from './secrecy.ts'
import { HeldRows } from './store-rows.ts'

/** Put between the engine and its store or network, to show that the simulator notices. */
export interface Sabotage {
  store?(store: Store, peer: string): Store
  transport?(transport: Transport, peer: string): Transport
}

/** What a peer needs of the world around it. */
export interface PeerWorld {
  readonly clock: ManualClock
  readonly crypto: CryptoProvider
  readonly ledger: Ledger
  readonly networks: readonly MemoryNetwork[]
  readonly sabotage: Sabotage
  /** Whether any profile was copied or restored. */
  readonly isAnySuspect: boolean
  readonly secrecy: Secrecy
  /** Something happened that must not. */
  violate(invariant: string, what: string): void
  log(line: string): void
}

export type Condition = 'running' | 'starting' | 'closing' | 'stopped'

/** One run of the engine, from start to close or crash. */
interface Run {
  readonly number: number
  readonly clock: PeerClock
  readonly transports: readonly Transport[]
  parley: Parley | undefined
  /** Messages announced by the `message` event. */
  readonly announced: Set<MessageId>
  /** Entries that were on the disk when the run began. */
  readonly heldAtStart: ReadonlySet<LedgerEntry>
}

/** Rejections that an honest peer can cause. */
const INNOCENT: ReadonlySet<string> = new Set(['BadClock', 'OutOfOrder', 'UnknownDevice', 'UnknownChunk', 'NotAMember', 'RateLimited'])
/** And this one, where a profile was copied or restored. */
const FORKED = 'Forked'

/** One person on one device, through all its runs. */
export class SimPeer {
  readonly name: string
  readonly disk: PeerDisk
  /** What the disk holds, followed from outside. */
  held: HeldRows
  condition: Condition = 'stopped'
  deviceId: DeviceId | undefined
  /** The invite by which this peer comes in, until it has joined. */
  inviteLink: string | undefined
  /** Calls of the application that have not settled, with the time of the common clock since which they wait. */
  readonly waiting = new Map<number, { what: string; since: number }>()
  /** Truth changed since the last check; what can be rebuilt from it does not count. */
  isTouched = true
  /** When that was, by the common clock; undefined once the view document has been checked since. */
  touchedAt: number | undefined
  skewMs = 0
  /** Counts the runs. */
  runs = 0
  /** Messages that a resolved `seen` was about. */
  seen: readonly MessageId[] = []
  /** What the disk held once, to be restored later. */
  backup: readonly StoreRow[] | undefined
  /** Another device of the same user. */
  sibling: SimPeer | undefined
  /** Whose profile this is a copy of. */
  readonly original: SimPeer | undefined
  /** Whether this profile was copied, is a copy, or was restored from a backup: it may fork, and then it is frozen. */
  isSuspect = false
  /** Ids in base32 of the epochs whose messages it could ever read. */
  readonly keys = new Set<string>()
  /** A patched client: from the time on that it is put out it hears nothing from others, and goes on writing. */
  isDeaf = false
  /** Another copy of the profile took its place in the end. */
  isGone = false
  readonly #world: PeerWorld
  readonly #seed: number
  #run: Run | undefined
  #user: UserId | undefined
  /** What this peer wrote itself, strictly: no crash takes it back. */
  readonly #own = new Set<LedgerEntry>()

  constructor(world: PeerWorld, name: string, seed: number, original?: SimPeer) {
    this.#world = world
    this.name = name
    this.#seed = seed
    this.original = original
    this.held = new HeldRows(world.ledger)
    this.disk = new PeerDisk(world.clock, seededRandom(seed ^ 0x5eed))
    this.disk.onApplied = (operations) => this.#follow(operations)
  }

  get parley(): Parley | undefined {
    return this.#run?.parley
  }

  /** Who they are; undefined before the first start. */
  get user(): UserId | undefined {
    return this.#user
  }

  get clock(): PeerClock | undefined {
    return this.#run?.clock
  }

  /** The one conversation of the simulation; undefined before it is here. */
  get conversation(): Conversation | undefined {
    const id = this.#world.ledger.conversation
    return id === undefined ? undefined : this.parley?.conversation(id)
  }

  /** Whether the application can act: up, and let in. */
  get isMember(): boolean {
    return this.condition === 'running' && this.conversation?.state === 'member'
  }

  /** Whether it was put out and knows nobody to hear from that it was brought back: the keys it has are those of long ago, and it has given nobody its card. */
  get isOutOfReach(): boolean {
    return this.wasMember && !this.isMember && this.parley?.inspect().links.length === 0
  }

  /** Whether the disk says that this peer has been let in. */
  get wasMember(): boolean {
    return this.deviceId !== undefined && this.held.entries.size > 0
  }

  /** Whether nothing is under way inside, so that what is shown must be what is stored. */
  get isAtRest(): boolean {
    return this.condition === 'running' && this.disk.inFlight === 0
  }

  get announced(): ReadonlySet<MessageId> {
    return this.#run?.announced ?? new Set()
  }

  get heldAtStart(): ReadonlySet<LedgerEntry> {
    return this.#run?.heldAtStart ?? new Set()
  }

  /**
   * Starts the engine on what the disk holds. Settles with the run; never, when the peer crashes meanwhile. `linking`: the link code of another
   * device, whose user this new profile becomes a device of.
   */
  async start(linking?: { readonly link: string; onShortCode(code: string): void }): Promise<void> {
    const { clock, sabotage, networks, crypto } = this.#world
    const heldAtStart = new Set(this.held.entries.keys())
    const plain = networks.map((network) => deafened(network.transport(this.name), () => this.isDeaf))
    const transports = plain.map((transport) => sabotage.transport?.(transport, this.name) ?? transport)
    const store = this.disk.open()
    const run: Run = {
      number: ++this.runs,
      clock: new PeerClock(clock, this.skewMs),
      transports,
      parley: undefined,
      announced: new Set(),
      heldAtStart,
    }
    this.#run = run
    this.condition = 'starting'
    const isAlive = (): boolean => this.#run === run
    const parley = await createEngine({
      store: sabotage.store?.(store, this.name) ?? store,
      transports,
      crypto,
      clock: run.clock,
      random: seededRandom(Math.imul(this.#seed, 2_654_435_761) + run.number),
      logger: {
        debug: () => undefined,
        warn: (event, facts) => isAlive() && this.#warn(event, facts),
        error: (event, facts) => isAlive() && this.#complain(`logs an error: ${event} ${JSON.stringify(facts ?? {})}`),
      },
      ...(linking === undefined ? { name: this.original?.name ?? this.name } : { ...linking, deviceName: this.name }),
    }).catch((error: unknown) => {
      // A disk that is full at the start; the process ends, and another start may do better.
      if (isAlive()) this.crash('process', false)
      throw error
    })
    if (!isAlive()) return
    run.parley = parley
    this.deviceId = parley.me.deviceId
    this.#user = parley.me.id
    parley.on('error', (error) => isAlive() && this.#complain(`has an error event: ${error.message}`))
    for (const conversation of parley.conversations) this.listen(conversation)
    this.condition = 'running'
    this.touchedAt = clock.now()
    if (this.inviteLink !== undefined && this.conversation === undefined) await this.join(this.inviteLink)
  }

  /** Puts this in the place of what the disk holds. The peer must be stopped. */
  restore(rows: readonly StoreRow[], from: SimPeer): void {
    this.disk.restore(rows)
    const { held, problems } = HeldRows.of(this.#world.ledger, rows)
    for (const problem of problems) this.#world.violate('I3', `${this.name}: ${problem}`)
    this.held = held
    this.deviceId = from.deviceId
    this.inviteLink = from.inviteLink
    this.seen = []
    this.#own.clear()
    for (const entry of held.entries.keys()) if (entry.device === this.deviceId) this.#own.add(entry)
    this.isSuspect = true
    this.isTouched = true
  }

  /** Asks to be let in. A link is kept for the case that this peer crashes before that is stored. */
  async join(link: string): Promise<void> {
    this.inviteLink = link
    const conversation = await this.parley?.join(link)
    if (conversation !== undefined) this.listen(conversation)
  }

  /** Follows the events of a conversation. */
  listen(conversation: Conversation): void {
    const run = this.#run
    const isAlive = (): boolean => run !== undefined && this.#run === run
    conversation.on('message', (message) => isAlive() && this.#announce(run as Run, message))
    conversation.on('messageDeleted', (id) => void run?.announced.delete(id))
    conversation.on('error', (error) => isAlive() && this.#complain(`has an error event: ${error.message}`))
  }

  /** Ends the engine properly. */
  async close(): Promise<void> {
    const run = this.#run
    this.condition = 'closing'
    try {
      await run?.parley?.close()
    } finally {
      if (this.#run === run) {
        run?.clock.kill()
        this.#run = undefined
        this.condition = 'stopped'
      }
    }
  }

  /**
   * Ends the engine as the end of its process or of the power does. Frames on their way from it arrive only with `framesArrive`.
   */
  crash(kind: CrashKind, framesArrive: boolean): void {
    const run = this.#run
    if (run === undefined) return
    this.#run = undefined
    this.condition = 'stopped'
    this.waiting.clear()
    this.disk.crash(kind)
    run.clock.kill()
    for (const network of this.#world.networks) {
      if (framesArrive) break
      for (const pair of network.channels()) if (pair.includes(this.name)) network.disconnect(...pair)
    }
    for (const transport of run.transports) void transport.stop()
    // The awareness of y-protocols has a timer of the platform that would go on for ever.
    for (const conversation of run.parley?.conversations ?? []) conversation.doc.destroy()
    this.#inspectDisk(kind)
  }

  /** Peers here are honest: what one of them cannot accept must be explained by clocks, or by the order of arrival. */
  #warn(event: string, facts: Record<string, unknown> = {}): void {
    const line = `${this.name} warns: ${event} ${JSON.stringify(facts)}`
    const code = String(facts['code'])
    const isInnocent = INNOCENT.has(code) || (code === FORKED && this.#world.isAnySuspect)
    if (event === 'rejected' && !isInnocent && !this.isDeaf) this.#world.violate('I6', line)
    else this.#world.log(`  ${line}`)
  }

  /** A failure that the engine reports. A full disk is to be reported; nothing else fails here. */
  #complain(what: string): void {
    if (this.disk.wasFull || this.isDeaf) this.#world.log(`  ${this.name} ${what}`)
    else this.#world.violate('I6', `${this.name} ${what}`)
  }

  #announce(run: Run, message: Message): void {
    const isOwn = deviceIdOf(messageIdParts(message.id).device) === this.deviceId
    if (isOwn) this.#world.violate('API', `${this.name} was told of a message of their own`)
    if (run.announced.has(message.id)) this.#world.violate('API', `${this.name} was told twice of message ${message.id}`)
    run.announced.add(message.id)
  }

  /** Rows have reached the disk. */
  #follow(operations: readonly StoreOperation[]): void {
    const size = this.#world.ledger.size
    const { isTruth, written, epochs, problems } = this.held.follow(operations, this.deviceId)
    for (const problem of problems) this.#world.violate('I3', `${this.name}: ${problem}`)
    if (!isTruth) return
    for (const epoch of epochs) this.keys.add(epoch)
    this.isTouched = true
    this.touchedAt = this.#world.clock.now()
    if (this.#world.ledger.size === size) return
    const own = written.filter(({ device }) => device === this.deviceId)
    for (const entry of own) this.#own.add(entry)
    if (!this.isDeaf) this.#world.secrecy.wrote(this.name, own, this.held)
  }

  /** After a crash: what the disk holds now, compared with what it held. */
  #inspectDisk(kind: CrashKind): void {
    const before = this.held
    const { held: after, problems } = HeldRows.of(this.#world.ledger, this.disk.backUp())
    this.held = after
    this.isTouched = true
    for (const problem of problems) this.#world.violate('I3', `${this.name}: ${problem}`)
    for (const entry of kind === 'system' ? this.#own : before.entries.keys()) {
      if (!after.entries.has(entry)) this.#lost(kind, entry.seq, entry.device)
    }
    for (const { first, nextSeq, entries, device } of after.logs.values())
      for (let seq = first; seq < nextSeq; seq++) if (!entries.has(seq)) this.#lost(kind, seq, device)
  }

  #lost(kind: CrashKind, seq: number, device: DeviceId): void {
    this.#world.violate('I1', `${this.name} lost entry ${seq} of ${device} in a crash of the ${kind}`)
  }
}
