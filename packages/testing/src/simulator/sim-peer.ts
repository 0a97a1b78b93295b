import { createEngine, type Conversation, type Message, type Parley, type Store, type StoreOperation, type Transport } from '@parley/core'
import type { CryptoProvider } from '@parley/crypto'
import { deviceIdBytes, equalBytes, type DeviceId, type MessageId } from '@parley/protocol'
import type { ManualClock } from '../manual-clock.ts'
import type { CrashKind } from '../memory-store.ts'
import type { MemoryNetwork } from '../memory-transport.ts'
import { seededRandom } from '../seeded-random.ts'
import type { Ledger } from './ledger.ts'
import { PeerClock } from './peer-clock.ts'
import { PeerDisk } from './peer-disk.ts'
import { ALL_ROWS, HeldRows, parseRow } from './store-rows.ts'

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
  /** Entries that were on the disk when the run began, as `device/seq`. */
  readonly heldAtStart: ReadonlySet<string>
}

/** Rejections that an honest peer can cause. */
const INNOCENT: ReadonlySet<string> = new Set(['BadClock', 'OutOfOrder', 'UnknownDevice', 'UnknownChunk', 'NotAMember', 'RateLimited'])

/** One person on one device, through all its runs. */
export class SimPeer {
  readonly name: string
  readonly disk: PeerDisk
  /** What the disk holds, followed from outside. */
  held = new HeldRows()
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
  readonly #world: PeerWorld
  readonly #seed: number
  #run: Run | undefined
  #device: Uint8Array | undefined

  constructor(world: PeerWorld, name: string, seed: number) {
    this.#world = world
    this.name = name
    this.#seed = seed
    this.disk = new PeerDisk(world.clock, seededRandom(seed ^ 0x5eed))
    this.disk.onApplied = (operations) => this.#follow(operations)
  }

  get parley(): Parley | undefined {
    return this.#run?.parley
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

  /** Whether nothing is under way inside, so that what is shown must be what is stored. */
  get isAtRest(): boolean {
    return this.condition === 'running' && this.disk.inFlight === 0
  }

  get announced(): ReadonlySet<MessageId> {
    return this.#run?.announced ?? new Set()
  }

  get heldAtStart(): ReadonlySet<string> {
    return this.#run?.heldAtStart ?? new Set()
  }

  /** Starts the engine on what the disk holds. Settles with the run; never, when the peer crashes meanwhile. */
  async start(): Promise<void> {
    const { clock, sabotage, networks, crypto } = this.#world
    const heldAtStart = new Set([...this.held.logs].flatMap(([device, log]) => [...log.bodies.keys()].map((seq) => `${device}/${seq}`)))
    const plain = networks.map((network) => network.transport(this.name))
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
      name: this.name,
    }).catch((error: unknown) => {
      // A disk that is full at the start; the process ends, and another start may do better.
      if (isAlive()) this.crash('process', false)
      throw error
    })
    if (!isAlive()) return
    run.parley = parley
    this.deviceId = parley.me.deviceId
    this.#device = deviceIdBytes(parley.me.deviceId)
    parley.on('error', (error) => isAlive() && this.#complain(`has an error event: ${error.message}`))
    for (const conversation of parley.conversations) this.listen(conversation)
    this.condition = 'running'
    this.touchedAt = clock.now()
    if (this.inviteLink !== undefined && this.conversation === undefined) await this.join(this.inviteLink)
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
    this.#inspectDisk(kind).catch((error: unknown) => this.#world.violate('simulator', String(error)))
  }

  /** Peers here are honest: what one of them cannot accept must be explained by clocks, or by the order of arrival. */
  #warn(event: string, facts: Record<string, unknown> = {}): void {
    const line = `${this.name} warns: ${event} ${JSON.stringify(facts)}`
    if (event === 'rejected' && !INNOCENT.has(String(facts['code']))) this.#world.violate('I6', line)
    else this.#world.log(`  ${line}`)
  }

  /** A failure that the engine reports. A full disk is to be reported; nothing else fails here. */
  #complain(what: string): void {
    if (this.disk.wasFull) this.#world.log(`  ${this.name} ${what}`)
    else this.#world.violate('I6', `${this.name} ${what}`)
  }

  #announce(run: Run, message: Message): void {
    if (message.author.id === run.parley?.me.id) this.#world.violate('API', `${this.name} was told of a message of their own`)
    if (run.announced.has(message.id)) this.#world.violate('API', `${this.name} was told twice of message ${message.id}`)
    run.announced.add(message.id)
  }

  /** Rows have reached the disk. */
  #follow(operations: readonly StoreOperation[]): void {
    const { ledger } = this.#world
    for (const operation of operations) {
      const row = this.held.apply(operation)
      if (row === undefined) continue
      this.isTouched = true
      this.touchedAt = this.#world.clock.now()
      if (operation.type === 'delete') {
        if (row.table !== 'conversation') this.#world.violate('I3', `${this.name} deletes a row of ${row.table}`)
      } else if (row.table === 'conversation') {
        ledger.meetConversation(row.conversation)
      } else if (row.table === 'epoch') {
        ledger.meetEpoch(row.epoch, operation.value)
      } else if (row.table === 'entry') {
        const isOwn = this.#device !== undefined && equalBytes(row.device, this.#device)
        const wrong = ledger.record(row.device, row.number, operation.value, isOwn)
        if (wrong !== undefined) this.#world.violate('I3', `${this.name}: ${wrong}`)
      }
    }
  }

  /** After a crash: what the disk holds now, compared with what it held. */
  async #inspectDisk(kind: CrashKind): Promise<void> {
    const before = this.held
    const rows = await this.disk.rows(ALL_ROWS)
    const after = HeldRows.of(rows)
    this.held = after
    this.isTouched = true
    for (const { key, value } of rows) {
      const row = parseRow(key)
      const wrong = row?.table === 'entry' ? this.#world.ledger.record(row.device, row.number, value, false) : undefined
      if (wrong !== undefined) this.#world.violate('I3', `${this.name}: ${wrong}`)
    }
    for (const [device, log] of before.logs) {
      const now = after.logs.get(device)
      const mayShrink = kind === 'system' && device !== this.deviceId
      if (!mayShrink && (now?.nextSeq ?? 0) < log.nextSeq) {
        this.#world.violate(
          'I1',
          `${this.name} held ${log.nextSeq} entries of ${device} and after a crash of the ${kind} has ${now?.nextSeq ?? 0}`,
        )
      }
      for (let seq = 0; seq < (now?.nextSeq ?? 0); seq++) {
        if (now?.bodies.has(seq) !== true)
          this.#world.violate('I1', `${this.name} lost entry ${seq} of ${device} in a crash of the ${kind}`)
      }
    }
  }
}
