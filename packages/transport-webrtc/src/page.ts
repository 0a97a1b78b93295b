/** What the page tells of the network and of its own life. */

/** `navigator.connection` of the Network Information API, which not every browser has. */
interface WithConnection {
  readonly connection?: EventTarget
}

/**
 * Listens until the function given back is called. `onChange`: the network is back or another one, or the page was frozen or hidden, and what it knows of
 * its links may be old. `onLeave`: the page is going.
 */
export function listenToPage({ onChange, onLeave }: { onChange(): void; onLeave(): void }): () => void {
  const listening = new AbortController()
  const { signal } = listening
  addEventListener('online', onChange, { signal })
  // Both may come for one return; the second finds everything under way.
  document.addEventListener('resume', onChange, { signal })
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && onChange(), { signal })
  const { connection } = navigator as WithConnection
  connection?.addEventListener('change', onChange, { signal })
  addEventListener('pagehide', onLeave, { signal })
  return () => listening.abort()
}
