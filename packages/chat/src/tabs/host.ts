/** The tab with the engine: serves the other tabs of the profile, each over a channel of its own. */
import type { Logger, Parley } from '@parley/core'
import { HostSession } from './host-session.ts'
import { watchLock } from './locks.ts'
import { BRIDGE_VERSION, readHallMessage, type HallMessage } from './messages.ts'
import { Mirror } from './mirror.ts'

/** Tabs of one profile at a time; a page that invents them gets no further. */
const MAX_GUESTS = 64

interface Guest {
  readonly session: HostSession
  stopWatching(): void
}

export class TabHost {
  readonly id = crypto.randomUUID()
  readonly #scope: string
  readonly #logger: Logger
  readonly #hall: BroadcastChannel
  readonly #guests = new Map<string, Guest>()
  #engine: Parley | undefined
  #mirror: Mirror | undefined
  #garbage = 0

  /** Tells tabs that ask that the engine is on its way. The lock of `scope` must be held until `stop`. */
  constructor(scope: string, logger: Logger) {
    this.#scope = scope
    this.#logger = logger
    this.#hall = new BroadcastChannel(scope)
    this.#hall.onmessage = ({ data }: MessageEvent<unknown>) => this.#hear(data)
    this.#announce()
  }

  /** The engine is open: tabs are served from here on. */
  serve(engine: Parley): void {
    this.#engine = engine
    this.#mirror = new Mirror(engine, (patch) => {
      for (const { session } of this.#guests.values()) session.say({ kind: 'patch', ...patch })
    })
    this.#announce()
  }

  get guests(): number {
    return this.#guests.size
  }

  /** Messages of other tabs that meant nothing. */
  get garbage(): number {
    return this.#garbage
  }

  /** Takes leave of every guest. Before the engine closes, so that none of them sees it empty. */
  stop(): void {
    for (const [name, { session }] of this.#guests) {
      session.say({ kind: 'bye' })
      this.#dismiss(name)
    }
    this.#hall.close()
    this.#mirror = undefined
    this.#engine = undefined
  }

  #announce(): void {
    const kind = this.#engine === undefined ? 'opening' : 'host'
    this.#hall.postMessage({ kind, version: BRIDGE_VERSION, host: this.id } satisfies HallMessage)
  }

  #hear(data: unknown): void {
    const message = readHallMessage(data)
    if (message === undefined) return this.#onGarbage()
    if (message.kind !== 'attach') return
    if (!message.guest.startsWith(`${this.#scope}:`)) return this.#onGarbage()
    if (this.#engine === undefined || this.#mirror === undefined) return this.#announce()
    if (message.version !== BRIDGE_VERSION)
      return this.#refuse(message.guest, 'Another tab runs another version of this application. Reload it.')
    if (!this.#guests.has(message.guest)) this.#admit(message.guest, this.#engine, this.#mirror)
  }

  #admit(name: string, engine: Parley, mirror: Mirror): void {
    if (this.#guests.size >= MAX_GUESTS) return this.#refuse(name, `At most ${MAX_GUESTS} tabs of one profile can be open.`)
    if (this.#guests.size === 0) mirror.start()
    const session = new HostSession({
      engine,
      mirror,
      host: this.id,
      channel: new BroadcastChannel(name),
      onGarbage: () => this.#onGarbage(),
      onBye: () => this.#dismiss(name),
    })
    // Before the guest is among those who get patches: the first thing that it hears is everything.
    session.say({ kind: 'welcome', ...mirror.all() })
    this.#guests.set(name, { session, stopWatching: watchLock(name, () => this.#dismiss(name)) })
  }

  #dismiss(name: string): void {
    const guest = this.#guests.get(name)
    if (guest === undefined) return
    this.#guests.delete(name)
    guest.stopWatching()
    guest.session.end()
    if (this.#guests.size === 0) this.#mirror?.stop()
  }

  #refuse(name: string, reason: string): void {
    const channel = new BroadcastChannel(name)
    channel.postMessage({ host: this.id, kind: 'refuse', reason })
    channel.close()
  }

  #onGarbage(): void {
    this.#garbage++
    this.#logger.debug('tabs.garbage', { count: this.#garbage })
  }
}
