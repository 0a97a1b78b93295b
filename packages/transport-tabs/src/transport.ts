import type { Topic, Transport, TransportHost } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { Session } from './session.ts'

/** Keeps one session among the tabs while started, and begins a new one when the browser ended it. */
export class TabsTransport implements Transport {
  readonly name = 'tabs'
  readonly #scope: string
  #topics: readonly Topic[] = []
  #host: TransportHost | undefined
  #session: Session | undefined

  constructor(scope: string) {
    this.#scope = scope
  }

  async start(host: TransportHost): Promise<void> {
    if (this.#host !== undefined) return
    if (typeof BroadcastChannel === 'undefined' || typeof addEventListener === 'undefined' || globalThis.navigator?.locks === undefined)
      throw new ParleyError('Unreachable', 'tabs meet in a browser only, and on a page served over https or from localhost')
    this.#host = host
    addEventListener('pagehide', this.#onHide)
    addEventListener('pageshow', this.#onShow)
    try {
      await this.#begin()
    } catch (cause) {
      await this.stop()
      throw new ParleyError('Unreachable', 'the browser gives this page no locks, so tabs cannot meet', { cause })
    }
  }

  async stop(): Promise<void> {
    if (this.#host === undefined) return
    this.#host = undefined
    removeEventListener('pagehide', this.#onHide)
    removeEventListener('pageshow', this.#onShow)
    this.#session?.end('parted', 'the other side stopped')
    this.#session = undefined
  }

  setTopics(topics: readonly Topic[]): void {
    this.#topics = [...topics]
    this.#session?.setTopics(this.#topics)
  }

  addresses(): string[] {
    return []
  }

  wake(): void {
    this.#session?.forgive()
    this.#session?.announce()
  }

  async #begin(): Promise<void> {
    const host = this.#host
    if (host === undefined) return
    const session = new Session(this.#scope, host, () => this.#renew())
    this.#session = session
    session.setTopics(this.#topics)
    await session.begin()
  }

  #renew(): void {
    this.#begin().catch((error: unknown) => this.#host?.logger.error('tabs.session-failed', { error: String(error) }))
  }

  /** The page is closed, or put aside for the back button: the others need not wait for the browser to tell them. */
  readonly #onHide = (): void => {
    this.#session?.end('parted', 'the tab was closed')
    this.#session = undefined
  }

  readonly #onShow = (event: PageTransitionEvent): void => {
    if (event.persisted && this.#session === undefined) this.#renew()
  }
}
