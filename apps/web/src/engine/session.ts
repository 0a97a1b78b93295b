/**
 * The one engine of this page: started once, whatever React mounts and unmounts.
 */
import { createParley, deleteProfile, isParleyError } from '@parley/chat'
import type { Parley } from '@parley/chat'
import { Cell } from './cell.ts'
import { loadRendezvous } from './rendezvous.ts'

/** Where the page is in its life. */
export type SessionState =
  | { readonly status: 'starting' }
  | { readonly status: 'ready'; readonly parley: Parley }
  | { readonly status: 'locked' }
  | { readonly status: 'no-storage'; readonly error: Error }
  | { readonly status: 'failed'; readonly error: Error }

export class Session {
  readonly profile: string
  readonly state = new Cell<SessionState>({ status: 'starting' })
  #starting = false

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

  #bindToPage(parley: Parley): void {
    const wake = (): void => {
      if (document.visibilityState === 'visible') parley.wake()
    }
    window.addEventListener('online', wake)
    document.addEventListener('visibilitychange', wake)
    // A page that goes says goodbye, so that others see it leave at once.
    window.addEventListener('pagehide', () => void parley.close())
    // One that comes back from the browser's page cache has a closed engine: start afresh.
    window.addEventListener('pageshow', (event) => {
      if (event.persisted) location.reload()
    })
  }
}

function failureState(thrown: unknown): SessionState {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  if (isParleyError(error, 'ProfileLocked')) return { status: 'locked' }
  if (isParleyError(error, 'StorageUnavailable') || isParleyError(error, 'StorageFull')) return { status: 'no-storage', error }
  console.error('the engine did not start', error)
  return { status: 'failed', error }
}
