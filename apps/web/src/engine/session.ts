/**
 * The one engine of this page: started once, whatever React mounts and unmounts.
 */
import { createParley, deleteProfile, isParleyError } from '@parley/chat'
import type { Parley, ParleyInit } from '@parley/chat'
import { Cell } from '@parley/react'
import { ownDeviceName } from '../text/devices.ts'
import { loadRendezvous } from './rendezvous.ts'

/** Where the page is in its life. */
export type SessionState =
  | { readonly status: 'starting' }
  | { readonly status: 'ready'; readonly parley: Parley }
  /** On the way to being a device of somebody who has others, or had. `code`: what both devices show. */
  | { readonly status: 'becoming'; readonly how: 'link' | 'recover'; readonly code: string | undefined; readonly cancel: () => void }
  | { readonly status: 'locked' }
  | { readonly status: 'no-storage'; readonly error: Error }
  | { readonly status: 'failed'; readonly error: Error }

export class Session {
  readonly profile: string
  readonly state = new Cell<SessionState>({ status: 'starting' })
  #starting = false
  /** Ends what the engine that runs hears of the page. */
  #unbind: AbortController | undefined

  constructor(profile: string) {
    this.profile = profile
  }

  /** Starts the engine; again after a failure. Calls while it starts or runs do nothing. */
  async start(): Promise<void> {
    if (this.#starting || this.state.getSnapshot().status === 'ready') return
    this.#starting = true
    this.state.set({ status: 'starting' })
    try {
      const parley = await createParley({ profile: this.profile, rendezvous: await loadRendezvous() })
      this.#bindToPage(parley)
      this.state.set({ status: 'ready', parley })
    } catch (thrown) {
      this.state.set(failureState(thrown))
    } finally {
      this.#starting = false
    }
  }

  /** Erases everything that this profile holds here and starts anew. */
  async startOver(): Promise<void> {
    try {
      await deleteProfile(this.profile)
    } catch (thrown) {
      this.state.set(failureState(thrown))
      return
    }
    await this.start()
  }

  /** The same while the engine runs. @throws {ProfileLocked} while another tab has it open: nothing is erased then, and the engine runs on. */
  async erase(): Promise<void> {
    const before = this.state.getSnapshot()
    if (before.status !== 'ready') return
    this.#unbind?.abort()
    await before.parley.close()
    try {
      await deleteProfile(this.profile)
    } finally {
      this.state.set({ status: 'starting' })
      await this.start()
    }
  }

  /**
   * In the place of a profile that nobody uses yet, becomes a device of somebody who has others, or a phrase. What came in the way, `undefined` when
   * nothing did; then, and when it was called off, the page is where it was before.
   */
  async become(by: { readonly link: string } | { readonly recover: string }): Promise<Error | undefined> {
    const before = this.state.getSnapshot()
    if (before.status !== 'ready' || before.parley.me.name !== '') return undefined
    const run = new AbortController()
    const show = (code?: string): void =>
      this.state.set({ status: 'becoming', how: 'link' in by ? 'link' : 'recover', code, cancel: () => run.abort() })
    show()
    try {
      this.#unbind?.abort()
      await before.parley.close()
      await deleteProfile(this.profile)
      const init: ParleyInit = { ...by, deviceName: ownDeviceName(), onShortCode: show, signal: run.signal }
      const parley = await createParley({ profile: this.profile, rendezvous: await loadRendezvous(), ...init })
      this.#bindToPage(parley)
      this.state.set({ status: 'ready', parley })
      return undefined
    } catch (thrown) {
      await this.startOver()
      return run.signal.aborted ? undefined : thrown instanceof Error ? thrown : new Error(String(thrown))
    }
  }

  #bindToPage(parley: Parley): void {
    this.#unbind = new AbortController()
    const { signal } = this.#unbind
    const wake = (): void => {
      if (document.visibilityState === 'visible') parley.wake()
    }
    window.addEventListener('online', wake, { signal })
    document.addEventListener('visibilitychange', wake, { signal })
    // A page that goes says goodbye, so that others see it leave at once.
    window.addEventListener('pagehide', () => void parley.close(), { signal })
    // One that comes back from the browser's page cache has a closed engine: start afresh.
    window.addEventListener(
      'pageshow',
      (event) => {
        if (event.persisted) location.reload()
      },
      { signal },
    )
  }
}

function failureState(thrown: unknown): SessionState {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  if (isParleyError(error, 'ProfileLocked')) return { status: 'locked' }
  if (isParleyError(error, 'StorageUnavailable') || isParleyError(error, 'StorageFull')) return { status: 'no-storage', error }
  console.error('the engine did not start', error)
  return { status: 'failed', error }
}
