/**
 * Several tabs, one engine: the first tab of a profile takes a Web Lock and hosts the engine; the others are guests with the whole API, and one of
 * them takes over when the host goes.
 *
 *     const parley = await openInTabs({ scope: 'parley-profile:default', logger, open: () => createEngine(…) })
 *
 * See `docs/guides/tabs.md`.
 */
import type { Logger, Parley } from '@parley/core'
import { isParleyError, ParleyError } from '@parley/protocol'
import { GuestParley } from './guest-parley.ts'
import { TabHost } from './host.ts'
import { tryLock, waitForLock, type HeldLock } from './locks.ts'
import { hostLock } from './messages.ts'
import { PARLEY } from './plan.ts'
import type { TabStatus } from './status.ts'

/** A tab that holds the lock says within this time that it lives; else it is frozen, or runs an application that knows no guests. */
const PATIENCE_MS = 10_000

export interface OpenInTabsInit {
  /** Unique to the profile within the origin: names the lock and the channels. */
  readonly scope: string
  readonly logger: Logger
  /**
   * Opens the engine. The tab that it is called in is the only one of the profile that has it. `leaving`: a tab that hosted it went a moment ago, and its
   * database is waited for until this fires.
   */
  open(leaving?: AbortSignal): Promise<Parley>
}

const statuses = new WeakMap<Parley, () => TabStatus>()

/** Whether this browser has what tabs need to share an engine. Without it a second tab is refused with `ProfileLocked`. */
export function canShareTabs(): boolean {
  // Typed as always there, but absent outside of secure contexts and in some embedded web views.
  return typeof BroadcastChannel !== 'undefined' && (globalThis.navigator as Partial<Navigator> | undefined)?.locks !== undefined
}

/** What the tab of this client is to its profile; undefined for a client that shares nothing. */
export function tabStatus(parley: Parley): TabStatus | undefined {
  return statuses.get(parley)?.()
}

/**
 * The engine of the profile: opened here when this is its first tab, else the one of the tab that hosts it.
 * @throws what `open` throws; {ProfileLocked} when the tab that hosts it does not answer, or is of another version.
 */
export async function openInTabs(init: OpenInTabsInit): Promise<Parley> {
  const lock = await tryLock(init.scope)
  if (lock === undefined) return openGuest(init)
  const { parley, host } = await beginHosting(init, lock)
  statuses.set(parley, () => ({ role: 'host', guests: host.guests, garbage: host.garbage }))
  return parley
}

interface Hosting {
  readonly parley: Parley
  readonly host: TabHost
}

/** Opens the engine under the lock, which is given up with it. */
async function beginHosting({ scope, logger, open }: OpenInTabsInit, lock: HeldLock, leaving?: AbortSignal): Promise<Hosting> {
  const host = new TabHost(scope, logger)
  let life: HeldLock | undefined
  try {
    life = await tryLock(hostLock(scope, host.id))
    const engine = await open(leaving)
    let closing: Promise<void> | undefined
    const close = async (): Promise<void> => {
      host.stop()
      try {
        await engine.close()
      } finally {
        life?.release()
        lock.release()
      }
    }
    const parley = delegate(engine, host, () => (closing ??= close()))
    // Whoever took the lock by force believes to be the host: there must not be two.
    lock.stolen
      .then(() => parley.close())
      .catch((error: unknown) => logger.error('tabs.close-failed', { error: error instanceof Error ? error.name : typeof error }))
    host.serve(parley)
    return { parley, host }
  } catch (error) {
    host.stop()
    life?.release()
    lock.release()
    throw error
  }
}

/** The engine, with a `close` that also ends the hosting, and with what other tabs sent in vain among the rejected. */
function delegate(engine: Parley, host: TabHost, close: () => Promise<void>): Parley {
  const source = engine as unknown as Record<string, unknown>
  const members = Object.keys(PARLEY).map((name): [string, PropertyDescriptor] => {
    const member = source[name]
    if (typeof member !== 'function') return [name, { enumerable: true, get: () => source[name] }]
    return [name, { enumerable: true, value: (member as () => unknown).bind(engine) }]
  })
  const inspect: Parley['inspect'] = () => {
    const inspection = engine.inspect()
    return host.garbage === 0 ? inspection : { ...inspection, rejected: { ...inspection.rejected, TabMessage: host.garbage } }
  }
  return Object.defineProperties({}, { ...Object.fromEntries(members), close: { value: close }, inspect: { value: inspect } }) as Parley
}

/** A client without an engine, until it is this tab's turn to host it. */
async function openGuest(init: OpenInTabsInit): Promise<Parley> {
  const name = `${init.scope}:${crypto.randomUUID()}`
  // Tells the host that this tab lives, as long as it does.
  const life = await tryLock(name)
  const leaving = new AbortController()
  const served = Promise.withResolvers<void>()
  let hosting: Promise<Hosting> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let host: TabHost | undefined

  const fail = (error: ParleyError): void => {
    served.reject(error)
    guest.fail(error)
    leaving.abort()
    life?.release()
  }
  const wait = (): void => {
    clearTimeout(timer)
    timer = setTimeout(
      () => served.reject(locked('Another tab has this profile open and does not answer. Close it, or reload it.')),
      PATIENCE_MS,
    )
  }
  const guest = new GuestParley({
    scope: init.scope,
    name,
    logger: init.logger,
    onServed: served.resolve,
    onOpening: wait,
    onRefused: (reason) => fail(locked(reason)),
    onClose: async () => {
      leaving.abort()
      life?.release()
      // When it never began, `takeOver` has said why.
      await hosting?.then(
        ({ parley }) => parley.close(),
        () => undefined,
      )
    },
  })
  statuses.set(guest.parley, () => ({
    role: host === undefined ? 'guest' : 'host',
    guests: host?.guests ?? 0,
    garbage: guest.line.garbage + (host?.garbage ?? 0),
  }))

  const takeOver = async (): Promise<void> => {
    const lock = await waitForLock(init.scope, leaving.signal)
    if (lock === undefined) return
    if (leaving.signal.aborted) return lock.release()
    clearTimeout(timer)
    // This tab's own guest stays one: it attaches to the host in its own page like to any other.
    hosting = beginHosting(init, lock, leaving.signal)
    host = (await hosting).host
  }
  takeOver().catch((error: unknown) => fail(asParleyError(error)))

  guest.line.attach()
  wait()
  try {
    await served.promise
  } catch (error) {
    await guest.parley.close()
    throw error
  } finally {
    clearTimeout(timer)
  }
  return guest.parley
}

const locked = (reason: string): ParleyError => new ParleyError('ProfileLocked', reason)

function asParleyError(error: unknown): ParleyError {
  if (isParleyError(error)) return error
  return new ParleyError('Internal', 'this tab could not take the engine over', { cause: error })
}
